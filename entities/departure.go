package entities

import (
	"errors"
	"fmt"
	"time"

	"github.com/disgoorg/snowflake/v2"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// declined is how long an entity that was sent away cannot ask again.
const declined = 24 * time.Hour

// depart takes an entity out of a guild. What the guild's admins decided about it stays: an
// entity that they took out, or that they had limited or paused, does not come back without them.
func (r *Registry) depart(tx *gorm.DB, m matter, notBefore *time.Time) error {
	in, guild := m.stay(), m.actor.guild
	if err := takeOut(tx, m.entry, guild); err != nil {
		return err
	}
	plain := in.Limits == (Limits{}) && in.capabilities == usualCapabilities() && in.active(r.now())
	if m.owns() && plain && notBefore == nil {
		return nil
	}
	row := Departure{EntityID: m.entry.ID, GuildID: guild, At: r.now().UTC(), NotBefore: notBefore, Limits: in.Limits}
	if err := tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error; err != nil {
		return fmt.Errorf("keep what the admins decided: %w", err)
	}
	return saveCapabilities(tx, m.entry.ID, guild, in.capabilities)
}

// returning lays what the admins of a guild decided about an entity on its new presence there.
func (r *Registry) returning(tx *gorm.DB, m matter, p *Presence) error {
	var old Departure
	err := tx.Take(&old, "entity_id = ? AND guild_id = ?", p.EntityID, p.GuildID).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read what the admins decided: %w", err)
	}
	p.Limits = old.Limits
	if !m.actor.manages() {
		if old.NotBefore != nil && r.now().Before(*old.NotBefore) {
			hours := int(old.NotBefore.Sub(r.now()).Hours()) + 1
			return Refuse(Conflict, "An admin of this server declined %s a short time ago. You can ask again in %d h, or talk to them.", m.entry.Name, hours)
		}
		p.State = PresenceRequested
	}
	if err := tx.Delete(&old).Error; err != nil {
		return fmt.Errorf("forget the departure: %w", err)
	}
	return nil
}

// saveCapabilities writes down where a set differs from what is so by default.
func saveCapabilities(tx *gorm.DB, id ID, guild snowflake.ID, set capabilitySet) error {
	for _, c := range Capabilities() {
		if set.has(c) == usualCapabilities().has(c) {
			continue
		}
		rule := CapabilityRule{EntityID: id, GuildID: guild, Capability: c, Allowed: set.has(c)}
		if err := tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&rule).Error; err != nil {
			return fmt.Errorf("save a capability: %w", err)
		}
	}
	return nil
}
