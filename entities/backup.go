package entities

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"gorm.io/gorm"
)

// BackupReport is what a backup holds.
type BackupReport struct {
	Entities int   // that are not deleted
	Keys     int   // that are valid
	Size     int64 // of the file, in bytes
}

// backupSetting is the row by which a backup knows when it was made.
const backupSetting = "backup"

var errNothingThere = errors.New("no troupe has kept anything in this database yet")

// Backup writes all that is stored, as it is at one moment, to a new file that only its owner
// can read: a SQLite database, whatever the engine, which [Restore] takes on every engine. The
// database may be in use meanwhile. Of the config, Database and Now are used.
func Backup(ctx context.Context, cfg Config, file string) (BackupReport, error) {
	cfg.fill()
	at, err := findPlace(cfg.Database)
	if err != nil {
		return BackupReport{}, err
	}
	report, err := backUp(ctx, at, cfg, file)
	if err != nil {
		return BackupReport{}, at.trouble(err)
	}
	return report, nil
}

func backUp(ctx context.Context, at place, cfg Config, file string) (report BackupReport, err error) {
	if err := vacant(file); err != nil {
		return report, err
	}
	partial := sqliteFile{file + ".partial"}
	defer func() { err = errors.Join(err, removeIfThere(partial.path)) }()
	if err := at.backup(ctx, cfg.allSteps(), partial.path); err != nil {
		return report, err
	}
	if report, err = stamp(ctx, partial, cfg.Now()); err != nil {
		return report, err
	}
	if err := syncFile(partial.path); err != nil {
		return report, err
	}
	if err := vacant(file); err != nil {
		return report, err
	}
	if err := os.Rename(partial.path, file); err != nil {
		return report, fmt.Errorf("name the backup: %w", err)
	}
	return report, syncFolder(file)
}

// vacant says whether nothing has this name yet.
func vacant(file string) error {
	_, err := os.Lstat(file)
	switch {
	case err == nil:
		return fmt.Errorf("%s exists already. Name a new file", file)
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("look at %s: %w", file, err)
	}
	return nil
}

// stamp writes into a backup when it was made, looks whether it is whole, and counts.
func stamp(ctx context.Context, file sqliteFile, now time.Time) (report BackupReport, err error) {
	err = file.within(ctx, func(db *gorm.DB) error {
		value, err := json.Marshal(now.UTC())
		if err != nil {
			return fmt.Errorf("word the backup's time: %w", err)
		}
		if err := deleteSettings(db, holderSetting); err != nil {
			return err
		}
		if err := writeSetting(db, backupSetting, value); err != nil {
			return err
		}
		if err := intact(db); err != nil {
			return err
		}
		people, err := readCast(db)
		report.Entities, report.Keys = people.count()
		return err
	})
	if err != nil {
		return report, err
	}
	info, err := os.Stat(file.path)
	if err != nil {
		return report, fmt.Errorf("look at the backup: %w", err)
	}
	report.Size = info.Size()
	return report, nil
}

// intact lets SQLite check all that it has written.
func intact(db *gorm.DB) error {
	var said []string
	if err := db.Raw("PRAGMA integrity_check").Scan(&said).Error; err != nil {
		return fmt.Errorf("check the file: %w", err)
	}
	if len(said) != 1 || said[0] != "ok" {
		return errors.New("the file is damaged")
	}
	return nil
}

// backup copies the file's rows while others may write. Reading them takes a place among the
// readers only.
func (f sqliteFile) backup(ctx context.Context, _ []step, path string) (err error) {
	if info, err := os.Stat(f.path); errors.Is(err, fs.ErrNotExist) || (err == nil && info.Size() == 0) {
		return errNothingThere
	}
	db, err := f.open(1, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closePool(db)) }()
	taken, err := stepsTaken(db.WithContext(ctx))
	if err != nil {
		return err
	}
	if len(taken) == 0 {
		return errNothingThere
	}
	return vacuumInto(ctx, db, path)
}

// within opens a file that nobody else uses, for as long as do takes. It leaves one file: no
// log beside it.
func (f sqliteFile) within(ctx context.Context, do func(db *gorm.DB) error) (err error) {
	db, err := f.open(1, false, "_pragma=journal_mode(DELETE)", "_pragma=synchronous(FULL)")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closePool(db)) }()
	return do(db.WithContext(ctx))
}

func syncFile(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR, 0) //nolint:gosec // the operator names this path
	if err != nil {
		return fmt.Errorf("save the file: %w", err)
	}
	if err := errors.Join(file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("save the file: %w", err)
	}
	return nil
}
