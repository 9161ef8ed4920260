package entities_test

import (
	"slices"
	"testing"
	"time"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// aged opens a database whose events are kept for a day.
func aged(t *testing.T) (*entities.Registry, *time.Time) {
	t.Helper()
	now := at(0)
	return fresh(t, func(c *entities.Config) {
		c.EventLife, c.Now = 24*time.Hour, func() time.Time { return now }
	}), &now
}

func TestOldEventsGo(t *testing.T) {
	reg, now := aged(t)
	_, ada := create(t, reg, "Ada", general)
	const many = 4500 // more than go at once
	var old []entities.Heard
	for i := range many {
		e := message(snowflake.ID(i+1), general)
		e.At = *now
		old = append(old, entities.Heard{Event: e, Text: "Ada"})
	}
	for part := range slices.Chunk(old, 500) {
		require(t, errOf(reg.Append(t.Context(), program, part)))
	}
	late := message(many+1, general) // what was missed is noted late
	late.At = *now
	*now = now.Add(24*time.Hour + time.Second)
	require(t, errOf(reg.Append(t.Context(), program, []entities.Heard{{Event: late, Text: "Ada"}})))
	young := message(many+2, general)
	young.At = *now
	require(t, errOf(reg.Append(t.Context(), program, []entities.Heard{{Event: young}})))
	require(t, reg.Retain(t.Context(), program))
	if n := count(t, reg, "events"); n != 2 {
		t.Errorf("%d events are left", n)
	}
	if n := count(t, reg, "addresses"); n != 1 {
		t.Errorf("%d addresses are left", n)
	}
	if got, _ := news(t, reg, ada, 0, 10); !slices.Equal(got, []snowflake.ID{many + 1, many + 2}) {
		t.Errorf("what is kept is %v", got)
	}
	settledUpTo := func(want snowflake.ID) {
		t.Helper()
		var row entities.Watermark
		if err := reg.Reader().Take(&row, "channel_id = ?", general).Error; err != nil || row.MessageID != want {
			t.Errorf("the channel is settled up to %v, %v; want %d", row, err, want)
		}
	}
	settledUpTo(many) // the log has the others
	*now = now.Add(48 * time.Hour)
	require(t, reg.Retain(t.Context(), program))
	if n := count(t, reg, "events"); n != 0 {
		t.Errorf("%d events are left at last", n)
	}
	settledUpTo(many + 2)
}

// Positions go on growing when the events that had the last ones are gone.
func TestPositionsOutliveTheirEvents(t *testing.T) {
	path := t.TempDir() + "/troupe.db"
	now := at(0)
	clock := func(c *entities.Config) { c.Now = func() time.Time { return now } }
	reg := open(t, path, newWorld(), clock)
	_, ada := create(t, reg, "Ada", general)
	last := say(t, reg, message(1, general))[0].Event.Seq
	require(t, reg.Mark(t.Context(), ada, entities.ScopeOf(general), entities.ReadTo(last)))
	require(t, reg.Writer().Exec("DELETE FROM events").Error)
	now = now.Add(-time.Hour) // and the clock was put back
	reg = open(t, path, newWorld(), clock)
	if next := say(t, reg, message(2, general)); next[0].Event.Seq <= last {
		t.Errorf("after %d comes %d", last, next[0].Event.Seq)
	}
}

func TestEndedCredentialsLeaveNoMarks(t *testing.T) {
	reg := fresh(t)
	made, ada := create(t, reg, "Ada", general)
	second, err := reg.SecondCredential(t.Context(), ada)
	require(t, err)
	said := say(t, reg, message(1, general), message(2, lab))
	require(t, reg.Mark(t.Context(), ada, entities.ScopeOf(general), entities.ReadTo(said[0].Event.Seq)))
	require(t, reg.Mark(t.Context(), second, entities.ScopeDM, entities.ReadTo(said[1].Event.Seq)))
	rotated, err := reg.RotateKey(t.Context(), admin(olivia), made.Entity.ID)
	require(t, err)
	again, err := reg.Authenticate(t.Context(), rotated.Key, "")
	require(t, err)
	for scope, want := range map[entities.Scope]int64{entities.ScopeOf(general): said[0].Event.Seq, entities.ScopeDM: said[1].Event.Seq} {
		if got, err := reg.ReadMark(t.Context(), again, scope); err != nil || got != want {
			t.Errorf("the new key has read %v up to %d, %v; want %d", scope, got, err, want)
		}
	}
	reg.Writer().Exec("INSERT INTO read_marks (credential_id, scope, guild_id, position) VALUES ('gone', 5, 0, 7)")
	require(t, reg.Retain(t.Context(), program))
	if n := count(t, reg, "read_marks"); n != 3 {
		t.Errorf("%d marks are left:\n%s", n, dump(t, reg))
	}
}
