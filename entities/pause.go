package entities

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"
)

// LongestPause is for how long a moderator can pause an entity.
const LongestPause = 7 * 24 * time.Hour

// Pause silences an entity everywhere, until its owner resumes it: it neither hears nor speaks.
func (r *Registry) Pause(ctx context.Context, actor Actor, id ID) (Entity, error) {
	return r.setState(ctx, actor, actPause, id, Active, Paused, "is paused already")
}

// Resume ends the owner's pause.
func (r *Registry) Resume(ctx context.Context, actor Actor, id ID) (Entity, error) {
	return r.setState(ctx, actor, actResume, id, Paused, Active, "is not paused")
}

func (r *Registry) setState(ctx context.Context, actor Actor, act act, id ID, from, to State, otherwise string) (Entity, error) {
	m, err := r.pass(ctx, actor, act, id)
	if err != nil {
		return Entity{}, err
	}
	err = r.alter(ctx, m, id, func(tx *gorm.DB, m matter) (string, error) {
		if m.entry.State != from {
			return "", Refuse(Conflict, "%s %s.", m.entry.nameIn(actor.guild), otherwise)
		}
		if err := tx.Model(&Entity{}).Where("id = ?", id).Update("state", to).Error; err != nil {
			return "", fmt.Errorf("save the entity: %w", err)
		}
		return "", nil
	})
	if err != nil {
		return Entity{}, err
	}
	return r.roster.entry(id).shownIn(actor.guild), nil
}

// MaySuspend says whether an actor may pause an entity in the guild where they act.
func (r *Registry) MaySuspend(ctx context.Context, actor Actor, id ID) error {
	_, err := r.pass(ctx, actor, actSuspend, id)
	return err
}

// Suspend silences an entity where the actor acts: an admin until somebody resumes it there
// (length 0) or for a time, a moderator for a time.
func (r *Registry) Suspend(ctx context.Context, actor Actor, id ID, length time.Duration) (Resident, error) {
	m, err := r.pass(ctx, actor, actSuspend, id)
	if err != nil {
		return Resident{}, err
	}
	switch {
	case length < 0 || length > LongestPause:
		return Resident{}, Refuse(Invalid, "A pause lasts at most %d days. An admin of this server can pause without an end.", LongestPause/day)
	case length == 0 && !actor.manages():
		return Resident{}, r.noted(ctx, m, id, Refuse(NotAllowed, "Moderators pause for a while: choose how long. An admin of this server can pause without an end."))
	}
	err = r.alter(ctx, m, id, func(tx *gorm.DB, m matter) (string, error) {
		in := m.stay()
		if in.State == PresenceRequested {
			return "", errRequested(m)
		}
		asleep := in.State == PresenceSuspended && !in.active(r.now())
		switch {
		case asleep && in.Until == nil:
			return "", Refuse(Conflict, "%s is paused here already, until an admin of this server lets it go on.", m.entry.nameIn(actor.guild))
		case asleep && in.Cause != ByModerator && !actor.manages():
			return "", Refuse(Conflict, "%s is paused here already, by an admin.", m.entry.nameIn(actor.guild))
		}
		columns := map[string]any{"state": PresenceSuspended, "cause": ByAdmin, "until": nil}
		if !actor.manages() {
			columns["cause"] = ByModerator
		}
		if length > 0 {
			columns["until"] = r.now().UTC().Add(length)
		}
		return "", updatePresence(tx, id, actor.guild, columns)
	})
	if err != nil {
		return Resident{}, err
	}
	return r.resident(r.roster.entry(id), actor.guild), nil
}

// Reinstate ends a suspension where the actor acts. What an admin did, or an owner's leaving,
// is ended by an admin only.
func (r *Registry) Reinstate(ctx context.Context, actor Actor, id ID) (Resident, error) {
	m, err := r.pass(ctx, actor, actReinstate, id)
	if err != nil {
		return Resident{}, err
	}
	err = r.alter(ctx, m, id, func(tx *gorm.DB, m matter) (string, error) {
		name, in := m.entry.nameIn(actor.guild), m.stay()
		switch {
		case in.State == PresenceRequested:
			return "", errRequested(m)
		case in.active(r.now()):
			return "", Refuse(Conflict, "%s is not paused on this server.", name)
		case in.Cause != ByModerator && !actor.manages():
			return "", Refuse(NotAllowed, "Only people with Manage Server can let %s go on here. Ask an admin of this server.", name)
		}
		// What was said while it was to hear nothing is no news to it.
		latest, err := latestSeq(tx)
		if err != nil {
			return "", err
		}
		return "", updatePresence(tx, id, actor.guild, map[string]any{"state": PresenceActive, "cause": "", "until": nil, "since": latest})
	})
	if err != nil {
		return Resident{}, err
	}
	return r.resident(r.roster.entry(id), actor.guild), nil
}

func errRequested(m matter) error {
	return Refuse(Conflict, "%s is not here yet: it waits for an admin of this server to approve it.", m.entry.nameIn(m.actor.guild))
}

// MayDelete says whether an actor may delete an entity: its owner may, nobody else.
func (r *Registry) MayDelete(ctx context.Context, actor Actor, id ID) error {
	_, err := r.pass(ctx, actor, actDelete, id)
	return err
}

// Delete ends an entity for ever. Its id is never used again; who spoke its old lines stays
// known, everything else about it is forgotten.
func (r *Registry) Delete(ctx context.Context, actor Actor, id ID) (Entity, error) {
	m, err := r.pass(ctx, actor, actDelete, id)
	if err != nil {
		return Entity{}, err
	}
	err = r.alter(ctx, m, id, func(tx *gorm.DB, m matter) (string, error) { return "", bury(tx, m.entry) })
	if err != nil {
		return Entity{}, err
	}
	r.credentialsEnded(id)
	return m.entry.shownIn(actor.guild), nil
}

func bury(tx *gorm.DB, e *entry) error {
	if _, err := endCredentials(tx, e.Entity); err != nil {
		return err
	}
	grave := map[string]any{
		"state": Deleted, "persona": "", "description": "", "avatar": "", "filter_links": "", "filter_mentions": "", "filter_length": 0,
	}
	if err := tx.Model(&Entity{}).Where("id = ?", e.ID).Updates(grave).Error; err != nil {
		return fmt.Errorf("save the entity: %w", err)
	}
	pictures := []string{e.Avatar}
	for guild, in := range e.stays {
		if err := removePresence(tx, e.ID, guild); err != nil {
			return err
		}
		pictures = append(pictures, in.Avatar)
	}
	for _, rows := range []any{&Departure{}, &CapabilityRule{}, &FilterTerm{}, &Reaction{}, &Acquaintance{}} {
		if err := tx.Where("entity_id = ?", e.ID).Delete(rows).Error; err != nil {
			return fmt.Errorf("forget what was decided about it: %w", err)
		}
	}
	if err := endOffer(tx, e.ID); err != nil {
		return err
	}
	return dropUnusedPictures(tx, pictures...)
}
