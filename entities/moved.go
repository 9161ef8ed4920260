package entities

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/disgoorg/snowflake/v2"
	"gorm.io/gorm"
)

// Moved is a channel in which something is unread.
type Moved struct {
	Guild, Channel snowflake.ID
	Unread         int
	Since          time.Time    // when the first unread message came
	First, Last    snowflake.ID // unread messages
	// Speakers are who spoke there last, newest first, at most [MaxSpeakers].
	Speakers []Speaker

	begun int64 // the first one's position
}

// MaxSpeakers is how many of a channel's last speakers are named.
const MaxSpeakers = 5

// Speaker is who spoke in a channel.
type Speaker struct {
	User    snowflake.ID
	Entity  ID           // "" when it is no entity
	Message snowflake.ID // the newest one
}

// Moved lists the channels in which messages are unread that address nobody here, those that
// moved first before. What cannot be decided now is left for the next time: Gap says what has to
// be asked for it.
func (r *Registry) Moved(ctx context.Context, actor Actor) ([]Moved, *Gap, error) {
	m, err := r.pass(ctx, actor, actMarks, "")
	if err != nil {
		return nil, nil, err
	}
	marks, err := r.marksOf(ctx, actor)
	if err != nil {
		return nil, nil, err
	}
	s := stock{registry: r, entry: m.entry, marks: marks, from: map[snowflake.ID]int64{}}
	if found, ok := s.moved(&r.tail); ok {
		return found, s.lacks, nil
	}
	found, err := s.read(r.db.reader.WithContext(ctx))
	return found, s.lacks, err
}

// stock is one look at the channels of an entity.
type stock struct {
	registry *Registry
	entry    *entry
	marks    readMarks
	from     map[snowflake.ID]int64 // by channel: nothing up to there counts; -1 for nothing at all
	lacks    *Gap
}

// after is from which position on the messages in a channel count.
func (s *stock) after(guild, channel snowflake.ID) (int64, bool) {
	from, known := s.from[channel]
	if !known {
		from = -1
		j := s.registry.hears(s.entry, guild, channel)
		if j.hears {
			from = max(j.since, s.marks.of(ScopeAll).of(guild).Seq, s.marks.of(ScopeOf(channel)).of(guild).Seq)
		}
		if s.lacks == nil {
			s.lacks = j.lacks
		}
		s.from[channel] = from
	}
	return from, from >= 0
}

// moved counts in memory; ok is false when not everything is there.
func (s *stock) moved(t *tail) (found []Moved, ok bool) {
	messages, ok := t.spoken(s.marks.of(ScopeAll).lowest(nil), s.entry)
	at := map[snowflake.ID]int{}
	for _, n := range messages {
		if from, hears := s.after(n.GuildID, n.ChannelID); !hears || n.Seq <= from {
			continue
		}
		i, known := at[n.ChannelID]
		if !known {
			i = len(found)
			at[n.ChannelID] = i
			found = append(found, Moved{Guild: n.GuildID, Channel: n.ChannelID, Since: n.At, First: n.MessageID, begun: n.Seq})
		}
		found[i].count(&n.Event)
	}
	return found, ok
}

// spoken lists what was said after a position where an entity is, and does not address it.
func (t *tail) spoken(after int64, e *entry) (messages []*noted, ok bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if after < t.floor {
		return nil, false
	}
	for _, n := range t.all[t.after(after):] {
		if n.Kind != EventMessage || n.AuthorEntity == e.ID || e.stays[n.GuildID] == nil || n.reason(e.ID) != "" {
			continue
		}
		if !slices.ContainsFunc(t.changes[n.MessageID], func(c *noted) bool { return c.Kind == EventDelete }) {
			messages = append(messages, n)
		}
	}
	return messages, true
}

func (m *Moved) count(e *Event) {
	m.Unread++
	m.Last = e.MessageID
	who := Speaker{User: e.AuthorID, Entity: e.AuthorEntity, Message: e.MessageID}
	m.Speakers = slices.DeleteFunc(m.Speakers, func(s Speaker) bool { return s.User == who.User && s.Entity == who.Entity })
	m.Speakers = slices.Insert(m.Speakers, 0, who)
	m.Speakers = m.Speakers[:min(len(m.Speakers), MaxSpeakers)]
}

// read counts in the database, channel by channel.
func (s *stock) read(db *gorm.DB) ([]Moved, error) {
	var channels []struct{ GuildID, ChannelID snowflake.ID }
	err := db.Raw("SELECT DISTINCT guild_id, channel_id FROM events WHERE seq > ? AND kind = 'message' AND guild_id IN ?",
		s.marks.of(ScopeAll).lowest(nil), s.entry.guilds()).Scan(&channels).Error
	if err != nil {
		return nil, fmt.Errorf("read which channels moved: %w", err)
	}
	var found []Moved
	for _, c := range channels {
		from, hears := s.after(c.GuildID, c.ChannelID)
		if !hears {
			continue
		}
		moved := Moved{Guild: c.GuildID, Channel: c.ChannelID}
		if err := moved.read(db, s.entry.ID, from); err != nil {
			return nil, fmt.Errorf("count what is unread in a channel: %w", err)
		}
		if moved.Unread > 0 {
			found = append(found, moved)
		}
	}
	slices.SortFunc(found, func(a, b Moved) int { return cmp.Compare(a.begun, b.begun) })
	return found, nil
}

// unreadMessages are those in a channel that count for an entity.
const unreadMessages = ` FROM events WHERE channel_id = ? AND seq > ? AND kind = 'message' AND author_entity <> ?
	AND NOT EXISTS (SELECT 1 FROM addresses WHERE addresses.seq = events.seq AND addresses.entity_id = ?)
	AND message_id NOT IN (SELECT message_id FROM events WHERE ` + isChange + ` AND kind = 'delete' AND channel_id = ?)`

func (m *Moved) read(db *gorm.DB, id ID, from int64) error {
	which := []any{m.Channel, from, id, id, m.Channel}
	var speakers []struct {
		Count        int
		First, Last  int64
		AuthorID     snowflake.ID
		AuthorEntity ID
	}
	err := db.Raw(`SELECT count(*) AS count, min(seq) AS first, max(seq) AS last, author_id, author_entity`+unreadMessages+
		` GROUP BY author_id, author_entity ORDER BY last DESC`, which...).Scan(&speakers).Error
	if err != nil || len(speakers) == 0 {
		return err
	}
	m.begun = speakers[0].First
	for _, one := range speakers {
		m.Unread += one.Count
		m.begun = min(m.begun, one.First)
	}
	seqs := []int64{m.begun}
	speakers = speakers[:min(len(speakers), MaxSpeakers)]
	for _, one := range speakers {
		seqs = append(seqs, one.Last)
	}
	var rows []Event
	if err := db.Where("seq IN ?", seqs).Find(&rows).Error; err != nil {
		return err
	}
	events := map[int64]Event{}
	for _, row := range rows {
		events[row.Seq] = row
	}
	m.First, m.Since, m.Last = events[m.begun].MessageID, events[m.begun].At, events[speakers[0].Last].MessageID
	for _, one := range speakers {
		m.Speakers = append(m.Speakers, Speaker{User: one.AuthorID, Entity: one.AuthorEntity, Message: events[one.Last].MessageID})
	}
	return nil
}
