package entities_test

import (
	"encoding/base64"
	"slices"
	"testing"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

func message(id snowflake.ID, channel snowflake.ID) entities.Event {
	return entities.Event{Kind: entities.EventMessage, GuildID: guild, ChannelID: channel, MessageID: id, AuthorID: mia, At: at(int(id))}
}

func heard(events ...entities.Event) []entities.Heard {
	all := make([]entities.Heard, 0, len(events))
	for _, e := range events {
		all = append(all, entities.Heard{Event: e})
	}
	return all
}

func say(t *testing.T, reg *entities.Registry, events ...entities.Event) []entities.Noted {
	t.Helper()
	appended, err := reg.Append(t.Context(), program, heard(events...))
	if err != nil {
		t.Fatal(err)
	}
	return appended
}

func news(t *testing.T, reg *entities.Registry, actor entities.Actor, after int64, limit int) ([]snowflake.ID, int64) {
	t.Helper()
	from := entities.ReadTo(after)
	news, err := reg.News(t.Context(), actor, entities.Query{After: &from, Limit: limit})
	if err != nil {
		t.Fatal(err)
	}
	var ids []snowflake.ID
	for _, item := range news.Items {
		ids = append(ids, item.Event.MessageID)
	}
	return ids, news.Reached.Seq
}

func TestNews(t *testing.T) {
	reg := fresh(t)
	say(t, reg, message(1, general)) // before it existed
	_, ada := create(t, reg, "Ada", general)
	bob, _ := create(t, reg, "Bob", lab)
	mark, err := reg.ReadMark(t.Context(), ada, entities.ScopeAll)
	if err != nil {
		t.Fatal(err)
	}
	own, bobs := message(4, general), message(5, thread)
	own.AuthorEntity, bobs.AuthorEntity = ada.EntityID(), bob.Entity.ID
	if got := say(t, reg, message(2, general), message(3, lab), own, bobs, message(2, general)); len(got) != 4 {
		t.Errorf("%d events appended, the second of one message too", len(got))
	}
	got, reached := news(t, reg, ada, mark, 10)
	if len(got) != 2 || got[0] != 2 || got[1] != 5 {
		t.Errorf("news = %v, want 2 and 5: not the lab's, not its own", got)
	}
	if again, _ := news(t, reg, ada, reached, 10); len(again) != 0 {
		t.Errorf("news again: %v", again)
	}
	if all, _ := news(t, reg, ada, 0, 10); len(all) != 2 {
		t.Errorf("what was said before it came is news: %v", all)
	}
	first, reached := news(t, reg, ada, 0, 1)
	if rest, _ := news(t, reg, ada, reached, 10); len(first) != 1 || len(rest) != 1 || rest[0] != 5 {
		t.Errorf("in two pages: %v, %v", first, rest)
	}
	reg.World().RemoveChannel(thread)
	if got, _ := news(t, reg, ada, mark, 10); len(got) != 1 {
		t.Errorf("after the thread went: %v", got)
	}
}

func TestOnlyTheProgramAppends(t *testing.T) {
	reg := fresh(t)
	_, ada := create(t, reg, "Ada", general)
	for _, actor := range []entities.Actor{ada, admin(olivia), {}} {
		_, err := reg.Append(t.Context(), actor, heard(message(1, general)))
		wantRefusal(t, err, entities.NotAllowed)
	}
}

func TestReadMarks(t *testing.T) {
	reg := fresh(t)
	made, ada := create(t, reg, "Ada", general)
	for _, position := range []int64{7, 5} {
		if err := reg.Mark(t.Context(), ada, entities.ScopeAll, entities.ReadTo(position)); err != nil {
			t.Fatal(err)
		}
	}
	if mark, err := reg.ReadMark(t.Context(), ada, entities.ScopeAll); err != nil || mark != 7 {
		t.Errorf("mark = %d, %v", mark, err)
	}
	rotated, err := reg.RotateKey(t.Context(), admin(olivia), made.Entity.ID)
	if err != nil {
		t.Fatal(err)
	}
	again, err := reg.Authenticate(t.Context(), rotated.Key, "")
	if err != nil {
		t.Fatal(err)
	}
	if mark, err := reg.ReadMark(t.Context(), again, entities.ScopeAll); err != nil || mark != 7 {
		t.Errorf("a new key starts at %d, %v", mark, err)
	}
}

func cursorAt(t *testing.T, reg *entities.Registry, actor entities.Actor, scope entities.Scope, position int64) string {
	t.Helper()
	cursor, err := reg.Cursor(t.Context(), actor, scope, entities.ReadTo(position))
	if err != nil {
		t.Fatal(err)
	}
	return cursor
}

func TestCursors(t *testing.T) {
	reg := fresh(t)
	_, ada := create(t, reg, "Ada", general)
	_, bob := create(t, reg, "Bob", general)
	for i := range 10 {
		say(t, reg, message(snowflake.ID(i+1), general))
	}
	latest, err := reg.Latest(t.Context(), ada)
	if err != nil {
		t.Fatal(err)
	}
	cursor := cursorAt(t, reg, ada, entities.ScopeOf(lab), 7)
	if got, scope, err := reg.Position(t.Context(), ada, cursor); err != nil || got.Seq != 7 || scope.Channel() != lab {
		t.Errorf("position = %d in %d, %v", got, scope, err)
	}
	if got, _, err := reg.Position(t.Context(), ada, cursorAt(t, reg, ada, 0, 1<<60)); err != nil || got.Seq != latest {
		t.Errorf("a position that the log has not reached is %d, %v", got, err)
	}
	_, _, err = reg.Position(t.Context(), bob, cursor)
	wantRefusal(t, err, entities.Invalid)
	for _, bad := range []string{"", "a", "12345678901234567890", cursor + "A", cursor[1:]} {
		_, _, err := reg.Position(t.Context(), ada, bad)
		wantRefusal(t, err, entities.Invalid)
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		t.Fatal(err)
	}
	for i := range len(raw) * 8 {
		changed := append([]byte{}, raw...)
		changed[i/8] ^= 1 << (i % 8)
		if _, _, err := reg.Position(t.Context(), ada, base64.RawURLEncoding.EncodeToString(changed)); err == nil {
			t.Errorf("bit %d changed and it is still taken", i)
		}
	}
}

func TestWhoseLine(t *testing.T) {
	reg := fresh(t)
	_, ada := create(t, reg, "Ada", general)
	permit, err := reg.Authorize(t.Context(), ada, entities.Post, general)
	if err != nil {
		t.Fatal(err)
	}
	if err := own(t, reg, permit, 77, at(0)); err != nil {
		t.Fatal(err)
	}
	speakers, err := reg.Speakers(t.Context(), ada, []snowflake.ID{77, 78})
	if err != nil || len(speakers) != 1 || speakers[77].Name != "Ada" {
		t.Errorf("speakers = %v, %v", speakers, err)
	}
}

func hears(t *testing.T, reg *entities.Registry, channel snowflake.ID) bool {
	t.Helper()
	yes, err := reg.Hears(t.Context(), program, channel)
	if err != nil {
		t.Fatal(err)
	}
	return yes
}

func TestHears(t *testing.T) {
	reg := fresh(t)
	if hears(t, reg, general) {
		t.Error("a channel without entities is listened to")
	}
	create(t, reg, "Ada", category)
	for channel, want := range map[snowflake.ID]bool{general: true, thread: true, lab: true, stories: false, abroad: false, private: false, adult: false, 42: false} {
		if hears(t, reg, channel) != want {
			t.Errorf("hears %d = %v", channel, !want)
		}
	}
}

// What happened while not everything is known is news once it is, and holds nothing else back.
func TestNewsIsNotLostWhileAGuildIsPending(t *testing.T) {
	for name, test := range map[string]struct{ begin, end func(*entities.World) }{
		"an outage": {func(w *entities.World) { w.SetAvailable(guild, false) }, func(w *entities.World) { w.SetAvailable(guild, true) }},
		"a doubt": {func(w *entities.World) { w.Doubt(guild) }, func(w *entities.World) {
			w.Settle(w.Changes(guild), entities.Guild{ID: guild, OwnerID: olivia}, []entities.Role{{ID: botRole, Permissions: needed}}, entities.Membership{UserID: botUser, Roles: []snowflake.ID{botRole}})
		}},
		"a new session": {func(w *entities.World) { w.Announce(0, 1, []snowflake.ID{guild}) }, func(w *entities.World) { w.SetAvailable(guild, true) }},
	} {
		t.Run(name, func(t *testing.T) {
			path := t.TempDir() + "/troupe.db"
			reg := open(t, path, newWorld())
			made, ada := create(t, reg, "Ada", general)
			test.begin(reg.World())
			dm := entities.Event{Kind: entities.EventDM, ChannelID: 5, MessageID: 2, AuthorID: mia, EntityID: made.Entity.ID, At: at(0)}
			say(t, reg, message(1, general), dm)
			var cursor string
			wantNews := func(after *entities.Reading, held bool, want ...snowflake.ID) {
				t.Helper()
				news, err := reg.News(t.Context(), ada, entities.Query{After: after, Limit: 10})
				if err != nil {
					t.Fatal(err)
				}
				var got []snowflake.ID
				for _, item := range news.Items {
					got = append(got, item.Event.MessageID)
				}
				if !slices.Equal(got, want) || news.Held != held {
					t.Errorf("it got %v, held %v; want %v", got, news.Held, want)
				}
				if cursor, err = reg.Cursor(t.Context(), ada, entities.ScopeAll, news.Reached); err != nil {
					t.Fatal(err)
				}
			}
			wantNews(nil, true, 2)
			reading, scope, err := reg.Position(t.Context(), ada, cursor)
			if err != nil || scope != entities.ScopeAll || len(reading.Behind) != 1 {
				t.Fatalf("the cursor means %v in %v, %v", reading, scope, err)
			}
			if err := reg.Mark(t.Context(), ada, scope, reading); err != nil {
				t.Fatal(err)
			}
			wantNews(&reading, true)
			wantNews(nil, true)
			test.end(reg.World())
			wantNews(&reading, false, 1)
			wantNews(nil, false, 1)
			reg = open(t, path, reg.World()) // the mark says so after a restart too
			wantNews(nil, false, 1)
			reading, scope, err = reg.Position(t.Context(), ada, cursor)
			if err != nil || len(reading.Behind) != 0 {
				t.Fatalf("the cursor means %v, %v", reading, err)
			}
			if err := reg.Mark(t.Context(), ada, scope, reading); err != nil {
				t.Fatal(err)
			}
			wantNews(nil, false)
		})
	}
}

func TestNewsGoesOnPastAGuildThatIsGone(t *testing.T) {
	reg := fresh(t)
	_, ada := create(t, reg, "Ada", general)
	said := say(t, reg, message(1, general))
	reg.World().Announce(0, 1, []snowflake.ID{other})
	if got, reached := news(t, reg, ada, 0, 10); len(got) != 0 || reached != said[0].Event.Seq {
		t.Errorf("it got %v and reached %d", got, reached)
	}
}
