package entities

import (
	"context"
	"fmt"

	"github.com/disgoorg/snowflake/v2"
)

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

// SpokeSince says where the entity itself has said something after a message, with its newest line
// there. Of channels are looked at those that are given.
func (r *Registry) SpokeSince(ctx context.Context, actor Actor, message snowflake.ID, channels []snowflake.ID) (map[snowflake.ID]snowflake.ID, error) {
	if _, err := r.pass(ctx, actor, actMarks, ""); err != nil {
		return nil, err
	}
	var rows []Ownership
	err := r.db.reader.WithContext(ctx).Model(&Ownership{}).Select("channel_id, max(message_id) AS message_id").
		Where("message_id > ? AND entity_id = ? AND channel_id IN ?", message, actor.EntityID(), channels).Group("channel_id").Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read where an entity spoke: %w", err)
	}
	spoke := make(map[snowflake.ID]snowflake.ID, len(rows))
	for _, row := range rows {
		spoke[row.ChannelID] = row.MessageID
	}
	return spoke, nil
}
