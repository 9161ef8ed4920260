package entities_test

import (
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"
	"pgregory.net/rapid"

	"troupe/entities"
)

// logModel is the event log with three clients, beside a plain list of what happened and of what
// each of them was told: everything once, and nothing that it may not hear.
type logModel struct {
	t       *testing.T
	path    string
	reg     *entities.Registry
	ids     [2]entities.ID
	line    snowflake.ID // the first entity's own
	next    snowflake.ID
	log     []*happening
	clients []*reader
	shut    map[snowflake.ID]bool // channels that nobody may hear
	steps   int
}

// happening is an event of the plain list.
type happening struct {
	entities.Event
	to []entities.ID
	// of is the message that it changes, if it does.
	of      *happening
	changes []*happening
}

// reader is a client. Two are the same entity's.
type reader struct {
	name  string
	actor entities.Actor
	// page is the last one, which was not handed in yet.
	page *sheet
	told map[int64]int   // how often: by position
	left map[int64]bool  // what it passed without hearing it, because it might not
	asOf map[int64]int64 // by message: up to where its changes were told with it
	// passed are the scopes in which a message was read, or passed over. Of one that is in several
	// nobody knows in which it was told: its changes may come once too often.
	passed map[int64]map[entities.Scope]bool
}

type sheet struct {
	scope   entities.Scope
	news    entities.News
	end     int64                  // of the log
	asOf    map[snowflake.ID]int64 // by guild: who reads on reads the log as it was when they began
	reading entities.Reading
	shut    map[snowflake.ID]bool
}

// of is up to where changes of a message were told with it.
func (s *sheet) of(h *happening) int64 {
	if at := s.asOf[h.GuildID]; h.Seq <= at {
		return at
	}
	return s.end
}

var modelChannels = map[snowflake.ID]snowflake.ID{general: guild, lab: guild, abroad: other}

func newLogModel(t *testing.T, path string) *logModel {
	world := newWorld()
	world.SetMember(other, entities.Membership{UserID: olivia, Roles: []snowflake.ID{botRole}}, true, at(1)) // who sees what the role sees
	m := &logModel{t: t, path: path, reg: open(t, path, world), next: 1000, shut: map[snowflake.ID]bool{}}
	for i, name := range []string{"Ada", "Bob"} {
		made, actor := create(t, m.reg, name, category)
		abroadAdmin := entities.Member(olivia, other, discord.PermissionManageGuild)
		_, err := m.reg.Join(t.Context(), abroadAdmin, made.Entity.ID, chosen(abroad)[0])
		require(t, err)
		m.ids[i] = made.Entity.ID
		m.meet(name, actor)
		if i == 0 {
			permit, err := m.reg.Authorize(t.Context(), actor, entities.Post, general)
			require(t, err)
			m.line = 77
			require(t, own(t, m.reg, permit, m.line, at(0)))
			second, err := m.reg.SecondCredential(t.Context(), actor)
			require(t, err)
			m.meet(name+" too", second)
		}
	}
	return m
}

func (m *logModel) meet(name string, actor entities.Actor) {
	m.clients = append(m.clients, &reader{name: name, actor: actor, told: map[int64]int{}, left: map[int64]bool{}, asOf: map[int64]int64{}, passed: map[int64]map[entities.Scope]bool{}})
}

func (m *logModel) append(heard ...entities.Heard) {
	noted, err := m.reg.Append(m.t.Context(), program, heard)
	require(m.t, err)
	for _, n := range noted {
		h := &happening{Event: n.Event, to: n.To}
		if n.Event.Kind == entities.EventEdit || n.Event.Kind == entities.EventDelete {
			i := slices.IndexFunc(m.log, func(o *happening) bool {
				return o.MessageID == n.Event.MessageID && (o.Kind == entities.EventMessage || o.Kind == entities.EventDM)
			})
			if i < 0 {
				m.t.Fatalf("the log has a change of %d, which was never said", n.Event.MessageID)
			}
			h.of = m.log[i]
			h.of.changes = append(h.of.changes, h)
		}
		m.log = append(m.log, h)
	}
}

func (m *logModel) message(rt *rapid.T) entities.Heard {
	m.next++
	channel := rapid.SampledFrom([]snowflake.ID{general, general, lab, abroad}).Draw(rt, "channel")
	e := message(m.next, channel)
	e.GuildID = modelChannels[channel]
	e.AuthorEntity = rapid.SampledFrom([]entities.ID{"", "", "", m.ids[0], m.ids[1]}).Draw(rt, "by")
	return entities.Heard{Event: e, Text: rapid.SampledFrom([]string{"hi", "Ada, hi", "Ada and Bob"}).Draw(rt, "text"), Person: true}
}

// change is an edit or a deletion of something said of late, or of nothing.
func (m *logModel) change(rt *rapid.T, kind entities.EventKind) entities.Heard {
	var said []snowflake.ID
	for _, h := range m.log[max(0, len(m.log)-30):] {
		if h.Kind == entities.EventMessage || h.Kind == entities.EventDM {
			said = append(said, h.MessageID)
		}
	}
	e := entities.Event{Kind: kind, GuildID: guild, ChannelID: general, MessageID: 5, At: at(0)}
	if len(said) > 0 {
		e.MessageID = rapid.SampledFrom(said).Draw(rt, "message")
	}
	return entities.Heard{Event: e}
}

func (m *logModel) other(rt *rapid.T) entities.Heard {
	m.next++
	e := entities.Event{MessageID: m.next, At: at(0), AuthorID: mia}
	switch rapid.SampledFrom([]entities.EventKind{entities.EventDM, entities.EventReaction, entities.EventGap}).Draw(rt, "kind") {
	case entities.EventDM:
		e.Kind, e.ChannelID, e.EntityID = entities.EventDM, 5000, rapid.SampledFrom(m.ids[:]).Draw(rt, "to")
	case entities.EventReaction:
		e.Kind, e.GuildID, e.ChannelID, e.MessageID, e.Emoji = entities.EventReaction, guild, general, m.line, fmt.Sprint(m.next)
	default:
		e.Kind, e.GuildID, e.ChannelID, e.UntilID, e.AuthorID = entities.EventGap, guild, lab, m.next+1, 0
	}
	return entities.Heard{Event: e}
}

// concerns says whether an event is in a scope for an entity that may hear everything.
func (h *happening) concerns(id entities.ID, scope entities.Scope) bool {
	if h.AuthorEntity == id || (h.EntityID != "" && h.EntityID != id) {
		return false
	}
	switch {
	case scope == entities.ScopeDM:
		return h.GuildID == 0
	case scope == entities.ScopeAddressed:
		return slices.Contains(h.to, id)
	case scope.Channel() != 0:
		return h.ChannelID == scope.Channel()
	}
	return true
}

// read looks for news, and checks each item by itself.
func (m *logModel) read(rt *rapid.T, c *reader, scope entities.Scope, after *entities.Reading, limit int) {
	latest, err := m.reg.Latest(m.t.Context(), c.actor)
	require(m.t, err)
	news, err := m.reg.News(m.t.Context(), c.actor, entities.Query{Scope: scope, After: after, Limit: limit})
	require(m.t, err)
	c.page = &sheet{scope: scope, end: latest, news: news, reading: news.Reached, shut: map[snowflake.ID]bool{}, asOf: map[snowflake.ID]int64{}}
	for channel, g := range modelChannels {
		c.page.shut[channel] = m.shut[channel]
		c.page.asOf[g] = latest
	}
	c.page.asOf[0] = latest
	for g := range c.page.asOf {
		if at := news.Began(g); at.Until > at.Seq {
			c.page.asOf[g] = at.Until
		}
	}
	last := int64(0)
	for _, item := range news.Items {
		h := m.at(item.Event.Seq)
		switch {
		case item.Event.Seq <= last:
			rt.Fatalf("%s is told %v after what came later", c.name, item)
		case h == nil || !h.concerns(c.actor.EntityID(), scope):
			rt.Fatalf("%s is told %v, which is not for it", c.name, item)
		case m.shut[h.ChannelID] || !m.open(h.GuildID):
			rt.Fatalf("%s is told %v, which it may not hear", c.name, item)
		case c.told[h.Seq] > 0:
			rt.Fatalf("%s is told %v again", c.name, item)
		case h.of != nil && len(c.passed[h.of.Seq]) < 2 && c.told[h.of.Seq] == 0 && !c.left[h.of.Seq] && !gives(news, h.of.Seq):
			rt.Fatalf("%s is told %v, and was never told %d", c.name, item, h.of.Seq)
		case h.of != nil && len(c.passed[h.of.Seq]) < 2 && h.Seq <= c.asOf[h.of.Seq]:
			rt.Fatalf("%s is told %v, which it knows", c.name, item)
		case h.of == nil && slices.ContainsFunc(h.changes, func(d *happening) bool {
			return d.Kind == entities.EventDelete && d.Seq <= c.page.of(h)
		}):
			rt.Fatalf("%s is told %v, which was deleted", c.name, item)
		case (item.Reason != "") != slices.Contains(h.to, c.actor.EntityID()):
			rt.Fatalf("%s is told %v, and the log says it is for %v", c.name, item, h.to)
		}
		last = item.Event.Seq
	}
}

func gives(news entities.News, seq int64) bool {
	return slices.ContainsFunc(news.Items, func(item entities.Item) bool { return item.Event.Seq == seq })
}

func (m *logModel) at(seq int64) *happening {
	i, ok := slices.BinarySearchFunc(m.log, seq, func(h *happening, seq int64) int { return int(h.Seq - seq) })
	if !ok {
		return nil
	}
	return m.log[i]
}

func (m *logModel) open(g snowflake.ID) bool { return g == 0 || !m.reg.World().Pending(g) }

// cut has the client take only the first items of its page.
func (m *logModel) cut(rt *rapid.T, c *reader) {
	if c.page == nil || len(c.page.news.Items) == 0 {
		return
	}
	keep := rapid.IntRange(1, len(c.page.news.Items)).Draw(rt, "keep")
	c.page.news.Items = c.page.news.Items[:keep]
	c.page.reading = c.page.news.Until(c.page.news.Items[keep-1].Event.Seq)
}

// ack marks the client's page as read, by its cursor.
func (m *logModel) ack(rt *rapid.T, c *reader) {
	p := c.page
	if p == nil {
		return
	}
	cursor, err := m.reg.Cursor(m.t.Context(), c.actor, p.scope, p.reading)
	require(m.t, err)
	reading, scope, err := m.reg.Position(m.t.Context(), c.actor, cursor)
	require(m.t, err)
	if scope != p.scope || !reflect.DeepEqual(reading.Stage, p.reading.Stage) || len(reading.Behind) != len(p.reading.Behind) {
		rt.Fatalf("a cursor of %v means %v", p.reading, reading)
	}
	require(m.t, m.reg.Mark(m.t.Context(), c.actor, scope, reading))
	for _, item := range p.news.Items {
		h := m.at(item.Event.Seq)
		c.told[h.Seq]++
		if h.of == nil {
			c.asOf[h.Seq] = p.of(h)
		}
	}
	for _, h := range m.log {
		if !h.concerns(c.actor.EntityID(), p.scope) || h.Seq > stageOf(reading, h.GuildID).Seq {
			continue
		}
		if p.shut[h.ChannelID] && c.told[h.Seq] == 0 {
			c.left[h.Seq] = true
		}
		if c.passed[h.Seq] == nil {
			c.passed[h.Seq] = map[entities.Scope]bool{}
		}
		c.passed[h.Seq][p.scope] = true
	}
	c.page = nil
}

func stageOf(r entities.Reading, g snowflake.ID) entities.Stage {
	if stage, ok := r.Behind[g]; ok {
		return stage
	}
	return r.Stage
}

// drain has a client read everything, and looks whether it was told everything.
func (m *logModel) drain(rt *rapid.T, c *reader) {
	for c.page = nil; ; m.ack(rt, c) {
		m.read(rt, c, entities.ScopeAll, nil, 50)
		if len(c.page.news.Items) == 0 {
			m.ack(rt, c)
			break
		}
	}
	for _, h := range m.log {
		if !h.concerns(c.actor.EntityID(), entities.ScopeAll) || c.left[h.Seq] || m.shut[h.ChannelID] || !m.open(h.GuildID) {
			continue
		}
		if wanted, known := c.wants(h); known && wanted != (c.told[h.Seq] == 1) {
			rt.Fatalf("%s was told %d times: %+v", c.name, c.told[h.Seq], h.Event)
		}
	}
}

// wants says whether the plain model has an event told; what was changed again is told at most once.
func (c *reader) wants(h *happening) (wanted, known bool) {
	if h.of == nil {
		deleted := slices.ContainsFunc(h.changes, func(d *happening) bool { return d.Kind == entities.EventDelete })
		return !deleted, !deleted
	}
	if c.left[h.of.Seq] || h != h.of.changes[len(h.of.changes)-1] {
		return false, false
	}
	wanted = c.told[h.of.Seq] > 0 && h.Seq > c.asOf[h.of.Seq]
	return wanted, wanted || len(c.passed[h.of.Seq]) < 2
}

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
		checks, steps = 50, 2000
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
