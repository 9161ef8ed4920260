package relay

import (
	"context"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/disgo/gateway"
	"github.com/disgoorg/snowflake/v2"
)

// follow keeps up what is known of channels' newest messages.
func (r *Relay) follow(event gateway.EventData) {
	switch e := event.(type) {
	case gateway.EventMessageCreate:
		if e.GuildID != nil {
			r.cache.arrive(e.Message, r.shows(e.Author.ID))
		}
	case gateway.EventMessageReactionAdd:
		r.cache.doubt(e.MessageID)
	case gateway.EventMessageReactionRemove:
		r.cache.doubt(e.MessageID)
	case gateway.EventMessageReactionRemoveEmoji:
		r.cache.doubt(e.MessageID)
	case gateway.EventMessageReactionRemoveAll:
		r.cache.doubt(e.MessageID)
	default:
		if guild := r.unsettled(event); guild != 0 {
			r.cache.unsettle(guild)
		}
	}
}

// unsettled is the guild in which the bot may see other channels than before; 0 for none. What
// is said where it does not see it is not told, and never will be.
func (r *Relay) unsettled(event gateway.EventData) snowflake.ID {
	switch e := event.(type) {
	case gateway.EventGuildCreate:
		return e.ID
	case gateway.EventGuildDelete:
		return e.ID
	case gateway.EventChannelUpdate:
		return e.GuildID()
	case gateway.EventChannelDelete:
		return e.GuildID()
	case gateway.EventThreadDelete:
		return e.GuildID
	case gateway.EventThreadListSync:
		return e.GuildID
	case gateway.EventGuildRoleUpdate:
		return e.GuildID
	case gateway.EventGuildRoleDelete:
		return e.GuildID
	case gateway.EventGuildMemberUpdate:
		if e.User.ID == r.world.Bot() {
			return e.GuildID
		}
	case gateway.EventThreadMemberUpdate: // Discord sends it about the bot only
		c, _ := r.world.Channel(e.ThreadID)
		return c.GuildID
	case gateway.EventThreadMembersUpdate:
		for _, user := range e.RemovedMemberIDs {
			if user == r.world.Bot() {
				return e.GuildID
			}
		}
	}
	return 0
}

// remembered gives a channel's newest messages from memory, when that is as good as asking
// Discord: the connection stands, and nothing is missing.
func (r *Relay) remembered(req HistoryRequest) ([]discord.Message, bool) {
	if req.Before != 0 || req.After != 0 || req.Around != 0 {
		return nil, false
	}
	c, known := r.world.Channel(req.Channel)
	if !known || !r.live(c.GuildID) {
		return nil, false
	}
	return r.cache.newest(req.Channel, req.Limit, r.now(), r.shows)
}

// live says whether what happens in a guild is being told: not while the connection is away or
// Discord still tells what was missed.
func (r *Relay) live(guild snowflake.ID) bool {
	shard := r.state.shardOf(guild)
	return shard != nil && r.state.tells(shard.ShardID())
}

// newest is [Relay.messages] of a channel's newest ones, which are kept.
func (r *Relay) newest(ctx context.Context, channel snowflake.ID, at page) (messages []discord.Message, last snowflake.ID, err error) {
	c, _ := r.world.Channel(channel)
	if !r.live(c.GuildID) {
		return r.messages(ctx, channel, at)
	}
	mark := r.cache.begin(c.GuildID, channel)
	list, err := r.rawMessages(ctx, channel, at)
	if err != nil {
		return nil, 0, err
	}
	messages, last = r.decodeMessages(list)
	r.cache.fill(channel, mark, messages, len(messages) < at.limit && len(messages) == len(list))
	return messages, last, nil
}
