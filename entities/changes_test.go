package entities_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

func changed(kind entities.EventKind, id snowflake.ID) entities.Event {
	return entities.Event{Kind: kind, ChannelID: general, GuildID: guild, MessageID: id, At: at(0)}
}

// kinds are what a client is told, in a scope.
func kinds(t *testing.T, reg *entities.Registry, actor entities.Actor, scope entities.Scope) []entities.EventKind {
	t.Helper()
	news, err := reg.News(t.Context(), actor, entities.Query{Scope: scope, Limit: 10})
	require(t, err)
	require(t, reg.Mark(t.Context(), actor, scope, news.Reached))
	var all []entities.EventKind
	for _, item := range news.Items {
		all = append(all, item.Event.Kind)
	}
	return all
}

func wantKinds(t *testing.T, reg *entities.Registry, actor entities.Actor, scope entities.Scope, want ...entities.EventKind) {
	t.Helper()
	if got := kinds(t, reg, actor, scope); !slices.Equal(got, want) {
		t.Errorf("told %v, want %v", got, want)
	}
}

func TestChangesOfDirectMessagesAreTheEntitys(t *testing.T) {
	reg := fresh(t)
	made, ada := create(t, reg, "Ada", general)
	_, bob := create(t, reg, "Bob", general)
	say(t, reg, entities.Event{Kind: entities.EventDM, ChannelID: 5, MessageID: 1, AuthorID: mia, EntityID: made.Entity.ID, At: at(0)})
	wantKinds(t, reg, ada, entities.ScopeAll, entities.EventDM)
	edit := entities.Event{Kind: entities.EventEdit, ChannelID: 5, MessageID: 1, AuthorID: mia, At: at(1)}
	noted := say(t, reg, edit)
	if len(noted) != 1 || noted[0].Event.EntityID != made.Entity.ID || !slices.Equal(noted[0].To, []entities.ID{made.Entity.ID}) {
		t.Fatalf("noted is %+v", noted)
	}
	wantKinds(t, reg, bob, entities.ScopeAll)
	wantKinds(t, reg, ada, entities.ScopeDM, entities.EventEdit)
	edit.Kind = entities.EventDelete
	say(t, reg, edit)
	wantKinds(t, reg, bob, entities.ScopeAll)
	wantKinds(t, reg, ada, entities.ScopeAddressed, entities.EventDelete)
	if again := say(t, reg, edit, changed(entities.EventEdit, 1)); len(again) != 0 {
		t.Errorf("after it was deleted is noted %+v", again)
	}
}

func TestChangesAreToldOnce(t *testing.T) {
	reg := fresh(t)
	_, ada := create(t, reg, "Ada", general)
	edit, remove := entities.EventEdit, entities.EventDelete
	say(t, reg, message(1, general), message(2, general), changed(edit, 1), changed(remove, 2))
	wantKinds(t, reg, ada, entities.ScopeAll, entities.EventMessage) // with its edit, and the other is gone
	second, third, last := changed(edit, 1), changed(edit, 1), changed(edit, 1)
	second.At, third.At, last.At = at(1), at(2), at(3)
	say(t, reg, second, third)
	wantKinds(t, reg, ada, entities.ScopeAll, edit)
	say(t, reg, last, changed(remove, 1))
	wantKinds(t, reg, ada, entities.ScopeAll, remove)
}

// An edit that is heard again is no other one, from memory and from the database.
func TestAnEditIsNotedOnce(t *testing.T) {
	reg := fresh(t)
	say(t, reg, message(1, general))
	edit := changed(entities.EventEdit, 1)
	edit.At = at(1).Add(123456789 * time.Nanosecond)
	if noted := say(t, reg, edit, edit); len(noted) != 1 {
		t.Errorf("noted is %+v", noted)
	}
	for range 2 {
		if again := say(t, reg, edit); len(again) != 0 {
			t.Errorf("noted again is %+v", again)
		}
		reg.ShrinkTail(0)
	}
	edit.At = edit.At.Add(time.Microsecond)
	if noted := say(t, reg, edit); len(noted) != 1 {
		t.Errorf("noted is %+v", noted)
	}
}

// Who reads page by page is told of no deletion of what was never given.
func TestChangesAreToldOncePageByPage(t *testing.T) {
	reg := fresh(t)
	_, ada := create(t, reg, "Ada", general)
	edit, remove := entities.EventEdit, entities.EventDelete
	say(t, reg, message(1, general), message(2, general), message(3, general), changed(remove, 1), changed(edit, 2))
	var got []entities.Event
	var after *entities.Reading
	for range 5 {
		news, err := reg.News(t.Context(), ada, entities.Query{After: after, Limit: 1})
		require(t, err)
		for _, item := range news.Items {
			got = append(got, item.Event)
		}
		after = &news.Reached
	}
	if len(got) != 2 || got[0].MessageID != 2 || got[1].MessageID != 3 {
		t.Errorf("told %+v", got)
	}
}

// A change is told once, and as part of its message only by whom gave that, when a channel and all
// channels are read page by page in turn.
func TestChangesAreToldOnceInTurn(t *testing.T) {
	in, edit, remove := entities.ScopeOf(general), entities.EventEdit, entities.EventDelete
	for name, test := range map[string]struct {
		first, second entities.Scope
		// begun is how many of the messages the first scope is given before anything changes.
		begun int
		kind  entities.EventKind
		want  string
	}{
		"the channel gave it before":      {in, entities.ScopeAll, 1, edit, "message 1, message 2, message 3, edit 1"},
		"the channel gave it, then gone":  {in, entities.ScopeAll, 1, remove, "message 1, message 2, message 3, delete 1"},
		"all gave it before":              {entities.ScopeAll, in, 1, edit, "message 1, message 2, message 3, edit 1"},
		"it changed before":               {in, entities.ScopeAll, 0, edit, "message 1, message 2, message 3"},
		"it changed before all were read": {entities.ScopeAll, in, 0, edit, "message 1, message 2, message 3"},
		"it was gone before":              {in, entities.ScopeAll, 0, remove, "message 2, message 3"},
	} {
		t.Run(name, func(t *testing.T) {
			reg := fresh(t)
			_, ada := create(t, reg, "Ada", general)
			var told []string
			page := func(scope entities.Scope) int {
				news, err := reg.News(t.Context(), ada, entities.Query{Scope: scope, Limit: 1})
				require(t, err)
				require(t, reg.Mark(t.Context(), ada, scope, news.Reached))
				for _, item := range news.Items {
					told = append(told, fmt.Sprint(item.Event.Kind, " ", item.Event.MessageID))
				}
				return len(news.Items)
			}
			say(t, reg, message(1, general))
			for range test.begun {
				page(test.first)
			}
			say(t, reg, message(2, general), message(3, general), changed(test.kind, 1))
			// One page of each in turn, the other scope first, until neither has any more.
			for n := 1; n > 0; {
				n = page(test.second) + page(test.first)
			}
			if got := strings.Join(told, ", "); got != test.want {
				t.Errorf("told %s", got)
			}
		})
	}
}

// An entity hears nothing of what becomes of its own lines.
func TestChangesOfOwnLines(t *testing.T) {
	reg := fresh(t)
	made, ada := create(t, reg, "Ada", general)
	_, bob := create(t, reg, "Bob", general)
	own := message(1, general)
	own.AuthorEntity = made.Entity.ID
	say(t, reg, own)
	wantKinds(t, reg, bob, entities.ScopeAll, entities.EventMessage)
	say(t, reg, changed(entities.EventDelete, 1))
	wantKinds(t, reg, ada, entities.ScopeAll)
	wantKinds(t, reg, bob, entities.ScopeAll, entities.EventDelete)
}

// Marks that come at once share their way to the database, and none is lost.
func TestManyMarkAtOnce(t *testing.T) {
	path := t.TempDir() + "/troupe.db"
	reg := open(t, path, newWorld())
	_, ada := create(t, reg, "Ada", general)
	var marking sync.WaitGroup
	for i := range 50 {
		marking.Go(func() {
			if err := reg.Mark(t.Context(), ada, entities.ScopeOf(snowflake.ID(100+i)), entities.ReadTo(int64(i+1))); err != nil {
				t.Error(err)
			}
			if _, err := reg.Append(t.Context(), program, heard(message(snowflake.ID(i+1), general))); err != nil {
				t.Error(err)
			}
		})
	}
	marking.Wait()
	reg = open(t, path, newWorld())
	for i := range 50 {
		if mark, err := reg.ReadMark(t.Context(), ada, entities.ScopeOf(snowflake.ID(100+i))); err != nil || mark != int64(i+1) {
			t.Errorf("mark %d is %d, %v", i, mark, err)
		}
	}
}

// Who stops waiting takes nobody's mark along.
func TestMarkingOutlivesWhoBeganIt(t *testing.T) {
	reg := fresh(t)
	_, ada := create(t, reg, "Ada", general)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := reg.Mark(ctx, ada, entities.ScopeDM, entities.ReadTo(5)); err == nil {
		return // it was in time
	}
	require(t, reg.Mark(t.Context(), ada, entities.ScopeDM, entities.ReadTo(5)))
	if mark, err := reg.ReadMark(t.Context(), ada, entities.ScopeDM); err != nil || mark != 5 {
		t.Errorf("the mark is %d, %v", mark, err)
	}
}
