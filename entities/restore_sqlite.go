package entities

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// restoreTime is how the time of a restore stands in the names of files.
const restoreTime = "20060102-150405"

// staging is beside the database, so that one can become the other at one blow.
func (h *sqliteHold) staging() (string, error) { return h.path + ".restoring", nil }

// replace puts a staged file in the database's place. The former one gets another name.
func (h *sqliteHold) replace(ctx context.Context, staged sqliteFile, cfg Config, _ holding) (kept string, err error) {
	info, err := os.Stat(h.path)
	if err != nil {
		return "", fmt.Errorf("look at the database: %w", err)
	}
	if info.Size() > 0 {
		if kept, err = freeName(h.path+".before-restore-"+cfg.Now().UTC().Format(restoreTime), ""); err != nil {
			return "", err
		}
		if err := h.keepAs(ctx, kept); err != nil {
			return "", err
		}
	}
	if err := os.Rename(staged.path, h.path); err != nil {
		return "", fmt.Errorf("put the backup in place: %w", err)
	}
	return kept, syncFolder(h.path)
}

// keepAs gives the database a second name, under which it stays. What its log holds goes into
// it first; a database that is broken keeps its log beside it.
func (h *sqliteHold) keepAs(ctx context.Context, kept string) error {
	_ = h.emptyLog(ctx) // a broken database is one reason to restore
	for _, suffix := range []string{walSuffix, "-shm"} {
		if err := os.Rename(h.path+suffix, kept+suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("keep the former database: %w", err)
		}
	}
	if err := os.Link(h.path, kept); err == nil {
		return nil
	}
	// Not every file system knows second names.
	if err := os.Rename(h.path, kept); err != nil {
		return fmt.Errorf("keep the former database: %w", err)
	}
	return nil
}

func (h *sqliteHold) emptyLog(ctx context.Context) (err error) {
	db, err := h.writer(ctx, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closePool(db)) }()
	return db.WithContext(ctx).Exec("PRAGMA wal_checkpoint(TRUNCATE)").Error
}

// freeName is a name that no file has yet.
func freeName(name, ending string) (string, error) {
	for n := 1; ; n++ {
		free := name + ending
		if n > 1 {
			free = fmt.Sprintf("%s-%d%s", name, n, ending)
		}
		if _, err := os.Lstat(free); errors.Is(err, fs.ErrNotExist) {
			return free, nil
		} else if err != nil {
			return "", fmt.Errorf("look for a free name: %w", err)
		}
	}
}
