package relay

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/disgo/rest"

	"troupe/entities"
)

// ServerEmojis are the emojis of a server's own, by name.
type ServerEmojis struct {
	Guild  entities.Guild
	Emojis []ServerEmoji
	// Kept is how many more there are that not everybody there may use, or that Discord has
	// switched off.
	Kept int
}

// ServerEmoji is an emoji of a server's own.
type ServerEmoji struct {
	Name string // a stranger's word
	// Mark is what stands for it in a text, and as a reaction: "<:name:id>".
	Mark string
}

// Emojis lists the emojis of an entity's servers, or of the one that ref names by its id or name.
func (r *Relay) Emojis(ctx context.Context, actor entities.Actor, ref string) ([]ServerEmojis, error) {
	ctx, cancel := context.WithTimeout(onBehalf(ctx, actor), contextTime)
	defer cancel()
	guilds, err := r.servers(ctx, actor, entities.SeeEmojis, ref)
	if err != nil {
		return nil, err
	}
	if len(guilds) > mostServers {
		return nil, entities.Refuse(entities.Invalid, "You are on %d servers: name one as server. whoami lists them.", len(guilds))
	}
	var all []ServerEmojis
	for _, guild := range guilds {
		own, err := r.emojisOf(ctx, guild)
		if err != nil {
			return nil, word(err)
		}
		all = append(all, own)
	}
	// Rights may have changed while Discord answered.
	if guilds, err = r.servers(ctx, actor, entities.SeeEmojis, ref); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(s ServerEmojis) bool {
		return !slices.ContainsFunc(guilds, func(g entities.Guild) bool { return g.ID == s.Guild.ID })
	}), nil
}

func (r *Relay) emojisOf(ctx context.Context, guild entities.Guild) (ServerEmojis, error) {
	var list []json.RawMessage
	if err := r.disc.Rest.Do(rest.GetEmojis.Compile(nil, guild.ID), nil, &list, rest.WithCtx(ctx)); err != nil {
		return ServerEmojis{}, fmt.Errorf("list emojis: %w", err)
	}
	own := ServerEmojis{Guild: guild}
	for _, e := range decodeAll[discord.Emoji](r, "GET emojis", list) {
		if !e.Available || len(e.Roles) > 0 || !customEmoji.MatchString(e.Mention()) {
			own.Kept++
			continue
		}
		own.Emojis = append(own.Emojis, ServerEmoji{Name: e.Name, Mark: e.Mention()})
	}
	slices.SortFunc(own.Emojis, func(a, b ServerEmoji) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), cmp.Compare(a.Mark, b.Mark))
	})
	return own, nil
}
