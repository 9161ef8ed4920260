package entities

import (
	"context"
	"fmt"

	"gorm.io/gorm"
)

// readMarks are how far a credential's client has read.
type readMarks struct {
	all int64 // everything up to here
	by  map[Scope]int64
}

func marksOf(db *gorm.DB, actor Actor) (readMarks, error) {
	var credential Credential
	if err := db.Select("read").Take(&credential, "id = ?", actor.credential).Error; err != nil {
		return readMarks{}, fmt.Errorf("read the read mark: %w", err)
	}
	marks := readMarks{all: credential.Read, by: map[Scope]int64{}}
	var found []ReadMark
	if err := db.Where("credential_id = ?", actor.credential).Find(&found).Error; err != nil {
		return readMarks{}, fmt.Errorf("read the read marks: %w", err)
	}
	for _, mark := range found {
		marks.by[mark.Scope] = mark.Position
	}
	return marks, nil
}

// of is up to where a scope is read as a whole.
func (m readMarks) of(scope Scope) int64 {
	if scope == ScopeDM { // which is a part of what is addressed
		return max(m.all, m.by[ScopeAddressed], m.by[ScopeDM])
	}
	return max(m.all, m.by[scope])
}

// from are the marks for a client that says itself how far it has read a scope.
func (m readMarks) from(scope Scope) readMarks {
	if scope == ScopeAll {
		return readMarks{by: m.by}
	}
	others := readMarks{all: m.all, by: make(map[Scope]int64, len(m.by))}
	for of, position := range m.by {
		if of != scope {
			others.by[of] = position
		}
	}
	return others
}

// read says whether an item was given in any scope that has it.
func (m readMarks) read(item Item) bool {
	e := item.Event
	return e.Seq <= max(m.all, m.by[ScopeOf(e.ChannelID)]) ||
		(item.Reason != "" && e.Seq <= m.by[ScopeAddressed]) ||
		(e.Kind == EventDM && e.Seq <= m.by[ScopeDM])
}

// ReadMark is up to where the actor's credential has read a scope as a whole.
func (r *Registry) ReadMark(ctx context.Context, actor Actor, scope Scope) (int64, error) {
	if _, err := r.pass(ctx, actor, actMarks, ""); err != nil {
		return 0, err
	}
	marks, err := marksOf(r.db.reader.WithContext(ctx), actor)
	return marks.of(scope), err
}

// Mark moves the credential's read mark of a scope forward to a position. It never moves back.
func (r *Registry) Mark(ctx context.Context, actor Actor, scope Scope, position int64) error {
	if _, err := r.pass(ctx, actor, actMarks, ""); err != nil {
		return err
	}
	err := r.change(ctx, func(tx *gorm.DB) error {
		if scope != ScopeAll {
			return tx.Exec(`INSERT INTO read_marks (credential_id, scope, position) VALUES (?, ?, ?)
				ON CONFLICT (credential_id, scope) DO UPDATE SET position = excluded.position WHERE read_marks.position < excluded.position`,
				actor.credential, scope, position).Error
		}
		if err := tx.Model(&Credential{}).Where("id = ? AND read < ?", actor.credential, position).Update("read", position).Error; err != nil {
			return err
		}
		return tx.Exec("DELETE FROM read_marks WHERE credential_id = ? AND position <= ?", actor.credential, position).Error
	}, nil)
	if err != nil {
		return fmt.Errorf("save the read mark: %w", err)
	}
	return nil
}

// Latest is the event log's last position.
func (r *Registry) Latest(ctx context.Context, actor Actor) (int64, error) {
	if _, err := r.pass(ctx, actor, actMarks, ""); err != nil {
		return 0, err
	}
	return r.latest.Load(), nil
}
