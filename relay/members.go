package relay

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/disgo/gateway"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

const (
	// memberLife is how long what is known of a person holds when Discord does not tell of
	// changes.
	memberLife = time.Minute
	// askedAtOnce is how many members one request names. Discord: at most 100 user_ids.
	askedAtOnce = 100
)

// errUnanswered says that Discord did not tell of members in time.
var errUnanswered = errors.New("the gateway did not answer")

// learnPeople takes what Discord tells of people's memberships. It keeps what concerns owners
// of entities; everybody else is none of our business.
func (r *Relay) learnPeople(event gateway.EventData) {
	switch e := event.(type) {
	case gateway.EventGuildMembersChunk:
		for _, m := range e.Members {
			r.learnMember(e.GuildID, m)
		}
		for _, user := range e.NotFound {
			r.away(e.GuildID, user, r.now())
		}
		if e.ChunkIndex == e.ChunkCount-1 {
			r.asking.answered(e.Nonce)
		}
	case gateway.EventGuildMemberAdd:
		r.learnMember(e.GuildID, e.Member)
	case gateway.EventGuildMemberUpdate:
		if e.User.ID == r.world.Bot() {
			r.notice(e.GuildID, e.User, e.Member)
			r.world.PutBotMembership(e.GuildID, membership(e.Member))
			return
		}
		r.learnMember(e.GuildID, e.Member)
	case gateway.EventGuildMemberRemove:
		r.away(e.GuildID, e.User.ID, r.now())
		r.world.Overlook(e.GuildID, e.User.ID)
	}
}

func (r *Relay) learnMember(guild snowflake.ID, m discord.Member) {
	r.notice(guild, m.User, m)
	if r.world.Follows(guild, m.User.ID) {
		r.world.SetMember(guild, membership(m), true, r.now())
	}
}

// asking is the request for members whose answer is waited for; one at a time.
type asking struct {
	mu    sync.Mutex
	last  uint64 // every request has a nonce of its own
	nonce string
	done  chan struct{}
}

// begin gives the next request's nonce, and what is closed by its answer.
func (a *asking) begin() (nonce string, done <-chan struct{}) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.last++
	a.nonce, a.done = strconv.FormatUint(a.last, 10), make(chan struct{})
	return a.nonce, a.done
}

func (a *asking) answered(nonce string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if nonce != "" && nonce == a.nonce {
		a.nonce = ""
		close(a.done)
	}
}

// askForOwners asks the gateway, for one guild after the other, who the owners of its entities
// are there, until ctx ends. What it does not answer is asked for one by one.
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
			r.learnOwners(ctx, guild, some)
		}
	}
}

// learnOwners asks the gateway for some owners, and the REST API when that fails. Whom neither
// tells of is asked for when it is needed.
func (r *Relay) learnOwners(ctx context.Context, guild snowflake.ID, owners []snowflake.ID) {
	err := r.askGateway(ctx, guild, owners)
	if err == nil || ctx.Err() != nil {
		return
	}
	r.log.Warn("ask the gateway for owners; they are asked for one by one", "guild", guild, "owners", len(owners), "err", scrubError(err))
	for _, owner := range owners {
		if err := r.ask(ctx, entities.Gap{Guild: guild, User: owner}); err != nil {
			if ctx.Err() == nil {
				r.log.Warn("ask for owners one by one; the others are asked for when it matters", "guild", guild, "err", scrubError(err))
			}
			return
		}
	}
}

// askGateway sends Request Guild Members and waits until it is answered (Discord:
// events/gateway-events). The answer comes in order with the events that change it.
func (r *Relay) askGateway(ctx context.Context, guild snowflake.ID, users []snowflake.ID) error {
	shard := r.state.shardOf(guild)
	if shard == nil {
		return discord.ErrNoGatewayOrShardManager
	}
	nonce, done := r.asking.begin()
	request := gateway.MessageDataRequestGuildMembers{GuildID: guild, UserIDs: users, Nonce: nonce}
	if err := shard.Send(ctx, gateway.OpcodeRequestGuildMembers, request); err != nil {
		return err
	}
	timer := time.NewTimer(r.patience.members)
	defer timer.Stop()
	select {
	case <-done:
		return nil
	case <-timer.C:
		return errUnanswered
	case <-ctx.Done():
		return ctx.Err()
	}
}
