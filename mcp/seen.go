package mcp

import (
	"maps"
	"sync"
	"time"
)

const (
	recently   = 5 * time.Minute
	sweepEvery = time.Minute
)

// seen is when credentials last called. It forgets those that have not called for a while,
// so that an idle entity costs nothing.
type seen struct {
	mu    sync.Mutex
	last  map[string]time.Time
	swept time.Time
}

func newSeen() seen { return seen{last: map[string]time.Time{}} }

func (s *seen) note(credential string, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last[credential] = now
	if now.Sub(s.swept) >= sweepEvery {
		s.sweep(now)
	}
}

func (s *seen) count(now time.Time) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep(now)
	return len(s.last)
}

func (s *seen) sweep(now time.Time) {
	s.swept = now
	maps.DeleteFunc(s.last, func(_ string, at time.Time) bool { return now.Sub(at) > recently })
}
