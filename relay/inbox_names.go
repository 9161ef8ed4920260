package relay

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/disgoorg/disgo/rest"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

const (
	nameLife       = time.Hour
	mostNamesAsked = 20 // of Discord, for one answer
)

// names are what people are called on servers, as far as it was asked lately.
type names struct {
	mu  sync.Mutex
	all map[nameKey]namedAt
}

type nameKey struct{ guild, user snowflake.ID }

type namedAt struct {
	author Author
	at     time.Time
}

func newNames() names { return names{all: map[nameKey]namedAt{}} }

func (n *names) get(key nameKey, now time.Time) (Author, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	known, ok := n.all[key]
	return known.author, ok && now.Sub(known.at) < nameLife
}

func (n *names) put(key nameKey, author Author, now time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.all) >= mostRemembered {
		clear(n.all)
	}
	n.all[key] = namedAt{author, now}
}

// register names authors for one answer.
type register struct {
	relay *Relay
	asked int
}

// name says who a person is on a server; 0 for a direct message. Who cannot be named keeps the
// id alone.
func (g *register) name(ctx context.Context, guild, user snowflake.ID) Author {
	r, key := g.relay, nameKey{guild, user}
	if known, ok := r.names.get(key, r.now()); ok {
		return known
	}
	who := Author{ID: user, Kind: Human}
	who.Name, _ = r.called.name(guild, user)
	if who.Name != "" || user == 0 || guild == 0 || g.asked >= mostNamesAsked {
		return who
	}
	g.asked++
	m, err := r.disc.Rest.GetMember(guild, user, rest.WithCtx(ctx))
	switch {
	case err == nil:
		who.Name = m.EffectiveName()
		if m.User.Bot {
			who.Kind = Bot
		}
	case !noMember(err):
		return who
	}
	r.names.put(key, who, r.now())
	return who
}

// nameOthers names who reacted to lines and who wrote what was deleted. Reactions of other
// entities keep their ids.
func (r *Relay) nameOthers(ctx context.Context, actor entities.Actor, items []Item) error {
	var lines []snowflake.ID
	for _, item := range items {
		if item.Kind == entities.EventDelete && item.Author.Entity != "" {
			lines = append(lines, item.MessageID)
		}
	}
	speakers, err := r.registry.Speakers(ctx, actor, lines)
	if err != nil {
		return err
	}
	g := register{relay: r}
	for i := range items {
		item := &items[i]
		switch {
		case item.Kind != entities.EventDelete || item.Author.Name != "":
		case item.Author.Entity != "":
			item.Author.Name = speakers[item.MessageID].Name
		case item.Author.ID != 0:
			item.Author = g.name(ctx, item.GuildID, item.Author.ID)
		}
		for _, one := range item.Reactions {
			for i, by := range one.By {
				if by.Entity == "" {
					one.By[i] = g.name(ctx, item.GuildID, by.ID)
				}
			}
		}
	}
	return nil
}

// markAnswered marks what addresses the entity where it has spoken since.
func (r *Relay) markAnswered(ctx context.Context, actor entities.Actor, items []Item) error {
	var channels []snowflake.ID
	var first snowflake.ID
	for _, item := range items {
		if item.Reason != "" {
			if channels = append(channels, item.ChannelID); first == 0 || item.MessageID < first {
				first = item.MessageID
			}
		}
	}
	if len(channels) == 0 {
		return nil
	}
	spoke, err := r.registry.SpokeSince(ctx, actor, first, channels)
	if err != nil {
		return err
	}
	for i := range items {
		items[i].Answered = items[i].Reason != "" && items[i].Message != nil && spoke[items[i].ChannelID] > items[i].MessageID
	}
	return nil
}

// stillShown leaves out what people did who hide by now: naming took time.
func (r *Relay) stillShown(items []Item) []Item {
	return slices.DeleteFunc(items, func(item Item) bool {
		if item.GuildID == 0 {
			return false
		}
		if item.Kind != entities.EventReaction {
			return !r.shows(item.Author.ID)
		}
		for i := range item.Reactions {
			one := &item.Reactions[i]
			one.By = r.stillThere(one.By)
			one.Count = len(one.By)
		}
		return !slices.ContainsFunc(item.Reactions, func(one Reacted) bool { return one.Count > 0 })
	})
}

// stillThere leaves out people who hide by now.
func (r *Relay) stillThere(authors []Author) []Author {
	return slices.DeleteFunc(authors, func(a Author) bool { return a.Entity == "" && !r.shows(a.ID) })
}

// moved lists the channels that moved, after asking Discord for what that depends on.
func (r *Relay) moved(ctx context.Context, actor entities.Actor) ([]Moved, error) {
	found, err := r.whatMoved(ctx, actor)
	if err != nil {
		return nil, err
	}
	var spoken []snowflake.ID
	for _, one := range found {
		for _, s := range one.Speakers {
			if s.Entity != "" {
				spoken = append(spoken, s.Message)
			}
		}
	}
	speakers, err := r.registry.Speakers(ctx, actor, spoken)
	if err != nil {
		return nil, err
	}
	g := register{relay: r}
	out := make([]Moved, 0, len(found))
	for _, one := range found {
		m := Moved{
			GuildID: one.Guild, ChannelID: one.Channel, Unread: one.Unread, More: one.More, Changes: one.Changes, Reactions: one.Reactions, Gaps: one.Gaps, Since: one.Since,
		}
		for _, s := range one.Speakers {
			m.Speakers = append(m.Speakers, r.speaker(ctx, &g, one.Guild, s, speakers))
		}
		out = append(out, m)
	}
	// Naming took time.
	return r.stillSeen(ctx, actor, out)
}

func (r *Relay) whatMoved(ctx context.Context, actor entities.Actor) ([]entities.Moved, error) {
	for range mostGaps {
		moved, gap, err := r.registry.Moved(ctx, actor)
		if err != nil || gap == nil {
			return moved, err
		}
		if err := r.fill(ctx, *gap); err != nil {
			if ctx.Err() == nil {
				r.log.Warn("ask Discord about an owner; their entity's news wait", "guild", gap.Guild, "err", scrubError(err))
			}
			return moved, nil
		}
	}
	moved, _, err := r.registry.Moved(ctx, actor)
	return moved, err
}

func (r *Relay) speaker(ctx context.Context, g *register, guild snowflake.ID, s entities.Speaker, lines map[snowflake.ID]entities.Entity) Author {
	if s.Entity != "" {
		return Author{ID: s.User, Name: lines[s.Message].Name, Kind: Entity, Entity: s.Entity}
	}
	if m, ok := r.cache.get(s.Message); ok {
		p := presenter{relay: r, guild: guild}
		return p.author(&m)
	}
	return g.name(ctx, guild, s.User)
}

func (r *Relay) stillSeen(ctx context.Context, actor entities.Actor, all []Moved) ([]Moved, error) {
	kept := all[:0]
	for _, one := range all {
		sees, err := r.sees(ctx, actor, one.ChannelID)
		if err != nil {
			return nil, err
		}
		if one.Speakers = r.stillThere(one.Speakers); sees {
			kept = append(kept, one)
		}
	}
	return kept, nil
}
