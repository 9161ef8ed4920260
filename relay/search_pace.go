package relay

import (
	"maps"
	"slices"
	"sync"
	"time"

	"troupe/entities"
)

// SearchesPerMinute is how often one entity can have Discord search, for messages or for people:
// pages count. Discord lets the bot search a server's messages about 60 times a minute (its
// headers, observed: 5 in 5 s), which all entities there share.
const SearchesPerMinute = 30

// mostPaced is how many entities are counted before those that did nothing of late are forgotten.
const mostPaced = 1000

// minutePace counts how often entities had Discord search of late, or do something else of which
// little is allowed within a minute.
type minutePace struct {
	most int
	// text refuses one more, with when there is room again.
	text  string
	mu    sync.Mutex
	asked map[entities.ID][]time.Time
}

func newSearchPace() *minutePace {
	const text = "You have searched as much as you may within a minute. Search again in %s, or narrow what you look for."
	return &minutePace{most: SearchesPerMinute, text: text, asked: map[entities.ID][]time.Time{}}
}

func newPinPace() *minutePace {
	const text = "You have pinned and unpinned as much as you may within a minute. Go on in %s."
	return &minutePace{most: PinsPerMinute, text: text, asked: map[entities.ID][]time.Time{}}
}

// take counts one more, or refuses it with when there is room again.
func (p *minutePace) take(id entities.ID, now time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	old := func(at time.Time) bool { return now.Sub(at) >= time.Minute }
	if len(p.asked) >= mostPaced {
		maps.DeleteFunc(p.asked, func(_ entities.ID, all []time.Time) bool { return len(all) == 0 || old(all[len(all)-1]) })
	}
	recent := slices.DeleteFunc(p.asked[id], old)
	p.asked[id] = recent
	if len(recent) >= p.most {
		return entities.Refuse(entities.Unavailable, p.text, waitUntil(recent[0].Add(time.Minute), now))
	}
	p.asked[id] = append(recent, now)
	return nil
}
