package relay

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/disgo/rest"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay/text"
)

const (
	searchTime  = 3 * time.Second // for Discord to find people by a name
	searchLife  = 5 * time.Minute // what it found is believed
	mostFound   = 100             // people for one name
	mostSearchs = 1000            // are remembered
)

// resolve turns the names in a text into mentions, as far as they are unambiguous.
func (r *Relay) resolve(ctx context.Context, actor entities.Actor, permit entities.Permit, content string) text.Resolved {
	return text.Resolve(content, text.Finder{
		People:   func(prefix string) []text.Named { return r.people(ctx, permit.Guild().ID, prefix) },
		Channels: func() []text.Named { return r.channelNames(ctx, actor, permit.Guild().ID) },
		Spares:   r.registry.Unmentionable,
	})
}

// channelNames are the channels of a server that the entity can see.
func (r *Relay) channelNames(ctx context.Context, actor entities.Actor, guild snowflake.ID) []text.Named {
	channels, err := r.registry.Channels(ctx, actor)
	if err != nil {
		return nil
	}
	var names []text.Named
	for _, c := range channels {
		if c.Guild.ID == guild {
			names = append(names, text.Named{ID: c.Channel.ID, Name: c.Channel.Name})
		}
	}
	return names
}

type searchKey struct {
	guild  snowflake.ID
	prefix string
}

type found struct {
	at     time.Time
	people []text.Named
}

// searches are whom Discord found by the beginnings of names, of late.
type searches struct {
	mu  sync.Mutex
	all map[searchKey]found
}

// people finds a server's members whose names begin with something. When Discord cannot tell,
// nobody is found: the name then stays what it is.
func (r *Relay) people(ctx context.Context, guild snowflake.ID, prefix string) []text.Named {
	key := searchKey{guild, strings.ToLower(prefix)}
	r.searches.mu.Lock()
	known, ok := r.searches.all[key]
	r.searches.mu.Unlock()
	if ok && r.now().Sub(known.at) < searchLife {
		return known.people
	}
	ctx, cancel := context.WithTimeout(ctx, searchTime)
	defer cancel()
	members, err := r.disc.Rest.SearchMembers(guild, prefix, mostFound, rest.WithCtx(ctx))
	if err != nil {
		r.log.Debug("find people by a name", "guild", guild, "err", scrubError(err))
		return nil
	}
	var people []text.Named
	for _, m := range members {
		if len(members) == mostFound {
			break // there may be more: whoever has the name is not known to be the only one
		}
		for _, name := range entities.Names(m.User, m.Nick) {
			people = append(people, text.Named{ID: m.User.ID, Name: name})
		}
	}
	r.searches.mu.Lock()
	defer r.searches.mu.Unlock()
	if r.searches.all == nil || len(r.searches.all) >= mostSearchs {
		r.searches.all = map[searchKey]found{}
	}
	r.searches.all[key] = found{at: r.now(), people: people}
	return people
}

var (
	userMention = regexp.MustCompile(`<@!?(\d{15,20})>`)
	roleMention = regexp.MustCompile(`<@&(\d{15,20})>`)
	toEveryone  = regexp.MustCompile(`@(everyone|here)\b`)
)

// mentions lets a message ping the people whom its text names and who let themselves be pinged;
// roles and everyone only when the entity may.
func (r *Relay) mentions(content string, all bool) *discord.AllowedMentions {
	allowed := nobody()
	allowed.Users = r.pingable(named(userMention, content))
	if !all {
		return &allowed
	}
	allowed.Roles = named(roleMention, content)
	if toEveryone.MatchString(content) {
		allowed.Parse = []discord.AllowedMentionType{discord.AllowedMentionTypeEveryone}
	}
	return &allowed
}

func named(mention *regexp.Regexp, content string) []snowflake.ID {
	const most = 100 // Discord: allowed_mentions.users and roles, each once
	ids := []snowflake.ID{}
	for _, found := range mention.FindAllStringSubmatch(content, -1) {
		id, err := snowflake.Parse(found[1])
		if err == nil && len(ids) < most && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}
