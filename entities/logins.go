package entities

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"gorm.io/gorm"
)

// loginLife is how long a login counts. Discord: 1,000 in 24 hours.
const loginLife = 24 * time.Hour

// Logins are the bot's logins at Discord's gateway (identifies, not resumes). They outlive the
// process, so that one which is started again and again cannot use up what Discord allows: it
// would reset the bot's token.
type Logins struct {
	All []Login // of the last 24 hours, oldest first
	// Since is when Discord began to count anew; what was before counts no more.
	Since time.Time
	// Left is how many Discord said were left when it was asked last; nil before that.
	Left *int
}

// Login is one login.
type Login struct {
	Shard int
	At    time.Time
}

// storedLogins is how logins stand in the settings.
type storedLogins struct {
	Shards []int   `json:"shards"`
	At     []int64 `json:"at"` // Unix milliseconds, one for each shard
	Since  int64   `json:"since,omitempty"`
	Left   *int    `json:"left,omitempty"`
}

const loginsSetting = "logins"

// Logins reads the logins of the last 24 hours.
func (r *Registry) Logins(ctx context.Context, actor Actor) (Logins, error) {
	if _, err := r.pass(ctx, actor, actKeep, ""); err != nil {
		return Logins{}, err
	}
	value, known, err := readSetting(r.db.reader.WithContext(ctx), loginsSetting)
	if err != nil || !known {
		return Logins{}, err
	}
	var stored storedLogins
	if err := json.Unmarshal(value, &stored); err != nil {
		return Logins{}, fmt.Errorf("read the logins: %w", err)
	}
	logins := Logins{Left: stored.Left}
	if stored.Since != 0 {
		logins.Since = time.UnixMilli(stored.Since).UTC()
	}
	for i, shard := range stored.Shards[:min(len(stored.Shards), len(stored.At))] {
		logins.All = append(logins.All, Login{Shard: shard, At: time.UnixMilli(stored.At[i]).UTC()})
	}
	return logins.Lately(r.now()), nil
}

// SaveLogins keeps the logins, in the place of those that were there. When it returns they are
// on the disk.
func (r *Registry) SaveLogins(ctx context.Context, actor Actor, logins Logins) error {
	if _, err := r.pass(ctx, actor, actKeep, ""); err != nil {
		return err
	}
	logins = logins.Lately(r.now())
	stored := storedLogins{Shards: []int{}, At: []int64{}, Left: logins.Left}
	if !logins.Since.IsZero() {
		stored.Since = logins.Since.UnixMilli()
	}
	for _, login := range logins.All {
		stored.Shards, stored.At = append(stored.Shards, login.Shard), append(stored.At, login.At.UnixMilli())
	}
	value, err := json.Marshal(stored)
	if err != nil {
		return fmt.Errorf("word the logins: %w", err)
	}
	return r.change(ctx, func(tx *gorm.DB) error { return writeSetting(tx, loginsSetting, value) }, nil)
}

// Lately leaves out those that are older than 24 hours.
func (l Logins) Lately(now time.Time) Logins {
	gone := 0
	for gone < len(l.All) && now.Sub(l.All[gone].At) >= loginLife {
		gone++
	}
	l.All = l.All[gone:]
	return l
}
