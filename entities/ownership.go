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
