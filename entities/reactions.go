package entities

import (
	"context"
	"fmt"
	"time"

	"github.com/disgoorg/snowflake/v2"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// reactionLife is how long it is kept whose a reaction is.
const reactionLife = 400 * 24 * time.Hour

// Claim writes down that the permitted entity reacts to a message. It comes before Discord is
// asked, so that no reaction stands that nobody claims. Fresh is false when the entity claimed
// it already. emoji is 👍 without a variation selector, or the id of a server's own.
func (r *Registry) Claim(ctx context.Context, actor Actor, permit Permit, message snowflake.ID, emoji string) (fresh bool, err error) {
	if err := r.passReaction(ctx, actor, permit, React); err != nil {
		return false, err
	}
	row := Reaction{MessageID: message, EntityID: permit.entity.ID, Emoji: emoji, GuildID: permit.guild.ID, ChannelID: permit.channel.ID, At: r.now().UTC()}
	err = r.change(ctx, func(tx *gorm.DB) error {
		done := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
		if fresh = done.RowsAffected > 0; fresh || done.Error != nil {
			return done.Error
		}
		// What is heard of earlier times does not end a claim that is made anew.
		return tx.Model(&row).Update("at", row.At).Error
	}, nil)
	if err != nil {
		return false, fmt.Errorf("save whose reaction it is: %w", err)
	}
	return fresh, nil
}

// Claimed says whether others than the permitted entity claim the same reaction. One that the
// entity itself does not claim in that channel is refused.
func (r *Registry) Claimed(ctx context.Context, actor Actor, permit Permit, message snowflake.ID, emoji string) (byOthers bool, err error) {
	if err := r.passReaction(ctx, actor, permit, Unreact); err != nil {
		return false, err
	}
	var rows []Reaction
	err = r.db.reader.WithContext(ctx).Where("message_id = ? AND emoji = ? AND channel_id = ?", message, emoji, permit.channel.ID).Find(&rows).Error
	if err != nil {
		return false, fmt.Errorf("read whose reaction it is: %w", err)
	}
	own := false
	for _, row := range rows {
		if row.EntityID == permit.entity.ID {
			own = true
		} else {
			byOthers = true
		}
	}
	if !own {
		return false, r.refused(ctx, actor, Unreact.act(), "", permit.guild.ID, errNoReaction)
	}
	return byOthers, nil
}

var errNoReaction = &Refusal{Reason: NotFound, Text: "There is no such reaction of yours on a message in that channel. You can take back only what you added yourself."}

// Disclaim forgets that the permitted entity reacts to a message: Discord did not take the
// reaction, or the entity takes it back.
func (r *Registry) Disclaim(ctx context.Context, actor Actor, permit Permit, message snowflake.ID, emoji string) error {
	if err := r.passReaction(ctx, actor, permit, React, Unreact); err != nil {
		return err
	}
	err := r.change(ctx, func(tx *gorm.DB) error {
		return tx.Where("message_id = ? AND emoji = ? AND entity_id = ?", message, emoji, permit.entity.ID).Delete(&Reaction{}).Error
	}, nil)
	if err != nil {
		return fmt.Errorf("forget whose reaction it is: %w", err)
	}
	return nil
}

// passReaction is the gate of an entity's own reactions, with a permit for one of some rights.
func (r *Registry) passReaction(ctx context.Context, actor Actor, permit Permit, rights ...Right) error {
	m, err := r.pass(ctx, actor, actBe, "")
	if err != nil {
		return err
	}
	for _, right := range rights {
		if permit.right == right && permit.entity.ID == m.entry.ID {
			return nil
		}
	}
	return Refuse(NotAllowed, "Whose reaction it is follows from a permit of one's own to react, which this is not.")
}

// ReactionsGone forgets reactions that stand no more since a time: the bot's with one emoji, or
// with emoji "" all that it had on these messages. What was claimed later stays, and so do the
// claims of the entities in but.
func (r *Registry) ReactionsGone(ctx context.Context, actor Actor, since time.Time, messages []snowflake.ID, emoji string, but ...ID) error {
	if _, err := r.pass(ctx, actor, actIngest, ""); err != nil {
		return err
	}
	// Most messages that are deleted have none: those take no turn at writing.
	var known int64
	if err := r.db.reader.WithContext(ctx).Model(&Reaction{}).Where("message_id IN ?", messages).Limit(1).Count(&known).Error; err != nil {
		return fmt.Errorf("read whose reactions they are: %w", err)
	}
	if known == 0 {
		return nil
	}
	err := r.change(ctx, func(tx *gorm.DB) error {
		query := tx.Where("message_id IN ? AND at < ?", messages, since.UTC())
		if emoji != "" {
			query = query.Where("emoji = ?", emoji)
		}
		if len(but) > 0 {
			query = query.Where("entity_id NOT IN ?", but)
		}
		return query.Delete(&Reaction{}).Error
	}, nil)
	if err != nil {
		return fmt.Errorf("forget reactions: %w", err)
	}
	return nil
}
