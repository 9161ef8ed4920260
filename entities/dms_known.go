package entities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/disgoorg/snowflake/v2"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// mostPartners is how many choices a select menu of Discord's holds.
const mostPartners = 25

// Partners lists whom a person may choose to write to, at most as many as a menu holds: first the
// entities that they know or own, then those on servers that they share. Memberships that are not
// known are given as gaps: with those filled there may be more.
func (r *Registry) Partners(ctx context.Context, actor Actor, user snowflake.ID) ([]Entity, []Gap, error) {
	if _, err := r.pass(ctx, actor, actIngest, ""); err != nil {
		return nil, nil, err
	}
	var rows []Acquaintance
	if err := r.db.reader.WithContext(ctx).Where("user_id = ?", user).Find(&rows).Error; err != nil {
		return nil, nil, fmt.Errorf("read whom a person knows: %w", err)
	}
	known := map[ID]Acquaintance{}
	for _, row := range rows {
		known[row.EntityID] = row
	}
	var near, far []Entity
	var gaps []Gap
	for _, e := range r.roster.all() {
		row := known[e.ID]
		if row.Blocked {
			continue
		}
		switch ok, gap := r.reachable(e, user, row); {
		case gap != nil:
			if !slices.Contains(gaps, *gap) {
				gaps = append(gaps, *gap)
			}
		case !ok:
		case row.near() || e.OwnerID == user:
			near = append(near, e.shownIn(0))
		default:
			far = append(far, e.shownIn(0))
		}
	}
	found := append(near, far...)
	return found[:min(len(found), mostPartners)], gaps, nil
}

// near says whether the two spoke with each other.
func (a Acquaintance) near() bool { return a.MetAt != nil || a.Introduced }

// reachable says whether a person may write to an entity: they know it, own it, or share a server
// on which it takes part.
func (r *Registry) reachable(e *entry, user snowflake.ID, row Acquaintance) (bool, *Gap) {
	guilds, err := r.privately(e)
	if err != nil {
		if gap, open := Lacks(err); open {
			return false, &gap
		}
		return false, nil
	}
	if row.near() || e.OwnerID == user {
		return true, nil
	}
	var lacks *Gap
	for _, guild := range guilds {
		switch here, known := r.world.Here(guild, user, r.now()); {
		case here:
			return true, nil
		case !known:
			lacks = &Gap{Guild: guild, User: user}
		}
	}
	return false, lacks
}

func readAcquaintance(db *gorm.DB, user snowflake.ID, id ID) (Acquaintance, error) {
	row := Acquaintance{UserID: user, EntityID: id}
	err := db.Where("user_id = ? AND entity_id = ?", user, id).Take(&row).Error
	if err != nil && !errors.Is(err, gorm.ErrRecordNotFound) {
		return Acquaintance{}, fmt.Errorf("read whether they know each other: %w", err)
	}
	return row, nil
}

func saveAcquaintance(tx *gorm.DB, row Acquaintance) error {
	if err := tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error; err != nil {
		return fmt.Errorf("save that they know each other: %w", err)
	}
	return nil
}

// meet notes that a person spoke to an entity; the first time stays.
func meet(tx *gorm.DB, user snowflake.ID, id ID, at time.Time) error {
	err := tx.Exec(`INSERT INTO acquaintances (user_id, entity_id, met_at, introduced, blocked) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (user_id, entity_id) DO UPDATE SET met_at = excluded.met_at WHERE acquaintances.met_at IS NULL`,
		user, id, at.UTC(), false, false).Error
	if err != nil {
		return fmt.Errorf("save that they met: %w", err)
	}
	return nil
}

// acquaint notes which people spoke to which entities on servers.
func acquaint(tx *gorm.DB, heard []Heard, written []*noted) error {
	people := map[snowflake.ID]bool{}
	for _, h := range heard {
		if h.Person && h.Event.Kind == EventMessage {
			people[h.Event.MessageID] = true
		}
	}
	for _, n := range written {
		if n.Kind != EventMessage || !people[n.MessageID] {
			continue
		}
		for _, a := range n.to {
			if err := meet(tx, n.AuthorID, a.EntityID, n.At); err != nil {
				return err
			}
		}
	}
	return nil
}
