package entities

import (
	"context"
	"fmt"

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
