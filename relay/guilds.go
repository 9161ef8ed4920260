package relay

import (
	"context"
	"fmt"
	"time"

	"github.com/disgoorg/disgo/rest"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// chore is a guild that has to be looked after: when, and after how long again if it fails.
type chore struct {
	due   time.Time
	pause time.Duration
}

// lookAfter puts a guild in line, to be looked after at once.
func (c *connection) lookAfter(guild snowflake.ID) { c.putOff(guild, chore{pause: time.Second}) }

func (c *connection) putOff(guild snowflake.ID, later chore) {
	c.mu.Lock()
	c.pending[guild] = later
	c.mu.Unlock()
	select {
	case c.knock <- struct{}{}:
	default:
	}
}

// next takes the guild that is due first out of the line, or says how long there is to wait.
func (c *connection) next(now time.Time) (guild snowflake.ID, due chore, wait time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	wait = time.Hour
	for id, candidate := range c.pending {
		if left := candidate.due.Sub(now); left < wait {
			guild, due, wait = id, candidate, left
		}
	}
	if guild == 0 || wait > 0 {
		return 0, chore{}, wait
	}
	delete(c.pending, guild)
	return guild, due, 0
}

// lookAfterGuilds reads anew what is not known for sure of guilds, and admits those where an
// operator has Manage Server, until ctx ends. What fails is tried again, with longer and
// longer pauses.
func (r *Relay) lookAfterGuilds(ctx context.Context) {
	for {
		guild, due, wait := r.state.next(time.Now())
		if guild == 0 {
			timer := time.NewTimer(wait)
			select {
			case <-r.state.knock:
			case <-timer.C:
			case <-ctx.Done():
			}
			timer.Stop()
			if ctx.Err() != nil {
				return
			}
			continue
		}
		if err := r.attend(ctx, guild); err != nil && ctx.Err() == nil {
			r.log.Warn("look after a guild; trying again", "guild", guild, "err", scrubError(err), "pause", due.pause)
			r.state.putOff(guild, chore{due: time.Now().Add(due.pause), pause: min(2*due.pause, longestPause)})
		}
	}
}

func (r *Relay) attend(ctx context.Context, id snowflake.ID) error {
	known, ok := r.world.Guild(id)
	if !ok || !known.Available {
		return nil // the bot has left it, or GUILD_CREATE will tell when its outage is over
	}
	if r.world.Pending(id) {
		if err := r.readAnew(ctx, id); err != nil {
			return err
		}
	}
	dormant, err := r.registry.Dormant(ctx, keeper, id)
	if err != nil || !dormant {
		return err
	}
	return r.admitOperators(ctx, id)
}

// admitOperators admits a guild where an operator has Manage Server.
func (r *Relay) admitOperators(ctx context.Context, guild snowflake.ID) error {
	operators, err := r.registry.Operators(ctx, keeper)
	if err != nil {
		return err
	}
	for _, operator := range operators {
		m, err := r.disc.Rest.GetMember(guild, operator, rest.WithCtx(ctx))
		if gone(err) {
			continue
		}
		if err != nil {
			return fmt.Errorf("read an operator's membership: %w", err)
		}
		if r.world.Manages(guild, membership(*m)) {
			return r.registry.Admit(ctx, entities.System("operator manages the server"), guild)
		}
	}
	r.log.Info("a server waits to be admitted by the operator", "guild", guild)
	return nil
}

// readAnew reads from Discord what rights in a guild depend on, besides its channels.
func (r *Relay) readAnew(ctx context.Context, id snowflake.ID) error {
	asked := r.world.Changes(id)
	facts, err := r.disc.Rest.GetGuild(id, false, rest.WithCtx(ctx))
	if err != nil {
		return fmt.Errorf("read the guild: %w", err)
	}
	self, err := r.disc.Rest.GetMember(id, r.world.Bot(), rest.WithCtx(ctx))
	if err != nil {
		return fmt.Errorf("read the bot's membership: %w", err)
	}
	roles := make([]entities.Role, 0, len(facts.Roles))
	for _, known := range facts.Roles {
		roles = append(roles, role(known))
	}
	if !r.world.Settle(asked, guild(facts.Guild), roles, membership(*self)) {
		return fmt.Errorf("guild %d changed while it was read", id)
	}
	return nil
}
