package entities

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gorm.io/gorm"
)

// copiesKept is how many copies from before a change of the tables are kept.
const copiesKept = 3

const beforeStep = ".before-" // and the number of the step

// setAside copies the database to a file beside it, replacing what an earlier attempt at the
// same change left, and removes the oldest such copies.
func (f sqliteFile) setAside(ctx context.Context, db *gorm.DB, step string) (string, error) {
	path := f.path + beforeStep + step
	if err := vacuumInto(ctx, db, path+".partial"); err != nil {
		return "", errors.Join(err, removeIfThere(path+".partial"))
	}
	if err := os.Rename(path+".partial", path); err != nil {
		return "", fmt.Errorf("name the copy: %w", err)
	}
	if err := syncFolder(path); err != nil {
		return "", err
	}
	return path, f.dropOldCopies()
}

// vacuumInto writes a copy of a SQLite database, as it is at one moment, to a new file that
// only its owner can read.
func vacuumInto(ctx context.Context, db *gorm.DB, path string) error {
	if err := makeFile(path); err != nil {
		return err
	}
	if err := db.WithContext(ctx).Exec("VACUUM INTO ?", path).Error; err != nil {
		return fmt.Errorf("copy the database to %s: %w", path, err)
	}
	return syncFile(path)
}

// makeFile makes an empty file that only its owner can read, in place of what an earlier
// attempt left. SQLite takes it as it is, with its mode.
func makeFile(path string) error {
	if err := removeIfThere(path); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600) //nolint:gosec // the operator names this path
	if err != nil {
		return fmt.Errorf("make a file for the copy: %w", err)
	}
	return file.Close()
}

// dropOldCopies keeps the copies from before the latest steps.
func (f sqliteFile) dropOldCopies() error {
	found, err := os.ReadDir(filepath.Dir(f.path))
	if err != nil {
		return fmt.Errorf("look for old copies: %w", err)
	}
	var steps []string
	for _, entry := range found {
		step, ok := strings.CutPrefix(entry.Name(), filepath.Base(f.path)+beforeStep)
		if ok && strings.Trim(step, "0123456789") == "" {
			steps = append(steps, step)
		}
	}
	slices.Sort(steps)
	for _, step := range steps[:max(0, len(steps)-copiesKept)] {
		if err := os.Remove(f.path + beforeStep + step); err != nil {
			return fmt.Errorf("remove an old copy: %w", err)
		}
	}
	return nil
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("make room for the copy: %w", err)
	}
	return nil
}

// syncFolder makes a new name in a file's folder survive a loss of power.
func syncFolder(path string) error {
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("open the folder: %w", err)
	}
	// Not every system can do this with a folder. Those that cannot save names by themselves.
	_ = folder.Sync()
	return folder.Close()
}
