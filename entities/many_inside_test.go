package entities

import (
	"context"
	"fmt"

	"github.com/disgoorg/snowflake/v2"
	"gorm.io/gorm"
)

// Many adds n entities, spread over guilds whose ids count up from guild, with three channel
// rules (ids count up from channel, one of them the guild's), a capability and a mention word
// each. Their owners' ids are the guilds'.
func (r *Registry) Many(ctx context.Context, n, guilds int, guild, channel snowflake.ID) error {
	const series = " WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?) SELECT "
	first, room := int64(guild), int64(channel)
	return r.db.writer.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		for _, rows := range []struct {
			into, values string
			more         []any
		}{
			{"entities (id, name, persona, avatar, owner_id, state, generation, created_at, description, stopped)", "'many' || i, 'Many ' || i, 'kind', '', CAST(? AS bigint) + i % ?, 'active', 1, CURRENT_TIMESTAMP, '', false", []any{first, guilds}},
			{"presences (entity_id, guild_id, state, since, created_at)", "'many' || i, CAST(? AS bigint) + i % ?, 'active', 0, CURRENT_TIMESTAMP", []any{first, guilds}},
			{"channel_rules (entity_id, guild_id, channel_id, access)", "'many' || i, CAST(? AS bigint) + i % ?, CAST(? AS bigint) + i % ?, 'write'", []any{first, guilds, room, guilds}},
			{"channel_rules (entity_id, guild_id, channel_id, access)", "'many' || i, CAST(? AS bigint) + i % ?, 1 + i, 'read'", []any{first, guilds}},
			{"channel_rules (entity_id, guild_id, channel_id, access)", "'many' || i, CAST(? AS bigint) + i % ?, 1000001 + i, 'read'", []any{first, guilds}},
			{"capability_rules (entity_id, guild_id, capability, allowed)", "'many' || i, CAST(? AS bigint) + i % ?, 'post', true", []any{first, guilds}},
			{"mention_words (entity_id, guild_id, word)", "'many' || i, CAST(? AS bigint) + i % ?, 'word' || i", []any{first, guilds}},
		} {
			if err := tx.Exec("INSERT INTO "+rows.into+series+rows.values+" FROM n", append([]any{n}, rows.more...)...).Error; err != nil {
				return fmt.Errorf("add many rows: %w", err)
			}
		}
		return nil
	})
}

// One is the actor of one of many.
func One(i int) Actor {
	return Actor{kind: entity, entity: ID(fmt.Sprint("many", i)), credential: "many", generation: 1}
}

// ReadRows reads the rows that a start reads, and does nothing with them.
func (r *Registry) ReadRows(ctx context.Context) error {
	db := r.db.reader.WithContext(ctx)
	for _, rows := range []any{&[]Entity{}, &[]Presence{}, &[]ChannelRule{}, &[]CapabilityRule{}, &[]MentionWord{}, &[]GuildRow{}} {
		if err := db.Omit("persona").Find(rows).Error; err != nil {
			return err
		}
	}
	return nil
}
