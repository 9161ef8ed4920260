package relay_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay"
)

// views is all that an entity is given, whichever way it asks.
func (m *dmModel) views(i int) string {
	m.t.Helper()
	var seen strings.Builder
	show := func(what any, err error) {
		if err != nil {
			if _, refused := entities.AsRefusal(err); !refused {
				m.t.Fatalf("%s: %v", m.names[i], err)
			}
			fmt.Fprintln(&seen, err)
			return
		}
		fmt.Fprintf(&seen, "%+v\n", what)
	}
	ctx, actor, user, channel := m.t.Context(), m.actors[i], snowflake.ID(m.mia), snowflake.ID(m.channel)
	inbox := func(found relay.Inbox, err error) {
		show(found, err)
		for _, item := range found.Items {
			if item.Message != nil {
				show(*item.Message, nil)
				if item.Message.ReplyTo != nil {
					show(*item.Message.ReplyTo, nil)
				}
			}
		}
	}
	for _, scope := range []entities.Scope{entities.ScopeAll, entities.ScopeAddressed, entities.ScopeDM, entities.ScopeOf(channel)} {
		inbox(m.relay.Inbox(ctx, actor, relay.InboxRequest{Scope: scope, Limit: 100}))
		inbox(m.relay.Wait(ctx, actor, relay.WaitRequest{Scope: scope}))
	}
	inbox(m.relay.Inbox(ctx, actor, relay.InboxRequest{Overview: true}))
	letters := func(found []relay.Message, err error) {
		show(found, err)
		for _, one := range found {
			if one.ReplyTo != nil {
				show(*one.ReplyTo, nil)
			}
		}
	}
	letters(m.relay.ReadDMs(ctx, actor, relay.DMRequest{User: user, Limit: 100}))
	people, err := m.relay.DMPartners(ctx, actor)
	show(people, err)
	letters(m.relay.History(ctx, actor, relay.HistoryRequest{Channel: channel, Limit: 100}))
	digest, err := m.relay.CatchUp(ctx, actor, channel, time.Now().Add(-time.Hour))
	show(digest, err)
	for id := range m.texts {
		found, err := m.relay.Message(ctx, actor, channel, snowflake.ID(id))
		show(found, err)
		if slices.Contains(m.lines[i], id) {
			continue
		}
		edited, err := m.relay.Edit(ctx, actor, channel, snowflake.ID(id), "overwritten")
		show(edited, err)
		if err == nil || m.relay.Retract(ctx, actor, channel, snowflake.ID(id)) == nil {
			m.t.Fatalf("%s may change %s", m.names[i], m.texts[id])
		}
		if m.relay.React(ctx, actor, channel, snowflake.ID(id), "👍") == nil {
			m.t.Fatalf("%s may react to %s", m.names[i], m.texts[id])
		}
	}
	return seen.String()
}

// check holds what each entity is given against who may know what.
func (m *dmModel) check() {
	m.t.Helper()
	for i := range m.names {
		seen := m.views(i)
		for text, whose := range m.canary {
			if whose != i && strings.Contains(seen, text) {
				m.t.Fatalf("%s has %s, which is %d's:\n%s", m.names[i], text, whose, seen)
			}
		}
		for id, text := range m.texts {
			if m.canary[text] != i && strings.Contains(seen, id.String()) {
				m.t.Fatalf("%s learns that there is %s, which is %d's:\n%s", m.names[i], id, m.canary[text], seen)
			}
		}
		if strings.Contains(seen, m.names[1-i]) {
			m.t.Fatalf("%s learns of %s:\n%s", m.names[i], m.names[1-i], seen)
		}
	}
}

// delivered holds that an entity that may read has all that is its own.
func (m *dmModel) delivered() {
	m.t.Helper()
	for i := range m.names {
		if !m.listens(i) || !m.met[i] {
			continue
		}
		seen := m.views(i)
		for _, text := range m.texts {
			if m.canary[text] == i && !strings.Contains(seen, text) {
				m.t.Fatalf("%s lacks %s", m.names[i], text)
			}
		}
	}
}
