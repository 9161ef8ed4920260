package entities

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/disgoorg/snowflake/v2"
	"gorm.io/gorm"
)

// newsPage is how many rows are looked at in one query.
const newsPage = 200

// Query asks for what is unread.
type Query struct {
	Scope Scope
	// After is the position after which to look; nil = where this credential stopped reading.
	After *int64
	Limit int
}

// Item is an event as one entity hears of it.
type Item struct {
	Event  Event
	Reason AddressReason // "" when it does not address the entity
}

// News is a part of the event log as one entity may hear of it.
type News struct {
	Items []Item // oldest first
	// Reached is the position up to which was looked.
	Reached int64
	// Lacks is what Discord has to be asked before it can be looked any further.
	Lacks *Gap
}

// News gives what is unread in a scope and may be heard of now. An entity's own lines are no news
// to it. It looks no further than an event of which it cannot be decided just now whether it is
// news: that is decided when everything about it is known.
func (r *Registry) News(ctx context.Context, actor Actor, q Query) (News, error) {
	m, err := r.pass(ctx, actor, actMarks, "")
	if err != nil {
		return News{}, err
	}
	db := r.db.reader.WithContext(ctx)
	marks, err := marksOf(db, actor)
	if err != nil {
		return News{}, err
	}
	news := News{Reached: marks.of(q.Scope)}
	if q.After != nil {
		news.Reached = *q.After
		marks = marks.from(q.Scope)
	}
	for {
		var page []Item
		if page, err = unheard(db, m.entry, q.Scope, news.Reached); err != nil {
			return news, err
		}
		for _, item := range page {
			if len(news.Items) == q.Limit {
				return news, nil
			}
			is, known, gap := r.isNews(m.entry, item.Event)
			if news.Lacks = gap; !known {
				return news, nil
			}
			news.Reached = item.Event.Seq
			if is && !marks.read(item) {
				news.Items = append(news.Items, item)
			}
		}
		if len(page) < newsPage {
			return news, nil
		}
	}
}

// unheard reads a page of events after a position that could be news.
func unheard(db *gorm.DB, e *entry, scope Scope, after int64) ([]Item, error) {
	query := db.Table("events").Select("events.*, coalesce(addresses.reason, '') AS reason").
		Joins("LEFT JOIN addresses ON addresses.seq = events.seq AND addresses.entity_id = ?", e.ID).
		Where("events.seq > ?", after)
	switch {
	case scope == ScopeDM:
		query = query.Where("kind = ? AND events.entity_id = ?", EventDM, e.ID)
	case scope == ScopeAddressed:
		query = query.Where("addresses.reason IS NOT NULL")
	case scope.Channel() != 0:
		query = query.Where("channel_id = ? AND events.entity_id IN ?", scope.Channel(), []ID{"", e.ID})
	default:
		query = query.Where("(guild_id IN ? AND events.entity_id = '') OR events.entity_id = ?", e.guilds(), e.ID)
	}
	var found []struct {
		Event  `gorm:"embedded"`
		Reason AddressReason
	}
	if err := query.Order("events.seq").Limit(newsPage).Find(&found).Error; err != nil {
		return nil, fmt.Errorf("read the event log: %w", err)
	}
	items := make([]Item, 0, len(found))
	for _, row := range found {
		items = append(items, Item{Event: row.Event, Reason: row.Reason})
	}
	return items, nil
}

// isNews decides again for every event: rights may have changed since it was written.
func (r *Registry) isNews(e *entry, event Event) (is, known bool, gap *Gap) {
	if event.EntityID != "" && event.EntityID != e.ID {
		return false, true, nil
	}
	if event.GuildID == 0 {
		return event.EntityID == e.ID, true, nil
	}
	if r.world.Pending(event.GuildID) {
		return false, false, nil
	}
	in, ok := e.stays[event.GuildID]
	if !ok || event.AuthorEntity == e.ID || event.Seq <= in.Since {
		return false, true, nil
	}
	f, ok := r.facts(e, event.ChannelID)
	if !ok {
		return false, true, nil
	}
	v := decide(f, Hear)
	return v.allowed() && event.Seq > f.granted().since, v.gap == nil, v.gap
}

// Moved is a channel in which something is unread.
type Moved struct {
	Guild, Channel snowflake.ID
	Unread         int          // messages
	Changes        int          // edits and deletions of messages that are not unread
	Reactions      int          // to the entity's own lines
	Gaps           int          // times of which messages are missing
	Since          time.Time    // when the first of all that came
	First, Last    snowflake.ID // unread messages
	// Speakers are who spoke there last, newest first, at most [MaxSpeakers].
	Speakers []Speaker
}

// MaxSpeakers is how many of a channel's last speakers are named.
const MaxSpeakers = 5

// Speaker is who spoke in a channel.
type Speaker struct {
	User    snowflake.ID
	Entity  ID           // "" when it is no entity
	Message snowflake.ID // the newest one
}

// Moved lists the channels in which something is unread that addresses nobody here, those that
// moved first before. What cannot be decided now is left for the next time: Gap says what has to
// be asked for it.
func (r *Registry) Moved(ctx context.Context, actor Actor) ([]Moved, *Gap, error) {
	var (
		sum   = summary{unread: map[snowflake.ID]bool{}}
		after *int64
	)
	for {
		news, err := r.News(ctx, actor, Query{Scope: ScopeAll, After: after, Limit: newsPage})
		if err != nil {
			return nil, nil, err
		}
		for _, item := range news.Items {
			sum.add(item)
		}
		if len(news.Items) < newsPage {
			return sum.list(), news.Lacks, nil
		}
		after = &news.Reached
	}
}

// summary counts what is unread, by channel.
type summary struct {
	moved []Moved
	// unread are the messages, and whether they are counted: what addresses the entity is not.
	unread map[snowflake.ID]bool
}

func (s *summary) add(item Item) {
	e := item.Event
	counted, unread := s.unread[e.MessageID]
	switch {
	case e.GuildID == 0:
	case e.Kind == EventMessage:
		if s.unread[e.MessageID] = item.Reason == ""; item.Reason == "" {
			s.moved = move(s.moved, e)
		}
	case item.Reason != "":
	case e.Kind == EventReaction:
		placeOf(&s.moved, e).Reactions++
	case e.Kind == EventGap:
		placeOf(&s.moved, e).Gaps++
	case !unread: // else the message is told of as it is now
		placeOf(&s.moved, e).Changes++
	case counted && e.Kind == EventDelete:
		s.unread[e.MessageID] = false
		placeOf(&s.moved, e).Unread--
	}
}

// list leaves out where everything is gone again.
func (s *summary) list() []Moved {
	return slices.DeleteFunc(s.moved, func(m Moved) bool { return m.Unread+m.Changes+m.Reactions+m.Gaps == 0 })
}

// placeOf is where an event's channel is counted.
func placeOf(moved *[]Moved, e Event) *Moved {
	i := slices.IndexFunc(*moved, func(m Moved) bool { return m.Channel == e.ChannelID })
	if i < 0 {
		i = len(*moved)
		*moved = append(*moved, Moved{Guild: e.GuildID, Channel: e.ChannelID, Since: e.At})
	}
	return &(*moved)[i]
}

func move(moved []Moved, e Event) []Moved {
	m := placeOf(&moved, e)
	if m.First == 0 {
		m.First = e.MessageID
	}
	m.Unread++
	m.Last = e.MessageID
	who := Speaker{User: e.AuthorID, Entity: e.AuthorEntity, Message: e.MessageID}
	m.Speakers = slices.DeleteFunc(m.Speakers, func(s Speaker) bool { return s.User == who.User && s.Entity == who.Entity })
	m.Speakers = slices.Insert(m.Speakers, 0, who)
	m.Speakers = m.Speakers[:min(len(m.Speakers), MaxSpeakers)]
	return moved
}
