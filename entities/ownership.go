package entities

import (
	"context"
	"fmt"
	"time"

	"github.com/disgoorg/snowflake/v2"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// Own writes down that a message is the permitted entity's line, and counts it.
func (r *Registry) Own(ctx context.Context, actor Actor, permit Permit, message snowflake.ID, at time.Time) error {
	if _, err := r.pass(ctx, actor, actIngest, ""); err != nil {
		return err
	}
	if permit.right != Post {
		return Refuse(NotAllowed, "Whose line it is follows from a permit to speak, which this is not.")
	}
	row := Ownership{MessageID: message, EntityID: permit.entity.ID, GuildID: permit.guild.ID, ChannelID: permit.channel.ID, At: at.UTC()}
	err := r.change(ctx, func(tx *gorm.DB) error {
		done := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
		if done.Error != nil || done.RowsAffected == 0 {
			return done.Error
		}
		return countLine(tx, row)
	}, nil)
	if err != nil {
		return fmt.Errorf("save whose line it is: %w", err)
	}
	return nil
}

// Speakers says which of these messages are lines of entities, and of which.
func (r *Registry) Speakers(ctx context.Context, actor Actor, messages []snowflake.ID) (map[snowflake.ID]Entity, error) {
	if _, err := r.pass(ctx, actor, actWhose, ""); err != nil {
		return nil, err
	}
	speakers := map[snowflake.ID]Entity{}
	if len(messages) == 0 {
		return speakers, nil
	}
	var rows []Ownership
	if err := r.db.reader.WithContext(ctx).Where("message_id IN ?", messages).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read whose lines they are: %w", err)
	}
	for _, row := range rows {
		if e := r.roster.entry(row.EntityID); e != nil {
			speakers[row.MessageID] = e.shownIn(row.GuildID)
		}
	}
	return speakers, nil
}
