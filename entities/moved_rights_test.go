package entities_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// Of a channel that an entity may not hear any more, it is not told that anything is unread there,
// whether it is counted in memory or, as after a restart, in the database. Nor does anybody count
// what addresses somebody, or what is another's.
func TestWhatMovedIsOnesOwn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "troupe.db")
	reg := open(t, path, newWorld())
	made, ada := create(t, reg, "Ada", general, lab)
	bob, _ := create(t, reg, "Bob", general, lab)
	reaction := entities.Event{Kind: entities.EventReaction, GuildID: guild, ChannelID: lab, MessageID: 900, AuthorID: mia, Emoji: "👍", At: at(9)}
	keep(t, reg, &entities.Ownership{MessageID: 900, EntityID: bob.Entity.ID})
	say(t, reg, message(1, general), message(2, lab), message(3, lab), reaction)
	called, edit := entities.Heard{Event: message(4, lab), Text: "Ada?"}, message(4, lab)
	edit.Kind = entities.EventEdit
	for _, one := range []entities.Heard{called, {Event: edit}} {
		_, err := reg.Append(t.Context(), program, []entities.Heard{one})
		require(t, err)
	}
	moved := func() (all string) {
		found, _, err := reg.Moved(t.Context(), ada)
		require(t, err)
		for _, m := range found {
			all += fmt.Sprint(m.Channel, ": ", m.Unread, " ", m.Changes, " ", m.Reactions, "; ")
		}
		return all
	}
	both := fmt.Sprint(general, ": 1 0 0; ", lab, ": 2 0 0; ")
	if got := moved(); got != both {
		t.Errorf("in memory: %s, want %s", got, both)
	}
	reg = open(t, path, newWorld())
	if got := moved(); got != both {
		t.Errorf("in the database: %s, want %s", got, both)
	}
	err := reg.SetChannels(t.Context(), admin(olivia), made.Entity.ID, func([]entities.Room) ([]entities.ChosenRule, error) {
		return []entities.ChosenRule{{ChosenChannel: chosen(snowflake.ID(lab))[0], Access: entities.Read}}, nil
	})
	require(t, err)
	one := fmt.Sprint(lab, ": 2 0 0; ")
	if got := moved(); got != one {
		t.Errorf("without a channel, in the database: %s, want %s", got, one)
	}
	say(t, reg, message(5, general))
	require(t, reg.Mark(t.Context(), ada, entities.ScopeAll, entities.ReadTo(latest(t, reg, ada))))
	say(t, reg, message(6, general), message(7, lab))
	if got := moved(); got != fmt.Sprint(lab, ": 1 0 0; ") {
		t.Errorf("without a channel, in memory: %s", got)
	}
}

func latest(t *testing.T, reg *entities.Registry, actor entities.Actor) int64 {
	t.Helper()
	at, err := reg.Latest(t.Context(), actor)
	require(t, err)
	return at
}
