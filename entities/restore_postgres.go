package entities

import (
	"context"
	"errors"
	"fmt"
	"os"

	"gorm.io/gorm"
)

func (h *postgresHold) staging() (string, error) {
	file, err := os.CreateTemp("", "troupe-restoring-")
	if err != nil {
		return "", fmt.Errorf("make room for the backup: %w", err)
	}
	return file.Name(), file.Close()
}

// replace puts the rows of a staged file in place of what is there, at one blow. What was
// there goes to a file in the working directory first.
func (h *postgresHold) replace(ctx context.Context, staged sqliteFile, cfg Config, me holding) (kept string, err error) {
	kept, err = freeName("troupe-before-restore-"+cfg.Now().UTC().Format(restoreTime), ".db")
	if err != nil {
		return "", err
	}
	_, err = backUp(ctx, h.place, cfg, kept)
	switch {
	case errors.Is(err, errNothingThere):
		kept = ""
	case err != nil:
		return "", fmt.Errorf("back up what is there: %w", err)
	}
	db, err := h.writer(ctx, true)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, closePool(db)) }()
	err = staged.within(ctx, func(from *gorm.DB) error {
		return db.WithContext(ctx).Transaction(func(to *gorm.DB) error {
			if err := migrateWithin(to, cfg.allSteps()); err != nil {
				return err
			}
			if err := fillPostgres(from, to); err != nil {
				return err
			}
			return me.announce(to)
		})
	})
	return kept, err
}
