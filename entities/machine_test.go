package entities_test

import (
	"flag"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"
	"pgregory.net/rapid"

	"troupe/entities"
)

// machine plays random changes on a registry and on the model.
type machine struct {
	t    *testing.T
	path string
	reg  *entities.Registry
	w    *entities.World
	m    *modelWorld
	made int // entities, for their names
}

var (
	machineGuilds = []snowflake.ID{guild, other}
	machinePeople = []snowflake.ID{olivia, mia, zoe}
	machineRoles  = []snowflake.ID{botRole, members, creators}
	machineRights = []entities.Right{entities.Hear, entities.ReadHistory, entities.Post, entities.React, entities.Retract, entities.Unreact, entities.StartThread, entities.StartTalk}
	// machineBits are all permissions that rights depend on.
	machineBits = []discord.Permissions{view, send, read, discord.PermissionSendMessagesInThreads, discord.PermissionManageWebhooks, discord.PermissionAddReactions, discord.PermissionManageThreads, discord.PermissionCreatePublicThreads}
)

func newMachine(t *testing.T, path string) *machine {
	x := &machine{t: t, path: path, w: entities.NewWorld(), m: &modelWorld{now: at(0), guilds: map[snowflake.ID]*modelGuild{}}}
	x.w.SetBot(botUser)
	template := newWorld()
	for _, id := range machineGuilds {
		known, _ := template.Guild(id)
		g := &modelGuild{
			Guild: known, there: true, admitted: true, bot: entities.Membership{UserID: botUser, Roles: []snowflake.ID{botRole}},
			roles:    map[snowflake.ID]discord.Permissions{id: 0, botRole: needed, members: needed, creators: 0},
			channels: map[snowflake.ID]entities.Channel{}, people: map[snowflake.ID]modelPerson{}, threads: map[[2]snowflake.ID]modelPerson{},
		}
		for _, c := range template.Channels(id) {
			g.channels[c.ID] = c
		}
		x.m.guilds[id] = g
		x.putGuild(g)
		for _, user := range machinePeople {
			x.putPerson(g, entities.Membership{UserID: user, Roles: []snowflake.ID{members}}, true)
		}
	}
	x.restart()
	return x
}

// restart opens the registry anew from its database.
func (x *machine) restart() {
	x.reg = open(x.t, x.path, x.w, func(c *entities.Config) { c.Now = func() time.Time { return x.m.now } })
}

// putGuild tells the world a whole guild anew.
func (x *machine) putGuild(g *modelGuild) {
	g.there, g.doubted, g.Available = true, false, true
	clear(g.people)
	clear(g.threads)
	x.w.PutGuild(g.Guild, g.allRoles(), g.bot, slices.Collect(maps.Values(g.channels)))
}

func (g *modelGuild) allRoles() []entities.Role {
	var roles []entities.Role
	for id, permissions := range g.roles {
		roles = append(roles, entities.Role{ID: id, Permissions: permissions})
	}
	return roles
}

func (x *machine) putPerson(g *modelGuild, m entities.Membership, here bool) {
	x.w.Expect(g.ID, m.UserID, at(0))
	x.w.SetMember(g.ID, m, here, x.m.now)
	if g.there {
		g.people[m.UserID] = modelPerson{Membership: m, here: here, at: x.m.now}
	}
}

// boss is an admin of a guild.
func boss(guild snowflake.ID) entities.Actor {
	return entities.Member(olivia, guild, discord.PermissionAdministrator)
}

// check compares everything with the model.
func (x *machine) check(t *rapid.T) {
	for _, e := range x.m.entities {
		for _, g := range machineGuilds {
			for id := range x.m.guilds[g].channels {
				for _, right := range machineRights {
					x.compare(t, e, id, right)
				}
			}
		}
		if !e.deleted {
			x.compareList(t, e)
		}
	}
	x.compareHears(t)
	afresh, err := x.reg.Afresh(x.t.Context())
	if memory := x.reg.Memory(); err != nil || memory != afresh {
		t.Fatalf("memory and a fresh start differ: %v\n%s", err, difference(memory, afresh))
	}
}

func (x *machine) compare(t *rapid.T, e *modelEntity, channel snowflake.ID, right entities.Right) {
	want := x.m.answer(e, channel, right)
	permit, err := x.reg.Authorize(x.t.Context(), e.actor, right, channel)
	got := modelAnswer{}
	if refusal, ok := entities.AsRefusal(err); ok {
		got.reason = refusal.Reason
	} else if err != nil {
		t.Fatal(err)
	}
	got.gap, _ = entities.Lacks(err)
	if got != want {
		t.Fatalf("%s, right %d in %d: got %+v (%v), want %+v", e.id, right, channel, got, err, want)
	}
	if err == nil && (permit.Channel().ID != channel || permit.Entity().ID != e.id || permit.Right() != right) {
		t.Fatalf("the permit is %+v", permit)
	}
}

func (x *machine) compareList(t *rapid.T, e *modelEntity) {
	type seen struct{ read, post, react bool }
	want, got := map[snowflake.ID]seen{}, map[snowflake.ID]seen{}
	yes := func(id snowflake.ID, right entities.Right) bool { return x.m.answer(e, id, right).reason == 0 }
	for _, g := range machineGuilds {
		for id := range x.m.guilds[g].channels {
			if a := x.m.answer(e, id, entities.ReadHistory).reason; a == 0 || a == entities.NotAllowed {
				want[id] = seen{yes(id, entities.ReadHistory), yes(id, entities.Post), yes(id, entities.React)}
			}
			sees, err := x.reg.Sees(x.t.Context(), e.actor, id)
			gap, _ := entities.Lacks(err)
			if sees != yes(id, entities.Hear) || gap != x.m.answer(e, id, entities.Hear).gap || (err != nil && gap == entities.Gap{}) {
				t.Fatalf("%s sees %d: %v, %v", e.id, id, sees, err)
			}
		}
	}
	views, err := x.reg.Channels(x.t.Context(), e.actor)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range views {
		got[v.Channel.ID] = seen{v.CanRead, v.CanPost, v.CanReact}
	}
	if !maps.Equal(want, got) {
		t.Fatalf("%s sees %v, want %v", e.id, got, want)
	}
}

// What any entity may hear is listened to.
func (x *machine) compareHears(t *rapid.T) {
	for _, g := range machineGuilds {
		for id := range x.m.guilds[g].channels {
			heard, err := x.reg.Hears(x.t.Context(), program, id)
			if err != nil {
				t.Fatal(err)
			}
			may := slices.ContainsFunc(x.m.entities, func(e *modelEntity) bool { return x.m.answer(e, id, entities.Hear).reason == 0 })
			if may && !heard {
				t.Fatalf("somebody may hear %d and nobody listens", id)
			}
			if heard && !x.m.ruled(id) {
				t.Fatalf("%d is listened to without any rule", id)
			}
		}
	}
}

// ruled says whether a rule of any presence could let somebody into a channel.
func (w *modelWorld) ruled(channel snowflake.ID) bool {
	g, c, ok := w.find(channel)
	if !ok {
		return false
	}
	parent := c
	if isThread(c) {
		parent = g.channels[c.ParentID]
	}
	return slices.ContainsFunc(w.entities, func(e *modelEntity) bool {
		stay := e.stays[g.ID]
		return !e.deleted && stay != nil && stay.access(c, parent) != ""
	})
}

func TestRightsAgreeWithTheSlowModel(t *testing.T) {
	fewChecks(t, 30)
	dir, n := t.TempDir(), 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		x := newMachine(t, filepath.Join(dir, time.Duration(n).String()+".db"))
		defer shut(t, x.path)
		for range 2 {
			x.create(rt)
		}
		rt.Repeat(x.actions())
	})
}

// fewChecks lets rapid make so many checks, unless it was told how many (-rapid.checks).
func fewChecks(t *testing.T, n int) {
	t.Helper()
	usually(t, "rapid.checks", n)
}

// manySteps is how many steps a check of a state machine has, on average.
func manySteps(t *testing.T, n int) {
	t.Helper()
	usually(t, "rapid.steps", n)
}

// usually sets a flag of rapid's for one test, unless whoever runs it has set it.
func usually(t *testing.T, name string, n int) {
	t.Helper()
	checks := flag.Lookup(name)
	if usual := checks.DefValue; checks.Value.String() == usual {
		if err := flag.Set(checks.Name, strconv.Itoa(n)); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := flag.Set(checks.Name, usual); err != nil {
				t.Error(err)
			}
		})
	}
}
