package entities_test

import (
	"maps"
	"path/filepath"
	"testing"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// What a person wrote to an entity is told while the two may exchange direct messages, and not only
// if they might when it came.
func TestDMsAreNotToldAfterThat(t *testing.T) {
	now := at(0)
	for name, one := range map[string]struct {
		end, again func(*entities.Registry, entities.ID) error
	}{
		"the person blocked it": {
			func(reg *entities.Registry, id entities.ID) error { return reg.Block(t.Context(), alone, id, true) },
			func(reg *entities.Registry, id entities.ID) error { return reg.Block(t.Context(), alone, id, false) },
		},
		"the capability was withdrawn": {
			func(reg *entities.Registry, id entities.ID) error {
				return reg.SetCapabilities(t.Context(), admin(mia), id, just([]entities.Capability{entities.CanRead}))
			},
			func(reg *entities.Registry, id entities.ID) error {
				return reg.SetCapabilities(t.Context(), admin(mia), id, just([]entities.Capability{entities.CanDM}))
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			reg, ada, bob := pair(t, filepath.Join(t.TempDir(), "troupe.db"), &now)
			goesTo(t, post(t, reg, 1, 900), ada.EntityID())
			goesTo(t, post(t, reg, 2, 901), bob.EntityID())
			require(t, one.end(reg, ada.EntityID()))
			edit := entities.Heard{Event: entities.Event{Kind: entities.EventEdit, ChannelID: miasDM, MessageID: 1, AuthorID: mia, At: at(5)}}
			require(t, errOf(reg.Append(t.Context(), program, []entities.Heard{edit})))
			liked := entities.Heard{Event: entities.Event{Kind: entities.EventReaction, ChannelID: miasDM, MessageID: 900, AuthorID: mia, Emoji: "👍", At: at(6)}}
			require(t, errOf(reg.Append(t.Context(), program, []entities.Heard{liked})))
			is(t, "Ada hears", inbox(t, reg, ada))
			is(t, "Bob hears", inbox(t, reg, bob), "2 dm")
			tells(t, reg, ada, false)
			tells(t, reg, bob, true)
			require(t, one.again(reg, ada.EntityID()))
			tells(t, reg, ada, true)
			is(t, "Ada hears", inbox(t, reg, ada), "1 dm", "900 dm")
		})
	}
}

// tells holds whether an entity may be told what mia writes to it.
func tells(t *testing.T, reg *entities.Registry, actor entities.Actor, want bool) {
	t.Helper()
	got, err := reg.ToldBy(t.Context(), actor, mia)
	require(t, err)
	if got != want {
		t.Errorf("it may be told: %v", got)
	}
}

// A server that is out of touch has taken nothing back.
func TestDMsAreToldInAnOutage(t *testing.T) {
	now, world := at(0), newWorld()
	path := filepath.Join(t.TempDir(), "troupe.db")
	reg, ada, _ := pair(t, path, &now)
	goesTo(t, post(t, reg, 1, 900), ada.EntityID())
	reg = open(t, path, world)
	world.Announce(0, 1, []snowflake.ID{guild})
	tells(t, reg, ada, true)
	is(t, "Ada hears", inbox(t, reg, ada), "1 dm")
}

// Which messages are between a person and an entity: its own lines, and what was written to it.
func TestExchanged(t *testing.T) {
	now := at(0)
	reg, ada, bob := pair(t, filepath.Join(t.TempDir(), "troupe.db"), &now)
	goesTo(t, post(t, reg, 1, 900), ada.EntityID())
	goesTo(t, post(t, reg, 2, 901), bob.EntityID())
	for _, one := range []struct {
		actor entities.Actor
		want  map[snowflake.ID]bool
	}{{ada, map[snowflake.ID]bool{1: true, 900: true}}, {bob, map[snowflake.ID]bool{2: true, 901: true}}} {
		got, err := reg.Exchanged(t.Context(), one.actor, []snowflake.ID{1, 2, 3, 900, 901, 902})
		require(t, err)
		if !maps.Equal(got, one.want) {
			t.Errorf("%v are its own, not %v", got, one.want)
		}
	}
}

// An answer to a line of which it is not known whose it is goes to no partner: the person is asked.
func TestAnAnswerToALineOfUnknownHands(t *testing.T) {
	now := at(0)
	reg, ada, bob := pair(t, filepath.Join(t.TempDir(), "troupe.db"), &now)
	goesTo(t, post(t, reg, 1, 901), bob.EntityID())
	in := entities.IncomingDM{User: mia, Channel: miasDM, Message: 2, Replied: 903, ToEntity: true, At: at(0)}
	routed, err := reg.Route(t.Context(), program, in)
	require(t, err)
	goesTo(t, routed, "")
	in.Message, in.Replied = 3, 900
	routed, err = reg.Route(t.Context(), program, in)
	require(t, err)
	goesTo(t, routed, ada.EntityID())
	goesTo(t, post(t, reg, 4, 904), ada.EntityID()) // the bot's own word, say
}

// What no database holds is said to be so, and not tried for ever.
func TestADMThatDoesNotFit(t *testing.T) {
	now := at(0)
	reg, _, _ := pair(t, filepath.Join(t.TempDir(), "troupe.db"), &now)
	for i, in := range []entities.IncomingDM{
		{User: 1 << 63, Channel: miasDM, Message: 1},
		{User: mia, Channel: 1 << 63, Message: 1},
		{User: mia, Channel: miasDM, Message: 1 << 63},
		{User: mia, Channel: miasDM, Message: 1, Replied: 1 << 63},
	} {
		in.At = at(0)
		if _, err := reg.Route(t.Context(), program, in); !entities.Unfit(err) {
			t.Errorf("message %d: %v", i, err)
		}
	}
}
