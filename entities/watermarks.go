package entities

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/disgoorg/snowflake/v2"
	"gorm.io/gorm"
)

// missedLife is how long ago the oldest message was said that is still news after an outage.
const missedLife = 30 * 24 * time.Hour

// Watermarks gives, by channel, the newest message that is settled: the newest one of the event
// log or, where that is newer, what [Registry.SetWatermarks] was told. Of a channel without
// either it is the id of a message of the time when the first entity there began to hear it, and
// of none it is more than 30 days old. Channels that nobody hears may be absent. Only the program
// itself asks.
func (r *Registry) Watermarks(ctx context.Context, actor Actor) (map[snowflake.ID]snowflake.ID, error) {
	if _, err := r.pass(ctx, actor, actIngest, ""); err != nil {
		return nil, err
	}
	db := r.db.reader.WithContext(ctx)
	var rows []Watermark
	if err := db.Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read the watermarks: %w", err)
	}
	oldest := snowflake.New(r.now().Add(-missedLife))
	marks := make(map[snowflake.ID]snowflake.ID, len(rows))
	for _, row := range rows {
		marks[row.ChannelID] = max(row.MessageID, oldest)
	}
	for channel, begin := range r.beginnings() {
		newest, err := newestLogged(db, channel)
		if err != nil {
			return nil, err
		}
		marks[channel] = max(marks[channel], newest, begin, oldest)
	}
	return marks, nil
}

// newestLogged is the last message of a channel in the event log; 0 for none.
func newestLogged(db *gorm.DB, channel snowflake.ID) (snowflake.ID, error) {
	var newest []snowflake.ID
	err := db.Model(&Event{}).Where("channel_id = ? AND kind = ?", channel, EventMessage).Order("seq DESC").Limit(1).Pluck("message_id", &newest).Error
	if err != nil {
		return 0, fmt.Errorf("find a channel's newest message: %w", err)
	}
	if len(newest) == 0 {
		return 0, nil
	}
	return newest[0], nil
}

// beginnings gives, by channel that is heard, since when the first entity hears it.
func (r *Registry) beginnings() map[snowflake.ID]snowflake.ID {
	r.roster.mu.RLock()
	guilds := make([]snowflake.ID, 0, len(r.roster.present))
	for guild := range r.roster.present {
		guilds = append(guilds, guild)
	}
	r.roster.mu.RUnlock()
	found := map[snowflake.ID]snowflake.ID{}
	for _, guild := range guilds {
		present := r.roster.in(guild)
		for _, c := range r.world.Channels(guild) {
			s, ok := r.world.scene(c.ID, 0, r.now())
			if !ok {
				continue
			}
			if begin, heard := begun(present, guild, ruling(s.channel, s.governing)); heard {
				found[c.ID] = snowflake.New(begin)
			}
		}
	}
	return found
}

// begun is when the first of the entities in a guild got one of some channel rules.
func begun(present []*entry, guild snowflake.ID, rules []snowflake.ID) (first time.Time, heard bool) {
	for _, e := range present {
		in, ok := e.stays[guild]
		if !ok {
			continue
		}
		i := slices.IndexFunc(rules, func(id snowflake.ID) bool { _, ok := in.rules[id]; return ok })
		if i < 0 {
			continue
		}
		// Positions in the log are times.
		at := time.UnixMicro(max(in.Since, in.rules[rules[i]].since, in.CreatedAt.UnixMicro()))
		if !heard || at.Before(first) {
			first, heard = at, true
		}
	}
	return first, heard
}

const (
	watermarkValues = "(?, ?, ?)"
	watermarksOnce  = 200 // in one statement
)

// SetWatermarks notes up to which message channels are settled: what is missing before it in the
// event log is not looked for again. A watermark never moves back. Only the program itself sets
// them.
func (r *Registry) SetWatermarks(ctx context.Context, actor Actor, marks []Watermark) error {
	if _, err := r.pass(ctx, actor, actIngest, ""); err != nil {
		return err
	}
	furthest := map[snowflake.ID]Watermark{}
	for _, mark := range marks {
		if mark.MessageID > furthest[mark.ChannelID].MessageID {
			furthest[mark.ChannelID] = mark
		}
	}
	values := make([]any, 0, 3*len(furthest))
	for _, mark := range furthest {
		values = append(values, mark.ChannelID, mark.GuildID, mark.MessageID)
	}
	if len(values) == 0 {
		return nil
	}
	r.writing.Lock()
	defer r.writing.Unlock()
	return r.write(ctx, false, func(tx *gorm.DB) error {
		for some := range slices.Chunk(values, 3*watermarksOnce) {
			err := tx.Exec("INSERT INTO watermarks (channel_id, guild_id, message_id) VALUES "+rows(watermarkValues, len(some)/strings.Count(watermarkValues, "?"))+
				" ON CONFLICT (channel_id) DO UPDATE SET message_id = excluded.message_id, guild_id = excluded.guild_id WHERE watermarks.message_id < excluded.message_id", some...).Error
			if err != nil {
				return fmt.Errorf("save the watermarks: %w", err)
			}
		}
		return nil
	})
}
