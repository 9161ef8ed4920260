package entities

import (
	"context"
	"fmt"

	"github.com/disgoorg/snowflake/v2"
	"gorm.io/gorm"
)

// Joined is what bringing an entity to a guild led to.
type Joined struct {
	Resident Resident
	Places   []Place
}

// Join brings an entity into the guild where its owner acts. Unless the owner is an admin there,
// or the server lets members bring theirs unasked, it waits until an admin lets it in.
func (r *Registry) Join(ctx context.Context, actor Actor, id ID, here ChosenChannel) (Joined, error) {
	m, err := r.pass(ctx, actor, actJoin, id)
	if err != nil {
		return Joined{}, err
	}
	rules, err := r.chosenRules(actor, id, nil, here)
	if err != nil {
		return Joined{}, err
	}
	err = r.alter(ctx, m, id, func(tx *gorm.DB, m matter) (string, error) {
		name := m.entry.Name
		if in := m.stay(); in != nil {
			if in.State == PresenceRequested {
				return "", Refuse(Conflict, "%s waits for an admin of this server already.", name)
			}
			return "", Refuse(Conflict, "%s is on this server already.", name)
		}
		if err := r.nameIsFree(name, actor.guild, id); err != nil {
			return "", err
		}
		presence := m.newPresence(id, r.now().UTC())
		if err := r.returning(tx, m, &presence); err != nil {
			return "", err
		}
		if err := r.roomToJoin(m, presence); err != nil {
			return "", err
		}
		_, err := insertPresence(tx, &presence, rules)
		return string(presence.State), err
	})
	if err != nil {
		return Joined{}, err
	}
	return Joined{Resident: r.resident(r.roster.entry(id), actor.guild), Places: r.places(rules)}, nil
}

// mostRequests is for how many entities a member can ask at once.
const mostRequests = 3

// roomToJoin bounds what a member brings: by the quota what comes in unasked, by a number what
// an admin has to decide about.
func (r *Registry) roomToJoin(m matter, p Presence) error {
	if p.State != PresenceRequested {
		return r.withinQuota(m, m.entry.ID)
	}
	waiting := 0
	for _, e := range r.roster.of(m.actor.user) {
		if in, ok := e.stays[m.actor.guild]; ok && in.State == PresenceRequested {
			waiting++
		}
	}
	if waiting >= mostRequests {
		return Refuse(Conflict, "%d of your entities wait for an admin of this server already. Ask again when they have decided.", waiting)
	}
	return nil
}

// Approve lets an entity that waits into the guild where an admin acts.
func (r *Registry) Approve(ctx context.Context, actor Actor, id ID) (Resident, error) {
	return r.answer(ctx, actor, id, "approved", func(tx *gorm.DB, m matter) error {
		if err := r.presentable(m); err != nil {
			return err
		}
		latest, err := latestSeq(tx)
		if err != nil {
			return err
		}
		return updatePresence(tx, id, actor.guild, map[string]any{"state": PresenceActive, "since": latest})
	})
}

// Reject sends an entity that waits away from the guild where an admin acts.
func (r *Registry) Reject(ctx context.Context, actor Actor, id ID) (Resident, error) {
	return r.answer(ctx, actor, id, "rejected", func(tx *gorm.DB, m matter) error {
		again := r.now().UTC().Add(declined)
		return r.depart(tx, m, &again)
	})
}

func (r *Registry) answer(ctx context.Context, actor Actor, id ID, outcome string, fn func(*gorm.DB, matter) error) (Resident, error) {
	m, err := r.pass(ctx, actor, actAnswer, id)
	if err != nil {
		return Resident{}, err
	}
	err = r.alter(ctx, m, id, func(tx *gorm.DB, m matter) (string, error) {
		if m.stay().State != PresenceRequested {
			return "", Refuse(Conflict, "This was answered already: %s is on this server.", m.entry.nameIn(actor.guild))
		}
		return outcome, fn(tx, m)
	})
	if err != nil {
		return Resident{}, err
	}
	return r.resident(r.roster.entry(id), actor.guild), nil
}

// MayLeave says whether an actor may take an entity out of the guild where they act.
func (r *Registry) MayLeave(ctx context.Context, actor Actor, id ID) error {
	_, err := r.pass(ctx, actor, actLeave, id)
	return err
}

// Leave takes an entity out of the guild where its owner or an admin acts. What its owner set for
// it there is forgotten, what the admins decided about it is not.
func (r *Registry) Leave(ctx context.Context, actor Actor, id ID) (Entity, error) {
	m, err := r.pass(ctx, actor, actLeave, id)
	if err != nil {
		return Entity{}, err
	}
	err = r.alter(ctx, m, id, func(tx *gorm.DB, m matter) (string, error) {
		return "", r.depart(tx, m, nil)
	})
	return m.entry.shownIn(actor.guild), err
}

// LeaveServer has an entity leave a guild by itself, as [Registry.Leave] takes it out, and says
// where the guild's admins are told. With an error comes no notice.
func (r *Registry) LeaveServer(ctx context.Context, actor Actor, guild snowflake.ID) (Notice, error) {
	there := actor
	there.guild = guild
	m, err := r.pass(ctx, there, actGo, "")
	if err != nil {
		return Notice{}, err
	}
	if err := r.allowedOn(ctx, m, guild, GoAway); err != nil {
		return Notice{}, err
	}
	err = r.alter(ctx, m, actor.entity, func(tx *gorm.DB, m matter) (string, error) {
		// Again, now that nothing else changes: an admin may have taken it out meanwhile.
		if err := r.decideServer(m.entry, guild, GoAway).err(); err != nil {
			return "", err
		}
		return "", r.depart(tx, m, nil)
	})
	if err != nil {
		return Notice{}, err
	}
	return Notice{Guild: guild, Channel: r.noticeChannel(guild), Gone: m.entry.shownIn(guild)}, nil
}

// takeOut removes a presence and the picture that only it showed.
func takeOut(tx *gorm.DB, e *entry, guild snowflake.ID) error {
	if err := removePresence(tx, e.ID, guild); err != nil {
		return err
	}
	return dropUnusedPictures(tx, e.stays[guild].Avatar)
}

// removePresence deletes an entity's presence in a guild and everything set for it there. Who
// spoke which lines, and how many, stays.
func removePresence(tx *gorm.DB, id ID, guild snowflake.ID) error {
	for _, rows := range []any{&Presence{}, &ChannelRule{}, &CapabilityRule{}, &MentionWord{}} {
		if err := tx.Where("entity_id = ? AND guild_id = ?", id, guild).Delete(rows).Error; err != nil {
			return fmt.Errorf("remove the presence: %w", err)
		}
	}
	return nil
}
