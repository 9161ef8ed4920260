package entities

import (
	"context"
	"fmt"
	"time"

	"github.com/disgoorg/snowflake/v2"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// change runs fn in one transaction and then, when it is committed, after, so that memory
// never shows what the disk does not have. Both run alone.
func (r *Registry) change(ctx context.Context, fn func(tx *gorm.DB) error, after func(*roster)) error {
	r.writing.Lock()
	defer r.writing.Unlock()
	return r.changeLocked(ctx, fn, after)
}

func (r *Registry) changeLocked(ctx context.Context, fn func(tx *gorm.DB) error, after func(*roster)) error {
	if err := r.write(ctx, true, fn); err != nil {
		return err
	}
	if after != nil {
		r.roster.mu.Lock()
		defer r.roster.mu.Unlock()
		after(&r.roster)
	}
	return nil
}

// write runs fn in one transaction, lasting or not, as [database.transact] says. The caller
// holds writing.
func (r *Registry) write(ctx context.Context, lasting bool, fn func(tx *gorm.DB) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	defer r.times.Write.Since(time.Now())
	// Once begun it is short. A context that can end costs a goroutine for each statement.
	return r.db.transact(context.WithoutCancel(ctx), lasting, fn)
}

// grow runs fn, which writes events and gives them back, in one transaction. It is the only way in
// which the log grows, so that what is in memory of it is complete. The caller holds writing.
func (r *Registry) grow(ctx context.Context, lasting bool, fn func(tx *gorm.DB) ([]*noted, error)) ([]Noted, error) {
	var written []*noted
	var through bool
	err := r.write(ctx, lasting, func(tx *gorm.DB) (err error) {
		through = false
		if written, err = fn(tx); err != nil {
			return err
		}
		through = true
		if len(written) > 0 {
			r.latest.Store(r.seqs.last) // who sees an event may say at once that it was read
		}
		return nil
	})
	if err != nil {
		if through { // it may be in the database all the same
			r.tail.reset(r.seqs.last)
		}
		return nil, err
	}
	r.tail.add(written)
	return answered(written), nil
}

func answered(written []*noted) []Noted {
	all := make([]Noted, 0, len(written))
	for _, n := range written {
		one := Noted{Event: n.Event}
		for _, a := range n.to {
			one.To = append(one.To, a.EntityID)
		}
		all = append(all, one)
	}
	return all
}

// alter changes an entity, as the gate allowed: it asks the gate again now that nothing else
// can change, runs fn, writes the audit with what fn says it was about, and takes what the
// database then has of the entity into memory.
func (r *Registry) alter(ctx context.Context, m matter, id ID, fn func(tx *gorm.DB, m matter) (target string, err error)) error {
	r.writing.Lock()
	defer r.writing.Unlock()
	var next map[ID]*entry
	err := r.changeLocked(ctx, func(tx *gorm.DB) error {
		again, err := r.matter(tx, m.actor, m.act, id)
		if err != nil {
			return err
		}
		if err := r.judge(again); err != nil {
			return err
		}
		target, err := fn(tx, again)
		if err != nil {
			return err
		}
		if err := r.audit(tx, m.actor, m.act, id, m.guild, target); err != nil {
			return err
		}
		next, err = readEntries(tx, []ID{id})
		return err
	}, func(s *roster) { s.replace(id, next[id]) })
	if err == nil {
		r.follow(next[id])
	}
	return r.noted(ctx, m, id, err)
}

// follow has Discord's word taken about an entity's owner from now on, wherever it is.
func (r *Registry) follow(e *entry) {
	if e == nil || e.State == Deleted {
		return
	}
	for guild := range e.stays {
		r.world.Expect(guild, e.OwnerID, r.now())
	}
}

// noted writes into the audit that something was not allowed although the gate was passed.
func (r *Registry) noted(ctx context.Context, m matter, id ID, err error) error {
	if IsRefusal(err, NotAllowed) {
		return r.refused(ctx, m.actor, m.act, id, m.guild, err)
	}
	return err
}

// alterGuild changes what is kept about a guild as alter changes an entity.
func (r *Registry) alterGuild(ctx context.Context, m matter, guild snowflake.ID, fn func(*gorm.DB, *GuildRow) (target string, err error)) error {
	r.writing.Lock()
	defer r.writing.Unlock()
	return r.alterGuildLocked(ctx, m, guild, fn, nil)
}

func (r *Registry) alterGuildLocked(ctx context.Context, m matter, guild snowflake.ID, fn func(*gorm.DB, *GuildRow) (target string, err error), after func(*roster)) error {
	row := r.roster.guild(guild)
	err := r.changeLocked(ctx, func(tx *gorm.DB) error {
		again, err := r.matter(tx, m.actor, m.act, "")
		if err != nil {
			return err
		}
		if err := r.judge(again); err != nil {
			return err
		}
		target, err := fn(tx, &row)
		if err != nil {
			return err
		}
		if err := saveGuild(tx, row); err != nil {
			return err
		}
		return r.audit(tx, m.actor, m.act, "", guild, target)
	}, func(s *roster) {
		if after != nil {
			after(s)
		}
		if s.guilds[guild] = row; row == (GuildRow{ID: guild}) {
			delete(s.guilds, guild)
		}
	})
	return r.noted(ctx, m, "", err)
}

// saveGuild writes a guild's row down, or deletes it when it says nothing any more.
func saveGuild(tx *gorm.DB, row GuildRow) error {
	var err error
	if row == (GuildRow{ID: row.ID}) {
		err = tx.Delete(&GuildRow{}, "id = ?", row.ID).Error
	} else {
		err = tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error
	}
	if err != nil {
		return fmt.Errorf("save the guild: %w", err)
	}
	return nil
}
