// Package measure counts and times what the program does, and writes it down as Prometheus reads
// it. Its one rule: what a number is called is fixed where it is declared; nothing that came from
// outside, and nobody's name or id, becomes part of it.
package measure

import (
	"sync/atomic"
	"time"
)

// bounds are the upper ends of the buckets of [Times], from a read out of memory to a disk that
// hangs. What took longer is in none of them.
var bounds = [...]time.Duration{
	time.Millisecond, 3 * time.Millisecond, 10 * time.Millisecond, 30 * time.Millisecond, 100 * time.Millisecond,
	300 * time.Millisecond, time.Second, 3 * time.Second, 10 * time.Second, 30 * time.Second,
}

// Times are how long something took, each time. The zero value is ready; it is safe for
// concurrent use.
type Times struct {
	buckets [len(bounds) + 1]atomic.Int64
	sum     atomic.Int64
}

// Note counts one more.
func (t *Times) Note(took time.Duration) {
	took = max(took, 0)
	n := 0
	for n < len(bounds) && took > bounds[n] {
		n++
	}
	t.buckets[n].Add(1)
	t.sum.Add(int64(took))
}

// Since notes how long something took that began then.
func (t *Times) Since(begin time.Time) { t.Note(time.Since(begin)) }

// Count is how many were noted.
func (t *Times) Count() int64 {
	var all int64
	for i := range t.buckets {
		all += t.buckets[i].Load()
	}
	return all
}

// Sum is how long all of them took together.
func (t *Times) Sum() time.Duration { return time.Duration(t.sum.Load()) }
