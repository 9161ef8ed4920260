package entities

import (
	"context"

	"github.com/disgoorg/snowflake/v2"
	"github.com/go-gormigrate/gormigrate/v2"
	"gorm.io/gorm"
)

// Writer is the connection that writes.
func (r *Registry) Writer() *gorm.DB { return r.db.writer }

// Reader is the connections that read.
func (r *Registry) Reader() *gorm.DB { return r.db.reader }

// WithStep adds a migration after those that exist.
func WithStep(id string, change func(tx *gorm.DB) error) func(*Config) {
	return func(c *Config) { c.steps = append(c.steps, &gormigrate.Migration{ID: id, Migrate: change}) }
}

// Change runs a transaction as all of the registry's do.
func (r *Registry) Change(ctx context.Context, fn func(tx *gorm.DB) error) error {
	return r.change(ctx, fn, nil)
}

// CleanName is what becomes of a name that somebody gives, or the refusal.
func CleanName(name string) (string, error) { return cleanName(name) }

// Welcome says whether a new entity may be called so in a guild.
func (r *Registry) Welcome(name string, guild snowflake.ID) error {
	clean, err := cleanName(name)
	if err != nil {
		return err
	}
	return r.nameIsFree(clean, guild, "")
}
