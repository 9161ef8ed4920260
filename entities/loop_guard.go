package entities

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/disgoorg/snowflake/v2"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// guard is what is known of how entities talk among themselves, by channel or thread. It changes
// while [Registry.writing] is held, so that it is what the rows say.
type guard struct {
	mu    sync.RWMutex
	talks map[snowflake.ID]*talk
}

// talk is a channel's row, and what entities said there of late.
type talk struct {
	Talk
	said []*spoken // since Talk.Since, within the last hour, the oldest first
	rule LoopRule  // why they rest; "" after a restart
}

func newGuard() guard { return guard{talks: map[snowflake.ID]*talk{}} }

// rests says whether entities rest in a channel at a time.
func (t Talk) rests(now time.Time) bool { return t.RestsUntil != nil && now.Before(*t.RestsUntil) }

// idle says that nothing has to be known of a channel any more.
func (t *talk) idle(now time.Time) bool {
	return t.Hourly == 0 && !t.rests(now) && len(t.said) == 0 && !t.Since.After(now.Add(-time.Hour))
}

// recent forgets what was said more than an hour ago, or before it counts.
func (t *talk) recent(now time.Time) {
	t.said = slices.DeleteFunc(t.said, func(s *spoken) bool { return !s.at.After(t.Since) || !s.at.After(now.Add(-time.Hour)) })
}

// at gives what is known of a channel.
func (g *guard) at(guild, channel snowflake.ID) *talk {
	t, ok := g.talks[channel]
	if !ok {
		t = &talk{Talk: Talk{ChannelID: channel, GuildID: guild}}
		g.talks[channel] = t
	}
	return t
}

// row is a channel's row as it is kept.
func (g *guard) row(guild, channel snowflake.ID) Talk {
	g.mu.RLock()
	defer g.mu.RUnlock()
	if t, ok := g.talks[channel]; ok {
		return t.Talk
	}
	return Talk{ChannelID: channel, GuildID: guild}
}

// put takes over a channel's row as it was saved.
func (g *guard) put(row Talk, rule LoopRule, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	t := g.at(row.GuildID, row.ChannelID)
	t.Talk, t.rule = row, rule
	if t.recent(now); t.idle(now) {
		delete(g.talks, row.ChannelID)
	}
}

// hourly is a channel's own budget; a thread has as much as its channel.
func (g *guard) hourly(where Permit) int {
	for _, id := range []snowflake.ID{where.channel.ID, where.governing.ID} {
		if t, ok := g.talks[id]; ok && t.Hourly > 0 {
			return t.Hourly
		}
	}
	return 0
}

// restError is a refusal with which a rest begins.
type restError struct {
	*Refusal
	rest Rest
}

func (e *restError) Unwrap() error { return e.Refusal }

// takeTurn counts a line that is about to be said, or refuses it. It is called while
// [Registry.writing] is held, as the last of all checks, so that no line which is refused for
// something else counts. undo takes the line back: for one that was not written down after all,
// or that Discord definitely has not. An error goes through [Registry.begunToRest] when the
// transaction is over.
func (r *Registry) takeTurn(e *entry, where Permit, now time.Time) (undo func(), err error) {
	g, channel := &r.guard, where.channel.ID
	g.mu.Lock()
	defer g.mu.Unlock()
	now = now.UTC().Truncate(time.Microsecond) // as the rows have it
	t := g.at(where.guild.ID, channel)
	t.recent(now)
	if err := r.mayTakeTurn(t, e, where, now); err != nil {
		if t.idle(now) {
			delete(g.talks, channel)
		}
		return nil, err
	}
	line := &spoken{e.ID, now}
	t.said = append(t.said, line)
	return func() { g.undo(t, line) }, nil
}

// undo takes back a line that was not said.
func (g *guard) undo(t *talk, line *spoken) {
	g.mu.Lock()
	defer g.mu.Unlock()
	t.said = slices.DeleteFunc(t.said, func(s *spoken) bool { return s == line })
}

func (r *Registry) mayTakeTurn(t *talk, e *entry, where Permit, now time.Time) error {
	loop := r.roster.guild(where.guild.ID).Loop.or(UsualLoop())
	if hourly := r.guard.hourly(where); hourly > 0 {
		if len(t.said) < hourly {
			return nil
		}
		return Refuse(Unavailable, "In that channel entities may say %d lines an hour without a person, and have said them. Nothing was sent. "+
			"There is room again when a person speaks there, or at %s.", hourly, clock(t.said[len(t.said)-hourly].at.Add(time.Hour)))
	}
	if t.rests(now) {
		return errRests(t.rule, loop, *t.RestsUntil)
	}
	taken := turns(t.said, now.Add(-loopSpan))
	rule := loop.full(taken, e.ID)
	if rule == "" {
		return nil
	}
	until := now.Add(loopSpan)
	rest := Rest{Guild: where.guild.ID, Channel: where.channel.ID, Until: until, Rule: rule, Turns: loop.Pair}
	if rule == AloneRule {
		rest.Turns = loop.Alone
	}
	for _, id := range talkers(taken, e.ID) {
		if e := r.roster.entry(id); e != nil {
			rest.Speakers = append(rest.Speakers, e.shownIn(where.guild.ID))
		}
	}
	return &restError{Refusal: errRests(rule, loop, until), rest: rest}
}

func errRests(rule LoopRule, loop Loop, until time.Time) *Refusal {
	return &Refusal{Reason: Unavailable, Text: fmt.Sprintf("The entities rest in that channel: %s. Nothing was sent. "+
		"They go on when a person speaks there, when a moderator of that server lets them, or at %s. Wait for that: trying again does not help.",
		rule.words(loop), clock(until))}
}

// clock is a time as AIs read it, rounded up so that it is not too early.
func clock(t time.Time) string {
	return t.Add(time.Minute-time.Nanosecond).Truncate(time.Minute).UTC().Format("15:04") + " UTC"
}

// talkers are the two who talked most: who took most turns, the one who wanted to go on among
// them, and of those who took as many who had the word last.
func talkers(taken []ID, next ID) []ID {
	count, last := map[ID]int{next: 1}, map[ID]int{next: len(taken)}
	for i, id := range taken {
		count[id], last[id] = count[id]+1, max(last[id], i)
	}
	ids := slices.SortedFunc(maps.Keys(count), func(a, b ID) int {
		if count[a] != count[b] {
			return count[b] - count[a]
		}
		return last[b] - last[a]
	})
	return ids[:min(len(ids), 2)]
}

// begunToRest writes down that a rest has begun, if that is what err says, and has it told.
// It is called while [Registry.writing] is held, outside of a transaction, and gives back the
// refusal. When it cannot be written down, the next line is refused as this one was.
func (r *Registry) begunToRest(ctx context.Context, err error) error {
	var begun *restError
	if !errors.As(err, &begun) {
		return err
	}
	rest := begun.rest
	row := r.guard.row(rest.Guild, rest.Channel)
	row.RestsUntil = &rest.Until
	ctx = context.WithoutCancel(ctx)
	saved := r.changeLocked(ctx, func(tx *gorm.DB) error {
		if err := saveTalk(tx, row); err != nil {
			return err
		}
		return r.audit(tx, System("loop guard"), act{name: "rest"}, "", rest.Guild, "channel "+rest.Channel.String())
	}, nil)
	if saved != nil {
		r.log.Error("write down that entities rest", "channel", rest.Channel, "err", saved)
		return begun.Refusal
	}
	r.guard.put(row, rest.Rule, r.now())
	rest.Notice = r.noticeChannel(rest.Guild)
	r.rested.call(rest)
	return begun.Refusal
}

// saveTalk writes a channel's row down.
func saveTalk(tx *gorm.DB, row Talk) error {
	row.Since = row.Since.UTC()
	if err := tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error; err != nil {
		return fmt.Errorf("save how entities talk in a channel: %w", err)
	}
	return nil
}

// readGuard reads what entities said of late, so that a restart forgives nothing.
func (r *Registry) readGuard(ctx context.Context) error {
	db, now := r.db.reader.WithContext(ctx), r.now().UTC()
	var rows []Talk
	if err := db.Find(&rows).Error; err != nil {
		return fmt.Errorf("read how entities talk: %w", err)
	}
	var lines []Line
	err := db.Select("id", "entity_id", "guild_id", "channel_id", "state", "at").Where("at > ? AND state <> ? AND guild_id <> 0", now.Add(-time.Hour), LineFailed).Order("id").Find(&lines).Error
	if err != nil {
		return fmt.Errorf("read what entities said within the last hour: %w", err)
	}
	for _, row := range rows {
		r.guard.at(row.GuildID, row.ChannelID).Talk = row
	}
	for _, line := range lines {
		t := r.guard.at(line.GuildID, line.ChannelID)
		said := &spoken{line.EntityID, line.At}
		t.said = append(t.said, said)
		if line.State == LineQueued || line.State == LineSending {
			r.outbox.keep(line.ID, func() { r.guard.undo(t, said) })
		}
	}
	r.guard.tidy(now)
	return nil
}

// tidy drops what nothing has to be known of any more.
func (g *guard) tidy(now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for channel, t := range g.talks {
		if t.recent(now); t.idle(now) {
			delete(g.talks, channel)
		}
	}
}
