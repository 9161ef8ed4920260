package relay

import (
	"maps"
	"sync"
)

// otherEvents takes the counts of event names beyond maxEventNames: the names come from the
// network.
const (
	otherEvents   = "(other)"
	maxEventNames = 200
)

// GatewayStats counts what happened on all shards since the start.
type GatewayStats struct {
	// Skipped counts dispatches that could not be read, by event name. "GUILD_CREATE.channels"
	// counts single channels left out of a guild that was read otherwise; "(not JSON)" frames
	// that were nothing at all.
	Skipped map[string]int64
	// Panics counts events whose handler panicked, by event name.
	Panics map[string]int64

	Reconnects int64 // connections after the first of an Open
	Resumes    int64 // resumes sent
	Identifies int64 // identifies sent
}

// gatewayTally counts. Its zero value is ready.
type gatewayTally struct {
	mu    sync.Mutex
	stats GatewayStats
}

// Stats is a copy of the counts.
func (t *gatewayTally) Stats() GatewayStats {
	t.mu.Lock()
	defer t.mu.Unlock()
	stats := t.stats
	stats.Skipped, stats.Panics = maps.Clone(stats.Skipped), maps.Clone(stats.Panics)
	return stats
}

// skipped counts n and tells whether they were the first of their name.
func (t *gatewayTally) skipped(event string, n int) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return tallyUp(&t.stats.Skipped, event, int64(n))
}

// panicked counts and tells whether it was the first of its name.
func (t *gatewayTally) panicked(event string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return tallyUp(&t.stats.Panics, event, 1)
}

func tallyUp(counts *map[string]int64, name string, n int64) bool {
	if *counts == nil {
		*counts = map[string]int64{}
	}
	if _, known := (*counts)[name]; !known && len(*counts) >= maxEventNames {
		name = otherEvents
	}
	(*counts)[name] += n
	return (*counts)[name] == n
}

func (t *gatewayTally) reconnected() { t.add(&t.stats.Reconnects) }
func (t *gatewayTally) resumed()     { t.add(&t.stats.Resumes) }
func (t *gatewayTally) identified()  { t.add(&t.stats.Identifies) }

func (t *gatewayTally) add(n *int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	*n++
}
