package entities

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/disgoorg/snowflake/v2"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// choices are what people decided about themselves, in memory: everything that is heard or said
// asks for them. They change only after a commit.
type choices struct {
	mu sync.RWMutex
	by map[snowflake.ID]Privacy
}

func (c *choices) of(user snowflake.ID) Privacy {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.by[user]
}

func (c *choices) put(p Privacy) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p.chooses() {
		c.by[p.UserID] = p
	} else {
		delete(c.by, p.UserID)
	}
}

// chooses says whether anything differs from what holds for everybody.
func (p Privacy) chooses() bool { return p.Hidden || p.NoDM || p.NoMentions }

func (r *Registry) readChoices(ctx context.Context) error {
	var rows []Privacy
	if err := r.db.reader.WithContext(ctx).Find(&rows).Error; err != nil {
		return fmt.Errorf("read what people decided about themselves: %w", err)
	}
	r.choices.by = make(map[snowflake.ID]Privacy, len(rows))
	for _, row := range rows {
		r.choices.by[row.UserID] = row
	}
	return nil
}

// Hidden says whether no entity is shown what a person says on servers.
func (r *Registry) Hidden(user snowflake.ID) bool { return r.choices.of(user).Hidden }

// Unmentionable says whether no entity may ping a person.
func (r *Registry) Unmentionable(user snowflake.ID) bool { return r.choices.of(user).NoMentions }

// RefusesDMs says whether no entity may write to a person.
func (r *Registry) RefusesDMs(user snowflake.ID) bool { return r.choices.of(user).NoDM }

// untold says that an event is for no entity, since whoever caused it is hidden. What people do in
// direct messages they do for an entity.
func (r *Registry) untold(e Event) bool { return e.GuildID != 0 && r.Hidden(e.AuthorID) }

// told leaves out what is for no entity, with whom it would address. Nobody can hide any more
// before the rest is written down: the caller holds writing.
func (r *Registry) told(heard []Heard, addresses [][]Address) ([]Heard, [][]Address) {
	if !slices.ContainsFunc(heard, func(h Heard) bool { return r.untold(h.Event) }) {
		return heard, addresses
	}
	var left []Heard
	var to [][]Address
	for i, h := range heard {
		if !r.untold(h.Event) {
			left, to = append(left, h), append(to, addresses[i])
		}
	}
	return left, to
}

// Privacy is what the person who asks decided about themselves.
func (r *Registry) Privacy(ctx context.Context, actor Actor) (Privacy, error) {
	if _, err := r.pass(ctx, actor, actPrivacy, ""); err != nil {
		return Privacy{}, err
	}
	p := r.choices.of(actor.user)
	p.UserID = actor.user
	return p, nil
}

// SetPrivacy decides, for the person who asks and on every server, what entities may know of them
// and do to them. Whoever hides is at once in no event of a server any more, told or not.
func (r *Registry) SetPrivacy(ctx context.Context, actor Actor, p Privacy) error {
	m, err := r.pass(ctx, actor, actPrivacy, "")
	if err != nil {
		return err
	}
	p.UserID = actor.user
	r.writing.Lock()
	defer r.writing.Unlock()
	before := r.choices.of(actor.user)
	if p == before || (!p.chooses() && !before.chooses()) {
		return nil
	}
	err = r.changeLocked(ctx, func(tx *gorm.DB) error {
		if err := r.judgeAgain(tx, m); err != nil {
			return err
		}
		if err := savePrivacy(tx, p); err != nil {
			return err
		}
		if p.Hidden && !before.Hidden {
			if err := eraseSpoken(tx, actor.user); err != nil {
				return err
			}
		}
		return r.auditAlone(tx, actor.String(), actPrivacy)
	}, nil)
	if err != nil {
		return r.noted(ctx, m, "", err)
	}
	r.choices.put(p)
	if p.Hidden && !before.Hidden {
		r.unhear(spokenBy(actor.user))
	}
	return nil
}

// judgeAgain asks the gate once more, now that nothing else can change.
func (r *Registry) judgeAgain(tx *gorm.DB, m matter) error {
	again, err := r.matter(tx, m.actor, m.act, "")
	if err != nil {
		return err
	}
	return r.judge(again)
}

// savePrivacy writes a person's choices down. Of somebody who chose nothing there is no row.
func savePrivacy(tx *gorm.DB, p Privacy) error {
	var err error
	if p.chooses() {
		err = tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&p).Error
	} else {
		err = tx.Where("user_id = ?", p.UserID).Delete(&Privacy{}).Error
	}
	if err != nil {
		return fmt.Errorf("save what a person decided about themselves: %w", err)
	}
	return nil
}

// auditAlone writes down what a person did about themselves, for no server's admins to see: that
// somebody hides, and what from, is nobody's business.
func (r *Registry) auditAlone(tx *gorm.DB, who string, act act) error {
	row := Audit{At: r.now().UTC(), Actor: who, Act: act.name, Outcome: Done}
	if err := tx.Create(&row).Error; err != nil {
		return fmt.Errorf("write the audit: %w", err)
	}
	return nil
}
