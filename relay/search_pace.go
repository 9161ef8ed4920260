package relay

import (
	"slices"
	"sync"
	"time"

	"troupe/entities"
)

// SearchesPerMinute is how often one entity can have Discord search, for messages or for people:
// pages count. Discord lets the bot search a server's messages about 60 times a minute (its
// headers, observed: 5 in 5 s), which all entities there share.
const SearchesPerMinute = 30

// searchPace counts how often entities had Discord search of late.
type searchPace struct {
	mu    sync.Mutex
	asked map[entities.ID][]time.Time
}

func newSearchPace() searchPace { return searchPace{asked: map[entities.ID][]time.Time{}} }

// take counts one more search, or refuses it with when there is room again.
func (p *searchPace) take(id entities.ID, now time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	recent := slices.DeleteFunc(p.asked[id], func(at time.Time) bool { return now.Sub(at) >= time.Minute })
	p.asked[id] = recent
	if len(recent) >= SearchesPerMinute {
		return entities.Refuse(entities.Unavailable, "You have searched as much as you may within a minute. Search again in %s, or narrow what you look for.",
			waitUntil(recent[0].Add(time.Minute), now))
	}
	p.asked[id] = append(recent, now)
	return nil
}
