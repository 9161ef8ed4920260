package relay

import (
	"context"
	"slices"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// texts finds the messages of events: in the cache, else at Discord. What was deleted since is
// not among them.
func (r *Relay) texts(ctx context.Context, actor entities.Actor, events []folded) (map[snowflake.ID]Message, error) {
	found := map[snowflake.ID]discord.Message{}
	missing := map[place][]snowflake.ID{}
	for _, f := range events {
		e := f.Event
		if e.Kind == entities.EventDelete || e.Kind == entities.EventGap {
			continue
		}
		at := place{e.GuildID, e.ChannelID}
		if m, ok := r.cache.get(e.MessageID); ok {
			found[e.MessageID] = m
		} else {
			missing[at] = append(missing[at], e.MessageID)
		}
	}
	for at, ids := range missing {
		fetch := r.fetchTexts
		if at.guild == 0 {
			fetch = r.dmTexts
		}
		if err := fetch(ctx, actor, at.channel, ids, found); err != nil {
			return nil, err
		}
	}
	return r.readable(ctx, actor, events, found)
}

// place is a channel in a guild; the guild is 0 where people write to the bot.
type place struct{ guild, channel snowflake.ID }

// readable presents what was found, one guild at a time.
func (r *Relay) readable(ctx context.Context, actor entities.Actor, events []folded, found map[snowflake.ID]discord.Message) (map[snowflake.ID]Message, error) {
	guilds := map[snowflake.ID][]discord.Message{}
	for _, f := range events {
		if m, ok := found[f.Event.MessageID]; ok {
			guilds[f.Event.GuildID] = append(guilds[f.Event.GuildID], m)
		}
	}
	out := make(map[snowflake.ID]Message, len(found))
	for guild, messages := range guilds {
		presented, err := r.present(ctx, actor, guild, messages)
		if err != nil {
			return nil, err
		}
		for _, m := range presented {
			out[m.ID] = m
		}
	}
	return out, nil
}

// fetchTexts asks Discord for messages of a server.
func (r *Relay) fetchTexts(ctx context.Context, actor entities.Actor, channel snowflake.ID, ids []snowflake.ID, found map[snowflake.ID]discord.Message) error {
	if _, err := r.Authorize(ctx, actor, entities.ReadHistory, channel); err != nil {
		// What is not decided yet is no reason to leave messages out for good.
		if _, lacks := entities.Lacks(err); lacks || entities.IsRefusal(err, entities.Unauthenticated) {
			return err
		}
		return nil // for item to decide
	}
	return r.fetch(ctx, channel, ids, found)
}

// dmTexts asks Discord for direct messages to the entity. Whose they are was decided when they
// came: no other ids are asked for.
func (r *Relay) dmTexts(ctx context.Context, _ entities.Actor, channel snowflake.ID, ids []snowflake.ID, found map[snowflake.ID]discord.Message) error {
	return r.fetch(ctx, channel, ids, found)
}

func (r *Relay) fetch(ctx context.Context, channel snowflake.ID, ids []snowflake.ID, found map[snowflake.ID]discord.Message) error {
	slices.Sort(ids)
	for len(ids) > 0 {
		mark := r.cache.mark()
		messages, last, err := r.messages(ctx, channel, page{after: ids[0] - 1, limit: MaxHistory})
		switch {
		case hopeless(err):
			// The channel is gone, or Discord does not show it to the bot.
			r.log.Warn("a channel's messages cannot be read; they are left out", "channel", channel, "err", scrubError(err))
			return nil
		case err != nil:
			return word(err)
		}
		r.cache.keep(mark, messages...) // who reads on wants the others next
		for _, m := range messages {
			if _, wanted := slices.BinarySearch(ids, m.ID); wanted {
				found[m.ID] = m
			}
		}
		reached := max(ids[0], last)
		ids = slices.DeleteFunc(ids, func(id snowflake.ID) bool { return id <= reached })
	}
	return nil
}
