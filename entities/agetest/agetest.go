// Package agetest makes what stands in a database older than it is, for tests of the whole program,
// whose clock cannot be set. Only tests import it; the program must have ended.
package agetest

import (
	"errors"
	"fmt"
	"time"

	"github.com/glebarez/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// Day makes a SQLite database as it is a day later: all OAuth access tokens have ended, and the bot's
// logins at the gateway count no more. It says how many tokens there are; what they are renewed with
// stays good.
func Day(database string) (ended int64, err error) {
	db, err := gorm.Open(sqlite.Open(database), &gorm.Config{Logger: logger.Discard})
	if err != nil {
		return 0, fmt.Errorf("open the database: %w", err)
	}
	conn, err := db.DB()
	if err != nil {
		return 0, fmt.Errorf("open the database: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	tokens := db.Exec("UPDATE credentials SET expires_at = ?, prior_until = NULL WHERE client_id <> ''", time.Now().UTC().Add(-time.Hour))
	if tokens.Error != nil {
		return 0, fmt.Errorf("end the access tokens: %w", tokens.Error)
	}
	if err := db.Exec("DELETE FROM settings WHERE name = 'logins'").Error; err != nil {
		return 0, fmt.Errorf("forget the logins: %w", err)
	}
	return tokens.RowsAffected, nil
}
