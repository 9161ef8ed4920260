package entities

import (
	"context"
	"fmt"

	"gorm.io/gorm"
)

// MayRotate says whether an actor may replace an entity's key: its owner may, nobody else.
func (r *Registry) MayRotate(ctx context.Context, actor Actor, id ID) error {
	_, err := r.pass(ctx, actor, actKey, id)
	return err
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
	m, err := r.pass(ctx, actor, actKey, id)
	if err != nil {
		return Created{}, err
	}
	var made Created
	err = r.alter(ctx, m, id, func(tx *gorm.DB, m matter) (string, error) {
		made.Entity = m.entry.shownIn(actor.guild)
		if err := allowed(tx, made.Entity); err != nil {
			return "", err
		}
		furthest, err := endCredentials(tx, m.entry.Entity)
		if err != nil {
			return "", err
		}
		made.Entity.Generation++
		key, credential, err := r.newKey(made.Entity)
		if err != nil {
			return "", err
		}
		made.Key, credential.Read = key, furthest
		if err := tx.Create(&credential).Error; err != nil {
			return "", fmt.Errorf("save the credential: %w", err)
		}
		return "", nil
	})
	if err != nil {
		return Created{}, err
	}
	r.credentialsEnded(id)
	return made, nil
}

// endCredentials ends all credentials of an entity and gives how far the furthest of them had
// read, where a new one goes on.
func endCredentials(tx *gorm.DB, e Entity) (furthest int64, err error) {
	var read *int64
	if err := tx.Model(&Credential{}).Where("entity_id = ?", e.ID).Select("max(read)").Scan(&read).Error; err != nil {
		return 0, fmt.Errorf("read the credentials: %w", err)
	}
	if read == nil {
		if furthest, err = latestSeq(tx); err != nil {
			return 0, err
		}
		read = &furthest
	}
	if err := tx.Model(&Entity{}).Where("id = ?", e.ID).Update("generation", e.Generation+1).Error; err != nil {
		return 0, fmt.Errorf("save the entity: %w", err)
	}
	if err := tx.Where("entity_id = ?", e.ID).Delete(&Credential{}).Error; err != nil {
		return 0, fmt.Errorf("end the credentials: %w", err)
	}
	return *read, nil
}
