package entities

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"gorm.io/gorm"
)

// RestoreReport is what a restore brought back.
type RestoreReport struct {
	// Made is when the backup was made. It is guessed from the file's date when the file does
	// not tell: a copy of a database is no backup that [Backup] made.
	Made    time.Time
	Guessed bool
	// Entities and Keys are how many are there now: not deleted, and valid.
	Entities int
	Keys     int
	// Kept is the file with what was there before, and "" when there was nothing. Only with
	// that are the names below known, and not when it could not be read (Unread).
	Kept   string
	Unread bool
	// Rotated are the entities whose keys were replaced since: the old ones are valid again.
	Rotated []string
	// Returned are the entities that were deleted since and are back.
	Returned []string
	// Gone are the entities that were made since and are not there any more.
	Gone []string
	// Ended is how many keys were ended, when all were to be.
	Ended int
}

// Restore puts what a file holds in place of what the database holds, which is kept. The file
// is a backup of any engine, by this version or an older one. With rotateAll every key of it
// is ended. No other process may have the database. Of the config, Database, Holder, Log and
// Now are used.
func Restore(ctx context.Context, cfg Config, file string, rotateAll bool) (RestoreReport, error) {
	cfg.fill()
	at, err := findPlace(cfg.Database)
	if err != nil {
		return RestoreReport{}, err
	}
	if err := looksLikeBackup(file); err != nil {
		return RestoreReport{}, err
	}
	me := newHolding(cfg)
	h, err := seize(ctx, at, me, cfg.Log)
	if err != nil {
		return RestoreReport{}, at.trouble(err)
	}
	report, err := restore(ctx, at, h, cfg, me, file, rotateAll)
	if err = errors.Join(err, h.release()); err != nil {
		return RestoreReport{}, at.trouble(err)
	}
	return report, nil
}

// sqliteHeader begins every SQLite database (sqlite.org/fileformat.html).
const sqliteHeader = "SQLite format 3\x00"

// looksLikeBackup refuses what need not be opened.
func looksLikeBackup(path string) (err error) {
	file, err := os.Open(path) //nolint:gosec // the operator names this path
	if err != nil {
		return fmt.Errorf("open the backup: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	begin := make([]byte, len(sqliteHeader))
	if _, err := io.ReadFull(file, begin); err != nil || !bytes.Equal(begin, []byte(sqliteHeader)) {
		return fmt.Errorf("%s is no backup of troupe's. Name a file that -backup made", path)
	}
	if info, err := os.Stat(path + walSuffix); err == nil && info.Size() > 0 {
		return fmt.Errorf("%s is no backup but a database: the newest of what it holds is still in the file beside it that ends with -wal. Make a backup of it with -backup, and restore that", path)
	}
	return nil
}

func restore(ctx context.Context, at place, h hold, cfg Config, me holding, file string, rotateAll bool) (report RestoreReport, err error) {
	path, err := h.staging()
	if err != nil {
		return report, err
	}
	staged := sqliteFile{path}
	defer func() { err = errors.Join(err, removeIfThere(path)) }()
	if report.Made, report.Guessed, err = stage(ctx, staged, file, cfg.allSteps()); err != nil {
		return report, fmt.Errorf("%s: %w", file, err)
	}
	before, err := castAt(ctx, at)
	report.Unread = err != nil
	err = staged.within(ctx, func(db *gorm.DB) error {
		coming, err := readCast(db)
		if err != nil {
			return err
		}
		if before.people != nil {
			report.compare(before, coming)
		}
		return db.Transaction(func(tx *gorm.DB) error {
			target := "backup of " + report.Made.UTC().Format(time.RFC3339)
			if err := writeShellAudit(tx, cfg.Now(), "restore", target); err != nil {
				return err
			}
			if rotateAll {
				if report.Ended, err = endAllKeys(tx, cfg.Now()); err != nil {
					return err
				}
			}
			coming, err = readCast(tx)
			report.Entities, report.Keys = coming.count()
			return err
		})
	})
	if err != nil {
		return report, err
	}
	if err := syncFile(path); err != nil {
		return report, err
	}
	report.Kept, err = h.replace(ctx, staged, cfg, me)
	return report, err
}

func (r *RestoreReport) compare(before, coming cast) {
	r.Rotated = coming.names(func(id ID) bool { return before.lives(id) && coming.opened(id, before) })
	r.Returned = coming.names(func(id ID) bool { return coming.lives(id) && !before.lives(id) })
	r.Gone = before.names(func(id ID) bool { return before.lives(id) && !coming.lives(id) })
}

// castAt reads who is in a database, at whatever step it is; nobody when it is new.
func castAt(ctx context.Context, at place) (c cast, err error) {
	db, err := at.reader(ctx)
	if err != nil {
		return cast{}, err
	}
	defer func() { err = errors.Join(err, closePool(db)) }()
	taken, err := stepsTaken(db.WithContext(ctx))
	if err != nil || len(taken) == 0 {
		return cast{}, err
	}
	return readCast(db.WithContext(ctx))
}

// stage copies a backup to a file that may be changed, looks whether it is whole and troupe's,
// and brings its tables up to date.
func stage(ctx context.Context, staged sqliteFile, file string, steps []step) (made time.Time, guessed bool, err error) {
	info, err := os.Stat(file)
	if err != nil {
		return made, false, fmt.Errorf("look at the backup: %w", err)
	}
	if err := copyFile(file, staged.path); err != nil {
		return made, false, err
	}
	made, guessed = info.ModTime(), true
	err = staged.within(ctx, func(db *gorm.DB) error {
		if err := intact(db); err != nil {
			return err
		}
		taken, err := stepsTaken(db)
		if err != nil {
			return err
		}
		if len(taken) == 0 || !db.Migrator().HasTable("entities") || !db.Migrator().HasTable(&setting{}) {
			return errors.New("this is a SQLite database, but not of troupe's. Name a file that -backup made")
		}
		if _, err := stepsMissing(steps, taken); err != nil {
			return err
		}
		if err := migrate(db, steps); err != nil {
			return fmt.Errorf("bring the backup's tables up to date: %w", err)
		}
		value, _, err := readSetting(db, backupSetting)
		if err != nil {
			return err
		}
		if json.Unmarshal(value, &made) == nil {
			guessed = false
		}
		return deleteSettings(db, holderSetting, backupSetting)
	})
	return made, guessed, err
}

func copyFile(from, to string) error {
	if err := makeFile(to); err != nil {
		return err
	}
	source, err := os.Open(from) //nolint:gosec // the operator names this path
	if err != nil {
		return fmt.Errorf("open the backup: %w", err)
	}
	target, err := os.OpenFile(to, os.O_WRONLY, 0) //nolint:gosec // the path is made from the database's
	if err != nil {
		return errors.Join(fmt.Errorf("copy the backup: %w", err), source.Close())
	}
	_, err = io.Copy(target, source)
	if err = errors.Join(err, source.Close(), target.Close()); err != nil {
		return fmt.Errorf("copy the backup: %w", err)
	}
	return nil
}
