package entities

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"gorm.io/gorm"
)

// Find finds an entity of the actor's guild by its id or name, as people see it: without its
// persona.
func (r *Registry) Find(ctx context.Context, actor Actor, ref string) (Entity, error) {
	found, err := r.List(ctx, actor)
	if err != nil {
		return Entity{}, err
	}
	ref = strings.TrimSpace(ref)
	for _, e := range found {
		if string(e.ID) == ref || strings.EqualFold(e.Name, ref) {
			return e, nil
		}
	}
	return Entity{}, Refuse(NotFound, "No entity here is called %q. /entities lists them.", ref)
}

// List lists the entities in the actor's guild by name, without their personas.
func (r *Registry) List(ctx context.Context, actor Actor) ([]Entity, error) {
	if err := r.enter(ctx, actor); err != nil {
		return nil, err
	}
	return r.roster.in(actor.guild), nil
}

// Acting is the entity that acts, without its persona; it costs no query.
func (r *Registry) Acting(_ context.Context, actor Actor) (Entity, error) {
	if err := r.check(actor); err != nil {
		return Entity{}, err
	}
	e, _ := r.roster.entity(actor.entity)
	return e, nil
}

// Self is the entity that acts, with its persona, and the guilds in which it is served.
func (r *Registry) Self(ctx context.Context, actor Actor) (Entity, []Guild, error) {
	if err := r.check(actor); err != nil {
		return Entity{}, nil, err
	}
	var e Entity
	err := r.db.reader.WithContext(ctx).Take(&e, "id = ?", actor.entity).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return Entity{}, nil, errBadKey
	}
	if err != nil {
		return Entity{}, nil, fmt.Errorf("read the entity: %w", err)
	}
	var guilds []Guild
	for _, id := range r.roster.guildsOf(e.ID) {
		// One that was announced but has not come yet has no name.
		if guild, ok := r.world.Guild(id); ok && guild.Name != "" && r.admits(id) {
			guilds = append(guilds, guild)
		}
	}
	return e, guilds, nil
}
