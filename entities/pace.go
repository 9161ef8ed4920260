package entities

import (
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/disgoorg/snowflake/v2"
)

// UsualLimits apply where nobody has set others.
func UsualLimits() Limits { return Limits{Minute: 10, Hour: 120, Day: 600} }

// MaxLimits is how much can be allowed at most. A busy channel carries about 30 lines a minute
// for all of its entities together (Discord, observed).
func MaxLimits() Limits { return Limits{Minute: 30, Hour: 1000, Day: 10_000} }

// or lays limits over others: 0 means the others' number.
func (l Limits) or(others Limits) Limits {
	pick := func(own, other int) int {
		if own == 0 {
			return other
		}
		return own
	}
	return Limits{Minute: pick(l.Minute, others.Minute), Hour: pick(l.Hour, others.Hour), Day: pick(l.Day, others.Day)}
}

func (l Limits) check() error {
	most := MaxLimits()
	for _, number := range []struct {
		name       string
		given, max int
	}{{"a minute", l.Minute, most.Minute}, {"an hour", l.Hour, most.Hour}, {"a day", l.Day, most.Day}} {
		if number.given < 0 || number.given > number.max {
			return Refuse(Invalid, "Lines %s: write a number from 1 to %d, or nothing for the usual limit.", number.name, number.max)
		}
	}
	return nil
}

// words are how people read limits: "5 a minute, usual an hour, 10 a day".
func (l Limits) words() string {
	number := func(n int) string {
		if n == 0 {
			return "usual"
		}
		return strconv.Itoa(n)
	}
	return number(l.Minute) + " a minute, " + number(l.Hour) + " an hour, " + number(l.Day) + " a day"
}

// limitsOf are the limits that apply to an entity in a guild.
func (r *Registry) limitsOf(e *entry, guild snowflake.ID) Limits {
	limits := r.roster.guild(guild).Limits.or(UsualLimits())
	if in, ok := e.stays[guild]; ok {
		return in.Limits.or(limits)
	}
	return limits
}

type paceKey struct {
	entity ID
	guild  snowflake.ID
}

// pace is when entities spoke within the last day.
type pace struct {
	mu   sync.Mutex
	said map[paceKey][]time.Time // oldest first
}

func newPace() pace { return pace{said: map[paceKey][]time.Time{}} }

const day = 24 * time.Hour

// windows are over what the limits count.
func (l Limits) windows() []window {
	return []window{{time.Minute, l.Minute, "minute"}, {time.Hour, l.Hour, "hour"}, {day, l.Day, "day"}}
}

type window struct {
	length time.Duration
	most   int
	name   string
}

// recent forgets what is older than a day and gives the rest.
func (p *pace) recent(key paceKey, now time.Time) []time.Time {
	said := p.said[key]
	said = said[within(said, now, day):]
	if len(said) == 0 {
		delete(p.said, key)
		return nil
	}
	p.said[key] = said
	return said
}

// within is the index of the first time that lies within a window that ends now.
func within(said []time.Time, now time.Time, length time.Duration) int {
	i, _ := slices.BinarySearchFunc(said, now.Add(-length), func(t, begin time.Time) int {
		if t.After(begin) {
			return 1
		}
		return -1
	})
	return i
}

// take counts a line, or says which window is full and when it has room.
func (p *pace) take(key paceKey, limits Limits, now time.Time) (full *window, wait time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	said := p.recent(key, now)
	for _, w := range limits.windows() {
		in := said[within(said, now, w.length):]
		if len(in) < w.most {
			continue
		}
		// It has room when only most-1 are left in it.
		if until := in[len(in)-w.most].Add(w.length).Sub(now); until > wait {
			full, wait = &w, until
		}
	}
	if full != nil {
		return full, wait
	}
	p.said[key] = append(said, now)
	return nil, 0
}

// forget drops what is older than a day, of whomever it was.
func (p *pace) forget(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for key := range p.said {
		p.recent(key, now)
	}
}

// giveBack uncounts a line that was not said.
func (p *pace) giveBack(key paceKey, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if i := slices.Index(p.said[key], at); i >= 0 {
		p.said[key] = slices.Delete(slices.Clone(p.said[key]), i, i+1)
	}
}

// left is how many lines there is room for in each window.
func (p *pace) left(key paceKey, limits Limits, now time.Time) Limits {
	p.mu.Lock()
	defer p.mu.Unlock()
	said := p.recent(key, now)
	room := func(length time.Duration, most int) int { return max(0, most-(len(said)-within(said, now, length))) }
	return Limits{Minute: room(time.Minute, limits.Minute), Hour: room(time.Hour, limits.Hour), Day: room(day, limits.Day)}
}

// spend counts a line against an entity's limits in a guild before it is said. Undo uncounts it.
func (r *Registry) spend(e *entry, guild snowflake.ID, now time.Time) (undo func(), err error) {
	key := paceKey{e.ID, guild}
	full, wait := r.pace.take(key, r.limitsOf(e, guild), now)
	if full != nil && guild == 0 {
		return nil, Refuse(Unavailable, "You may say %s in direct messages, and have said that much. Nothing was sent; there is room again in %s.",
			full.words(), wait.Truncate(time.Second)+time.Second)
	}
	if full != nil {
		return nil, Refuse(Unavailable,
			"You may say %s on that server, and have said that much. Nothing was sent; there is room again in %s. An admin of that server can change this with /entity limits.",
			full.words(), wait.Truncate(time.Second)+time.Second)
	}
	return func() { r.pace.giveBack(key, now) }, nil
}

// words are how people read a limit: "1 line a minute", "120 lines an hour".
func (w window) words() string {
	lines, article := "lines", "a"
	if w.most == 1 {
		lines = "line"
	}
	if w.name == "hour" {
		article = "an"
	}
	return strconv.Itoa(w.most) + " " + lines + " " + article + " " + w.name
}
