package relay

import (
	"context"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// servers finds the servers on which an entity may use a right (see [entities.Registry.ServersFor]),
// after asking Discord for what that depends on.
func (r *Relay) servers(ctx context.Context, actor entities.Actor, right entities.ServerRight, ref string) ([]entities.Guild, error) {
	if err := r.meetOwner(ctx, actor); err != nil {
		return nil, err
	}
	return r.registry.ServersFor(ctx, actor, right, ref)
}

// reads says whether an entity may read a channel's older messages, after asking Discord for
// what that depends on. When Discord does not answer it is a no.
func (r *Relay) reads(ctx context.Context, actor entities.Actor, channel snowflake.ID) (bool, error) {
	for range mostGaps {
		reads, err := r.registry.Reads(ctx, actor, channel)
		gap, lacks := entities.Lacks(err)
		if !lacks {
			return reads, err
		}
		if err := r.fill(ctx, gap); err != nil {
			r.log.Debug("ask Discord about an owner; their entity is not shown a channel", "channel", channel, "err", scrubError(err))
			return false, nil
		}
	}
	reads, err := r.registry.Reads(ctx, actor, channel)
	if _, lacks := entities.Lacks(err); lacks {
		return false, nil
	}
	return reads, err
}

// searchable lists the channels and threads of a server whose older messages an entity may read,
// all of them or within one channel, after asking Discord for what that depends on. Those about
// which Discord does not answer are left out.
func (r *Relay) searchable(ctx context.Context, actor entities.Actor, guild, within snowflake.ID) ([]snowflake.ID, error) {
	for range mostGaps {
		channels, gaps, err := r.registry.Readable(ctx, actor, guild, within)
		if err != nil || len(gaps) == 0 {
			return channels, err
		}
		r.fillAll(ctx, gaps)
	}
	channels, _, err := r.registry.Readable(ctx, actor, guild, within)
	return channels, err
}

// veil takes out of messages what entities are not shown: those of people who hide what they
// say, and the words of such people in what answers them.
func (r *Relay) veil(messages []discord.Message) []discord.Message {
	shown := make([]discord.Message, 0, len(messages))
	for _, m := range messages {
		if !r.shows(m.Author.ID) {
			continue
		}
		if m.ReferencedMessage != nil && !r.shows(m.ReferencedMessage.Author.ID) {
			m.ReferencedMessage = nil
		}
		shown = append(shown, m)
	}
	return shown
}
