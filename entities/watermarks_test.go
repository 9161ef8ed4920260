package entities_test

import (
	"testing"
	"time"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

func watermarks(t *testing.T, reg *entities.Registry) map[snowflake.ID]snowflake.ID {
	t.Helper()
	marks, err := reg.Watermarks(t.Context(), program)
	if err != nil {
		t.Fatal(err)
	}
	return marks
}

func TestWatermarks(t *testing.T) {
	reg := fresh(t)
	before := snowflake.New(time.Now().Add(-time.Minute))
	create(t, reg, "Ada", general)
	after := snowflake.New(time.Now().Add(time.Minute))
	marks := watermarks(t, reg)
	if got := marks[general]; got < before || got > after {
		t.Errorf("a new presence begins at %s, not now", got.Time())
	}
	if got := marks[thread]; got != marks[general] {
		t.Errorf("a thread begins at %s, its channel at %s", got.Time(), marks[general].Time())
	}
	if got, heard := marks[lab]; heard {
		t.Errorf("nobody hears the lab; its mark is %d", got)
	}
	newest := after + 10
	set := func(mark snowflake.ID) {
		t.Helper()
		if err := reg.SetWatermarks(t.Context(), program, []entities.Watermark{{ChannelID: general, GuildID: guild, MessageID: mark}, {ChannelID: general, GuildID: guild, MessageID: mark - 1}}); err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range []struct {
		name string
		do   func()
		want snowflake.ID
	}{
		{"the log's newest message", func() { e := message(9, general); e.MessageID = newest; say(t, reg, e) }, newest},
		{"an older row", func() { set(newest - 5) }, newest},
		{"a newer row", func() { set(newest + 7) }, newest + 7},
		{"a row that would move back", func() { set(newest + 3) }, newest + 7},
		{"a newer message", func() { e := message(9, general); e.MessageID = newest + 8; say(t, reg, e) }, newest + 8},
	} {
		step.do()
		if got := watermarks(t, reg)[general]; got != step.want {
			t.Errorf("%s: %d, want %d", step.name, got, step.want)
		}
	}
	if err := reg.SetWatermarks(t.Context(), program, nil); err != nil {
		t.Error(err)
	}
	var many []entities.Watermark
	for n := range 500 {
		many = append(many, entities.Watermark{ChannelID: snowflake.ID(n + 5000), GuildID: guild, MessageID: after + snowflake.ID(n)})
	}
	if err := reg.SetWatermarks(t.Context(), program, many); err != nil {
		t.Fatal(err)
	}
	if got := watermarks(t, reg); got[5499] != after+499 {
		t.Errorf("the last of many is %d", got[5499])
	}
}
