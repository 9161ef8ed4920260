package relay

import (
	"context"
	"sync"
	"time"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// spilt are the channels in which changes and reactions found no room on their way to the event
// log. They cannot be had again: a gap tells of them.
type spilt struct {
	mu    sync.Mutex
	since map[snowflake.ID]entities.Event // by channel: the gap as it began
}

// add notes that an event found no room. In direct messages there are no gaps: what is read there
// comes from Discord each time.
func (s *spilt) add(e entities.Event, now time.Time) {
	if e.GuildID == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.since == nil {
		s.since = map[snowflake.ID]entities.Event{}
	}
	if _, begun := s.since[e.ChannelID]; !begun {
		s.since[e.ChannelID] = entities.Event{Kind: entities.EventGap, GuildID: e.GuildID, ChannelID: e.ChannelID, MessageID: snowflake.New(now)}
	}
}

// take gives the gaps, which end now.
func (s *spilt) take(now time.Time) []utterance {
	s.mu.Lock()
	defer s.mu.Unlock()
	gaps := make([]utterance, 0, len(s.since))
	for _, gap := range s.since {
		gap.UntilID, gap.At = snowflake.New(now), now.UTC()
		gaps = append(gaps, utterance{heard: entities.Heard{Event: gap}})
	}
	s.since = nil
	return gaps
}

// tellSpilt notes gaps for what found no room, as soon as there is room again.
func (r *Relay) tellSpilt(ctx context.Context) {
	if len(r.inbox.heard) <= cap(r.inbox.heard)/2 {
		if gaps := r.inbox.spilt.take(r.now()); len(gaps) > 0 {
			r.note(ctx, gaps)
		}
	}
}
