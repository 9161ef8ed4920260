package oauth

import (
	"net/http"
	"net/netip"
	"strings"
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

// full says how long an address must stay away; 0 = it need not.
func (l limiter) full(from netip.Prefix, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	known, ok := l.by[from]
	if !ok || known.times < l.most || now.Sub(known.since) >= l.window {
		return 0
	}
	return l.window - now.Sub(known.since)
}

// note counts one.
func (l limiter) note(from netip.Prefix, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	known, ok := l.by[from]
	if !ok || now.Sub(known.since) >= l.window {
		if len(l.by) >= maxAddresses {
			clear(l.by) // a flood from everywhere is not limited by address anyway
		}
		known = counted{since: now}
	}
	known.times++
	l.by[from] = known
}

// origin is where a request comes from: an IPv4 address, or an IPv6 network of 64 bits. A proxy
// on this machine is believed.
func origin(r *http.Request) netip.Prefix {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Prefix{}
	}
	ip := from.Addr()
	if ip.Unmap().IsLoopback() {
		hops := strings.Split(r.Header.Get("X-Forwarded-For"), ",")
		if behind, err := netip.ParseAddr(strings.TrimSpace(hops[len(hops)-1])); err == nil {
			ip = behind
		}
	}
	ip = ip.Unmap().WithZone("")
	bits := ip.BitLen()
	if ip.Is6() {
		bits = 64
	}
	prefix, err := ip.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return prefix
}
