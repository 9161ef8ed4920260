package relay

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/disgo/gateway"
	"github.com/disgoorg/disgo/rest"
	"github.com/disgoorg/disgo/sharding"
	"github.com/disgoorg/snowflake/v2"
)

// openShards makes as many shards as Discord recommends and opens them. It returns when each
// is ready, refused for good, or ctx ended.
func (r *Relay) openShards(ctx context.Context) (sharding.ShardManager, error) {
	answer, err := r.askForGateway(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := gatewayAddress(answer.URL, false); err != nil {
		return nil, err
	}
	log := slog.New(quiet(r.log.Handler()))
	ids := make([]int, max(answer.Shards, 1))
	for i := range ids {
		ids[i] = i
	}
	if err := r.logins.told(ctx, answer.SessionStartLimit); err != nil {
		return nil, err
	}
	intents := Intents | MembersIntent
	if r.degraded.Load() {
		intents = Intents
	}
	create := newGateway(gatewayConfig{
		URL: answer.URL, Intents: intents, Compress: true, Log: r.log, Tally: &r.tally,
		OnState:  func(state GatewayState) { r.shardChanged(state, intents.Has(MembersIntent) && !r.contentOff()) },
		OnSkip:   func(skip GatewaySkip) { r.skipped(skip) },
		Identify: r.logins, Spend: r.logins.Spend,
	})
	shards := sharding.New(r.cfg.Token, r.take,
		sharding.WithLogger(log), sharding.WithShardCount(len(ids)), sharding.WithShardIDs(ids...), sharding.WithGatewayCreateFunc(create),
		sharding.WithGatewayConfigOpts(gateway.WithLogger(log)),
	)
	r.disc.ShardManager = shards
	r.state.open(shards)
	shards.Open(ctx)
	return shards, nil
}

// askForGateway asks where the gateway is, and how many logins Discord allows.
func (r *Relay) askForGateway(ctx context.Context) (*discord.GatewayBot, error) {
	answer, err := r.disc.Rest.GetGatewayBot(rest.WithCtx(ctx))
	if err != nil {
		return nil, fmt.Errorf("ask for the gateway: %w", err)
	}
	return answer, nil
}

// take is called by each shard's reader for every event. It must not wait.
func (r *Relay) take(shard gateway.Gateway, name gateway.EventType, sequence int, event gateway.EventData) {
	r.learn(event)
	r.follow(event)
	r.hear(event)
	r.hearReactions(event)
	r.state.observe(shard.ShardID(), event)
	// disgo's event manager takes one event at a time under one lock: it gets only those
	// that somebody listens for through it.
	if name == gateway.EventTypeInteractionCreate {
		r.disc.EventManager.HandleGatewayEvent(shard, name, sequence, event)
	}
}

// shardChanged takes a shard's new state. Spare says that it asked for an intent that the bot
// can do without.
func (r *Relay) shardChanged(state GatewayState, spare bool) {
	dispensable := spare && state.Final && gateway.CloseEventCodeByCode(state.Code) == gateway.CloseEventCodeDisallowedIntent
	if dispensable {
		state.Final = false // it is tried with fewer intents
	}
	r.state.changed(r.now(), state)
	switch {
	case dispensable:
		select {
		case r.refused <- struct{}{}:
		default:
		}
	case state.Final && state.Err != nil:
		phase, remedy := closedFor(state.Code)
		r.log.Error("the gateway is closed for good", "shard", state.Shard, "code", state.Code, "phase", phase, "remedy", remedy)
	case state.Status == gateway.StatusReady:
		r.log.Info("connected to Discord", "shard", state.Shard)
	case state.Status == gateway.StatusDisconnected && state.Err != nil:
		r.log.Warn("the gateway's connection ended; it is taken up again", "shard", state.Shard, "code", state.Code, "err", scrubError(state.Err))
	}
}

// contentOff says whether the application says that of the two privileged intents it is message
// content that it has not: then it is of no use to try without the other.
func (r *Relay) contentOff() bool {
	return r.flags&MembersFlags != 0 && r.flags&MessageContentFlags == 0
}

// skipped forgets what an event that could not be read would have changed: what may be out
// of date is unknown, and what is unknown is refused. A guild is read anew from Discord, and its
// messages, whatever it was about.
func (r *Relay) skipped(skip GatewaySkip) {
	r.unsettleAll(skip)
	switch gateway.EventType(skip.Event) {
	case gateway.EventTypeChannelUpdate, gateway.EventTypeChannelDelete, gateway.EventTypeThreadUpdate, gateway.EventTypeThreadDelete:
		r.world.RemoveChannel(skip.ID)
		r.webhooks.forget(skip.ID)
	case gateway.EventTypeThreadMemberUpdate, gateway.EventTypeThreadMembersUpdate, gateway.EventTypeThreadListSync:
		for _, guild := range r.meant(skip) {
			r.world.ForgetThreadMembers(guild, skip.ID)
		}
	case gateway.EventTypeGuildDelete:
		r.world.SetAvailable(skip.ID, false) // GUILD_CREATE opens it, if it still comes
	case gateway.EventTypeMessageUpdate, gateway.EventTypeMessageDelete:
		r.cache.remove(skip.ID)
	case gateway.EventTypeMessageDeleteBulk:
		r.cache.clear() // whichever they were
	case gateway.EventTypeGuildUpdate:
		skip.Guild = skip.ID
		fallthrough
	case gateway.EventTypeGuildRoleCreate, gateway.EventTypeGuildRoleUpdate, gateway.EventTypeGuildRoleDelete:
		for _, guild := range r.meant(skip) {
			r.doubt(guild)
		}
	case gateway.EventTypeGuildMemberAdd, gateway.EventTypeGuildMemberUpdate, gateway.EventTypeGuildMemberRemove, gateway.EventTypeGuildMembersChunk:
		r.doubtMember(skip)
	}
}

// unsettleAll forgets what is known of channels whose messages may have changed.
func (r *Relay) unsettleAll(skip GatewaySkip) {
	for _, guild := range r.meant(skip) {
		r.cache.unsettle(guild)
	}
}

// doubtMember forgets what was known of a member of whom something could not be read: whoever
// it is, and wherever, if that cannot be read either.
func (r *Relay) doubtMember(skip GatewaySkip) {
	for _, guild := range r.meant(skip) {
		if skip.User == r.world.Bot() || skip.User == 0 {
			r.doubt(guild)
		}
		if skip.User != r.world.Bot() {
			r.world.ForgetMember(guild, skip.User, r.now())
		}
	}
}

// meant lists the guild that an event was about, or all when that could not be read.
func (r *Relay) meant(skip GatewaySkip) (guilds []snowflake.ID) {
	if skip.Guild != 0 {
		return []snowflake.ID{skip.Guild}
	}
	for _, g := range r.world.Guilds() {
		guilds = append(guilds, g.ID)
	}
	return guilds
}

// doubt closes a guild until it was read anew.
func (r *Relay) doubt(guild snowflake.ID) {
	r.world.Doubt(guild)
	r.state.lookAfter(guild)
}

// Status tells how the connection to Discord is.
func (r *Relay) Status() Status {
	status := r.state.status(r.now())
	status.Latency = r.state.latency()
	stats := r.tally.Stats()
	status.Skipped, status.Resumes, status.Identifies = stats.Skipped, stats.Resumes, stats.Identifies
	status.Limits, status.Speaking = r.limiter.Stats(), int64(r.speeches.count())
	status.Aside, status.Lost = r.inbox.aside.Load(), r.inbox.lost.Load()
	status.Faceless = r.faces.count(r.now())
	if r.degraded.Load() {
		status.Degraded = DegradedRemedy
	}
	if status.Limits.TokenRefused && status.Remedy == "" {
		status.Ready, status.Phase, status.Remedy = false, "token refused", tokenRemedy
	}
	return status
}
