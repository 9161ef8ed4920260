package relay

import (
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"troupe/entities"
)

// A 401 or 403 names no time after which it would be over, and each counts towards Discord's
// ban. So who is refused again and again asks only now and then whether it still is so.
const (
	// suspectAfter refusals in a row, only mostDoubted requests fly until one is taken.
	suspectAfter = 3
	mostDoubted  = 2
	// closeAfter refusals in a row, single requests try it.
	closeAfter = 6
	// mostFromOne is how many of them may be of one resource: a single channel in which the bot
	// may do nothing says nothing about the others.
	mostFromOne = 3
	// mostFresh requests of resources that were not refused themselves may try it as often as at
	// first, so that a few bad channels cannot keep a good one waiting.
	mostFresh = 6
	// nearTry is how long is waited for a try; who would have to wait longer is told so at once.
	nearTry = time.Second
)

// How often a closed breaker is tried. To find the end of a storm within a second whenever it
// comes takes a refused request in each second; a minute has more seconds than mostRefused. So the
// end is found within a second in the first ten, and after that what is left for the minute is
// spread evenly over it: a try about every 1.7 s, and one just as the minute is over, because
// limits like to last a minute. From then on tries are rarer the longer it lasts: ten minutes cost
// about 100.
const (
	// mostRefused requests of one breaker are refused in its first minute. A few more may have been
	// before it closed that did not count, because they were of one resource.
	mostRefused = 47
	// quickPause is below a second, with room for the request itself.
	quickPause = 900 * time.Millisecond
	// quickFor is how long tries are so quick, unless that would leave fewer than keptBack for the
	// rest of the minute, because many requests were on their way when the storm began.
	quickFor = 10 * time.Second
	keptBack = 12
	// rarePause keeps hours of refusals at 20 requests in ten minutes.
	rarePause = 30 * time.Second
)

// breaker holds requests back that Discord refuses again and again without saying for how long.
// One is for a whole family, and one for each route with its major parameters.
type breaker struct {
	row     int            // refusals in a row; of one resource only some count
	by      map[string]int // of them, by resource
	refused int            // the row that closed it, and all since then
	flying  int            // requests on their way that were let through in doubt
	last    time.Time      // when the last of these was let through
	closed  time.Time      // when it closed; zero while it is open
	next    time.Time      // when the next try may go; zero while it is open
	fresh   int            // tries of resources that had not been refused
	status  int            // of the last refusal
}

// pause is how long nothing is tried after a try that goes now.
func (b *breaker) pause(now time.Time) time.Duration {
	closed, left := now.Sub(b.closed), max(0, mostRefused-b.refused-b.flying)
	switch {
	case closed < quickFor && left > keptBack:
		return quickPause
	case closed < time.Minute:
		return max((time.Minute-closed)/time.Duration(left+1), quickPause)
	default:
		return min(closed/20, rarePause)
	}
}

// pass is what a request was let through as.
type pass struct {
	at      time.Time
	doubted bool // one of the few that fly until one is taken
	try     bool // it tries whether a closed breaker may open
	fresh   bool
}

// from is when a request of a resource may go.
func (b *breaker) from(resource string) time.Time {
	switch {
	case b.row < suspectAfter:
		return time.Time{}
	case b.closed.IsZero():
		if b.flying < mostDoubted {
			return time.Time{}
		}
		return b.last.Add(time.Second) // the answer of one may never come
	case b.unheard(resource):
		return earliest(b.next, b.last.Add(time.Second))
	default:
		return b.next
	}
}

// unheard says whether a resource may still try as one that was not refused itself.
func (b *breaker) unheard(resource string) bool { return b.by[resource] == 0 && b.fresh < mostFresh }

// let lets a request through.
func (b *breaker) let(resource string, now time.Time) pass {
	p := pass{at: now}
	if b.row < suspectAfter {
		return p
	}
	p.doubted = true
	b.flying++
	b.last = now
	if !b.closed.IsZero() {
		p.try = true
		if p.fresh = b.unheard(resource); p.fresh {
			b.fresh++
		}
		b.next = now.Add(b.pause(now))
	}
	return p
}

// undo takes back that a request was let through: it did not go.
func (b *breaker) undo(p pass, now time.Time) {
	b.landed(p)
	if p.try && !b.closed.IsZero() {
		b.next = now
	}
	if p.fresh {
		b.fresh = max(0, b.fresh-1)
	}
}

// landed notes that a request is not on its way any more.
func (b *breaker) landed(p pass) {
	if p.doubted {
		b.flying = max(0, b.flying-1)
	}
}

// refuse counts a refusal, and says whether it closed the breaker. most is how many of one
// resource count.
func (b *breaker) refuse(resource string, status, most int, now time.Time) (closed bool) {
	b.status = status
	if b.by == nil {
		b.by = map[string]int{}
	}
	if b.by[resource] < most {
		b.by[resource]++
		b.row++
	}
	if !b.closed.IsZero() {
		b.refused++
		return false
	}
	if b.row < closeAfter {
		return false
	}
	b.refused = b.row
	b.closed, b.last, b.next = now, now, now.Add(quickPause)
	return true
}

// take notes that Discord did not refuse a request, and says whether that opened the breaker.
// What went out before it closed may have been answered before, too.
func (b *breaker) take(p pass) (opened bool) {
	opened = !b.closed.IsZero()
	if opened && p.at.Before(b.closed) {
		return false
	}
	*b = breaker{flying: b.flying}
	return opened
}

// held is why a request has no chance to go within nearTry, or nil. Whoever stands behind
// another one in the line leaves the next try to it.
func (l *rateLimiter) held(w *waiter, now time.Time) error {
	family, own := &l.gates[w.family].breaker, &w.route.breaker
	for _, b := range []*breaker{family, own} {
		if b.closed.IsZero() || (b == own && w.passed) {
			continue
		}
		from := latest(b.from(w.route.resource), now)
		if w.place != nil && w.line.Front() != w.place {
			from = latest(from.Add(b.pause(now)), b.next)
		}
		if wait := from.Sub(now); wait > nearTry {
			return &HeldBackError{Status: b.status, Everything: b == family, Bot: w.family == botFamily, Wait: wait}
		}
	}
	return nil
}

// refusedBy counts a 401 or 403 against its route and its family.
func (l *rateLimiter) refusedBy(t ticket, status int, now time.Time) {
	closed := t.route.breaker.refuse(t.route.resource, status, closeAfter, now)
	everything := false
	if t.family != interactionFamily { // each has a token of its own
		everything = l.gates[t.family].breaker.refuse(t.route.resource, status, mostFromOne, now)
	}
	if !closed && !everything {
		return
	}
	l.log.Warn("discord refuses again and again: it is asked only now and then",
		slog.Int("status", status), slog.Bool("everything", everything), slog.Bool("bot", t.family == botFamily), slog.String("route", t.route.template))
	l.nudgeAll() // those who cannot wait are told at once
}

// takenBy notes that Discord did not refuse a request. Whatever closed while its whole family
// was refused is open with it.
func (l *rateLimiter) takenBy(t ticket) {
	opened := t.route.breaker.take(t.own)
	if t.family != interactionFamily && l.gates[t.family].breaker.take(t.whole) {
		opened = true
		for _, r := range l.routes {
			if r.family == t.family {
				r.breaker = breaker{flying: r.breaker.flying}
			}
		}
	}
	if opened {
		l.log.Info("discord refuses no more", slog.Bool("bot", t.family == botFamily), slog.String("route", t.route.template))
		l.nudgeAll()
	}
}

// HeldBackError says that Discord refused (401 or 403) all of the last requests of a kind, so
// that only single ones find out whether it still does. The request was not sent.
type HeldBackError struct {
	Status     int           // of the last refusal
	Everything bool          // all of a kind, not only this one thing in this one place
	Bot        bool          // with the bot's token; otherwise through webhooks or interactions
	Wait       time.Duration // until it is tried again, at least
}

func (e *HeldBackError) Error() string {
	return fmt.Sprintf("discord refused this again and again (%d); it is tried again in %s", e.Status, e.Wait.Round(time.Millisecond))
}

// refusal words it for entities.
func (e *HeldBackError) refusal() error {
	wait := e.Wait.Round(time.Second) + time.Second
	switch {
	case e.Everything && e.Bot:
		return entities.Refuse(entities.Unavailable, "Discord refuses everything that the bot asks just now (%d), so it asks only now and then. Try again in %s. If it lasts, whoever runs the bot finds more in its log.", e.Status, wait)
	case e.Everything:
		return entities.Refuse(entities.Unavailable, "Discord refuses all lines just now (%d), so the bot tries only now and then. Try again in %s. If it lasts, whoever runs the bot finds more in its log.", e.Status, wait)
	case e.Status == http.StatusUnauthorized:
		return entities.Refuse(entities.Unavailable, "%s", webhookRefused)
	default:
		return entities.Refuse(entities.NotAllowed, "Discord has refused the bot this in that channel again and again, so it was not asked just now. An admin of that server can look at the bot's permissions in that channel's settings; then try again in %s.", wait)
	}
}

func earliest(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
