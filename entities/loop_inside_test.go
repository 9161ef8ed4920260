package entities

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/disgoorg/snowflake/v2"
)

// Guarded words what the guard knows.
func (r *Registry) Guarded() string {
	r.guard.mu.Lock()
	defer r.guard.mu.Unlock()
	var b strings.Builder
	for _, channel := range slices.Sorted(maps.Keys(r.guard.talks)) {
		t, until := r.guard.talks[channel], int64(0)
		t.recent(r.now())
		if t.idle(r.now()) {
			continue
		}
		if t.rests(r.now()) {
			until = t.RestsUntil.UnixMicro()
		}
		fmt.Fprintln(&b, channel, t.GuildID, t.Hourly, until)
		for _, s := range t.said {
			fmt.Fprintln(&b, " ", s.entity, s.at.UnixMicro())
		}
	}
	return b.String()
}

// Full is the decision about a turn, from who took the ones before.
func (l Loop) Full(taken []ID, next ID) LoopRule { return l.full(taken, next) }

// Talkers are the two who talked most.
func Talkers(taken []ID, next ID) []ID { return talkers(taken, next) }

// Clock is a time as AIs read it.
var Clock = clock

// Concerned says whether it matters that a person speaks in a channel.
func (r *Registry) Concerned(channel snowflake.ID) bool { return r.guard.concerned(channel, r.now()) }
