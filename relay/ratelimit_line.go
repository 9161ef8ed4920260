package relay

import (
	"container/list"
	"context"
	"slices"
	"time"

	"github.com/disgoorg/disgo/rest"
)

// turn tells a waiter at now: may it go (and then it has gone), or when to look again. A zero
// time means: when somebody nudges. ahead is how many stand in front at least; only the first
// goes.
type turn func(w *waiter, now time.Time, ahead int) (ok bool, at time.Time)

// stand waits in a line until it is the waiter's turn. l.mu is held on entry and on return,
// not while waiting.
func (l *rateLimiter) stand(ctx context.Context, w *waiter, line *list.List, mayGo turn) error {
	enter(w, line)
	ahead := line.Len() - 1
	for {
		now := l.now()
		if err := l.refusal(w, now); err != nil {
			leave(w)
			return err
		}
		if w.line.Front() == w.place {
			ahead = 0
		}
		ok, at := mayGo(w, now, ahead)
		if ok {
			leave(w)
			return nil
		}
		if deadline, has := ctx.Deadline(); has && at.After(deadline) {
			leave(w)
			return &LongWaitError{Wait: at.Sub(now)}
		}
		if ahead > 0 {
			at = time.Time{} // whoever leaves the front nudges the next
			ahead = 1        // some may have left meanwhile: at least one is there
		}
		if err := l.sleep(ctx, w, now, at); err != nil {
			leave(w)
			return err
		}
	}
}

// enter puts a waiter at the end of a line, or where it would stand had it not left.
func enter(w *waiter, line *list.List) {
	before := line.Back()
	for w.returned && before != nil && waiterAt(before).number > w.number {
		before = before.Prev()
	}
	w.line = line
	if before == nil {
		w.place = line.PushFront(w)
		return
	}
	w.place = line.InsertAfter(w, before)
}

// sleep gives up l.mu until a nudge, the time at, or the end of ctx.
func (l *rateLimiter) sleep(ctx context.Context, w *waiter, now, at time.Time) error {
	l.mu.Unlock()
	defer l.mu.Lock()
	var due <-chan time.Time
	if !at.IsZero() {
		timer := time.NewTimer(at.Sub(now))
		defer timer.Stop()
		due = timer.C
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-w.wake:
		return nil
	case <-due:
		return nil
	}
}

// leave takes the waiter out of its line and wakes the new first.
func leave(w *waiter) {
	first := w.line.Front() == w.place
	w.line.Remove(w.place)
	if first {
		nudge(w.line)
	}
	w.line, w.place = nil, nil
}

// nudge wakes the first of a line.
func nudge(line *list.List) {
	if front := line.Front(); front != nil {
		poke(waiterAt(front))
	}
}

// waiterAt is who stands at a place; nobody else is ever put into a line.
func waiterAt(place *list.Element) *waiter {
	w, _ := place.Value.(*waiter)
	return w
}

func poke(w *waiter) {
	select {
	case w.wake <- struct{}{}:
	default: // a nudge is waiting already
	}
}

// nudgeAll wakes every waiter, to look at what has changed for all of them.
func (l *rateLimiter) nudgeAll() {
	for w := range l.waiters {
		poke(w)
	}
}

// bucketTurn admits the first of a bucket's line while the bucket has room.
func (l *rateLimiter) bucketTurn(w *waiter, now time.Time, ahead int) (bool, time.Time) {
	b := w.route.bucket
	room, at := b.room(now)
	from := w.route.breaker.from(w.route.resource)
	if ahead == 0 && room && !from.After(now) {
		b.flying++
		w.passed, w.own = true, w.route.breaker.let(w.route.resource, now)
		return true, now
	}
	if from.After(now) {
		at = latest(at, from)
	}
	// A closed gate keeps nobody from the front of its bucket, but the whole wait will not be
	// over sooner.
	if closed := l.gates[w.family].closed; closed.After(now) {
		at = latest(at, closed)
	}
	return false, at
}

// gate is what a whole family of requests passes through.
type gate struct {
	line    *list.List
	paced   bool
	closed  time.Time   // until then nobody passes
	shut    time.Time   // when that was told last
	next    time.Time   // when the pace is back at rest; up to gateBurst ahead of now is allowed
	probing bool        // after a closing one request goes first, until an answer comes
	probe   time.Time   // when the next probe may go though none was answered
	strikes int         // 429s in a row that named no pause
	breaker breaker     // against refusals that name no time at all
	young   []time.Time // when the unanswered requests of late were let through, oldest first
}

// At most mostYoung requests of a gate that went out within youngFor are unanswered. It slows
// nothing while Discord answers within half a second. When it is slower and begins to refuse, no
// more than these are on their way and count towards its ban.
const (
	mostYoung = 24
	youngFor  = 2 * time.Second
)

// crowded is until when too many are unanswered, if none is answered sooner.
func (g *gate) crowded(now time.Time) time.Time {
	g.young = slices.DeleteFunc(g.young, func(at time.Time) bool { return !at.Add(youngFor).After(now) })
	if len(g.young) < mostYoung {
		return time.Time{}
	}
	return g.young[0].Add(youngFor)
}

// landed notes that a request has its answer, or will have none.
func (g *gate) landed(p pass) {
	g.breaker.landed(p)
	if i := slices.Index(g.young, p.at); i >= 0 {
		g.young = slices.Delete(g.young, i, i+1)
	}
}

// gateTurn admits the first of a gate's line in step.
func (l *rateLimiter) gateTurn(w *waiter, now time.Time, ahead int) (bool, time.Time) {
	g := &l.gates[w.family]
	const step = time.Second / gateRate
	at := g.closed
	if g.probing && g.probe.After(at) {
		at = g.probe
	}
	at = latest(at, g.breaker.from(w.route.resource))
	if g.paced {
		if paced := g.next.Add(-(gateBurst - 1) * step); paced.After(at) {
			at = paced
		}
		at = latest(at, g.crowded(now))
	}
	if ahead == 0 && !at.After(now) {
		if g.paced {
			g.next = latest(g.next, now).Add(step)
			g.young = append(g.young, now)
		}
		if g.probing {
			g.probe = now.Add(time.Second)
		}
		w.whole = g.breaker.let(w.route.resource, now)
		return true, now
	}
	if g.paced && ahead > 0 {
		at = latest(at, now).Add(time.Duration(ahead) * step)
	}
	return false, at
}

// shut closes a gate; a later end wins.
func (l *rateLimiter) shut(f family, until time.Time) {
	g := &l.gates[f]
	g.shut = l.now()
	g.closed = latest(g.closed, until)
	g.probing = true
	g.probe = time.Time{}
	// Those whose time ends before the gate opens are told at once.
	l.nudgeAll()
}

// answered notes that Discord took a request of the family again.
func (l *rateLimiter) answered(f family, now time.Time) {
	g := &l.gates[f]
	if g.probing && !g.closed.After(now) {
		g.probing = false
		nudge(g.line)
	}
	g.strikes = 0
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// free says whether a request would go out at once.
func (l *rateLimiter) free(endpoint *rest.CompiledEndpoint) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now, r, g := l.now(), l.routeOf(endpoint), &l.gates[familyOf(endpoint)]
	room, _ := r.bucket.room(now)
	return room && r.bucket.line.Len() == 0 && g.line.Len() == 0 && !g.closed.After(now) && !g.probing
}
