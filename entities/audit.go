package entities

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/disgoorg/snowflake/v2"
	"gorm.io/gorm"
)

// audit writes down in tx what an actor did. target holds ids or names of settings, never
// message text.
func (r *Registry) audit(tx *gorm.DB, a Actor, act act, id ID, guild snowflake.ID, target string) error {
	row := Audit{At: r.now().UTC(), Actor: a.String(), Act: act.name, EntityID: id, GuildID: guild, Target: target, Outcome: Done}
	if err := tx.Create(&row).Error; err != nil {
		return fmt.Errorf("write the audit: %w", err)
	}
	return nil
}

// refused writes down that an actor was refused, and gives the refusal back. The same refusal
// is written once a minute: people repeat what does not work.
func (r *Registry) refused(ctx context.Context, a Actor, act act, id ID, guild snowflake.ID, refusal error) error {
	if id == "" {
		id = a.entity
	}
	now := r.now().UTC()
	if !r.refusals.first(refusalKey{actor: a.String(), act: act.name, entity: id, guild: guild}, now) {
		return refusal
	}
	row := Audit{At: now, Actor: a.String(), Act: act.name, EntityID: id, GuildID: guild, Outcome: Refused, Reason: reasonOf(refusal)}
	if err := r.db.writer.WithContext(context.WithoutCancel(ctx)).Create(&row).Error; err != nil {
		r.log.Error("write the audit", "act", act.name, "err", err)
	}
	return refusal
}

type refusalKey struct {
	actor, act string
	entity     ID
	guild      snowflake.ID
}

const (
	refusalLife  = time.Minute
	mostRefusals = 1000
)

// refusals are those of the last minute.
type refusals struct {
	mu sync.Mutex
	at map[refusalKey]time.Time
}

func (f *refusals) first(key refusalKey, now time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if now.Sub(f.at[key]) < refusalLife {
		return false
	}
	if f.at == nil || len(f.at) >= mostRefusals {
		f.at = map[refusalKey]time.Time{}
	}
	f.at[key] = now
	return true
}

// mostAudited is how many entries are shown at once.
const mostAudited = 25

// Audits gives the newest entries about the guild where an admin acts, the newest first.
func (r *Registry) Audits(ctx context.Context, actor Actor) ([]Audit, error) {
	if _, err := r.pass(ctx, actor, actAudit, ""); err != nil {
		return nil, err
	}
	var rows []Audit
	if err := r.db.reader.WithContext(ctx).Where("guild_id = ?", actor.guild).Order("id DESC").Limit(mostAudited).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read the audit: %w", err)
	}
	return rows, nil
}
