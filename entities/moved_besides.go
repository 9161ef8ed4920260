package entities

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/disgoorg/snowflake/v2"
	"gorm.io/gorm"
)

// besides adds what happened in the channels besides messages: reactions to the entity's own
// lines, gaps, and changes of messages that are not unread themselves.
func (s *stock) besides(found []Moved, all []*noted) []Moved {
	changed := map[snowflake.ID]bool{}
	for _, n := range all {
		from, hears := s.after(n.GuildID, n.ChannelID)
		if !hears || n.Seq <= from || n.said > from || changed[n.MessageID] {
			continue
		}
		i := slices.IndexFunc(found, func(m Moved) bool { return m.Channel == n.ChannelID })
		if i < 0 {
			i = len(found)
			found = append(found, Moved{Guild: n.GuildID, Channel: n.ChannelID, Since: n.At, begun: n.Seq})
		}
		m := &found[i]
		if n.Seq < m.begun {
			m.Since, m.begun = n.At, n.Seq
		}
		switch n.Kind {
		case EventReaction:
			m.Reactions++
		case EventGap:
			m.Gaps++
		case EventEdit, EventDelete:
			changed[n.MessageID] = true
			m.Changes++
		case EventMessage, EventDM:
		}
	}
	slices.SortStableFunc(found, func(a, b Moved) int { return cmp.Compare(a.begun, b.begun) })
	return found
}

// counts says whether an event counts besides messages.
func (n *noted) counts(e *entry) bool {
	switch n.Kind {
	case EventReaction:
		return n.GuildID != 0 && n.EntityID == e.ID
	case EventGap, EventEdit, EventDelete:
		return n.AuthorEntity != e.ID && e.stays[n.GuildID] != nil && n.EntityID == "" && n.reason(e.ID) == ""
	case EventMessage, EventDM:
	}
	return false
}

// besides lists what counts besides messages after a position that is in memory.
func (t *tail) besides(after int64, e *entry) []*noted {
	t.mu.RLock()
	defer t.mu.RUnlock()
	var all []*noted
	for _, n := range t.all[t.after(after):] {
		if n.counts(e) {
			all = append(all, n)
		}
	}
	return all
}

// readBesides reads what counts besides messages after a position.
func (s *stock) readBesides(db *gorm.DB, after int64) ([]*noted, error) {
	var rows []struct {
		Event  `gorm:"embedded"`
		Reason AddressReason
	}
	err := db.Raw(`SELECT events.*, coalesce(addresses.reason, '') AS reason FROM events
		LEFT JOIN addresses ON addresses.seq = events.seq AND addresses.entity_id = ?
		WHERE events.seq > ? AND kind IN ('edit', 'delete', 'reaction', 'gap') AND guild_id IN ? AND events.entity_id IN ? ORDER BY events.seq`,
		s.entry.ID, after, s.entry.guilds(), []ID{"", s.entry.ID}).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read what happened besides messages: %w", err)
	}
	var all []*noted
	var changed []snowflake.ID
	for _, row := range rows {
		n := &noted{Event: row.Event}
		if row.Reason != "" {
			n.to = []Address{{EntityID: s.entry.ID, Reason: row.Reason}}
		}
		if !n.counts(s.entry) {
			continue
		}
		all = append(all, n)
		if n.Kind == EventEdit || n.Kind == EventDelete {
			changed = append(changed, n.MessageID)
		}
	}
	said, err := readMessages(db, changed)
	if err != nil {
		return nil, err
	}
	for _, n := range all {
		n.said = said[n.MessageID].Seq // 0 for what is no change
	}
	return all, nil
}
