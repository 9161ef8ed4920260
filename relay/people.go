package relay

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/disgo/rest"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

const (
	// MaxPeople is how many one call finds at most.
	MaxPeople = 10
	// maxSought is how long a name to look for may be, in characters. Discord: 100.
	maxSought = 100
)

// MemberRequest says whom to look for.
type MemberRequest struct {
	// Server is an id or a name; "" means all on which the entity may look for people.
	Server string
	// Name is the beginning of a username, a nickname or a display name.
	Name string
}

// Person is somebody on a server: a member, or another entity. All names are strangers' words.
type Person struct {
	Guild entities.Guild
	ID    snowflake.ID // 0 for an entity, which is no user of Discord's
	Kind  Kind         // Human, Bot or Entity
	Name  string       // as shown in that server
	// Username is a user's own; "" for an entity.
	Username string
	Entity   entities.ID // "" for users
}

// FindMember finds people by the beginning of their names, and other entities likewise: those
// whose name it is first, at most [MaxPeople].
func (r *Relay) FindMember(ctx context.Context, actor entities.Actor, req MemberRequest) ([]Person, error) {
	ctx = onBehalf(ctx, actor)
	name := soughtName(req.Name)
	if name == "" || utf8.RuneCountInString(name) > maxSought {
		return nil, entities.Refuse(entities.Invalid, "name is the beginning of a name, with 1 to %d characters.", maxSought)
	}
	ctx, cancel := context.WithTimeout(ctx, findTime)
	defer cancel()
	guilds, err := r.servers(ctx, actor, entities.MeetPeople, req.Server)
	if err != nil {
		return nil, err
	}
	if len(guilds) > mostServers {
		return nil, entities.Refuse(entities.Invalid, "You are on %d servers: name one as server. whoami lists them.", len(guilds))
	}
	var people []Person
	for _, guild := range guilds {
		found, err := r.peopleOf(ctx, actor, guild, name)
		if err != nil {
			return nil, err
		}
		people = append(people, found...)
	}
	// Rights may have changed while Discord answered, and people may hide by now.
	if guilds, err = r.servers(ctx, actor, entities.MeetPeople, req.Server); err != nil {
		return nil, err
	}
	people = slices.DeleteFunc(people, func(p Person) bool {
		return (p.Entity == "" && !r.shows(p.ID)) || !slices.ContainsFunc(guilds, func(g entities.Guild) bool { return g.ID == p.Guild.ID })
	})
	slices.SortStableFunc(people, func(a, b Person) int { return cmp.Compare(b.called(name), a.called(name)) })
	return people[:min(len(people), MaxPeople)], nil
}

// soughtName is a name as it is looked for: models write @Name.
func soughtName(name string) string {
	return strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(name), "@"))
}

// called is 1 when a whole name of a person's is this one, else 0.
func (p Person) called(name string) int {
	if strings.EqualFold(p.Name, name) || strings.EqualFold(p.Username, name) {
		return 1
	}
	return 0
}

// peopleOf finds people and other entities of one server by the beginning of a name.
func (r *Relay) peopleOf(ctx context.Context, actor entities.Actor, guild entities.Guild, name string) ([]Person, error) {
	fellows, err := r.registry.Fellows(ctx, actor, guild.ID, 0)
	if err != nil {
		return nil, err
	}
	var people []Person
	for _, f := range fellows {
		if begins(f.Entity.Name, name) {
			people = append(people, Person{Guild: guild, Kind: Entity, Name: f.Entity.Name, Entity: f.Entity.ID})
		}
	}
	members, err := r.members(ctx, actor, guild.ID, name)
	if err != nil {
		return nil, word(err)
	}
	for _, m := range members {
		people = append(people, personOf(guild, m))
	}
	return people, nil
}

func begins(name, beginning string) bool {
	runes, wanted := []rune(name), utf8.RuneCountInString(beginning)
	return len(runes) >= wanted && strings.EqualFold(string(runes[:wanted]), beginning)
}

func personOf(guild entities.Guild, m discord.Member) Person {
	p := Person{Guild: guild, ID: m.User.ID, Kind: Human, Name: m.EffectiveName(), Username: m.User.Username}
	if m.User.Bot {
		p.Kind = Bot
	}
	return p
}

// members finds a server's members by the beginning of a name, without the bot itself, which
// speaks for entities only, and without people whom entities are not shown.
func (r *Relay) members(ctx context.Context, actor entities.Actor, guild snowflake.ID, name string) ([]discord.Member, error) {
	if err := r.searching.take(actor.EntityID(), r.now()); err != nil {
		return nil, err
	}
	var list []json.RawMessage
	query := discord.QueryValues{"query": name, "limit": mostFound}
	if err := r.disc.Rest.Do(rest.SearchMembers.Compile(query, guild), nil, &list, rest.WithCtx(ctx)); err != nil {
		return nil, fmt.Errorf("find members: %w", err)
	}
	members := decodeAll[discord.Member](r, "GET members/search", list)
	return slices.DeleteFunc(members, func(m discord.Member) bool {
		return m.User.ID == r.world.Bot() || !r.shows(m.User.ID)
	}), nil
}
