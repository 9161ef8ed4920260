package entities

import (
	"context"
	"fmt"

	"gorm.io/gorm"
)

// Append writes events down in one transaction, with the landings of lines that they show, and
// gives back, with their positions, those that were not there already. Only the program itself
// appends.
func (r *Registry) Append(ctx context.Context, actor Actor, events []Event, landings ...Landing) ([]Event, error) {
	if _, err := r.pass(ctx, actor, actIngest, ""); err != nil {
		return nil, err
	}
	appended := make([]Event, 0, len(events))
	r.writing.Lock()
	defer r.writing.Unlock()
	// A mark that lasts makes the events before it last; those after the last mark can be had from
	// Discord again. What a landing says may be answered at once.
	err := r.write(ctx, len(landings) > 0, func(tx *gorm.DB) error {
		appended = appended[:0]
		for _, l := range landings {
			if err := l.save(tx); err != nil {
				return fmt.Errorf("save whose line it is: %w", err)
			}
		}
		for _, e := range events {
			if r.untold(e) {
				continue
			}
			e.Seq = r.seqs.next(r.now())
			// By hand: gorm's way costs as much again, and everything that is heard passes here.
			done := tx.Exec(`INSERT INTO events (seq, kind, guild_id, channel_id, message_id, author_id, author_entity, at)
				VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
				e.Seq, e.Kind, e.GuildID, e.ChannelID, e.MessageID, e.AuthorID, e.AuthorEntity, e.At)
			if done.Error != nil {
				return fmt.Errorf("append an event: %w", done.Error)
			}
			if done.RowsAffected > 0 {
				appended = append(appended, e)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, l := range landings {
		r.outbox.settle(l.Line.ID, false)
	}
	if len(appended) > 0 {
		r.latest.Store(appended[len(appended)-1].Seq)
	}
	return appended, nil
}

// newsPage is how many rows are looked at in one query.
const newsPage = 200

// News is a part of the event log as one entity may hear of it.
type News struct {
	Events []Event // oldest first
	// Reached is the position up to which was looked.
	Reached int64
	// Lacks is what Discord has to be asked before it can be looked any further.
	Lacks *Gap
}

// News gives up to limit events after a position that the entity may hear of now. An entity's
// own lines are no news to it. It looks no further than an event of which it cannot be decided
// just now whether it is news: that is decided when everything about it is known.
func (r *Registry) News(ctx context.Context, actor Actor, after int64, limit int) (News, error) {
	news := News{Reached: after}
	m, err := r.pass(ctx, actor, actMarks, "")
	if err != nil {
		return news, err
	}
	guilds := m.entry.guilds()
	for len(guilds) > 0 {
		var page []Event
		err := r.db.reader.WithContext(ctx).Where("seq > ? AND guild_id IN ?", news.Reached, guilds).Order("seq").Limit(newsPage).Find(&page).Error
		if err != nil {
			return news, fmt.Errorf("read the event log: %w", err)
		}
		for _, e := range page {
			if len(news.Events) == limit {
				return news, nil
			}
			is, known, gap := r.isNews(m.entry, e)
			if news.Lacks = gap; !known {
				return news, nil
			}
			news.Reached = e.Seq
			if is {
				news.Events = append(news.Events, e)
			}
		}
		if len(page) < newsPage {
			break
		}
	}
	return news, nil
}

// isNews decides again for every event: rights may have changed since it was written.
func (r *Registry) isNews(e *entry, event Event) (is, known bool, gap *Gap) {
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

func latestSeq(db *gorm.DB) (int64, error) {
	var latest *int64
	if err := db.Model(&Event{}).Select("max(seq)").Scan(&latest).Error; err != nil {
		return 0, fmt.Errorf("read the event log's end: %w", err)
	}
	if latest == nil {
		return 0, nil
	}
	return *latest, nil
}

// ReadMark is how far the actor's credential has read.
func (r *Registry) ReadMark(ctx context.Context, actor Actor) (int64, error) {
	if _, err := r.pass(ctx, actor, actMarks, ""); err != nil {
		return 0, err
	}
	var credential Credential
	if err := r.db.reader.WithContext(ctx).Select("read").Take(&credential, "id = ?", actor.credential).Error; err != nil {
		return 0, fmt.Errorf("read the read mark: %w", err)
	}
	return credential.Read, nil
}

// MarkRead moves the credential's read mark forward to a position. It never moves back.
func (r *Registry) MarkRead(ctx context.Context, actor Actor, position int64) error {
	if _, err := r.pass(ctx, actor, actMarks, ""); err != nil {
		return err
	}
	err := r.change(ctx, func(tx *gorm.DB) error {
		return tx.Model(&Credential{}).Where("id = ? AND read < ?", actor.credential, position).Update("read", position).Error
	}, nil)
	if err != nil {
		return fmt.Errorf("save the read mark: %w", err)
	}
	return nil
}
