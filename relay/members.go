package relay

import (
	"context"
	"slices"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/disgo/gateway"
	"github.com/disgoorg/snowflake/v2"
)

const (
	// memberLife is how long what is known of a person holds when Discord does not tell of
	// changes.
	memberLife = time.Minute
	// askedAtOnce is how many members one request names. Discord: at most 100 user_ids.
	askedAtOnce = 100
)

// learnPeople takes what Discord tells of people's memberships. It keeps what concerns owners
// of entities; everybody else is none of our business.
func (r *Relay) learnPeople(event gateway.EventData) {
	switch e := event.(type) {
	case gateway.EventGuildMembersChunk:
		for _, m := range e.Members {
			r.world.SetMember(e.GuildID, membership(m), true, r.now())
		}
		for _, user := range e.NotFound {
			r.away(e.GuildID, user, r.now())
		}
	case gateway.EventGuildMemberAdd:
		r.world.SetMember(e.GuildID, membership(e.Member), true, r.now())
	case gateway.EventGuildMemberUpdate:
		if e.User.ID == r.world.Bot() {
			r.world.PutBotMembership(e.GuildID, membership(e.Member))
			return
		}
		r.world.SetMember(e.GuildID, membership(e.Member), true, r.now())
	case gateway.EventGuildMemberRemove:
		r.away(e.GuildID, e.User.ID, r.now())
	}
}

// askForOwners asks the gateway, for one guild after the other, who the owners of its entities
// are there, until ctx ends. What it does not answer is asked for when it is needed.
func (r *Relay) askForOwners(ctx context.Context) {
	for {
		guild, ok := r.unasked.next(ctx)
		if !ok {
			return
		}
		owners, err := r.registry.Owners(ctx, keeper, guild)
		if err != nil {
			r.log.Error("look whose entities are in a guild", "guild", guild, "err", err)
			continue
		}
		for _, owner := range owners {
			r.world.Expect(guild, owner, r.now())
		}
		if r.degraded.Load() {
			continue // nobody would tell of changes; each is asked for when it is needed
		}
		for some := range slices.Chunk(owners, askedAtOnce) {
			if err := r.askGateway(ctx, guild, some); err != nil && ctx.Err() == nil {
				r.log.Debug("ask the gateway for members", "guild", guild, "err", scrubError(err))
			}
		}
	}
}

// askGateway sends Request Guild Members (Discord: events/gateway-events). The answer comes as
// GUILD_MEMBERS_CHUNK, in order with the events that change it.
func (r *Relay) askGateway(ctx context.Context, guild snowflake.ID, users []snowflake.ID) error {
	shard := r.state.shardOf(guild)
	if shard == nil {
		return discord.ErrNoGatewayOrShardManager
	}
	return shard.Send(ctx, gateway.OpcodeRequestGuildMembers, gateway.MessageDataRequestGuildMembers{GuildID: guild, UserIDs: users})
}
