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

// SecondCredential gives an entity one more credential, which starts at the log's end.
func (r *Registry) SecondCredential(ctx context.Context, actor Actor) (Actor, error) {
	second := actor
	second.credential += "2"
	latest, err := latestSeq(r.db.reader)
	if err != nil {
		return second, err
	}
	row := Credential{ID: second.credential, EntityID: actor.entity, Hash: []byte(second.credential), Generation: actor.generation, Read: latest}
	return second, r.change(ctx, func(tx *gorm.DB) error { return tx.Create(&row).Error }, nil)
}

// ShrinkTail leaves only the newest events in memory.
func (r *Registry) ShrinkTail(to int) {
	r.writing.Lock()
	defer r.writing.Unlock()
	r.tail.mu.Lock()
	defer r.tail.mu.Unlock()
	r.tail.shrink(to)
}

// BothWays finds the same in memory and in the database: what a reader of a scope finds there, and
// what moved. Known is false when not everything is in memory.
func (r *Registry) BothWays(ctx context.Context, actor Actor, scope Scope, from Reading) (memory, database []any, known bool, err error) {
	e := r.roster.entry(actor.entity)
	l := lookup{entry: e, scope: scope, after: from.lowest(nil), from: from, most: newsPage}
	page, known := r.tail.page(l)
	if !known {
		return nil, nil, false, nil
	}
	rows, err := readPage(r.db.reader.WithContext(ctx), l)
	if err != nil {
		return nil, nil, false, err
	}
	for _, row := range page {
		memory = append(memory, row.plain())
	}
	for _, row := range rows {
		database = append(database, row.plain())
	}
	marks, err := r.marksOf(ctx, actor)
	if err != nil {
		return nil, nil, false, err
	}
	if all, ok := r.tail.counting(newStock(r, e, marks).lowest(), e); ok {
		counted, read := newStock(r, e, marks), newStock(r, e, marks)
		for _, n := range all {
			counted.count(n)
		}
		if err := read.read(r.db.reader.WithContext(ctx)); err != nil {
			return nil, nil, false, err
		}
		for _, one := range counted.list() {
			memory = append(memory, one.plain())
		}
		for _, one := range read.list() {
			database = append(database, one.plain())
		}
	}
	return memory, database, true, nil
}

// plain is a row without what depends on how it was read.
func (row told) plain() told {
	row.Event.At = row.Event.At.UTC()
	return row
}

func (m Moved) plain() Moved {
	m.Since = m.Since.UTC()
	return m
}

// AsOf is up to where changes of a message are told with it.
func (n News) AsOf(guild snowflake.ID, message int64) int64 {
	return n.begun.of(guild).at(message, n.horizon).Until
}

// Marking says whether marks wait to be written.
func (r *Registry) Marking() bool {
	r.marking.mu.Lock()
	defer r.marking.mu.Unlock()
	return r.marking.next != nil
}
