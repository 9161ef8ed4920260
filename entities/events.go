package entities

import (
	"context"
	"fmt"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// Append writes events down in one transaction and gives back, with their positions, those
// that were not there already. Only the program itself appends.
func (r *Registry) Append(ctx context.Context, actor Actor, events []Event) ([]Event, error) {
	if actor.kind != system {
		return nil, Refuse(NotAllowed, "Only the program itself writes the event log.")
	}
	appended := make([]Event, 0, len(events))
	err := r.change(ctx, func(tx *gorm.DB) error {
		appended = appended[:0]
		for _, e := range events {
			e.Seq = 0
			done := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&e)
			if done.Error != nil {
				return fmt.Errorf("append an event: %w", done.Error)
			}
			if done.RowsAffected > 0 {
				appended = append(appended, e)
			}
		}
		return nil
	}, nil)
	if len(appended) > 0 {
		r.latest.Store(appended[len(appended)-1].Seq)
	}
	return appended, err
}

// newsPage is how many rows are looked at in one query.
const newsPage = 200

// News gives up to limit events after a position that the entity may hear of now, oldest
// first, and the position up to which it looked. An entity's own lines are no news to it. It
// looks no further than an event of a guild of which not everything is known just now: whether
// that is news is decided when it is.
func (r *Registry) News(ctx context.Context, actor Actor, after int64, limit int) ([]Event, int64, error) {
	if err := r.check(actor); err != nil {
		return nil, after, err
	}
	guilds := r.roster.guildsOf(actor.entity)
	var news []Event
	for len(guilds) > 0 {
		var page []Event
		err := r.db.reader.WithContext(ctx).Where("seq > ? AND guild_id IN ?", after, guilds).Order("seq").Limit(newsPage).Find(&page).Error
		if err != nil {
			return nil, after, fmt.Errorf("read the event log: %w", err)
		}
		for _, e := range page {
			if len(news) == limit || r.world.Pending(e.GuildID) {
				return news, after, nil
			}
			after = e.Seq
			if r.isNews(actor, e) {
				news = append(news, e)
			}
		}
		if len(page) < newsPage {
			break
		}
	}
	return news, after, nil
}

// isNews decides again for every event: rights may have changed since it was written.
func (r *Registry) isNews(actor Actor, e Event) bool {
	if e.AuthorEntity == actor.entity {
		return false
	}
	permit, refusal, visible := r.decide(actor, Hear, e.ChannelID)
	if !visible || refusal != "" {
		return false
	}
	fresh := false
	r.roster.standing(actor.entity, permit.guild.ID, func(s standing) { fresh = e.Seq > s.presence.Since })
	return fresh
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
	if err := r.check(actor); err != nil {
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
	if err := r.check(actor); err != nil {
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
