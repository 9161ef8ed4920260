package relay

import (
	"context"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/disgo/rest"

	"troupe/entities"
)

// LeaveServer has an entity leave one of its servers, which ref names by its id or name. The
// server's admins are told.
func (r *Relay) LeaveServer(ctx context.Context, actor entities.Actor, ref string) (entities.Guild, error) {
	guilds, err := r.servers(ctx, actor, entities.GoAway, ref)
	if err != nil {
		return entities.Guild{}, err
	}
	if len(guilds) != 1 || ref == "" {
		return entities.Guild{}, entities.Refuse(entities.Invalid, "Name the server that you want to leave by its id. whoami shows yours.")
	}
	notice, err := r.registry.LeaveServer(ctx, actor, guilds[0].ID)
	if err != nil {
		return entities.Guild{}, err
	}
	if notice.Channel != 0 && !r.notices.put(notice) {
		r.log.Warn("too many notices at once; one is not told", "guild", notice.Guild)
	}
	return guilds[0], nil
}

// tellGone tells a guild's admins that an entity left by itself.
func (r *Relay) tellGone(ctx context.Context, notice entities.Notice) {
	mentions := nobody()
	text := "**" + Plain(notice.Gone.Name) + "** has left this server by itself. Its owner can ask to bring it back with `/entity join`; an admin decides. " +
		"Whether it may leave by itself is set with `/entity abilities`."
	_, err := r.disc.Rest.CreateMessage(notice.Channel, discord.MessageCreate{Content: Clip(text, MaxContent), AllowedMentions: &mentions}, rest.WithCtx(ctx))
	if err != nil {
		r.log.Warn("tell the admins that an entity left", "guild", notice.Guild, "channel", notice.Channel, "err", scrubError(err))
	}
}

// ServerRanks is the leaderboard of one server.
type ServerRanks struct {
	Guild entities.Guild
	Ranks []entities.Rank // the first first
}

// Rankings are the leaderboards of the servers where an entity may see them, or of the one that
// ref names by its id or name, over some days; 0 = ever.
func (r *Relay) Rankings(ctx context.Context, actor entities.Actor, ref string, days int) ([]ServerRanks, error) {
	guilds, err := r.servers(ctx, actor, entities.SeeRanking, ref)
	if err != nil {
		return nil, err
	}
	all := make([]ServerRanks, 0, len(guilds))
	for _, guild := range guilds {
		ranks, err := r.registry.Ranking(ctx, actor, guild.ID, days)
		if err != nil {
			return nil, err
		}
		all = append(all, ServerRanks{guild, ranks})
	}
	return all, nil
}
