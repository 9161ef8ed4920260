package entities

import (
	"errors"
	"fmt"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities/lookalike"
)

// nameIsFree refuses a name that people in a guild could take for somebody else's: another
// entity's, since Discord shows neighbouring messages of equal names as one speaker's, the
// bot's, a role's, or that of somebody who looks after the guild.
func (r *Registry) nameIsFree(name string, guild snowflake.ID, id ID) error {
	return r.nameIsFreeOn(name, guild, id, "this server")
}

func (r *Registry) nameIsFreeOn(name string, guild snowflake.ID, id ID, where string) error {
	shape := lookalike.ShapeOf(name)
	for _, other := range r.roster.in(guild) {
		if other.ID != id && shape.LikeWithSymbols(lookalike.ShapeOf(other.nameIn(guild))) {
			return Refuse(Conflict, "There is an entity called %q on %s already. Choose another name, so that people can tell them apart.", other.nameIn(guild), where)
		}
	}
	if b, taken := r.world.bearer(guild, shape); taken {
		return Refuse(Conflict, "This name looks like %q, %s %s. Choose one that people cannot take for it.", b.name, b.whose, where)
	}
	return nil
}

// freeEverywhere says whether a name is free in every guild where the entity is shown under
// its own name.
func (r *Registry) freeEverywhere(name string, e *entry, here snowflake.ID) error {
	for guild, in := range e.stays {
		if in.Name != "" || name == e.Name { // roles and people change their names without asking
			continue
		}
		where := "this server"
		if guild != here {
			where = "another server where it is"
			if known, ok := r.world.Guild(guild); ok && known.Name != "" {
				where = fmt.Sprintf("the server %q", known.Name)
			}
		}
		if err := r.nameIsFreeOn(name, guild, e.ID, where); err != nil {
			return err
		}
	}
	return nil
}

// presentable refuses to let an entity in whose name has come to look like somebody else's
// since it asked.
func (r *Registry) presentable(m matter) error {
	err := r.nameIsFree(m.entry.nameIn(m.actor.guild), m.actor.guild, m.entry.ID)
	if refusal, ok := errors.AsType[*Refusal](err); ok {
		return Refuse(refusal.Reason, "%s cannot come in under this name. %s Its owner does that with /entity edit.", m.entry.nameIn(m.actor.guild), refusal.Text)
	}
	return err
}
