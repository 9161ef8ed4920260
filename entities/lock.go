package entities

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"gorm.io/gorm"
)

// holding is who has a place and since when. It stands in the settings, for the next process
// that wants it.
type holding struct {
	Who   string    `json:"who"`
	Since time.Time `json:"since"`
	// Life is another one each time the place is taken.
	Life string `json:"life"`
}

func newHolding(cfg Config) holding {
	return holding{Who: cfg.Holder, Since: cfg.Now().UTC(), Life: rand.Text()}
}

const holderSetting = "holder"

// ThisProcess names this process for [Config.Holder]: the program, its process id and its host.
func ThisProcess(program string) string {
	host, err := os.Hostname()
	if err != nil {
		host = "an unknown host"
	}
	return fmt.Sprintf("%s (pid %d on %s)", program, os.Getpid(), host)
}

// seize takes a place. When another process has it, the error says which, and what to do.
func seize(ctx context.Context, at place, me holding, log *slog.Logger) (hold, error) {
	taken, err := at.take(ctx, me, log)
	if !errors.Is(err, errHeld) {
		return taken, err
	}
	who := "another troupe"
	if other, ok := whoHolds(ctx, at); ok {
		who = other.String()
	}
	return nil, fmt.Errorf("%s uses this database already. Only one can, or people would be answered twice. End that one first, or give this one a database of its own", who)
}

func (h holding) String() string {
	return fmt.Sprintf("%s, running since %s,", h.Who, h.Since.UTC().Format("2006-01-02 15:04 UTC"))
}

// whoHolds reads what the process that has a place wrote there. A process that has just taken
// it has yet to.
func whoHolds(ctx context.Context, at place) (holding, bool) {
	db, err := at.reader(ctx)
	if err != nil {
		return holding{}, false
	}
	h, err := readHolding(db.WithContext(ctx))
	return h, errors.Join(err, closePool(db)) == nil
}

func readHolding(db *gorm.DB) (h holding, err error) {
	value, _, err := readSetting(db, holderSetting)
	if err != nil {
		return holding{}, err
	}
	if err := json.Unmarshal(value, &h); err != nil {
		return holding{}, fmt.Errorf("read who has the database: %w", err)
	}
	return h, nil
}

// announce writes down who has the place. A database without tables gets it once it has them.
func (h holding) announce(db *gorm.DB) error {
	if !db.Migrator().HasTable(&setting{}) {
		return nil
	}
	value, err := json.Marshal(h)
	if err != nil {
		return fmt.Errorf("word who has the database: %w", err)
	}
	return writeSetting(db, holderSetting, value)
}
