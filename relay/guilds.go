package relay

import (
	"context"
	"fmt"

	"github.com/disgoorg/disgo/rest"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// guildSeen notes a guild that has just become known, for greetGuilds. It must not wait.
func (r *Relay) guildSeen(guild snowflake.ID, selfKnown bool) {
	if selfKnown && !r.registry.Dormant(guild) {
		return
	}
	r.state.lookAfter(guild)
}

// greetGuilds looks after guilds that have just become known: it reads the bot's own
// membership where the gateway did not give it, and admits those where an operator has
// Manage Server.
func (r *Relay) greetGuilds(ctx context.Context) {
	for {
		guild, ok := r.state.nextGuild(ctx)
		if !ok {
			return
		}
		if err := r.greet(ctx, guild); err != nil && ctx.Err() == nil {
			r.log.Warn("look after a new guild", "guild", guild, "err", scrubError(err))
		}
	}
}

func (r *Relay) greet(ctx context.Context, guild snowflake.ID) error {
	if known, ok := r.world.Guild(guild); !ok {
		return nil // the bot has left it again
	} else if !known.Available || !r.world.KnowsBot(guild) {
		if err := r.readAnew(ctx, guild); err != nil {
			return err
		}
	}
	if !r.registry.Dormant(guild) {
		return nil
	}
	for _, operator := range r.registry.Operators() {
		m, err := r.disc.Rest.GetMember(guild, operator, rest.WithCtx(ctx))
		if code(err) == rest.JSONErrorCodeUnknownMember || code(err) == rest.JSONErrorCodeUnknownUser {
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
func (r *Relay) readAnew(ctx context.Context, guild snowflake.ID) error {
	facts, err := r.disc.Rest.GetGuild(guild, false, rest.WithCtx(ctx))
	if err != nil {
		return fmt.Errorf("read the guild: %w", err)
	}
	self, err := r.disc.Rest.GetMember(guild, r.world.Bot(), rest.WithCtx(ctx))
	if err != nil {
		return fmt.Errorf("read the bot's membership: %w", err)
	}
	roles := make([]entities.Role, 0, len(facts.Roles))
	for _, known := range facts.Roles {
		roles = append(roles, role(known))
	}
	r.world.ReplaceRoles(entities.Guild{ID: guild, Name: facts.Name, OwnerID: facts.OwnerID, Available: true}, roles, membership(*self))
	return nil
}
