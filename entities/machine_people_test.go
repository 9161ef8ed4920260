package entities_test

import (
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"
	"pgregory.net/rapid"

	"troupe/entities"
)

func (x *machine) rules(t *rapid.T) {
	e, g, stay := x.anyStay(t)
	if !x.m.guilds[g].there {
		t.Skip("its channels are not known")
	}
	next, all := map[snowflake.ID]entities.Access{}, []entities.ChosenRule{}
	for range rapid.IntRange(0, 3).Draw(t, "rules") {
		c := x.anyChannel(t, x.m.guilds[g])
		access := pick(t, "access", []entities.Access{entities.Read, entities.Write})
		if next[c.ID] != entities.Write {
			next[c.ID] = access
		}
		all = append(all, entities.ChosenRule{ChosenChannel: chosen(c.ID)[0], Access: access})
	}
	must(t, x.reg.SetChannels(x.t.Context(), boss(g), e.id, rules(all)))
	stay.rules = next
}

func (x *machine) abilities(t *rapid.T) {
	e, g, stay := x.anyStay(t)
	var able []entities.Capability
	for _, c := range entities.Capabilities() {
		if stay.able[c] = rapid.IntRange(0, 3).Draw(t, "able") > 0; stay.able[c] {
			able = append(able, c)
		}
	}
	must(t, x.reg.SetCapabilities(x.t.Context(), boss(g), e.id, just(able)))
}

func (x *machine) suspend(t *rapid.T) {
	e, g, stay := x.anyStay(t)
	switch rapid.IntRange(0, 2).Draw(t, "what") {
	case 0:
		length := time.Duration(rapid.IntRange(0, 100).Draw(t, "seconds")) * time.Second
		_, err := x.reg.Suspend(x.t.Context(), boss(g), e.id, length)
		if stay.requested || (stay.suspended && stay.until.IsZero()) {
			x.conflict(t, err) // what has no end is not given one by a pause
			return
		}
		must(t, err)
		stay.suspended, stay.until = true, time.Time{}
		if length > 0 {
			stay.until = x.m.now.Add(length)
		}
	case 1:
		_, err := x.reg.Reinstate(x.t.Context(), boss(g), e.id)
		if stay.requested || !stay.suspended || (!stay.until.IsZero() && !x.m.now.Before(stay.until)) {
			x.conflict(t, err)
			return
		}
		must(t, err)
		stay.suspended = false
	case 2: // all presences of its owner there
		_, err := x.reg.OwnerLeft(x.t.Context(), program, g, e.owner)
		must(t, err)
		for _, other := range x.m.entities {
			if there := other.stays[g]; there != nil && other.owner == e.owner && !other.deleted && !there.requested {
				there.suspended, there.until = true, time.Time{}
			}
		}
	}
}

func (x *machine) conflict(t *rapid.T, err error) {
	if !entities.IsRefusal(err, entities.Conflict) {
		t.Fatalf("got %v, want a conflict", err)
	}
}

// state pauses or resumes an entity everywhere.
func (x *machine) state(t *rapid.T) {
	e, g, _ := x.anyStay(t)
	own := entities.Member(e.owner, g, 0)
	var err error
	if e.paused = !e.paused; e.paused {
		_, err = x.reg.Pause(x.t.Context(), own, e.id)
	} else {
		_, err = x.reg.Resume(x.t.Context(), own, e.id)
	}
	must(t, err)
}

// pull pulls a kill switch, lets it go, or admits and dismisses.
func (x *machine) pull(t *rapid.T) {
	runner, g := entities.Member(operator, 0, 0), x.anyGuild(t)
	switch rapid.IntRange(0, 3).Draw(t, "what") {
	case 0:
		x.m.stopped = !x.m.stopped
		must(t, x.reg.StopAll(x.t.Context(), runner, x.m.stopped))
	case 1:
		e := x.anyEntity(t)
		e.stopped = !e.stopped
		_, err := x.reg.Stop(x.t.Context(), runner, e.id, e.stopped)
		must(t, err)
	case 2:
		if !g.admitted {
			t.Skip("it is not served")
		}
		g.stopped = !g.stopped
		must(t, errOf(x.reg.SetSettings(x.t.Context(), boss(g.ID), becoming(entities.Settings{Stopped: g.stopped}))))
	case 3:
		if g.admitted = !g.admitted; g.admitted {
			must(t, x.reg.Admit(x.t.Context(), runner, g.ID))
		} else {
			must(t, x.reg.Dismiss(x.t.Context(), runner, g.ID))
		}
	}
}

// presence takes an entity out of a guild, brings it to another, or answers that.
func (x *machine) presence(t *rapid.T) {
	e, g := x.anyEntity(t), x.anyGuild(t)
	if !g.admitted || !g.there {
		t.Skip("it is not served")
	}
	stay := e.stays[g.ID]
	switch {
	case stay == nil:
		c := x.anyChannel(t, g)
		if c.Type == discord.ChannelTypeGuildCategory {
			t.Skip("nobody is in a category")
		}
		_, err := x.reg.Join(x.t.Context(), entities.Member(e.owner, g.ID, 0), e.id, chosen(c.ID)[0])
		if gone, was := e.gone[g.ID]; x.m.waiting(e.owner, g.ID) >= 3 || (was && x.m.now.Before(gone.notBefore)) {
			x.conflict(t, err)
			return
		}
		must(t, err)
		// in a thread it is let into the thread's channel, unless that thread is private
		if c.Type == discord.ChannelTypeGuildPublicThread {
			c = g.channels[c.ParentID]
		}
		e.stays[g.ID] = newModelStay(c.ID)
		e.stays[g.ID].requested = true
		if gone, was := e.gone[g.ID]; was {
			e.stays[g.ID].able = gone.able // leaving undoes nothing of what the admins decided
			delete(e.gone, g.ID)
		}
	case stay.requested && yes(t, "approve"):
		_, err := x.reg.Approve(x.t.Context(), boss(g.ID), e.id)
		must(t, err)
		stay.requested = false
	case stay.requested:
		_, err := x.reg.Reject(x.t.Context(), boss(g.ID), e.id)
		must(t, err)
		e.gone[g.ID] = modelDeparture{able: stay.able, notBefore: x.m.now.Add(24 * time.Hour)}
		delete(e.stays, g.ID)
	default:
		_, err := x.reg.Leave(x.t.Context(), boss(g.ID), e.id)
		must(t, err)
		e.gone[g.ID] = modelDeparture{able: stay.able}
		delete(e.stays, g.ID)
	}
}

// transfer gives an entity to somebody else, who makes a key.
func (x *machine) transfer(t *rapid.T) {
	e, g, _ := x.anyStay(t)
	to := pick(t, "to", machinePeople)
	if to == e.owner {
		t.Skip("it is theirs")
	}
	_, err := x.reg.Offer(x.t.Context(), entities.Member(e.owner, g, 0), e.id, entities.Person{ID: to})
	must(t, err)
	_, err = x.reg.Take(x.t.Context(), entities.Member(to, g, 0), e.id)
	if entities.IsRefusal(err, entities.Conflict) {
		t.Skip("they have as many as they may")
	}
	must(t, err)
	e.owner = to
	_, err = x.reg.Acting(x.t.Context(), e.actor)
	if !entities.IsRefusal(err, entities.Unauthenticated) {
		t.Fatalf("the old key acts: %v", err)
	}
	x.key(t, e, g)
}

func (x *machine) delete(t *rapid.T) {
	e, g, _ := x.anyStay(t)
	_, err := x.reg.Delete(x.t.Context(), entities.Member(e.owner, g, 0), e.id)
	must(t, err)
	e.deleted = true
	clear(e.stays)
}

// has says whether a person has an entity in a guild.
// waiting is how many entities of an owner wait for a guild's admins.
func (w *modelWorld) waiting(owner, guild snowflake.ID) (n int) {
	for _, e := range w.entities {
		if stay := e.stays[guild]; e.owner == owner && stay != nil && stay.requested {
			n++
		}
	}
	return n
}
