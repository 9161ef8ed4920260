package mcp

import (
	"net/netip"
	"sync"
	"time"
)

// A secret of 256 bits is not guessed: the limit spares work and log lines, not the key. So a
// right key is taken from any address, whatever else came from there.
const (
	failureWindow = time.Minute
	maxFailures   = 10   // per address and window
	maxAddresses  = 4096 // remembered at once
)

// failures counts refused credentials by address.
type failures struct {
	mu sync.Mutex
	by map[netip.Prefix]failed
}

type failed struct {
	since time.Time
	times int
}

func newFailures() failures { return failures{by: map[netip.Prefix]failed{}} }

// note counts a failure. It says how long to stay away (0 = the limit is not reached), and
// whether the limit was reached just now.
func (f *failures) note(from netip.Prefix, now time.Time) (pause time.Duration, reached bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	known, ok := f.by[from]
	if !ok || now.Sub(known.since) >= failureWindow {
		if len(f.by) >= maxAddresses {
			clear(f.by) // a flood from everywhere is not limited by address anyway
		}
		known = failed{since: now}
	}
	known.times++
	f.by[from] = known
	if known.times <= maxFailures {
		return 0, false
	}
	return failureWindow - now.Sub(known.since), known.times == maxFailures+1
}
