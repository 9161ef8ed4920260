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
		read, err := endCredentials(tx, m.entry.Entity)
		if err != nil {
			return "", err
		}
		made.Entity.Generation++
		key, credential, err := r.newKey(made.Entity)
		if err != nil {
			return "", err
		}
		made.Key, credential.Read = key, read.base
		if err := tx.Create(&credential).Error; err != nil {
			return "", fmt.Errorf("save the credential: %w", err)
		}
		return "", saveMarks(tx, map[string]markChange{credential.ID: {after: read.marks}})
	})
	if err != nil {
		return Created{}, err
	}
	r.credentialsEnded(id)
	return made, nil
}

// furthest is how far the credentials of an entity have read, all together.
type furthest struct {
	base  int64 // everything
	marks readMarks
}

// endCredentials ends all credentials of an entity and gives how far they had read, where a new
// one goes on.
func endCredentials(tx *gorm.DB, e Entity) (furthest, error) {
	read, err := readFurthest(tx, e.ID)
	if err != nil {
		return furthest{}, err
	}
	if err := tx.Model(&Entity{}).Where("id = ?", e.ID).Update("generation", e.Generation+1).Error; err != nil {
		return furthest{}, fmt.Errorf("save the entity: %w", err)
	}
	if err := tx.Where("credential_id IN (SELECT id FROM credentials WHERE entity_id = ?)", e.ID).Delete(&ReadMark{}).Error; err != nil {
		return furthest{}, fmt.Errorf("end the read marks: %w", err)
	}
	if err := tx.Where("credential_id IN (SELECT id FROM credentials WHERE entity_id = ?)", e.ID).Delete(&oauthRefresh{}).Error; err != nil {
		return furthest{}, fmt.Errorf("end the refresh tokens: %w", err)
	}
	for _, rows := range []any{&Credential{}, &ConnectCode{}, &oauthCode{}} {
		if err := tx.Where("entity_id = ?", e.ID).Delete(rows).Error; err != nil {
			return furthest{}, fmt.Errorf("end the credentials: %w", err)
		}
	}
	return read, nil
}

func readFurthest(tx *gorm.DB, id ID) (furthest, error) {
	read := furthest{marks: readMarks{}}
	var credentials []Credential
	if err := tx.Select("id", "read").Where("entity_id = ?", id).Find(&credentials).Error; err != nil {
		return read, fmt.Errorf("read the credentials: %w", err)
	}
	if len(credentials) == 0 {
		latest, err := latestSeq(tx)
		read.base = latest
		return read, err
	}
	for _, credential := range credentials {
		marks, err := readMarksOf(tx, credential.ID)
		if err != nil {
			return read, err
		}
		read.base = max(read.base, credential.Read)
		for scope, reading := range marks {
			read.marks[scope] = read.marks[scope].and(reading)
		}
	}
	return read, nil
}
