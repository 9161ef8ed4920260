package entities

import (
	"context"
	"fmt"

	"github.com/disgoorg/snowflake/v2"
	"gorm.io/gorm"
)

// audit writes down in tx what an actor did. target holds ids or names of settings, never
// message text.
func (r *Registry) audit(tx *gorm.DB, a Actor, act string, id ID, guild snowflake.ID, target string) error {
	row := Audit{At: r.now().UTC(), Actor: a.String(), Act: act, EntityID: id, GuildID: guild, Target: target, Outcome: Done}
	if err := tx.Create(&row).Error; err != nil {
		return fmt.Errorf("write the audit: %w", err)
	}
	return nil
}

// refused writes down that an actor was refused, and gives the refusal back.
func (r *Registry) refused(ctx context.Context, a Actor, act string, id ID, guild snowflake.ID, refusal error) error {
	row := Audit{At: r.now().UTC(), Actor: a.String(), Act: act, EntityID: id, GuildID: guild, Outcome: Refused, Reason: refusal.Error()}
	if err := r.db.writer.WithContext(context.WithoutCancel(ctx)).Create(&row).Error; err != nil {
		r.log.Error("write the audit", "act", act, "err", err)
	}
	return refusal
}
