package entities_test

import (
	"fmt"
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
}

type sheet struct {
	scope   entities.Scope
	news    entities.News
	reading entities.Reading
	shut    map[snowflake.ID]bool
}

// of is up to where changes of a message were told with it: who reads on reads the log as it was
// when they began.
func (s *sheet) of(h *happening) int64 { return s.news.AsOf(h.GuildID, h.Seq) }

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
	m.clients = append(m.clients, &reader{name: name, actor: actor, told: map[int64]int{}, left: map[int64]bool{}, asOf: map[int64]int64{}})
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
	m.next++
	e := entities.Event{Kind: kind, GuildID: guild, ChannelID: general, MessageID: 5, At: at(int(m.next))}
	if len(said) > 0 {
		e.MessageID = rapid.SampledFrom(said).Draw(rt, "message")
	}
	h := entities.Heard{Event: e}
	if kind == entities.EventEdit {
		h.Text = rapid.SampledFrom([]string{"", "", "Ada", "Ada and Bob"}).Draw(rt, "text")
	}
	return h
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

// calls says whether it is an edit that names an entity which the message did not.
func (h *happening) calls(id entities.ID) bool {
	return h.of != nil && slices.Contains(h.to, id) && !slices.Contains(h.of.to, id)
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
	news, err := m.reg.News(m.t.Context(), c.actor, entities.Query{Scope: scope, After: after, Limit: limit})
	require(m.t, err)
	c.page = &sheet{scope: scope, news: news, reading: news.Reached, shut: map[snowflake.ID]bool{}}
	for channel := range modelChannels {
		c.page.shut[channel] = m.shut[channel]
	}
	last, id := int64(0), c.actor.EntityID()
	for _, item := range news.Items {
		h := m.at(item.Event.Seq)
		switch {
		case item.Event.Seq <= last:
			rt.Fatalf("%s is told %v after what came later", c.name, item)
		case h == nil || !h.concerns(id, scope):
			rt.Fatalf("%s is told %v, which is not for it", c.name, item)
		case m.shut[h.ChannelID] || !m.open(h.GuildID):
			rt.Fatalf("%s is told %v, which it may not hear", c.name, item)
		case c.told[h.Seq] > 0:
			rt.Fatalf("%s is told %v again", c.name, item)
		case h.of != nil && !h.calls(id) && c.told[h.of.Seq] == 0 && !c.left[h.of.Seq] && !gives(news, h.of.Seq):
			rt.Fatalf("%s is told %v, and was never told %d", c.name, item, h.of.Seq)
		case h.of != nil && !h.calls(id) && h.Seq <= c.asOf[h.of.Seq]:
			rt.Fatalf("%s is told %v, which it knows", c.name, item)
		case h.of == nil && slices.ContainsFunc(h.changes, func(d *happening) bool {
			return d.Kind == entities.EventDelete && d.Seq <= c.page.of(h)
		}):
			rt.Fatalf("%s is told %v, which was deleted", c.name, item)
		case (item.Reason != "") != slices.Contains(h.to, id):
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
	return h.calls(c.actor.EntityID()) || (c.told[h.of.Seq] > 0 && h.Seq > c.asOf[h.of.Seq]), true
}
