package relay

import (
	"context"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// Company are the other entities on one server. Of people who hide it is not told what they own:
// those entities have no owner here.
type Company struct {
	Guild   entities.Guild
	Fellows []entities.Fellow
}

// mostAsked bounds how many owners one call has Discord asked about.
const mostAsked = 20

// Fellows lists the other entities on an entity's servers, or on the one that ref names by its id
// or name. With a channel it is that channel's server, and says which of them may read there;
// where Discord does not answer about an owner, that is a no.
func (r *Relay) Fellows(ctx context.Context, actor entities.Actor, ref string, channel snowflake.ID) ([]Company, error) {
	guilds, err := r.servers(ctx, actor, entities.LookAround, ref)
	if err != nil {
		return nil, err
	}
	if channel != 0 {
		if guilds, err = r.serverOf(ctx, actor, ref, channel, guilds); err != nil {
			return nil, err
		}
	}
	companies := make([]Company, 0, len(guilds))
	for _, guild := range guilds {
		fellows, err := r.fellowsIn(ctx, actor, guild.ID, channel)
		if err != nil {
			return nil, err
		}
		for i := range fellows {
			if !r.shows(fellows[i].Entity.OwnerID) {
				fellows[i].Entity.OwnerID = 0
			}
		}
		companies = append(companies, Company{guild, fellows})
	}
	return companies, nil
}

// serverOf is the one of an entity's servers that a channel is on, which the entity must see.
func (r *Relay) serverOf(ctx context.Context, actor entities.Actor, ref string, channel snowflake.ID, guilds []entities.Guild) ([]entities.Guild, error) {
	permit, err := r.Authorize(ctx, actor, entities.Hear, channel)
	if err != nil {
		return nil, err
	}
	for i, guild := range guilds {
		if guild.ID == permit.Guild().ID {
			return guilds[i : i+1], nil
		}
	}
	if ref != "" {
		return nil, errOtherServer
	}
	return r.servers(ctx, actor, entities.LookAround, permit.Guild().ID.String())
}

func (r *Relay) fellowsIn(ctx context.Context, actor entities.Actor, guild, channel snowflake.ID) ([]entities.Fellow, error) {
	for range mostGaps {
		fellows, err := r.registry.Fellows(ctx, actor, guild, channel)
		if err != nil {
			return nil, err
		}
		var gaps []entities.Gap
		for _, f := range fellows {
			if f.Lacks != nil && len(gaps) < mostAsked {
				gaps = append(gaps, *f.Lacks)
			}
		}
		if len(gaps) == 0 {
			return fellows, nil
		}
		r.fillAll(ctx, gaps)
	}
	return r.registry.Fellows(ctx, actor, guild, channel)
}
