package entities_test

import (
	"context"
	"fmt"
	"math"
	"net"
	"runtime"
	"testing"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// What the database refuses for what it is is told from a database that cannot write.
func TestUnfitAndAway(t *testing.T) {
	reg := fresh(t)
	insert := func(seq any, emoji any) error {
		return reg.Writer().Exec("INSERT INTO events (seq, kind, guild_id, channel_id, message_id, author_id, author_entity, at, entity_id, emoji, until_id) VALUES (?, 'reaction', 1, 1, ?, 1, '', ?, '', ?, 0)",
			seq, seq, at(0), emoji).Error
	}
	require(t, insert(1, "👍"))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, test := range map[string]struct {
		err         error
		unfit, away bool
	}{
		"the same row again": {err: insert(1, "👍"), unfit: true},
		"no value":           {err: insert(2, nil), unfit: true},
		"ended":              {err: reg.Writer().WithContext(ended).Exec("DELETE FROM events WHERE seq < 0").Error, away: true},
		"no such table":      {err: reg.Writer().Exec("DELETE FROM nothing").Error},
		"not reached":        {err: fmt.Errorf("write: %w", &net.OpError{Op: "dial", Err: net.ErrClosed}), away: true},
	} {
		if test.err == nil {
			t.Fatalf("%s: it worked", name)
		}
		if unfit, away := entities.Unfit(test.err), entities.Away(test.err); unfit != test.unfit || away != test.away {
			t.Errorf("%s (%v): unfit %v, away %v", name, test.err, unfit, away)
		}
	}
	if on.Server != "" {
		for name, emoji := range map[string]string{"NUL": "a\x00b", "no UTF-8": "a\xff"} {
			if err := insert(3, emoji); !entities.Unfit(err) || entities.Away(err) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	require(t, reg.Writable(t.Context(), program))
}

func TestFits(t *testing.T) {
	big := snowflake.ID(math.MaxInt64) + 1
	for name, h := range map[string]entities.Heard{
		"message":  {Event: entities.Event{MessageID: big}},
		"channel":  {Event: entities.Event{ChannelID: big}},
		"author":   {Event: entities.Event{AuthorID: big}},
		"replied":  {Replied: big},
		"role":     {Roles: []snowflake.ID{1, big}},
		"NUL":      {Event: entities.Event{Emoji: "a\x00"}},
		"no UTF-8": {Event: entities.Event{Emoji: "\xff"}},
	} {
		if err := h.Fits(); !entities.Unfit(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := (entities.Heard{Event: entities.Event{MessageID: big - 1, Emoji: "👍"}, Roles: []snowflake.ID{1}}).Fits(); err != nil {
		t.Error(err)
	}
}

// Marks that would share the transaction of an event that is refused are written all the same.
func TestMarksBesideARefusedEvent(t *testing.T) {
	reg := fresh(t)
	_, ada := create(t, reg, "Ada", general)
	for n := range 20 {
		last := say(t, reg, message(snowflake.ID(n+1), general))[0].Event.Seq
		marked := make(chan error, 1)
		go func() { marked <- reg.Mark(t.Context(), ada, entities.ScopeAll, entities.ReadTo(last)) }()
		for len(marked) == 0 && !reg.Marking() {
			runtime.Gosched()
		}
		bad := message(1000, general)
		bad.AuthorID = math.MaxUint64
		if _, err := reg.Append(t.Context(), program, heard(bad)); err == nil {
			t.Error("it was written")
		}
		require(t, <-marked)
		if got, err := reg.ReadMark(t.Context(), ada, entities.ScopeAll); err != nil || got != last {
			t.Errorf("read up to %d, %v; want %d", got, err, last)
		}
	}
}
