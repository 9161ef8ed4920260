package entities

import (
	"cmp"
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

// Strange gives the channels of a guild of which nothing is known, which are archived threads, or
// gone: first those for which entities have rules of their own, then those in the event log, the
// last heard first. Only the program itself asks.
func (r *Registry) Strange(ctx context.Context, actor Actor, guild snowflake.ID) ([]snowflake.ID, error) {
	if _, err := r.pass(ctx, actor, actIngest, ""); err != nil {
		return nil, err
	}
	ruled := map[snowflake.ID]bool{}
	for _, e := range r.roster.in(guild) {
		in, ok := e.stays[guild]
		if !ok {
			continue
		}
		for id := range in.rules {
			if _, known := r.world.Channel(id); !known {
				ruled[id] = true
			}
		}
	}
	logged, err := readLogged(r.db.reader.WithContext(ctx), 0)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(logged, func(a, b channelRow) int { return cmp.Compare(b.Latest, a.Latest) })
	strange := slices.Sorted(maps.Keys(ruled))
	for _, c := range logged {
		if _, known := r.world.Channel(c.ChannelID); c.GuildID == guild && !known && !ruled[c.ChannelID] {
			strange = append(strange, c.ChannelID)
		}
	}
	return strange, nil
}
