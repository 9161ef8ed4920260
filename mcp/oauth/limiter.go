package oauth

import (
	"maps"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

const maxAddresses = 4096 // remembered at once

// limiter counts by address within a window.
type limiter struct {
	most   int
	window time.Duration
	mu     *sync.Mutex
	by     map[netip.Prefix]counted
}

type counted struct {
	since time.Time
	times int
}

func newLimiter(most int, window time.Duration) limiter {
	return limiter{most: most, window: window, mu: &sync.Mutex{}, by: map[netip.Prefix]counted{}}
}

// take counts one before it is tried, so that many at once are not too many, or says how long
// an address must stay away.
func (l limiter) take(from netip.Prefix, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	known, ok := l.by[from]
	if !ok || now.Sub(known.since) >= l.window {
		l.makeRoom(now)
		known = counted{since: now}
	}
	if known.times >= l.most {
		return l.window - now.Sub(known.since)
	}
	known.times++
	l.by[from] = known
	return 0
}

// giveBack takes one back that does not count.
func (l limiter) giveBack(from netip.Prefix) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if known, ok := l.by[from]; ok && known.times > 0 {
		known.times--
		l.by[from] = known
	}
}

// makeRoom forgets addresses whose window is over, and else the one that was seen first: a flood
// from everywhere is not limited by address anyway.
func (l limiter) makeRoom(now time.Time) {
	if len(l.by) < maxAddresses {
		return
	}
	maps.DeleteFunc(l.by, func(_ netip.Prefix, known counted) bool { return now.Sub(known.since) >= l.window })
	if len(l.by) < maxAddresses {
		return
	}
	var first netip.Prefix
	var since time.Time
	for from, known := range l.by {
		if since.IsZero() || known.since.Before(since) {
			first, since = from, known.since
		}
	}
	delete(l.by, first)
}

// peer is the other end of a request's connection: an IPv4 address, or an IPv6 network of 64 bits.
func peer(r *http.Request) netip.Prefix {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Prefix{}
	}
	ip := from.Addr().Unmap().WithZone("")
	prefix, err := ip.Prefix(min(ip.BitLen(), 64))
	if err != nil {
		return netip.Prefix{}
	}
	return prefix
}
