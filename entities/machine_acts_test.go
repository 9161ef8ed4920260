package entities_test

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"
	"pgregory.net/rapid"

	"troupe/entities"
)

func (x *machine) actions() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"": x.check,
		// what happens on Discord
		"role": x.role, "overwrite": x.overwrite, "person": x.person, "bot": x.bot, "channel": x.channel, "thread": x.thread,
		"guild": x.guild, "wait": x.wait, "hold": x.hold,
		// what people decide
		"rules": x.rules, "abilities": x.abilities, "suspend": x.suspend, "state": x.state, "switch": x.pull, "presence": x.presence,
		"transfer": x.transfer, "create": x.create, "delete": x.delete,
		"restart": func(*rapid.T) { x.restart() },
	}
}

func pick[T any](t *rapid.T, what string, from []T) T { return rapid.SampledFrom(from).Draw(t, what) }

func yes(t *rapid.T, what string) bool { return rapid.Bool().Draw(t, what) }

// bits draws permissions. Most are there most of the time, so that something is allowed.
func bits(t *rapid.T, likely bool) discord.Permissions {
	var p discord.Permissions
	for _, bit := range machineBits {
		if n := rapid.IntRange(0, 5).Draw(t, "bit"); n == 0 || (likely && n > 1) {
			p |= bit
		}
	}
	return p
}

func (x *machine) anyGuild(t *rapid.T) *modelGuild {
	return x.m.guilds[pick(t, "guild", machineGuilds)]
}

// anyEntity draws one that is not deleted.
func (x *machine) anyEntity(t *rapid.T) *modelEntity {
	alive := slices.DeleteFunc(slices.Clone(x.m.entities), func(e *modelEntity) bool { return e.deleted })
	if len(alive) == 0 {
		t.Skip("nobody is left")
	}
	return pick(t, "entity", alive)
}

// anyStay draws an entity's presence in a served guild.
func (x *machine) anyStay(t *rapid.T) (*modelEntity, snowflake.ID, *modelStay) {
	e := x.anyEntity(t)
	guilds := slices.DeleteFunc(slices.Sorted(maps.Keys(e.stays)), func(id snowflake.ID) bool { return !x.m.guilds[id].admitted })
	if len(guilds) == 0 {
		t.Skip("it is nowhere")
	}
	g := pick(t, "where", guilds)
	return e, g, e.stays[g]
}

func (x *machine) anyChannel(t *rapid.T, g *modelGuild) entities.Channel {
	return g.channels[pick(t, "channel", slices.Sorted(maps.Keys(g.channels)))]
}

func must(t *rapid.T, err error) {
	if err != nil {
		t.Fatal(err)
	}
}

func (x *machine) role(t *rapid.T) {
	g := x.anyGuild(t)
	id := pick(t, "role", append(slices.Clone(machineRoles), g.ID))
	p := bits(t, id != g.ID)
	if rapid.IntRange(0, 9).Draw(t, "administrator") == 0 {
		p |= admi
	}
	if !g.there {
		t.Skip("it is not there")
	}
	if id != g.ID && rapid.IntRange(0, 9).Draw(t, "remove") == 0 {
		delete(g.roles, id)
		x.w.RemoveRole(g.ID, id)
		return
	}
	g.roles[id] = p
	x.w.PutRole(g.ID, entities.Role{ID: id, Permissions: p})
}

// put tells the world of a channel.
func (x *machine) put(g *modelGuild, c entities.Channel) {
	g.channels[c.ID] = c
	x.w.PutChannel(c)
}

func (x *machine) overwrite(t *rapid.T) {
	g := x.anyGuild(t)
	c := x.anyChannel(t, g)
	c.Overwrites = nil
	for _, id := range slices.Concat(machineRoles, machinePeople, []snowflake.ID{g.ID, botUser}) {
		if rapid.IntRange(0, 3).Draw(t, "overwritten") == 0 {
			person := slices.Contains(machinePeople, id) || id == botUser
			c.Overwrites = append(c.Overwrites, entities.Overwrite{ID: id, Member: person, Allow: bits(t, false), Deny: bits(t, false)})
		}
	}
	x.put(g, c)
}

func (x *machine) membership(t *rapid.T, user snowflake.ID) entities.Membership {
	m := entities.Membership{UserID: user, Roles: rapid.SliceOfDistinct(rapid.SampledFrom(machineRoles), rapid.ID).Draw(t, "roles")}
	if rapid.IntRange(0, 3).Draw(t, "timeout") == 0 {
		m.TimeoutUntil = x.m.now.Add(time.Duration(rapid.IntRange(-10, 100).Draw(t, "seconds")) * time.Second)
	}
	return m
}

func (x *machine) person(t *rapid.T) {
	g, user := x.anyGuild(t), pick(t, "person", machinePeople)
	x.putPerson(g, x.membership(t, user), rapid.IntRange(0, 4).Draw(t, "left") > 0)
}

func (x *machine) bot(t *rapid.T) {
	g := x.anyGuild(t)
	m := x.membership(t, botUser)
	if !g.there {
		t.Skip("it is not there")
	}
	g.bot = m
	x.w.PutBotMembership(g.ID, m)
}

func (x *machine) channel(t *rapid.T) {
	g := x.anyGuild(t)
	c := x.anyChannel(t, g)
	switch rapid.IntRange(0, 2).Draw(t, "what") {
	case 0:
		c.NSFW = !c.NSFW
	case 1: // moved: a thread never is
		if isThread(c) || c.Type == discord.ChannelTypeGuildCategory {
			t.Skip("it is not moved")
		}
		c.ParentID = pick(t, "category", []snowflake.ID{0, g.category(), 12345})
	case 2: // deleted, with its threads
		if c.Type == discord.ChannelTypeGuildCategory || c.ID == abroad {
			t.Skip("it stays")
		}
		x.w.RemoveChannel(c.ID)
		for id, other := range g.channels {
			if id == c.ID || (isThread(other) && other.ParentID == c.ID) {
				g.forget(id)
			}
		}
		return
	}
	x.put(g, c)
}

// category is the guild's, or 0.
func (g *modelGuild) category() snowflake.ID {
	for id, c := range g.channels {
		if c.Type == discord.ChannelTypeGuildCategory {
			return id
		}
	}
	return 0
}

func (g *modelGuild) forget(channel snowflake.ID) {
	delete(g.channels, channel)
	maps.DeleteFunc(g.threads, func(key [2]snowflake.ID, _ modelPerson) bool { return key[0] == channel })
}

func (x *machine) thread(t *rapid.T) {
	g := x.anyGuild(t)
	c := x.anyChannel(t, g)
	if !isThread(c) {
		id := g.ID*10 + snowflake.ID(rapid.IntRange(0, 3).Draw(t, "thread"))
		if c.Type == discord.ChannelTypeGuildCategory {
			t.Skip("it has no threads")
		}
		kind := pick(t, "kind", []discord.ChannelType{discord.ChannelTypeGuildPublicThread, discord.ChannelTypeGuildPrivateThread})
		if _, known := g.channels[id]; known || !g.there {
			t.Skip("it is there")
		}
		x.put(g, entities.Channel{ID: id, GuildID: g.ID, ParentID: c.ID, Type: kind, Joined: yes(t, "joined")})
		return
	}
	switch rapid.IntRange(0, 3).Draw(t, "what") {
	case 0:
		c.Locked = !c.Locked
	case 1:
		c.Joined = !c.Joined
	default:
		user, joined := pick(t, "person", machinePeople), yes(t, "in it")
		x.w.SetThreadMember(c.ID, user, joined, x.m.now)
		if g.there {
			g.threads[[2]snowflake.ID{c.ID, user}] = modelPerson{here: joined, at: x.m.now}
		}
		return
	}
	x.put(g, c)
}

func (x *machine) guild(t *rapid.T) {
	g := x.anyGuild(t)
	if !g.there {
		x.putGuild(g)
		return
	}
	switch rapid.IntRange(0, 4).Draw(t, "what") {
	case 0:
		g.Available = !g.Available
		x.w.SetAvailable(g.ID, g.Available)
	case 1:
		if g.doubted {
			if !x.w.Settle(x.w.Changes(g.ID), g.Guild, g.allRoles(), g.bot) {
				t.Fatal("what is new was not taken")
			}
		} else {
			x.w.Doubt(g.ID)
		}
		g.doubted = !g.doubted
	case 2:
		g.OwnerID = pick(t, "owner", machinePeople)
		x.w.UpdateGuild(g.Guild)
	case 3:
		x.putGuild(g) // a new session: what was known of people is gone
	case 4:
		x.w.RemoveGuild(g.ID)
		g.there = false
		clear(g.people)
		clear(g.threads)
	}
}

func (x *machine) wait(t *rapid.T) {
	x.m.now = x.m.now.Add(time.Duration(rapid.IntRange(1, 70).Draw(t, "seconds")) * time.Second)
}

func (x *machine) hold(t *rapid.T) {
	x.m.life = pick(t, "life", []time.Duration{0, 0, time.Minute})
	x.w.HoldMembers(x.m.life)
}

func (x *machine) create(t *rapid.T) {
	owner, g := pick(t, "owner", machinePeople), x.anyGuild(t)
	c := x.anyChannel(t, g)
	if !g.there || !g.admitted || len(x.m.entities) > 4 {
		t.Skip("not here, not now")
	}
	x.made++
	made, err := x.reg.Create(x.t.Context(), boss(g.ID), entities.NewEntity{Name: fmt.Sprint("Entity ", x.made), Owner: entities.Person{ID: owner}, Channels: chosen(c.ID)})
	must(t, err)
	e := &modelEntity{id: made.Entity.ID, owner: owner, stays: map[snowflake.ID]*modelStay{g.ID: newModelStay(c.ID)}, gone: map[snowflake.ID]modelDeparture{}}
	x.m.entities = append(x.m.entities, e)
	if owner == olivia {
		e.actor, err = x.reg.Authenticate(x.t.Context(), made.Key, e.id)
		must(t, err)
		return
	}
	x.key(t, e, g.ID)
}

func newModelStay(channel snowflake.ID) *modelStay {
	stay := &modelStay{rules: map[snowflake.ID]entities.Access{channel: entities.Write}, able: map[entities.Capability]bool{}}
	for _, c := range entities.Capabilities() {
		stay.able[c] = true
	}
	return stay
}

// key gives an entity's owner a key, and acts with it from now on.
func (x *machine) key(t *rapid.T, e *modelEntity, where snowflake.ID) {
	made, err := x.reg.RotateKey(x.t.Context(), entities.Member(e.owner, where, 0), e.id)
	must(t, err)
	e.actor, err = x.reg.Authenticate(x.t.Context(), made.Key, e.id)
	must(t, err)
}
