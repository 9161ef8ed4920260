package entities_test

import (
	"testing"
	"time"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// babble lets people say so much in a channel, where nobody is addressed.
func babble(t *testing.T, p *play, channel snowflake.ID, by snowflake.ID, begin, messages int) {
	t.Helper()
	for done := 0; done < messages; done += 200 {
		var heard []entities.Heard
		for n := range min(200, messages-done) {
			heard = append(heard, entities.Heard{Person: true, Event: entities.Event{
				Kind: entities.EventMessage, GuildID: guild, ChannelID: channel, MessageID: snowflake.New(p.now) + snowflake.ID(begin+done+n+1), AuthorID: by, At: p.now,
			}})
		}
		require(t, errOf(p.Append(t.Context(), program, heard)))
	}
}

// Who is never asked for a channel's messages learns how much is unread there at little cost,
// however much that is.
func TestMovedOfVeryMuch(t *testing.T) {
	p := newPlay(t)
	_, ada := create(t, p.Registry, "Ada", general)
	babble(t, p, general, mia, 0, entities.MostUnread+400)
	babble(t, p, general, zoe, entities.MostUnread+400, 1)
	begin := time.Now()
	moved, gap, err := p.Moved(t.Context(), ada)
	took := time.Since(begin)
	require(t, err)
	if gap != nil || len(moved) != 1 || moved[0].Unread != entities.MostUnread {
		t.Fatalf("%+v, %v", moved, gap)
	}
	first, last := snowflake.New(p.now)+1, snowflake.New(p.now)+entities.MostUnread+401
	if m := moved[0]; m.First != first || m.Last != last || len(m.Speakers) != 2 || m.Speakers[0].User != zoe || m.Speakers[1].User != mia || m.Speakers[0].Message != last {
		t.Errorf("%+v", m)
	}
	t.Logf("%d unread messages took %s", entities.MostUnread+401, took)
	latest, err := p.Latest(t.Context(), ada)
	require(t, err)
	require(t, p.Mark(t.Context(), ada, entities.ScopeOf(general), latest-3))
	if moved, _, err = p.Moved(t.Context(), ada); err != nil || len(moved) != 1 || moved[0].Unread > 3 {
		t.Errorf("after reading: %+v, %v", moved, err)
	}
	require(t, p.Mark(t.Context(), ada, entities.ScopeAll, latest))
	if moved, _, err = p.Moved(t.Context(), ada); err != nil || len(moved) != 0 {
		t.Errorf("after reading all: %+v, %v", moved, err)
	}
}
