package entities_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// In the other guild mia is an ordinary member and zoe an admin.
func there(user snowflake.ID) entities.Actor {
	if user == zoe {
		return entities.Member(user, other, discord.PermissionManageGuild)
	}
	return entities.Member(user, other, 0)
}

func TestJoinWaitsForTheAdmins(t *testing.T) {
	p := begun(t)
	say(t, p.Registry, message(1, general))
	joined, err := p.Join(t.Context(), there(mia), p.id, chosen(abroad)[0])
	require(t, err)
	if joined.Resident.Presence.State != entities.PresenceRequested || joined.Resident.Speaks || len(joined.Places) != 1 || joined.Places[0].ID != abroad {
		t.Errorf("joined %+v", joined)
	}
	_, err = p.Join(t.Context(), there(mia), p.id, chosen(abroad)[0])
	wantRefusal(t, err, entities.Conflict)
	for _, stranger := range []entities.Actor{there(mia), entities.Member(olivia, other, discord.PermissionModerateMembers)} {
		_, err = p.Approve(t.Context(), stranger, p.id)
		wantRefusal(t, err, entities.NotAllowed)
		_, err = p.Reject(t.Context(), stranger, p.id)
		wantRefusal(t, err, entities.NotAllowed)
	}
	_, err = p.Approve(t.Context(), admin(olivia), p.id) // it waits elsewhere
	wantRefusal(t, err, entities.Conflict)
	let, err := p.Approve(t.Context(), there(zoe), p.id)
	require(t, err)
	if let.Presence.State != entities.PresenceActive || let.Presence.Since == 0 || !let.Speaks {
		t.Errorf("let in as %+v", let)
	}
	for _, answer := range []func() error{
		func() error { return errOf(p.Approve(t.Context(), there(zoe), p.id)) },
		func() error { return errOf(p.Reject(t.Context(), there(zoe), p.id)) },
		func() error { return errOf(p.Join(t.Context(), there(mia), p.id, chosen(abroad)[0])) },
	} {
		wantRefusal(t, answer(), entities.Conflict)
	}
	remembers(t, p.Registry)
}

func TestRejectAndLeave(t *testing.T) {
	p := begun(t)
	require(t, errOf(p.Join(t.Context(), there(mia), p.id, chosen(abroad)[0])))
	before := dump(t, p.Registry)
	_, err := p.Reject(t.Context(), there(zoe), p.id)
	require(t, err)
	wantRefusal(t, errOf(p.Join(t.Context(), there(mia), p.id, chosen(abroad)[0])), entities.Conflict)
	p.now = p.now.Add(25 * time.Hour)
	require(t, errOf(p.Join(t.Context(), there(mia), p.id, chosen(abroad)[0]))) // it may ask again
	_, err = p.Leave(t.Context(), entities.Member(olivia, other, discord.PermissionModerateMembers), p.id)
	wantRefusal(t, err, entities.NotAllowed)
	require(t, errOf(p.Leave(t.Context(), there(mia), p.id))) // and take that back
	_, err = p.Leave(t.Context(), there(mia), p.id)
	wantRefusal(t, err, entities.NotFound)
	_, err = p.Approve(t.Context(), there(zoe), p.id)
	wantRefusal(t, err, entities.NotFound)
	if _, err := p.Authorize(t.Context(), p.ada, entities.Post, general); err != nil {
		t.Errorf("at home it is bothered: %v", err)
	}
	require(t, errOf(p.Leave(t.Context(), admin(olivia), p.id)))
	if dump(t, p.Registry) == before || hears(t, p.Registry, general) {
		t.Error("it did not leave")
	}
	remembers(t, p.Registry)
}

// An admin of another server gains nothing over an entity but its presence there.
func TestAdminsElsewhere(t *testing.T) {
	p := begun(t)
	require(t, errOf(p.Join(t.Context(), there(mia), p.id, chosen(abroad)[0])))
	require(t, errOf(p.Approve(t.Context(), there(zoe), p.id)))
	boss := there(zoe)
	require(t, p.SetChannels(t.Context(), boss, p.id, rules(nil)))
	require(t, p.SetCapabilities(t.Context(), boss, p.id, just[[]entities.Capability](nil)))
	require(t, p.SetLimits(t.Context(), boss, p.id, just(entities.Limits{Minute: 1})))
	require(t, errOf(p.Suspend(t.Context(), boss, p.id, 0)))
	if _, err := p.Authorize(t.Context(), p.ada, entities.Post, general); err != nil {
		t.Errorf("at home it may not speak: %v", err)
	}
	setup, err := p.Setup(t.Context(), admin(olivia), p.id)
	require(t, err)
	if len(setup.Rooms) != 1 || len(setup.Capabilities) != len(entities.UsualCapabilities()) || setup.Limits != entities.UsualLimits() {
		t.Errorf("at home it has %+v", setup)
	}
	for name, err := range map[string]error{
		"its key":     errOf(p.RotateKey(t.Context(), boss, p.id)),
		"its persona": errOf(p.Profile(t.Context(), boss, p.id)),
		"a name":      errOf(p.Edit(t.Context(), boss, p.id, entities.Changes{Name: to("Mine")})),
		"an owner":    errOf(p.Offer(t.Context(), boss, p.id, entities.Person{ID: zoe})),
		"its end":     errOf(p.Delete(t.Context(), boss, p.id)),
		"a pause":     errOf(p.Pause(t.Context(), boss, p.id)),
		"a server":    errOf(p.Assign(t.Context(), boss, p.id, entities.Person{ID: zoe})),
	} {
		if !entities.IsRefusal(err, entities.NotAllowed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if info, err := p.Info(t.Context(), boss, p.id); err != nil || info.Servers != nil || info.Owns || info.Resident.Entity.Persona != "" {
		t.Errorf("they learn %+v, %v", info, err)
	}
}

func TestWhoCreatesAndHowMany(t *testing.T) {
	member := ordinary()
	withRole := entities.Member(mia, guild, 0, creators)
	for name, test := range map[string]struct {
		settings  entities.Settings
		actor     entities.Actor
		reason    entities.Reason // of the first
		quota     int             // how many they may have
		requested bool
	}{
		"admins only":          {actor: member, reason: entities.NotAllowed},
		"a role, without it":   {settings: entities.Settings{Creators: entities.RoleCreates, CreatorRole: creators}, actor: member, reason: entities.NotAllowed},
		"a role, with it":      {settings: entities.Settings{Creators: entities.RoleCreates, CreatorRole: creators}, actor: withRole, quota: 1},
		"everyone":             {settings: entities.Settings{Creators: entities.EveryoneCreate}, actor: member, quota: 1},
		"everyone, three each": {settings: entities.Settings{Creators: entities.EveryoneCreate, Quota: 3}, actor: member, quota: 3},
		"everyone, approved":   {settings: entities.Settings{Creators: entities.EveryoneCreate, Approval: true, Quota: 2}, actor: member, quota: 2, requested: true},
		"an admin is free":     {settings: entities.Settings{Creators: entities.EveryoneCreate, Approval: true}, actor: admin(mia), quota: 30},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlay(t)
			p.World().PutRole(guild, entities.Role{ID: creators, Name: "creators"})
			require(t, errOf(p.SetSettings(t.Context(), admin(olivia), becoming(test.settings))))
			for i := range test.quota {
				made, err := p.Create(t.Context(), test.actor, entities.NewEntity{Name: fmt.Sprintf("Entity %d", i+1), Here: chosen(general)[0]})
				if err != nil || made.Requested != test.requested {
					t.Fatalf("number %d: %+v, %v", i+1, made, err)
				}
			}
			if test.quota == 30 {
				return
			}
			reason := test.reason
			if reason == 0 {
				reason = entities.Conflict
			}
			wantRefusal(t, p.MayCreate(t.Context(), test.actor), reason)
			_, err := p.Create(t.Context(), test.actor, entities.NewEntity{Name: "One more", Here: chosen(general)[0]})
			wantRefusal(t, err, reason)
			_, err = p.Create(t.Context(), test.actor, entities.NewEntity{Name: "For Zoe", Owner: entities.Person{ID: zoe}, Here: chosen(general)[0]})
			wantRefusal(t, err, entities.NotAllowed)
			remembers(t, p.Registry)
		})
	}
}
