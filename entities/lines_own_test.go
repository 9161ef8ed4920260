package entities_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// may authorizes what must be allowed.
func may(t *testing.T, reg *entities.Registry, actor entities.Actor, right entities.Right, channel snowflake.ID) entities.Permit {
	t.Helper()
	permit, err := reg.Authorize(t.Context(), actor, right, channel)
	require(t, err)
	return permit
}

// claims makes a message an entity's line.
func claims(t *testing.T, reg *entities.Registry, actor entities.Actor, channel, message snowflake.ID) {
	t.Helper()
	require(t, own(t, reg, may(t, reg, actor, entities.Post, channel), message, at(0)))
}

// Whatever is not an entity's own line in that very channel is refused in the same words.
func TestOwned(t *testing.T) {
	path, world := filepath.Join(t.TempDir(), "troupe.db"), newWorld()
	reg := open(t, path, world)
	made, before := create(t, reg, "Ada", general, lab, stories)
	_, bob := create(t, reg, "Bob", general, lab, stories)
	const post, hung snowflake.ID = 700000000000000077, 700000000000000078
	world.PutChannel(entities.Channel{ID: post, GuildID: guild, ParentID: stories, Type: discord.ChannelTypeGuildPublicThread, Name: "A tale"})
	world.PutChannel(entities.Channel{ID: hung, GuildID: guild, ParentID: general, Type: discord.ChannelTypeGuildPublicThread, Name: "on a line"})
	for channel, messages := range map[snowflake.ID][]snowflake.ID{general: {1, hung}, thread: {2}, stories: {post}, post: {3}} {
		for _, id := range messages {
			claims(t, reg, before, channel, id)
		}
	}
	reg = open(t, path, world) // it is known after a restart
	ada, err := reg.Authenticate(t.Context(), made.Key, "")
	require(t, err)
	owns := func(actor entities.Actor, channel, message snowflake.ID) bool {
		t.Helper()
		var errs [2]error
		for i, right := range []entities.Right{entities.Post, entities.Retract} {
			errs[i] = reg.Owned(t.Context(), actor, may(t, reg, actor, right, channel), message)
		}
		if (errs[0] == nil) != (errs[1] == nil) {
			t.Errorf("to edit: %v, to delete: %v", errs[0], errs[1])
		}
		if none := reg.Owned(t.Context(), actor, may(t, reg, actor, entities.Post, channel), 999); errs[0] != nil && (errs[0].Error() != none.Error() || errs[1].Error() != none.Error()) {
			t.Errorf("got %v, and of what does not exist %v", errs[0], none)
		}
		return errs[0] == nil
	}
	for _, place := range []struct{ channel, message snowflake.ID }{{general, 1}, {general, hung}, {thread, 2}, {post, post}, {post, 3}} {
		if !owns(ada, place.channel, place.message) {
			t.Errorf("%v is not its own", place)
		}
		if owns(bob, place.channel, place.message) {
			t.Errorf("%v is another's too", place)
		}
		if owns(ada, lab, place.message) {
			t.Errorf("%v is its own elsewhere", place)
		}
	}
	if owns(ada, hung, hung) {
		t.Error("the line that a thread hangs on stands in it")
	}
	for _, wrong := range []entities.Permit{{}, may(t, reg, ada, entities.React, general), may(t, reg, bob, entities.Post, general)} {
		wantRefusal(t, reg.Owned(t.Context(), ada, wrong, 1), entities.NotAllowed)
	}
}

// Lines outlive the presence of who said them, and so does the right to delete them.
func TestWhoMayDeleteALine(t *testing.T) {
	reg := fresh(t)
	made, ada := create(t, reg, "Ada", general)
	claims(t, reg, ada, general, 1)
	mod, own, member := entities.Member(mia, guild, discord.PermissionModerateMembers), entities.Member(olivia, guild, 0), entities.Member(mia, guild, 0)
	abroadAdmin := entities.Member(mia, other, discord.PermissionAdministrator)
	check := func() {
		t.Helper()
		for _, by := range []entities.Actor{admin(mia), mod, own} {
			leave, err := reg.MayDeleteLine(t.Context(), by, general, 1)
			if err != nil || leave.Message() != 1 || leave.Channel() != general || leave.Entity().ID != made.Entity.ID {
				t.Errorf("%s: %+v, %v", by, leave, err)
			}
		}
		_, err := reg.MayDeleteLine(t.Context(), member, general, 1)
		wantRefusal(t, err, entities.NotAllowed)
		_, err = reg.MayDeleteLine(t.Context(), abroadAdmin, general, 1)
		wantRefusal(t, err, entities.NotFound)
		_, err = reg.SpokenBy(t.Context(), abroadAdmin, general, 1)
		wantRefusal(t, err, entities.NotFound)
		for _, place := range []struct{ channel, message snowflake.ID }{{lab, 1}, {general, 2}, {thread, 1}} {
			_, err := reg.MayDeleteLine(t.Context(), admin(mia), place.channel, place.message)
			wantRefusal(t, err, entities.NotFound)
		}
	}
	check()
	require(t, errOf(reg.Leave(t.Context(), own, made.Entity.ID)))
	check()
	require(t, errOf(reg.Delete(t.Context(), own, made.Entity.ID)))
	check()

	leave, err := reg.MayDeleteLine(t.Context(), mod, general, 1)
	require(t, err)
	wantRefusal(t, reg.LineDeleted(t.Context(), mod, entities.Removal{}), entities.NotAllowed)
	wantRefusal(t, reg.LineDeleted(t.Context(), abroadAdmin, leave), entities.NotAllowed)
	require(t, reg.LineDeleted(t.Context(), mod, leave))
	audits, err := reg.Audits(t.Context(), admin(olivia))
	require(t, err)
	if a := audits[0]; a.Act != "delete line" || a.Actor != mod.String() || a.Target != "message 1" || a.EntityID != made.Entity.ID || a.Outcome != entities.Done {
		t.Errorf("the audit says %+v", a)
	}
}

// reactionsOf sets a stage with two entities that may react to message 1.
func reactionsOf(t *testing.T) (p *play, bob entities.Actor) {
	t.Helper()
	p = begun(t)
	_, bob = create(t, p.Registry, "Bob", general, lab)
	return p, bob
}

func claimed(t *testing.T, reg *entities.Registry, actor entities.Actor, channel, message snowflake.ID, emoji string) (own, others bool) {
	t.Helper()
	others, err := reg.Claimed(t.Context(), actor, may(t, reg, actor, entities.Unreact, channel), message, emoji)
	if err != nil && !entities.IsRefusal(err, entities.NotFound) {
		t.Fatal(err)
	}
	return err == nil, others
}

func TestTheLedgerOfReactions(t *testing.T) {
	p, bob := reactionsOf(t)
	claim := func(actor entities.Actor, message snowflake.ID, emoji string, want bool) {
		t.Helper()
		fresh, err := p.Claim(t.Context(), actor, may(t, p.Registry, actor, entities.React, general), message, emoji)
		if err != nil || fresh != want {
			t.Errorf("fresh is %v, %v", fresh, err)
		}
	}
	want := func(actor entities.Actor, emoji string, own, others bool) {
		t.Helper()
		if gotOwn, gotOthers := claimed(t, p.Registry, actor, general, 1, emoji); gotOwn != own || gotOthers != others {
			t.Errorf("%s: own %v, others %v", emoji, gotOwn, gotOthers)
		}
	}
	claim(p.ada, 1, "👍", true)
	claim(p.ada, 1, "👍", false)
	want(p.ada, "👍", true, false)
	want(bob, "👍", false, false)
	claim(bob, 1, "👍", true)
	claim(bob, 1, "❤", true)
	want(p.ada, "👍", true, true)
	if own, _ := claimed(t, p.Registry, bob, lab, 1, "👍"); own {
		t.Error("the reaction is in another channel too")
	}
	require(t, p.Disclaim(t.Context(), p.ada, may(t, p.Registry, p.ada, entities.Unreact, general), 1, "👍"))
	want(p.ada, "👍", false, false)
	want(bob, "👍", true, false)
	for _, wrong := range []entities.Permit{{}, may(t, p.Registry, bob, entities.React, general), may(t, p.Registry, p.ada, entities.Post, general)} {
		wantRefusal(t, errOf(p.Claim(t.Context(), p.ada, wrong, 1, "👍")), entities.NotAllowed)
		wantRefusal(t, errOf(p.Claimed(t.Context(), p.ada, wrong, 1, "👍")), entities.NotAllowed)
		wantRefusal(t, p.Disclaim(t.Context(), p.ada, wrong, 1, "👍"), entities.NotAllowed)
	}

	claim(p.ada, 1, "👍", true)
	claim(p.ada, 2, "👍", true)
	gone := func(emoji string, since time.Time, but ...entities.ID) {
		t.Helper()
		require(t, p.ReactionsGone(t.Context(), program, since, []snowflake.ID{1}, emoji, but...))
	}
	gone("👍", p.now) // claimed just then: it stands
	want(p.ada, "👍", true, true)
	p.now = p.now.Add(time.Second)
	claim(bob, 1, "👍", false) // anew
	gone("👍", p.now)
	want(p.ada, "👍", false, false)
	want(bob, "👍", true, false)
	p.now = p.now.Add(time.Second)
	gone("👍", p.now, bob.EntityID())
	want(bob, "👍", true, false)
	gone("", p.now)
	want(bob, "👍", false, false)
	want(bob, "❤", false, false)
	if own, _ := claimed(t, p.Registry, p.ada, general, 2, "👍"); !own {
		t.Error("the reaction to another message is gone")
	}
}

func TestOldReactionsAreForgotten(t *testing.T) {
	p, bob := reactionsOf(t)
	for _, actor := range []entities.Actor{bob, p.ada} {
		require(t, errOf(p.Claim(t.Context(), actor, may(t, p.Registry, actor, entities.React, general), 1, "👍")))
	}
	require(t, errOf(p.Delete(t.Context(), ordinary(), p.id)))
	if _, others := claimed(t, p.Registry, bob, general, 1, "👍"); others {
		t.Error("a deleted entity claims a reaction")
	}
	p.now = p.now.Add(399 * 24 * time.Hour)
	require(t, p.Retain(t.Context(), program))
	if n := count(t, p.Registry, "reactions"); n != 1 {
		t.Errorf("%d reactions are left, want 1", n)
	}
	p.now = p.now.Add(2 * 24 * time.Hour)
	require(t, p.Retain(t.Context(), program))
	if n := count(t, p.Registry, "reactions"); n != 0 {
		t.Errorf("%d reactions are left", n)
	}
}

// Where entities rest, none opens a thread to go on in, and a thread counts as a turn.
func TestThreadsAreTurns(t *testing.T) {
	p := begun(t)
	require(t, errOf(p.SetSettings(t.Context(), admin(olivia), becoming(entities.Settings{Loop: entities.Loop{Pair: 8, Alone: 5}}))))
	_, bob := create(t, p.Registry, "Bob", general)
	p.limit(t, entities.Limits{Minute: 30})
	open := func(actor entities.Actor) (func(), error) {
		return p.Spend(t.Context(), actor, may(t, p.Registry, actor, entities.StartThread, general))
	}
	undo, err := open(p.ada) // one that was not opened is no turn
	require(t, err)
	undo()
	for n := range 5 {
		_, err := open([]entities.Actor{p.ada, bob}[n%2])
		require(t, err)
	}
	for _, actor := range []entities.Actor{bob, p.ada} {
		_, err := open(actor)
		wantRefusal(t, err, entities.Unavailable)
	}
	require(t, p.PersonSpoke(t.Context(), program, general))
	require(t, errOf(open(p.ada)))
	wantRefusal(t, errOf(p.Spend(t.Context(), p.ada, may(t, p.Registry, p.ada, entities.Post, general))), entities.NotAllowed)
}
