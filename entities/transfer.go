package entities

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/disgoorg/snowflake/v2"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// OfferLife is how long an offer to take an entity over stands.
const OfferLife = 7 * 24 * time.Hour

// Offer offers an entity to another person. It changes hands when they take it; an earlier
// offer of the same entity ends.
func (r *Registry) Offer(ctx context.Context, actor Actor, id ID, to Person) (Entity, error) {
	m, err := r.mayOffer(ctx, actor, id, to)
	if err != nil {
		return Entity{}, err
	}
	err = r.alter(ctx, m, id, func(tx *gorm.DB, _ matter) (string, error) {
		row := Transfer{EntityID: id, FromID: actor.user, ToID: to.ID, GuildID: actor.guild, At: r.now().UTC()}
		if err := tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error; err != nil {
			return "", fmt.Errorf("save the offer: %w", err)
		}
		return "to member " + to.ID.String(), nil
	})
	return m.entry.shownIn(actor.guild), err
}

// MayOffer says whether an actor may offer an entity to a person.
func (r *Registry) MayOffer(ctx context.Context, actor Actor, id ID, to Person) error {
	_, err := r.mayOffer(ctx, actor, id, to)
	return err
}

func (r *Registry) mayOffer(ctx context.Context, actor Actor, id ID, to Person) (matter, error) {
	m, err := r.pass(ctx, actor, actOffer, id)
	switch {
	case err != nil:
		return m, err
	case to.ID == actor.user || to.ID == 0:
		return m, Refuse(Invalid, "Choose the person who is to have %s: somebody else than yourself.", m.entry.nameIn(actor.guild))
	}
	return m, r.mayOwn(to)
}

// Take makes the person to whom an entity was offered its owner. Every credential ends: the
// new owner gets a key with [Registry.FirstKey].
func (r *Registry) Take(ctx context.Context, actor Actor, id ID) (Entity, error) {
	m, err := r.pass(ctx, actor, actTake, id)
	if err != nil {
		return Entity{}, err
	}
	err = r.alter(ctx, m, id, func(tx *gorm.DB, m matter) (string, error) {
		if err := r.roomFor(m); err != nil {
			return "", err
		}
		return "from member " + m.entry.OwnerID.String(), r.handOver(tx, m.entry, actor.user)
	})
	if err != nil {
		return Entity{}, err
	}
	r.credentialsEnded(id)
	return r.roster.entry(id).shownIn(actor.guild), nil
}

// roomFor refuses an entity that would make its new owner have more on a server than members may
// have there. Where members create none, it was an admin who let this one in.
func (r *Registry) roomFor(m matter) error {
	for guild := range m.entry.stays {
		there := m
		if there.settings = r.roster.guild(guild).Settings; there.settings.Creators == AdminsCreate {
			continue
		}
		if there.actor.guild != guild {
			there.actor = Member(m.actor.user, guild, 0)
		}
		if err := r.withinQuota(there, m.entry.ID); err != nil {
			return err
		}
	}
	return nil
}

// handOver gives an entity to a new owner and ends what the old one could do with it.
func (r *Registry) handOver(tx *gorm.DB, e *entry, to snowflake.ID) error {
	if _, err := endCredentials(tx, e.Entity); err != nil {
		return err
	}
	if err := tx.Model(&Entity{}).Where("id = ?", e.ID).Update("owner_id", to).Error; err != nil {
		return fmt.Errorf("save the new owner: %w", err)
	}
	return endOffer(tx, e.ID)
}

// Decline ends an offer: the person to whom it was made does not want it, or the owner takes
// it back.
func (r *Registry) Decline(ctx context.Context, actor Actor, id ID) (Entity, error) {
	m, err := r.pass(ctx, actor, actRefuse, id)
	if err != nil {
		return Entity{}, err
	}
	err = r.alter(ctx, m, id, func(tx *gorm.DB, m matter) (string, error) {
		if m.transfer == nil {
			return "", Refuse(Conflict, "%s is not offered to anybody any more.", m.entry.nameIn(actor.guild))
		}
		return "", endOffer(tx, id)
	})
	return m.entry.shownIn(actor.guild), err
}

func endOffer(tx *gorm.DB, id ID) error {
	if err := tx.Where("entity_id = ?", id).Delete(&Transfer{}).Error; err != nil {
		return fmt.Errorf("end the offer: %w", err)
	}
	return nil
}

// readOffer finds an entity's open offer; nil when there is none.
func readOffer(db *gorm.DB, id ID, now time.Time) (*Transfer, error) {
	var offer Transfer
	err := db.Take(&offer, "entity_id = ? AND at > ?", id, now.UTC().Add(-OfferLife)).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, nil //nolint:nilnil // no offer is an answer, and the gate's own matter
	}
	if err != nil {
		return nil, fmt.Errorf("read the offer: %w", err)
	}
	return &offer, nil
}
