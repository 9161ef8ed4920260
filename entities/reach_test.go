package entities_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

func guildIDs(guilds []entities.Guild) []snowflake.ID {
	var all []snowflake.ID
	for _, g := range guilds {
		all = append(all, g.ID)
	}
	return all
}

// A right on a server wants an active presence, an owner who is there, and the capability.
func TestServersFor(t *testing.T) {
	for name, test := range map[string]struct {
		right  entities.ServerRight
		ref    string
		change func(t *testing.T, reg *entities.Registry, id entities.ID)
		reason entities.Reason // 0 = allowed
		lacks  bool
	}{
		"all":                    {right: entities.SearchText},
		"by id":                  {right: entities.SearchText, ref: guild.String()},
		"by name":                {right: entities.MeetPeople, ref: " demo "},
		"one where it is not":    {right: entities.LookAround, ref: "Other", reason: entities.NotFound},
		"by an id it is not on":  {right: entities.LookAround, ref: other.String(), reason: entities.NotFound},
		"one that is not there":  {right: entities.LookAround, ref: "Nowhere", reason: entities.NotFound},
		"part of a name":         {right: entities.LookAround, ref: "Dem", reason: entities.NotFound},
		"without the capability": {right: entities.SearchText, change: able(entities.CanRead, entities.CanMeet), reason: entities.NotAllowed},
		"with another one":       {right: entities.MeetPeople, change: able(entities.CanMeet)},
		"one that wants none":    {right: entities.LookAround, change: able()},
		"suspended": {right: entities.SearchText, reason: entities.NotFound, change: func(t *testing.T, reg *entities.Registry, id entities.ID) {
			t.Helper()
			require(t, errOf(reg.Suspend(t.Context(), admin(mia), id, 0)))
		}},
		"paused": {right: entities.LookAround, reason: entities.NotFound, change: func(t *testing.T, reg *entities.Registry, id entities.ID) {
			t.Helper()
			require(t, errOf(reg.Pause(t.Context(), admin(olivia), id)))
		}},
		"stopped": {right: entities.LookAround, reason: entities.NotFound, change: func(t *testing.T, reg *entities.Registry, _ entities.ID) {
			t.Helper()
			require(t, reg.StopAll(t.Context(), entities.Member(operator, guild, 0), true))
		}},
		"an outage": {right: entities.MeetPeople, reason: entities.NotFound, change: func(_ *testing.T, reg *entities.Registry, _ entities.ID) {
			reg.World().SetAvailable(guild, false)
		}},
		"the owner left": {right: entities.MeetPeople, reason: entities.NotFound, change: func(_ *testing.T, reg *entities.Registry, _ entities.ID) {
			reg.World().SetMember(guild, entities.Membership{UserID: olivia}, false, at(1))
		}},
		"the owner is not known": {right: entities.MeetPeople, reason: entities.Unavailable, lacks: true, change: func(_ *testing.T, reg *entities.Registry, _ entities.ID) {
			reg.World().ForgetMember(guild, olivia, at(1))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			reg := fresh(t)
			made, ada := create(t, reg, "Ada", general)
			if test.change != nil {
				test.change(t, reg, made.Entity.ID)
			}
			may, err := reg.ServersFor(t.Context(), ada, test.right, test.ref)
			if _, lacks := entities.Lacks(err); lacks != test.lacks {
				t.Errorf("lacks something: %v", lacks)
			}
			if test.reason != 0 {
				wantRefusal(t, err, test.reason)
				return
			}
			if err != nil || !slices.Equal(guildIDs(may), []snowflake.ID{guild}) {
				t.Errorf("%v, %v", may, err)
			}
		})
	}
}

func able(capabilities ...entities.Capability) func(*testing.T, *entities.Registry, entities.ID) {
	return func(t *testing.T, reg *entities.Registry, id entities.ID) {
		t.Helper()
		require(t, reg.SetCapabilities(t.Context(), admin(olivia), id, just(capabilities)))
	}
}

// Servers of one name are told apart by their ids, and only among those where it is.
func TestServersOfOneName(t *testing.T) {
	reg := fresh(t)
	made, ada := create(t, reg, "Ada", general)
	reg.World().UpdateGuild(entities.Guild{ID: other, Name: "DEMO", OwnerID: mia, Available: true})
	if may, err := reg.ServersFor(t.Context(), ada, entities.SearchText, "demo"); err != nil || !slices.Equal(guildIDs(may), []snowflake.ID{guild}) {
		t.Errorf("one where it is not counts: %v, %v", may, err)
	}
	reg.World().SetMember(other, entities.Membership{UserID: olivia}, true, at(1))
	require(t, errOf(reg.Join(t.Context(), boss(other), made.Entity.ID, chosen(abroad)[0])))
	_, err := reg.ServersFor(t.Context(), ada, entities.SearchText, "demo")
	wantRefusal(t, err, entities.Invalid)
	if !strings.Contains(err.Error(), guild.String()) || !strings.Contains(err.Error(), other.String()) {
		t.Errorf("%q does not list the candidates", err)
	}
	if may, err := reg.ServersFor(t.Context(), ada, entities.SearchText, ""); err != nil || len(may) != 2 {
		t.Errorf("all are %v, %v", may, err)
	}
}

// What may be searched is what may be read with its history, thread by thread.
func TestReadable(t *testing.T) {
	reg := fresh(t)
	_, ada := create(t, reg, "Ada", general, private, stories)
	list := func(within snowflake.ID) []snowflake.ID {
		t.Helper()
		channels, gaps, err := reg.Readable(t.Context(), ada, guild, within)
		if err != nil || len(gaps) > 0 {
			t.Errorf("%v, %v", gaps, err)
		}
		for _, c := range channels {
			if may, err := reg.Reads(t.Context(), ada, c); err != nil || !may {
				t.Errorf("%d is listed and may not be read: %v", c, err)
			}
		}
		return channels
	}
	if got := list(0); !slices.Equal(got, []snowflake.ID{general, stories, thread, private}) {
		t.Errorf("everywhere: %v", got)
	}
	if got := list(general); !slices.Equal(got, []snowflake.ID{general, thread, private}) {
		t.Errorf("in general: %v", got)
	}
	if got := list(lab); len(got) != 0 {
		t.Errorf("in a channel that it cannot see: %v", got)
	}
	// Nobody knows whether the owner is in the private thread: it is asked for, and not listed.
	reg.World().ForgetThreadMembers(guild, private)
	channels, gaps, err := reg.Readable(t.Context(), ada, guild, 0)
	if err != nil || slices.Contains(channels, private) || !slices.Equal(gaps, []entities.Gap{{Guild: guild, User: olivia, Thread: private}}) {
		t.Errorf("%v, %v, %v", channels, gaps, err)
	}
	_, err = reg.Reads(t.Context(), ada, private)
	if _, lacks := entities.Lacks(err); !lacks {
		t.Errorf("it is decided without what is not known: %v", err)
	}
	for _, c := range []snowflake.ID{lab, staff, abroad, 123456789012345678} {
		if may, err := reg.Reads(t.Context(), ada, c); err != nil || may {
			t.Errorf("%d: %v, %v", c, may, err)
		}
	}
}

// An entity learns of the others on its server, and only of channels that it sees which of them
// read there.
func TestFellows(t *testing.T) {
	reg := fresh(t)
	_, ada := create(t, reg, "Ada", general)
	bob, _ := create(t, reg, "Bob", lab)
	create(t, reg, "Cid", general)
	require(t, errOf(reg.Suspend(t.Context(), admin(mia), bob.Entity.ID, 0)))
	words := func(channel snowflake.ID) string {
		t.Helper()
		fellows, err := reg.Fellows(t.Context(), ada, guild, channel)
		require(t, err)
		var all []string
		for _, f := range fellows {
			word := f.Entity.Name
			if f.Speaks {
				word += " speaks"
			}
			if f.Reads {
				word += " reads"
			}
			if f.Entity.Persona != "" || f.Lacks != nil {
				t.Errorf("%+v", f)
			}
			all = append(all, word)
		}
		return strings.Join(all, ", ")
	}
	if got := words(0); got != "Bob, Cid speaks" {
		t.Error(got)
	}
	if got := words(general); got != "Bob, Cid speaks reads" {
		t.Error(got)
	}
	for _, channel := range []snowflake.ID{lab, staff, abroad, 123456789012345678} {
		_, err := reg.Fellows(t.Context(), ada, guild, channel)
		wantRefusal(t, err, entities.NotFound)
	}
	_, err := reg.Fellows(t.Context(), ada, other, 0)
	wantRefusal(t, err, entities.NotFound)
}

// Who reacted is told by a permit to read that message's channel.
func TestReactors(t *testing.T) {
	reg := fresh(t)
	_, ada := create(t, reg, "Ada", general, lab)
	_, bob := create(t, reg, "Bob", general)
	for _, who := range []entities.Actor{bob, ada} {
		permit, err := reg.Authorize(t.Context(), who, entities.React, general)
		require(t, err)
		require(t, errOf(reg.Claim(t.Context(), who, permit, 1, "👍")))
	}
	permit, err := reg.Authorize(t.Context(), ada, entities.ReadHistory, general)
	require(t, err)
	reactors, err := reg.Reactors(t.Context(), ada, permit, 1)
	if err != nil || len(reactors) != 1 || len(reactors["👍"]) != 2 || reactors["👍"][0].Name != "Ada" || reactors["👍"][1].Name != "Bob" {
		t.Errorf("%v, %v", reactors, err)
	}
	elsewhere, err := reg.Authorize(t.Context(), ada, entities.ReadHistory, lab)
	require(t, err)
	if reactors, err = reg.Reactors(t.Context(), ada, elsewhere, 1); err != nil || len(reactors) != 0 {
		t.Errorf("by a permit for another channel: %v, %v", reactors, err)
	}
	_, err = reg.Reactors(t.Context(), bob, permit, 1)
	wantRefusal(t, err, entities.NotAllowed)
	// To hear a channel is not to read what is older there.
	hears, err := reg.Authorize(t.Context(), ada, entities.Hear, general)
	require(t, err)
	_, err = reg.Reactors(t.Context(), ada, hears, 1)
	wantRefusal(t, err, entities.NotAllowed)
}

// Catching up is off until an admin turns it on, and then wants the right to read too.
func TestCatchUpIsOff(t *testing.T) {
	reg := fresh(t)
	made, ada := create(t, reg, "Ada", general)
	may := func(want bool) {
		t.Helper()
		if able, err := reg.Able(t.Context(), ada, entities.CanCatchUp); want && (err != nil || !able) {
			t.Errorf("able: %v, %v", able, err)
		}
		if _, err := reg.Authorize(t.Context(), ada, entities.CatchUp, general); entities.IsRefusal(err, entities.NotAllowed) == want || (want && err != nil) {
			t.Errorf("%v", err)
		}
	}
	may(false)
	if able, err := reg.Able(t.Context(), ada, entities.CanCatchUp); err != nil || able {
		t.Errorf("able: %v, %v", able, err)
	}
	able(entities.CanCatchUp)(t, reg, made.Entity.ID)
	may(false)
	able(entities.CanCatchUp, entities.CanRead)(t, reg, made.Entity.ID)
	may(true)
}
