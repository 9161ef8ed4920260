package entities_test

import (
	"fmt"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"
	"pgregory.net/rapid"

	"troupe/entities"
)

// restart opens the database again, in the same world.
func (m *logModel) restart() { m.reg = open(m.t, m.path, m.reg.World()) }

func (m *logModel) toggle(channel snowflake.ID) {
	c, _ := m.reg.World().Channel(channel)
	m.shut[channel] = !m.shut[channel]
	c.Overwrites = nil
	if m.shut[channel] {
		c.Overwrites = []entities.Overwrite{{ID: modelChannels[channel], Deny: discord.PermissionViewChannel}, {ID: botRole, Deny: discord.PermissionViewChannel}}
	}
	m.reg.World().PutChannel(c)
}

// same compares what is in memory with what the database says.
func (m *logModel) same(rt *rapid.T, c *reader, scope entities.Scope, from entities.Reading) {
	memory, database, known, err := m.reg.BothWays(m.t.Context(), c.actor, scope, from)
	require(m.t, err)
	if known && !reflect.DeepEqual(memory, database) {
		rt.Fatalf("after %v memory has\n%+v\nand the database\n%+v", from, memory, database)
	}
}

func (m *logModel) actions() map[string]func(*rapid.T) {
	client := func(rt *rapid.T) *reader { return m.clients[rapid.IntRange(0, len(m.clients)-1).Draw(rt, "client")] }
	scopes := rapid.SampledFrom([]entities.Scope{
		entities.ScopeAll, entities.ScopeAll, entities.ScopeAddressed, entities.ScopeDM, entities.ScopeOf(general), entities.ScopeOf(abroad), entities.ScopeOf(5000),
	})
	limits := rapid.SampledFrom([]int{1, 2, 5, 50})
	message := func(rt *rapid.T) { m.append(m.message(rt)) }
	look := func(rt *rapid.T) { m.read(rt, client(rt), scopes.Draw(rt, "scope"), nil, limits.Draw(rt, "limit")) }
	return map[string]func(*rapid.T){
		"":              func(*rapid.T) { m.steps++ },
		"message":       message,
		"other message": message,
		"several": func(rt *rapid.T) {
			said := m.message(rt)
			gone := said
			gone.Event.Kind = rapid.SampledFrom([]entities.EventKind{entities.EventEdit, entities.EventDelete}).Draw(rt, "kind")
			m.append(said, m.message(rt), gone, m.other(rt))
		},
		"edit":   func(rt *rapid.T) { m.append(m.change(rt, entities.EventEdit)) },
		"delete": func(rt *rapid.T) { m.append(m.change(rt, entities.EventDelete)) },
		"other":  func(rt *rapid.T) { m.append(m.other(rt)) },
		"again": func(rt *rapid.T) {
			if len(m.log) > 0 {
				if h := m.log[len(m.log)-1]; h.Kind == entities.EventMessage {
					m.append(entities.Heard{Event: h.Event})
				}
			}
		},
		"page": func(rt *rapid.T) { // of some scopes in turn, a little at a time
			c := client(rt)
			for range rapid.IntRange(1, 4).Draw(rt, "pages") {
				m.read(rt, c, scopes.Draw(rt, "scope"), nil, rapid.IntRange(1, 2).Draw(rt, "limit"))
				m.ack(rt, c)
			}
		},
		"read":      look,
		"read more": look,
		"go on": func(rt *rapid.T) {
			c := client(rt)
			if p := c.page; p != nil {
				m.ack(rt, c)
				m.read(rt, c, p.scope, &p.reading, limits.Draw(rt, "limit"))
			}
		},
		"cut":    func(rt *rapid.T) { m.cut(rt, client(rt)) },
		"ack":    func(rt *rapid.T) { m.ack(rt, client(rt)) },
		"drain":  func(rt *rapid.T) { m.drain(rt, client(rt)) },
		"rights": func(rt *rapid.T) { m.toggle(rapid.SampledFrom([]snowflake.ID{general, abroad}).Draw(rt, "channel")) },
		"outage": func(rt *rapid.T) {
			g := rapid.SampledFrom([]snowflake.ID{guild, other}).Draw(rt, "guild")
			m.reg.World().SetAvailable(g, !m.open(g))
		},
		"restart": func(rt *rapid.T) { m.restart() },
		"memory":  func(rt *rapid.T) { m.reg.ShrinkTail(rapid.IntRange(0, 40).Draw(rt, "events")) },
		"both": func(rt *rapid.T) {
			c := client(rt)
			from := entities.ReadTo(0)
			if len(m.log) > 0 {
				from = entities.ReadTo(m.log[max(0, len(m.log)-1-rapid.IntRange(0, 30).Draw(rt, "back"))].Seq)
			}
			m.same(rt, c, scopes.Draw(rt, "scope"), from)
		},
	}
}

// The event log agrees with a plain list of what happened, whatever clients do.
func TestTheInboxAgreesWithThePlainModel(t *testing.T) {
	checks, steps := 6, 400
	if full {
		checks, steps = 56, 2000
	}
	fewChecks(t, checks)
	manySteps(t, steps)
	dir, n, done := t.TempDir(), 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		m := newLogModel(t, filepath.Join(dir, fmt.Sprint(n, ".db")))
		defer shut(t, m.path)
		rt.Repeat(m.actions())
		for g := range map[snowflake.ID]bool{guild: true, other: true} {
			m.reg.World().SetAvailable(g, true)
		}
		for _, c := range m.clients {
			m.drain(rt, c)
		}
		done += m.steps
	})
	t.Logf("%d steps", done)
}

// It agrees too when clients do nothing but read scopes in turn, a little at a time, while messages
// change: there the scopes' marks stand in each other's way most.
func TestPagesInTurnAgreeWithThePlainModel(t *testing.T) {
	checks := 10
	if full {
		checks = 250
	}
	fewChecks(t, checks)
	manySteps(t, 120)
	dir, n, done := t.TempDir(), 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		m := newLogModel(t, filepath.Join(dir, fmt.Sprint(n, ".db")))
		defer shut(t, m.path)
		m.clients = m.clients[:1]
		all, some := m.actions(), map[string]func(*rapid.T){}
		for _, name := range []string{"", "message", "other message", "edit", "delete", "page"} {
			some[name] = all[name]
		}
		rt.Repeat(some)
		m.drain(rt, m.clients[0])
		done += m.steps
	})
	t.Logf("%d steps", done)
}
