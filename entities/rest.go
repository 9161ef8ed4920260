package entities

import (
	"context"
	"time"

	"github.com/disgoorg/snowflake/v2"
	"gorm.io/gorm"
)

// Rest is that entities have to be silent in a channel, because they talked long enough without a
// person. It ends when a person speaks there, when a moderator continues, or at its time.
type Rest struct {
	Guild   snowflake.ID
	Channel snowflake.ID // or thread
	Until   time.Time
	Rule    LoopRule
	Turns   int // that the rule allows
	// Speakers are the two who talked most there, as they are shown.
	Speakers []Entity
	// Notice is where the guild's admins are told; 0 when there is no channel in which the bot
	// could tell them.
	Notice snowflake.ID
}

// PersonSpoke notes that a person has just spoken in a channel or thread: what entities say from
// now on, they say to somebody. Where they said nothing of late it costs nothing.
func (r *Registry) PersonSpoke(ctx context.Context, actor Actor, channel snowflake.ID) error {
	if _, err := r.pass(ctx, actor, actIngest, ""); err != nil {
		return err
	}
	places := []snowflake.ID{channel}
	// Whoever speaks in a forum's post speaks in the forum, in which nobody could otherwise.
	if c, ok := r.world.Channel(channel); ok && c.IsThread() {
		if parent, ok := r.world.Channel(c.ParentID); ok && parent.IsForum() {
			places = append(places, parent.ID)
		}
	}
	for _, place := range places {
		if !r.guard.concerned(place, r.now()) {
			continue
		}
		if err := r.letGoOn(ctx, place, func(*gorm.DB, Talk) error { return nil }); err != nil {
			return err
		}
	}
	return nil
}

// concerned says whether it matters that a person speaks in a channel.
func (g *guard) concerned(channel snowflake.ID, now time.Time) bool {
	g.mu.RLock()
	defer g.mu.RUnlock()
	t, ok := g.talks[channel]
	return ok && (t.rests(now) || len(t.said) > 0)
}

// letGoOn makes nothing that entities said before now count in a channel, unless first says no.
func (r *Registry) letGoOn(ctx context.Context, channel snowflake.ID, first func(*gorm.DB, Talk) error) error {
	r.writing.Lock()
	defer r.writing.Unlock()
	row, now := r.guard.row(0, channel), r.now().UTC().Truncate(time.Microsecond)
	err := r.changeLocked(ctx, func(tx *gorm.DB) error {
		if err := first(tx, row); err != nil || row.GuildID == 0 {
			return err
		}
		row.Since, row.RestsUntil = now, nil
		return saveTalk(tx, row)
	}, nil)
	if err != nil || row.GuildID == 0 {
		return err
	}
	r.guard.put(row, "", now)
	return nil
}

// Resting says whether a rest, which is known by its channel and by its end (to the
// millisecond), still goes on, to those who can end it: an error says why not.
func (r *Registry) Resting(ctx context.Context, actor Actor, channel snowflake.ID, until time.Time) error {
	if _, err := r.pass(ctx, actor, actContinue, ""); err != nil {
		return err
	}
	return r.goesOn(r.guard.row(0, channel), actor, until)
}

func (r *Registry) goesOn(row Talk, actor Actor, until time.Time) error {
	if row.GuildID != 0 && row.GuildID != actor.guild {
		return errNoRest
	}
	if !row.rests(r.now()) || row.RestsUntil.UnixMilli() != until.UnixMilli() {
		return errRested
	}
	return nil
}

var (
	errNoRest = &Refusal{Reason: NotFound, Text: "There is no such channel on this server."}
	errRested = &Refusal{Reason: Conflict, Text: "That rest is over: a person spoke there, somebody let them go on, or its time was up. /entity pause silences an entity all the same."}
)

// Continue ends a rest, which is known as for [Registry.Resting], in the guild where a moderator
// acts.
func (r *Registry) Continue(ctx context.Context, actor Actor, channel snowflake.ID, until time.Time) error {
	m, err := r.pass(ctx, actor, actContinue, "")
	if err != nil {
		return err
	}
	return r.noted(ctx, m, "", r.letGoOn(ctx, channel, func(tx *gorm.DB, row Talk) error {
		again, err := r.matter(tx, actor, actContinue, "")
		if err != nil {
			return err
		}
		if err := r.judge(again); err != nil {
			return err
		}
		if err := r.goesOn(row, actor, until); err != nil {
			return err
		}
		return r.audit(tx, actor, actContinue, "", actor.guild, "channel "+channel.String())
	}))
}
