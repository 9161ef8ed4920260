package entities

import (
	"context"
	"fmt"
	"time"

	"github.com/disgoorg/snowflake/v2"
	"gorm.io/gorm"
)

// UsualEventLife is how long the event log keeps what happened unless it is configured.
const UsualEventLife = 30 * 24 * time.Hour

// forgetAtOnce is how many events are deleted in one transaction: nothing else is written
// meanwhile.
const forgetAtOnce = 2000

// forgetOldEvents deletes events from before a time, with whom they addressed.
func (r *Registry) forgetOldEvents(ctx context.Context, before time.Time) error {
	for {
		last, err := r.forgetSomeEvents(ctx, before)
		if err != nil || !last {
			return err
		}
	}
}

// forgetSomeEvents deletes the first ones; more says that there are others.
func (r *Registry) forgetSomeEvents(ctx context.Context, before time.Time) (more bool, err error) {
	r.writing.Lock()
	defer r.writing.Unlock()
	var seqs []int64
	err = r.write(ctx, false, func(tx *gorm.DB) error {
		// Positions are times, by which they are found at once; those that old versions gave away
		// are not, and what was missed for a while was not noted when it happened.
		old := tx.Model(&Event{}).Where("seq < ? AND at < ?", before.UnixMicro(), before.UTC())
		if err := old.Order("seq").Limit(forgetAtOnce).Pluck("seq", &seqs).Error; err != nil {
			return fmt.Errorf("find old events: %w", err)
		}
		if len(seqs) == 0 {
			return nil
		}
		// By bounds: so many numbers are more than a statement takes.
		which, bounds := "seq BETWEEN ? AND ? AND at < ?", []any{seqs[0], seqs[len(seqs)-1], before.UTC()}
		if err := settle(tx, which, bounds...); err != nil {
			return err
		}
		return eraseEvents(tx, which, bounds...)
	})
	if err == nil && len(seqs) > 0 {
		last := seqs[len(seqs)-1]
		r.unhear(func(n *noted) bool { return n.Seq <= last && n.At.Before(before) })
	}
	return len(seqs) == forgetAtOnce, err
}

// settle notes how far channels are settled by messages that are about to be deleted, so that they
// are not taken for missed and fetched anew. Which is a condition of our own writing.
func settle(tx *gorm.DB, which string, args ...any) error {
	err := tx.Exec(`INSERT INTO watermarks (channel_id, guild_id, message_id)
		SELECT channel_id, min(guild_id), max(message_id) FROM events WHERE kind = 'message' AND guild_id <> 0 AND `+which+` GROUP BY channel_id
		ON CONFLICT (channel_id) DO UPDATE SET message_id = excluded.message_id WHERE excluded.message_id > watermarks.message_id`, args...).Error
	if err != nil {
		return fmt.Errorf("settle channels before events are deleted: %w", err)
	}
	return nil
}

// forgetHeard deletes what was heard in a guild, and how far that was read.
func forgetHeard(tx *gorm.DB, guild snowflake.ID) error {
	err := tx.Exec("DELETE FROM read_marks WHERE scope IN (SELECT channel_id FROM events WHERE guild_id = ?)", guild).Error
	if err != nil {
		return fmt.Errorf("forget what was read in a guild: %w", err)
	}
	if err := tx.Where("guild_id = ?", guild).Delete(&Watermark{}).Error; err != nil {
		return fmt.Errorf("forget how far a guild is settled: %w", err)
	}
	return eraseEvents(tx, "guild_id = ?", guild)
}

// unhear drops deleted events from memory. The caller holds writing.
func (r *Registry) unhear(which func(*noted) bool) {
	r.tail.forget(which)
	r.marking.forget()
}

func heardIn(guild snowflake.ID) func(*noted) bool {
	return func(n *noted) bool { return n.GuildID == guild }
}

// spokenBy says what [eraseSpoken] deletes.
func spokenBy(user snowflake.ID) func(*noted) bool {
	return func(n *noted) bool {
		return n.GuildID != 0 && (n.AuthorID == user || (n.Kind == EventDelete && n.by == user))
	}
}
