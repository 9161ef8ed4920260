package entities

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"
)

// shell is who acts when an operator gives the program's commands on its own machine.
func shell() Actor { return System("shell") }

// RotateAll ends every key of every entity, and says how many there were. Their owners get new
// ones with /entity key. No other process may have the database. Of the config, Database,
// Holder, Log and Now are used.
func RotateAll(ctx context.Context, cfg Config) (ended int, err error) {
	cfg.fill()
	at, err := findPlace(cfg.Database)
	if err != nil {
		return 0, err
	}
	if there, err := castAt(ctx, at); err != nil {
		return 0, at.trouble(err)
	} else if there.people == nil {
		return 0, errNothingThere
	}
	db, err := openDatabase(ctx, cfg)
	if err != nil {
		return 0, err
	}
	err = db.transact(ctx, true, func(tx *gorm.DB) (err error) {
		ended, err = endAllKeys(tx, cfg.Now())
		return err
	})
	if err = errors.Join(err, db.close()); err != nil {
		return 0, at.trouble(err)
	}
	return ended, nil
}

// endAllKeys begins a new generation of every entity and removes all credentials.
func endAllKeys(tx *gorm.DB, now time.Time) (ended int, err error) {
	there, err := readCast(tx)
	if err != nil {
		return 0, err
	}
	_, ended = there.count()
	if err := tx.Model(&Entity{}).Where("1 = 1").Update("generation", gorm.Expr("generation + 1")).Error; err != nil {
		return 0, fmt.Errorf("begin new generations: %w", err)
	}
	if err := tx.Where("1 = 1").Delete(&Credential{}).Error; err != nil {
		return 0, fmt.Errorf("end the credentials: %w", err)
	}
	return ended, writeShellAudit(tx, now, "rotate all keys", "")
}

func writeShellAudit(tx *gorm.DB, now time.Time, act, target string) error {
	row := Audit{At: now.UTC(), Actor: shell().String(), Act: act, Target: target, Outcome: Done}
	if err := tx.Create(&row).Error; err != nil {
		return fmt.Errorf("write the audit: %w", err)
	}
	return nil
}
