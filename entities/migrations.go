package entities

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/go-gormigrate/gormigrate/v2"
	"gorm.io/gorm"
)

// step is one numbered change of the tables.
type step = *gormigrate.Migration

// migrations are the numbered steps to today's tables. A step that was released is never
// changed: it describes its tables by structs of its own, so that a later change of the
// model cannot rewrite history.
func migrations() []step {
	return []step{
		{ID: "0001", Migrate: createFirstTables},
		{ID: "0002", Migrate: addGuildLife},
		{ID: "0003", Migrate: addSpeaking},
		{ID: "0004", Migrate: addHearing},
		{ID: "0005", Migrate: addOAuth},
	}
}

var errNewerTables = errors.New("the database was written by a newer troupe; start that version, or restore a backup made by this one")

// upgrade brings the tables of a place up to date, after a copy of what is there was set aside.
func upgrade(ctx context.Context, at place, h hold, me holding, steps []step, log *slog.Logger) (err error) {
	opened, err := h.writer(ctx, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closePool(opened)) }()
	db := opened.WithContext(ctx)
	if err := me.announce(db); err != nil {
		return err
	}
	taken, err := stepsTaken(db)
	if err != nil {
		return err
	}
	missing, err := stepsMissing(steps, taken)
	if err != nil {
		return err
	}
	if len(taken) > 0 && len(missing) > 0 {
		copied, err := at.setAside(ctx, db, missing[0])
		if err != nil {
			return fmt.Errorf("keep a copy of the database before its tables change: %w", err)
		}
		log.Info("the database's tables change now", "steps", missing, "copy", copied)
	}
	if err := migrate(db, steps); err != nil {
		return fmt.Errorf("bring the database's tables up to date: %w", err)
	}
	return me.announce(db)
}

// stepsTaken are the steps that a database has seen; none when it is new.
func stepsTaken(db *gorm.DB) ([]string, error) {
	if !db.Migrator().HasTable(stepsTable) {
		return nil, nil
	}
	var taken []string
	if err := db.Table(stepsTable).Order("id").Pluck("id", &taken).Error; err != nil {
		return nil, fmt.Errorf("read which version the tables have: %w", err)
	}
	return taken, nil
}

// stepsMissing are the steps that are still to take. A database that has seen steps which this
// version does not know is refused, since an older program would corrupt it.
func stepsMissing(steps []step, taken []string) ([]string, error) {
	known := make([]string, 0, len(steps))
	for _, step := range steps {
		known = append(known, step.ID)
	}
	for _, id := range taken {
		if !slices.Contains(known, id) {
			return nil, errNewerTables
		}
	}
	return slices.DeleteFunc(known, func(id string) bool { return slices.Contains(taken, id) }), nil
}

const stepsTable = "migrations"

// stepsAmong are the steps that were taken already.
func stepsAmong(steps []step, taken []string) []step {
	return slices.DeleteFunc(slices.Clone(steps), func(s step) bool { return !slices.Contains(taken, s.ID) })
}

// migrate takes the steps that this database has not seen, all or none.
func migrate(db *gorm.DB, steps []step) error {
	return db.Transaction(func(tx *gorm.DB) error { return migrateWithin(tx, steps) })
}

// migrateWithin takes the steps in a transaction that goes on.
func migrateWithin(tx *gorm.DB, steps []step) error {
	options := *gormigrate.DefaultOptions
	options.TableName = stepsTable
	options.ValidateUnknownMigrations = true
	err := gormigrate.New(tx, &options, steps).Migrate()
	if errors.Is(err, gormigrate.ErrUnknownPastMigration) {
		return errNewerTables
	}
	if err != nil {
		return fmt.Errorf("change the tables: %w", err)
	}
	return nil
}

// allSteps are those that a database of this version has taken.
func (c Config) allSteps() []step { return append(migrations(), c.steps...) }
