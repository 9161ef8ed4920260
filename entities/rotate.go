package entities

import (
	"context"
	"fmt"
	"slices"

	"gorm.io/gorm"
)

// MayRotate says whether an actor may replace an entity's key: its owner may, nobody else.
func (r *Registry) MayRotate(ctx context.Context, actor Actor, id ID) error {
	_, err := r.owned(ctx, actor, "rotate key", id)
	return err
}

func (r *Registry) owned(ctx context.Context, actor Actor, act string, id ID) (Entity, error) {
	if err := r.enter(ctx, actor); err != nil {
		return Entity{}, r.refused(ctx, actor, act, id, actor.guild, err)
	}
	e, ok := r.roster.entity(id)
	if !ok || e.State == Deleted || (e.OwnerID != actor.user && !slices.Contains(r.roster.guildsOf(id), actor.guild)) {
		return Entity{}, r.refused(ctx, actor, act, id, actor.guild, Refuse(NotFound, "There is no such entity here. /entities lists them."))
	}
	if e.OwnerID != actor.user {
		return Entity{}, r.refused(ctx, actor, act, id, actor.guild, Refuse(NotAllowed, "Only %s's owner can do this. The key is shown to nobody else.", e.Name))
	}
	return e, nil
}

// FirstKey makes the first key of an entity that has none yet, as one that was made for
// somebody else. One that has a key is refused for [Conflict]: the key would end unasked.
func (r *Registry) FirstKey(ctx context.Context, actor Actor, id ID) (Created, error) {
	return r.issue(ctx, actor, id, func(tx *gorm.DB, e Entity) error {
		var keys int64
		if err := tx.Model(&Credential{}).Where("entity_id = ?", e.ID).Count(&keys).Error; err != nil {
			return fmt.Errorf("count the credentials: %w", err)
		}
		if keys > 0 {
			return Refuse(Conflict, "%s has a key already. /entity key replaces it.", e.Name)
		}
		return nil
	})
}

// RotateKey replaces an entity's key: the new one is shown once, and every other credential
// of the entity ends at once.
func (r *Registry) RotateKey(ctx context.Context, actor Actor, id ID) (Created, error) {
	return r.issue(ctx, actor, id, func(*gorm.DB, Entity) error { return nil })
}

func (r *Registry) issue(ctx context.Context, actor Actor, id ID, allowed func(*gorm.DB, Entity) error) (Created, error) {
	e, err := r.owned(ctx, actor, "rotate key", id)
	if err != nil {
		return Created{}, err
	}
	var key string
	err = r.change(ctx, func(tx *gorm.DB) error {
		// Two rotations at once must not end with the same generation.
		if err := tx.Omit("persona").Take(&e, "id = ?", id).Error; err != nil {
			return fmt.Errorf("read the entity: %w", err)
		}
		if e.OwnerID != actor.user || e.State == Deleted {
			return Refuse(Conflict, "%s has changed hands. Start again.", e.Name)
		}
		if err := allowed(tx, e); err != nil {
			return err
		}
		key, err = r.replaceCredentials(tx, &e)
		if err != nil {
			return err
		}
		return r.audit(tx, actor, "rotate key", id, actor.guild, "")
	}, func(s *roster) { s.putEntity(e) })
	if err != nil {
		return Created{}, err
	}
	r.credentialsEnded(id)
	return Created{Entity: e, Key: key}, nil
}

// replaceCredentials ends all credentials of e and makes a new key, which goes on reading
// where the furthest of them was.
func (r *Registry) replaceCredentials(tx *gorm.DB, e *Entity) (string, error) {
	var furthest *int64
	if err := tx.Model(&Credential{}).Where("entity_id = ?", e.ID).Select("max(read)").Scan(&furthest).Error; err != nil {
		return "", fmt.Errorf("read the credentials: %w", err)
	}
	if furthest == nil {
		latest, err := latestSeq(tx)
		if err != nil {
			return "", err
		}
		furthest = &latest
	}
	e.Generation++
	if err := tx.Model(&Entity{}).Where("id = ?", e.ID).Update("generation", e.Generation).Error; err != nil {
		return "", fmt.Errorf("save the entity: %w", err)
	}
	if err := tx.Where("entity_id = ?", e.ID).Delete(&Credential{}).Error; err != nil {
		return "", fmt.Errorf("end the credentials: %w", err)
	}
	key, credential, err := r.newKey(*e)
	if err != nil {
		return "", err
	}
	credential.Read = *furthest
	if err := tx.Create(&credential).Error; err != nil {
		return "", fmt.Errorf("save the credential: %w", err)
	}
	return key, nil
}
