package entities_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

func TestSetChannels(t *testing.T) {
	unseen := func(id snowflake.ID, access entities.Access) entities.ChosenRule {
		return entities.ChosenRule{ChosenChannel: entities.ChosenChannel{ID: id}, Access: access}
	}
	seen := func(id snowflake.ID, access entities.Access) entities.ChosenRule {
		return entities.ChosenRule{ChosenChannel: chosen(id)[0], Access: access}
	}
	var many []entities.ChosenRule
	for i := range 101 {
		many = append(many, seen(7000+snowflake.ID(i), entities.Read))
	}
	for name, test := range map[string]struct {
		rules  []entities.ChosenRule // Ada may write in general and read in lab
		reason entities.Reason
		want   []entities.Room
	}{
		"others":                         {rules: []entities.ChosenRule{seen(lab, entities.Write)}, want: []entities.Room{{ID: lab, Access: entities.Write}}},
		"none":                           {},
		"a category":                     {rules: []entities.ChosenRule{seen(category, entities.Read)}, want: []entities.Room{{ID: category, Access: entities.Read}}},
		"one twice":                      {rules: []entities.ChosenRule{seen(lab, entities.Write), seen(lab, entities.Read)}, want: []entities.Room{{ID: lab, Access: entities.Write}}},
		"kept unseen":                    {rules: []entities.ChosenRule{unseen(general, entities.Write), unseen(lab, entities.Read)}, want: []entities.Room{{ID: general, Access: entities.Write}, {ID: lab, Access: entities.Read}}},
		"made less unseen":               {rules: []entities.ChosenRule{unseen(general, entities.Read)}, want: []entities.Room{{ID: general, Access: entities.Read}}},
		"made more unseen":               {rules: []entities.ChosenRule{unseen(lab, entities.Write)}, reason: entities.NotFound},
		"new and unseen":                 {rules: []entities.ChosenRule{unseen(stories, entities.Read)}, reason: entities.NotFound},
		"one of another server":          {rules: []entities.ChosenRule{seen(abroad, entities.Read)}, reason: entities.NotFound},
		"one that is not":                {rules: []entities.ChosenRule{seen(42, entities.Read)}, reason: entities.NotFound},
		"an access that is none":         {rules: []entities.ChosenRule{seen(lab, "own")}, reason: entities.Invalid},
		"more than there is a place for": {rules: many, reason: entities.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			p := begun(t)
			for i := range many {
				p.World().PutChannel(entities.Channel{ID: 7000 + snowflake.ID(i), GuildID: guild})
			}
			require(t, p.SetChannels(t.Context(), admin(olivia), p.id, rules([]entities.ChosenRule{seen(general, entities.Write), seen(lab, entities.Read)})))
			before := dump(t, p.Registry)
			err := p.SetChannels(t.Context(), admin(olivia), p.id, rules(test.rules))
			if test.reason != 0 {
				wantRefusal(t, err, test.reason)
				if dump(t, p.Registry) != before {
					t.Error("a refusal changed something")
				}
				return
			}
			require(t, err)
			setup, err := p.Setup(t.Context(), admin(olivia), p.id)
			require(t, err)
			same := func(got, want entities.Room) bool { return got.ID == want.ID && got.Access == want.Access && got.Known }
			if !slices.EqualFunc(setup.Rooms, test.want, same) {
				t.Errorf("the rules are %+v", setup.Rooms)
			}
			remembers(t, p.Registry)
		})
	}
}

// The panel of channels shows where Discord allows less than was chosen.
func TestSetupSaysWhatIsMissing(t *testing.T) {
	p := begun(t)
	at := func() entities.Room {
		setup, err := p.Setup(t.Context(), ordinary(), p.id)
		require(t, err)
		return setup.Rooms[0]
	}
	if room := at(); room != (entities.Room{ID: general, Access: entities.Write, Known: true}) {
		t.Errorf("nothing is missing: %+v", room)
	}
	deny(general, discord.PermissionManageWebhooks|discord.PermissionReadMessageHistory)(p.World())
	if room := at(); room.BotLacks != discord.PermissionManageWebhooks|discord.PermissionReadMessageHistory || room.OwnerLacks != 0 {
		t.Errorf("the bot lacks something: %+v", room)
	}
	p.overwrite(general, entities.Overwrite{ID: mia, Member: true, Deny: send})
	if room := at(); room.OwnerLacks != send {
		t.Errorf("the owner lacks something: %+v", room)
	}
	p.mia(false)
	if room := at(); !room.OwnerAway || room.OwnerUnknown {
		t.Errorf("the owner is away: %+v", room)
	}
	p.World().ForgetMember(guild, mia, p.now)
	if room := at(); !room.OwnerUnknown || room.OwnerAway {
		t.Errorf("the owner is unknown: %+v", room)
	}
	p.World().RemoveChannel(general)
	if room := at(); room.Known {
		t.Errorf("the channel is gone: %+v", room)
	}
}

func TestCapabilitiesAndLimits(t *testing.T) {
	p := begun(t)
	wantRefusal(t, p.SetCapabilities(t.Context(), admin(olivia), p.id, just([]entities.Capability{"fly"})), entities.Invalid)
	require(t, p.SetCapabilities(t.Context(), admin(olivia), p.id, just([]entities.Capability{entities.CanReact})))
	require(t, p.SetLimits(t.Context(), admin(olivia), p.id, just(entities.Limits{Minute: 3, Day: 30})))
	for _, bad := range []entities.Limits{{Minute: -1}, {Minute: entities.MaxLimits().Minute + 1}, {Hour: entities.MaxLimits().Hour + 1}, {Day: entities.MaxLimits().Day + 1}, {Hour: -1}, {Day: -1}} {
		wantRefusal(t, p.SetLimits(t.Context(), admin(olivia), p.id, just(bad)), entities.Invalid)
	}
	want := entities.Limits{Minute: 3, Hour: entities.UsualLimits().Hour, Day: 30}
	setup, err := p.Setup(t.Context(), admin(olivia), p.id)
	require(t, err)
	if !slices.Equal(setup.Capabilities, []entities.Capability{entities.CanReact}) || setup.Limits != want || setup.Left != want {
		t.Errorf("set up as %+v", setup)
	}
	_, homes, err := p.Self(t.Context(), p.ada)
	require(t, err)
	if len(homes) != 1 || homes[0].Limits != want || !slices.Equal(homes[0].Capabilities, setup.Capabilities) {
		t.Errorf("it learns %+v", homes)
	}
	for _, stranger := range []entities.Actor{ordinary(), entities.Member(zoe, guild, discord.PermissionModerateMembers)} {
		wantRefusal(t, p.SetCapabilities(t.Context(), stranger, p.id, just[[]entities.Capability](nil)), entities.NotAllowed)
		wantRefusal(t, p.SetLimits(t.Context(), stranger, p.id, just(entities.Limits{})), entities.NotAllowed)
		wantRefusal(t, p.SetChannels(t.Context(), stranger, p.id, rules(nil)), entities.NotAllowed)
	}
	remembers(t, p.Registry)
}

// What is changed is handed what stands there, and its no is the answer.
func TestAChangeSeesWhatItChanges(t *testing.T) {
	p := begun(t)
	boss, no := admin(olivia), errors.New("no")
	require(t, p.SetLimits(t.Context(), boss, p.id, just(entities.Limits{Minute: 4})))
	require(t, p.SetCapabilities(t.Context(), boss, p.id, just([]entities.Capability{entities.CanReact})))
	setup, err := p.Setup(t.Context(), boss, p.id)
	require(t, err)
	before := dump(t, p.Registry)
	for name, err := range map[string]error{
		"limits": p.SetLimits(t.Context(), boss, p.id, func(now entities.Limits) (entities.Limits, error) {
			if now != (entities.Limits{Minute: 4}) {
				t.Errorf("the limits are %+v", now)
			}
			return now, no
		}),
		"abilities": p.SetCapabilities(t.Context(), boss, p.id, func(now []entities.Capability) ([]entities.Capability, error) {
			if !slices.Equal(now, []entities.Capability{entities.CanReact}) {
				t.Errorf("the abilities are %v", now)
			}
			return nil, no
		}),
		"channels": p.SetChannels(t.Context(), boss, p.id, func(now []entities.Room) ([]entities.ChosenRule, error) {
			if !slices.Equal(now, setup.Rooms) {
				t.Errorf("the rooms are %+v", now)
			}
			return nil, no
		}),
	} {
		if !errors.Is(err, no) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if after := dump(t, p.Registry); after != before {
		t.Errorf("it changed\n%s", difference(before, after))
	}
}
