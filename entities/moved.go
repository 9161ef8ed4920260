package entities

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/disgoorg/snowflake/v2"
)

// Moved is a channel in which something is unread.
type Moved struct {
	Guild, Channel snowflake.ID
	Unread         int // messages, at most [MostUnread]
	// More says that there is more than what is counted, since so much is not counted.
	More        bool
	Changes     int          // messages that were edited or deleted, and are not unread
	Reactions   int          // to the entity's own lines
	Gaps        int          // times of which messages are missing
	Since       time.Time    // when the first of all that came
	First, Last snowflake.ID // unread messages
	// Speakers are who spoke there last, newest first, at most [MaxSpeakers].
	Speakers []Speaker

	begun int64 // the first one's position
}

const (
	// MaxSpeakers is how many of a channel's last speakers are named.
	MaxSpeakers = 5
	// MostUnread is up to how many unread messages of a channel are counted.
	MostUnread = 10_000
)

// Speaker is who spoke in a channel.
type Speaker struct {
	User    snowflake.ID
	Entity  ID           // "" when it is no entity
	Message snowflake.ID // the newest one
}

// Moved lists the channels in which something is unread that does not address the entity, those
// that moved first before. What cannot be decided now is left for the next time: Gap says what has to
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
	s := newStock(r, m.entry, marks)
	if all, ok := r.tail.counting(s.lowest(), m.entry); ok {
		for _, n := range all {
			s.count(n)
		}
	} else if err := s.read(r.db.reader.WithContext(ctx)); err != nil {
		return nil, nil, fmt.Errorf("count what is unread: %w", err)
	}
	return s.list(), s.lacks, nil
}

// stock is one look at the channels of an entity.
type stock struct {
	registry *Registry
	entry    *entry
	marks    readMarks
	from     map[snowflake.ID]int64 // by channel: nothing up to there counts; -1 for nothing at all
	found    map[snowflake.ID]*Moved
	changed  map[snowflake.ID]bool // messages whose change is counted
	lacks    *Gap
}

func newStock(r *Registry, e *entry, marks readMarks) *stock {
	return &stock{registry: r, entry: e, marks: marks, from: map[snowflake.ID]int64{}, found: map[snowflake.ID]*Moved{}, changed: map[snowflake.ID]bool{}}
}

// lowest is the position before which nothing can be unread.
func (s *stock) lowest() int64 { return s.marks.of(ScopeAll).lowest(nil) }

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

// count takes an event that counts for the entity, if it is unread. They come in order.
func (s *stock) count(n *noted) {
	from, hears := s.after(n.GuildID, n.ChannelID)
	changes := n.Kind == EventEdit || n.Kind == EventDelete
	if !hears || n.Seq <= from || changes && (n.said > from || s.changed[n.MessageID]) {
		return
	}
	m, known := s.found[n.ChannelID]
	if !known {
		m = &Moved{Guild: n.GuildID, Channel: n.ChannelID, Since: n.At, begun: n.Seq}
		s.found[n.ChannelID] = m
	}
	switch n.Kind {
	case EventMessage:
		m.hear(&n.Event)
	case EventReaction:
		m.Reactions++
	case EventGap:
		m.Gaps++
	case EventEdit, EventDelete:
		s.changed[n.MessageID] = true
		m.Changes++
	case EventDM:
	}
}

func (m *Moved) hear(e *Event) {
	if m.Unread == MostUnread {
		m.More = true
	} else {
		m.Unread++
	}
	if m.First == 0 {
		m.First = e.MessageID
	}
	m.speak(e)
}

// speak notes who spoke last.
func (m *Moved) speak(e *Event) {
	m.Last = e.MessageID
	who := Speaker{User: e.AuthorID, Entity: e.AuthorEntity, Message: e.MessageID}
	m.Speakers = slices.DeleteFunc(m.Speakers, func(s Speaker) bool { return s.User == who.User && s.Entity == who.Entity })
	m.Speakers = slices.Insert(m.Speakers, 0, who)
	m.Speakers = m.Speakers[:min(len(m.Speakers), MaxSpeakers)]
}

func (s *stock) list() []Moved {
	var found []Moved
	for _, m := range s.found {
		found = append(found, *m)
	}
	slices.SortFunc(found, func(a, b Moved) int { return cmp.Compare(a.begun, b.begun) })
	return found
}

// counts says whether an event counts for an entity where it is unread. What addresses it is told
// for itself.
func (n *noted) counts(e *entry) bool {
	switch n.Kind {
	case EventReaction:
		return n.GuildID != 0 && n.EntityID == e.ID
	case EventMessage, EventGap, EventEdit, EventDelete:
		return n.AuthorEntity != e.ID && e.stays[n.GuildID] != nil && n.EntityID == "" && n.reason(e.ID) == ""
	case EventDM:
	}
	return false
}

// counting lists what counts after a position. Messages that were deleted do not.
func (t *tail) counting(after int64, e *entry) (all []*noted, ok bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if after < t.floor {
		return nil, false
	}
	for _, n := range t.all[t.after(after):] {
		if !n.counts(e) {
			continue
		}
		if n.Kind != EventMessage || !slices.ContainsFunc(t.changes[n.MessageID], func(c *noted) bool { return c.Kind == EventDelete }) {
			all = append(all, n)
		}
	}
	return all, true
}
