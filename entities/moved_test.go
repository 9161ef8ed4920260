package entities_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// babble lets somebody say so much in a channel, where nobody is addressed.
func babble(t testing.TB, reg *entities.Registry, channel, by, first snowflake.ID, messages int) {
	t.Helper()
	for done := 0; done < messages; done += 200 {
		var heard []entities.Heard
		for n := range min(200, messages-done) {
			e := message(first+snowflake.ID(done+n), channel)
			e.AuthorID = by
			heard = append(heard, entities.Heard{Event: e, Person: true})
		}
		require(t, errOf(reg.Append(t.Context(), program, heard)))
	}
}

func moved(t testing.TB, reg *entities.Registry, actor entities.Actor) []entities.Moved {
	t.Helper()
	all, gap, err := reg.Moved(t.Context(), actor)
	require(t, err)
	if gap != nil {
		t.Fatalf("it lacks %+v", gap)
	}
	return all
}

// Of very much only so much is counted, with who spoke at the very last.
func TestMovedOfVeryMuch(t *testing.T) {
	for _, where := range []string{"memory", "database"} {
		t.Run(where, func(t *testing.T) {
			reg := fresh(t)
			_, ada := create(t, reg, "Ada", general)
			say(t, reg, message(1, lab))
			babble(t, reg, general, mia, 1000, entities.MostUnread)
			if where == "database" {
				reg.ShrinkTail(50)
			}
			if all := moved(t, reg, ada); len(all) != 1 || all[0].Unread != entities.MostUnread || all[0].More {
				t.Fatalf("with just as much as is counted: %+v", all)
			}
			babble(t, reg, general, zoe, 50_000, 400)
			if where == "database" {
				reg.ShrinkTail(50)
			}
			all := moved(t, reg, ada)
			if len(all) != 1 || all[0].Unread != entities.MostUnread || !all[0].More || all[0].First != 1000 || all[0].Last != 50_399 {
				t.Fatalf("with more: %+v", all)
			}
			if s := all[0].Speakers; len(s) != 2 || s[0] != (entities.Speaker{User: zoe, Message: 50_399}) || s[1].User != mia {
				t.Errorf("spoke last: %+v", s)
			}
		})
	}
}

// So many events that do not count themselves do not hide what is unread after them.
func TestMovedBehindOwnLines(t *testing.T) {
	reg := fresh(t)
	made, ada := create(t, reg, "Ada", general)
	var own []entities.Heard
	for n := range 2*entities.MostUnread + 200 {
		e := message(snowflake.ID(1000+n), general)
		e.AuthorEntity = made.Entity.ID
		if own = append(own, entities.Heard{Event: e}); len(own) == 200 {
			require(t, errOf(reg.Append(t.Context(), program, own)))
			own = nil
		}
	}
	babble(t, reg, general, mia, 900_000, 3)
	reg.ShrinkTail(0)
	if all := moved(t, reg, ada); len(all) != 1 || all[0].Unread != 3 || !all[0].More || all[0].First != 900_000 || all[0].Last != 900_002 {
		t.Errorf("%+v", all)
	}
}

// BenchmarkMoved counts in the database what was said in a channel since the entity last read.
func BenchmarkMoved(b *testing.B) {
	for _, unread := range []int{1_000, 10_000, 40_000, 160_000} {
		b.Run(fmt.Sprint(unread), func(b *testing.B) {
			reg := fresh(b)
			_, ada := create(b, reg, "Ada", general)
			babble(b, reg, general, mia, 1000, unread)
			reg.ShrinkTail(10)
			for begin := time.Now(); b.Loop(); {
				if all := moved(b, reg, ada); len(all) != 1 || all[0].Unread != min(unread, entities.MostUnread) {
					b.Fatalf("after %s: %+v", time.Since(begin), all)
				}
			}
		})
	}
}
