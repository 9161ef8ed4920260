package relay

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// authors is whose messages are looked for: anybody's, one user's, or one entity's.
type authors struct {
	users  []snowflake.ID
	entity entities.ID
}

// has says whether a message is by a user who is looked for. Entities speak through webhooks:
// which one it was stands in no message.
func (a authors) has(m discord.Message) bool {
	switch {
	case a.entity != "":
		return m.WebhookID != nil
	case len(a.users) > 0:
		return slices.Contains(a.users, m.Author.ID)
	default:
		return true
	}
}

var errNobody = &entities.Refusal{Reason: entities.NotFound, Text: "Nobody there has that name. find_member finds people by the beginning of their names; use the id."}

// author finds whom a search means, on one server: [errNobody] when that is nobody. An entity
// goes before a person of the same name. Members are found by their names only where the entity
// may look for people.
func (r *Relay) author(ctx context.Context, actor entities.Actor, guild snowflake.ID, ref string) (authors, error) {
	ref = soughtName(strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(strings.TrimSpace(ref), "<@"), "!"), ">"))
	if ref == "" {
		return authors{}, nil
	}
	if id, err := strconv.ParseUint(ref, 10, 63); err == nil && len(ref) >= 15 {
		return authors{users: []snowflake.ID{snowflake.ID(id)}}, nil
	}
	cast, err := r.cast(ctx, actor, guild)
	if err != nil {
		return authors{}, err
	}
	if strings.EqualFold(ref, "me") {
		return authors{entity: actor.EntityID()}, nil
	}
	var named []string
	for _, e := range cast {
		if string(e.ID) == ref || strings.EqualFold(e.Name, ref) {
			named = append(named, string(e.ID))
		}
	}
	if len(named) == 1 {
		return authors{entity: entities.ID(named[0])}, nil
	}
	if len(named) > 1 {
		return authors{}, several(named)
	}
	people, err := r.membersCalled(ctx, actor, guild, ref)
	switch {
	case err != nil:
		return authors{}, err
	case len(people) == 0:
		return authors{}, errNobody
	case len(people) > 1:
		for _, id := range people {
			named = append(named, id.String())
		}
		return authors{}, several(named)
	}
	return authors{users: people}, nil
}

// cast are the entities of a server, the one that acts too.
func (r *Relay) cast(ctx context.Context, actor entities.Actor, guild snowflake.ID) ([]entities.Entity, error) {
	self, err := r.registry.Acting(ctx, actor)
	if err != nil {
		return nil, err
	}
	fellows, err := r.registry.Fellows(ctx, actor, guild, 0)
	if err != nil {
		return nil, err
	}
	all := []entities.Entity{self}
	for _, f := range fellows {
		all = append(all, f.Entity)
	}
	return all, nil
}

// membersCalled are the members of a server one of whose names is this one.
func (r *Relay) membersCalled(ctx context.Context, actor entities.Actor, guild snowflake.ID, name string) ([]snowflake.ID, error) {
	if len([]rune(name)) > maxSought {
		return nil, nil
	}
	if _, err := r.servers(ctx, actor, entities.MeetPeople, guild.String()); err != nil {
		return nil, err
	}
	members, err := r.members(ctx, actor, guild, name)
	if err != nil {
		return nil, word(err)
	}
	var called []snowflake.ID
	for _, m := range members {
		if slices.ContainsFunc(entities.Names(m.User, m.Nick), func(own string) bool { return strings.EqualFold(own, name) }) {
			called = append(called, m.User.ID)
		}
	}
	return called, nil
}

// several lists candidates by their ids: names are strangers' text.
func several(ids []string) error {
	return entities.Refuse(entities.Invalid, "Several there have that name: %s. find_member tells them apart; use the id.", strings.Join(ids[:min(len(ids), MaxPeople)], ", "))
}
