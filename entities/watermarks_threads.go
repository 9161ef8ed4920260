package entities

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/disgoorg/snowflake/v2"
)

// Unsettled gives those of a channel's threads in which the newest message, which is given by
// thread, is not settled, the lowest id first: nobody need know the threads yet. What
// [Registry.Watermarks] says of messages counts here too. Only the program itself asks.
func (r *Registry) Unsettled(ctx context.Context, actor Actor, parent snowflake.ID, newest map[snowflake.ID]snowflake.ID) ([]snowflake.ID, error) {
	if _, err := r.pass(ctx, actor, actIngest, ""); err != nil {
		return nil, err
	}
	begin, heard := r.beginnings()[parent]
	if !heard || len(newest) == 0 {
		return nil, nil
	}
	db := r.db.reader.WithContext(ctx)
	var rows []Watermark
	if err := db.Where("channel_id IN ?", slices.Collect(maps.Keys(newest))).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read the watermarks of threads: %w", err)
	}
	begin = max(begin, snowflake.New(r.now().Add(-missedLife)))
	settled := map[snowflake.ID]snowflake.ID{}
	for _, row := range rows {
		settled[row.ChannelID] = row.MessageID
	}
	var found []snowflake.ID
	for thread, last := range newest {
		if last <= max(begin, settled[thread]) {
			continue
		}
		logged, err := newestLogged(db, thread)
		if err != nil {
			return nil, err
		}
		if last > logged {
			found = append(found, thread)
		}
	}
	slices.Sort(found)
	return found, nil
}

// Strange gives the channels of a guild for which entities have rules of their own and of which
// nothing is known, the lowest id first: archived threads, or what is gone. Only the program
// itself asks.
func (r *Registry) Strange(ctx context.Context, actor Actor, guild snowflake.ID) ([]snowflake.ID, error) {
	if _, err := r.pass(ctx, actor, actIngest, ""); err != nil {
		return nil, err
	}
	strange := map[snowflake.ID]bool{}
	for _, e := range r.roster.in(guild) {
		in, ok := e.stays[guild]
		if !ok {
			continue
		}
		for id := range in.rules {
			if _, known := r.world.Channel(id); !known {
				strange[id] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(strange)), nil
}
