package entities

import (
	"errors"

	"github.com/go-gormigrate/gormigrate/v2"
	"gorm.io/gorm"
)

// migrations are the numbered steps to today's tables. A step that was released is never
// changed: it describes its tables by structs of its own, so that a later change of the
// model cannot rewrite history.
func migrations() []*gormigrate.Migration {
	return []*gormigrate.Migration{
		{ID: "0001", Migrate: createFirstTables},
	}
}

// migrate takes the steps that this database has not seen. A database that has seen steps
// which this version does not know is refused, since an older program would corrupt it.
func migrate(db *gorm.DB) error {
	options := *gormigrate.DefaultOptions
	options.UseTransaction = true
	options.ValidateUnknownMigrations = true
	err := gormigrate.New(db, &options, migrations()).Migrate()
	if errors.Is(err, gormigrate.ErrUnknownPastMigration) {
		return errors.New("the database was written by a newer troupe; start that version, or restore a backup made by this one")
	}
	return err
}
