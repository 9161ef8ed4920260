package entities

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/disgoorg/snowflake/v2"
	"gorm.io/gorm"
)

// Talks lists the channels, where an admin acts, that have a budget of their own or in which
// entities rest now. RestsUntil is nil where they do not.
func (r *Registry) Talks(ctx context.Context, actor Actor) ([]Talk, error) {
	if _, err := r.pass(ctx, actor, actSettings, ""); err != nil {
		return nil, err
	}
	now, found := r.now(), []Talk(nil)
	r.guard.mu.RLock()
	defer r.guard.mu.RUnlock()
	for _, t := range r.guard.talks {
		if t.GuildID != actor.guild || (t.Hourly == 0 && !t.rests(now)) {
			continue
		}
		row := t.Talk
		if row.RestsUntil = nil; t.rests(now) {
			until := *t.RestsUntil
			row.RestsUntil = &until
		}
		found = append(found, row)
	}
	slices.SortFunc(found, func(a, b Talk) int { return cmp.Compare(a.ChannelID, b.ChannelID) })
	return found, nil
}

// SetTalk lets entities talk among themselves in a channel where an admin acts, as many lines an
// hour without a person as is said; 0 = as the guild's [Loop] has it. A rest there ends.
func (r *Registry) SetTalk(ctx context.Context, actor Actor, channel snowflake.ID, hourly int) error {
	m, err := r.pass(ctx, actor, actSettings, "")
	if err != nil {
		return err
	}
	if hourly < 0 || hourly > MostHourly {
		return Refuse(Invalid, "Lines an hour: write a number from 1 to %d, or nothing to have the server's loop guard there.", MostHourly)
	}
	r.writing.Lock()
	defer r.writing.Unlock()
	row := r.guard.row(0, channel)
	c, known := r.world.Channel(channel)
	here := known && c.GuildID == actor.guild && (c.HoldsMessages() || c.IsForum())
	gone := !known && row.GuildID == actor.guild && hourly == 0
	if !here && !gone {
		return Refuse(Invalid, "Choose a channel of this server in which entities can speak.")
	}
	row.GuildID, row.Hourly, row.RestsUntil = actor.guild, hourly, nil
	err = r.changeLocked(ctx, func(tx *gorm.DB) error {
		again, err := r.matter(tx, actor, actSettings, "")
		if err != nil {
			return err
		}
		if err := r.judge(again); err != nil {
			return err
		}
		if err := saveTalk(tx, row); err != nil {
			return err
		}
		return r.audit(tx, actor, actSettings, "", actor.guild, fmt.Sprintf("%d lines an hour among entities in channel %d", hourly, channel))
	}, nil)
	if err != nil {
		return r.noted(ctx, m, "", err)
	}
	r.guard.put(row, "", r.now())
	return nil
}

// forgetTalks deletes what is kept of channels and says nothing any more.
func forgetTalks(tx *gorm.DB, now time.Time) error {
	err := tx.Where("hourly = 0 AND since < ? AND (rests_until IS NULL OR rests_until < ?)", now.Add(-time.Hour), now).Delete(&Talk{}).Error
	if err != nil {
		return fmt.Errorf("forget how entities talked: %w", err)
	}
	return nil
}

// leave forgets a guild's channels.
func (g *guard) leave(guild snowflake.ID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for channel, t := range g.talks {
		if t.GuildID == guild {
			delete(g.talks, channel)
		}
	}
}
