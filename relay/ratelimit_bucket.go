package relay

import (
	"container/list"
	"log/slog"
	"net/http"
	"time"

	"github.com/disgoorg/disgo/rest"
)

const (
	// tidyEvery is how often an access looks for routes that nobody uses any more.
	tidyEvery = 10 * time.Second
	// keepIdle is how long the limit of an unused route is remembered.
	keepIdle = 10 * time.Minute
	// maxRoutes bounds how many routes are remembered. Every interaction brings new ones,
	// because its token is a major parameter.
	maxRoutes = 10_000
)

// route is one method and path template with its major parameters: what a bucket is guessed
// by until Discord names it.
type route struct {
	key      string
	template string // the path without what stands in it
	resource string // the major parameters
	family   family
	bucket   *bucket
	breaker  breaker
	kind     *breaker // of all routes of this method and template; of this one alone without the bot's token
	users    int      // callers in Wait and tickets that are out
	used     time.Time
}

// bucket is one of Discord's rate limits.
type bucket struct {
	key     string // Discord's id and the major parameters; "" until Discord named it
	line    *list.List
	flying  int // admitted by the bucket and not yet unlocked
	limit   int // requests per window; 0 while unknown
	low     int // the lowest remaining count told in this window
	reset   time.Time
	blocked time.Time // end of a 429's pause
	strikes int       // 429s in a row that named no pause
}

// room tells whether one more request fits in, or when it may be tried again; a zero time
// means when one of the flying ones is back.
func (b *bucket) room(now time.Time) (bool, time.Time) {
	switch {
	case b.blocked.After(now):
		return false, b.blocked
	case b.limit == 0:
		return b.flying == 0, time.Time{}
	case !b.reset.After(now):
		return b.flying < b.limit, time.Time{}
	default:
		return b.flying < b.low, b.reset
	}
}

// idle tells whether the bucket's state no longer says more than a fresh one would.
func (b *bucket) idle(now time.Time) bool {
	return b.flying == 0 && b.line.Len() == 0 && !b.reset.After(now) && !b.blocked.After(now)
}

// count takes the headers of an answer into account. Answers may overtake each other: within
// a window the lowest count is the true one.
func (b *bucket) count(v verdict, now time.Time) {
	if v.limit > 0 {
		b.limit = v.limit
	}
	if v.remaining < 0 || b.limit == 0 {
		return
	}
	reset := now.Add(v.resetAfter)
	if b.reset.After(now) {
		b.low = min(b.low, v.remaining)
		b.reset = latest(b.reset, reset)
		return
	}
	b.low, b.reset = v.remaining, reset
}

// missed notes a request without an answer: Discord may have counted it.
func (b *bucket) missed(now time.Time) {
	if b.limit > 0 && b.reset.After(now) {
		b.low--
	}
}

// routeOf finds or makes the route of a request.
func (l *rateLimiter) routeOf(endpoint *rest.CompiledEndpoint) *route {
	key := endpoint.Endpoint.Method + " " + endpoint.Endpoint.Route + " " + endpoint.MajorParams
	r, ok := l.routes[key]
	if !ok {
		r = &route{
			key: key, template: endpoint.Endpoint.Route, resource: endpoint.MajorParams, family: familyOf(endpoint),
			bucket: &bucket{line: list.New()}, kind: &breaker{},
		}
		if r.family == botFamily {
			r.kind = l.kindOf(endpoint.Endpoint.Method + " " + endpoint.Endpoint.Route)
		}
		l.routes[key] = r
	}
	r.used = l.now()
	return r
}

func (l *rateLimiter) kindOf(key string) *breaker {
	if l.kinds[key] == nil {
		l.kinds[key] = &breaker{}
	}
	return l.kinds[key]
}

// learn applies a verdict to the bucket, the gate and the budget.
func (l *rateLimiter) learn(t ticket, endpoint *rest.CompiledEndpoint, v verdict) {
	now := l.now()
	if v.status == 0 {
		t.bucket.missed(now)
		return
	}
	if v.bucket != "" {
		l.rebind(t.route, v.bucket+" "+endpoint.MajorParams)
	}
	b := t.route.bucket
	b.count(v, now)
	switch v.status {
	case http.StatusTooManyRequests:
		l.tooMany++
		l.pause(t, endpoint, v, now)
		if !v.shared {
			l.spend(now)
		}
		return
	case http.StatusUnauthorized:
		l.spend(now)
		if t.family == botFamily && v.tokenRefused && t.era == l.era && !l.refused {
			l.refused = true
			l.log.Error("discord refused the bot token; a new one must be set", slog.String("route", endpoint.Endpoint.Route))
			l.nudgeAll()
		}
		l.refusedBy(t, v.status, now)
	case http.StatusForbidden:
		l.spend(now)
		l.refusedBy(t, v.status, now)
	default:
		if v.status < http.StatusInternalServerError {
			l.takenBy(t)
		}
	}
	b.strikes = 0
	l.answered(t.family, now)
}

// pause closes what a 429 speaks of: the whole address, the gate of its family, or the bucket.
func (l *rateLimiter) pause(t ticket, endpoint *rest.CompiledEndpoint, v verdict, now time.Time) {
	b, g := t.route.bucket, &l.gates[t.family]
	wait := v.retryAfter
	if wait == 0 {
		strikes := &b.strikes
		everything := v.global || v.address
		if everything {
			strikes = &g.strikes
		}
		wait = min(shortestBackOff<<min(*strikes, 10), longestBackOff)
		if everything && t.whole.at.Before(g.shut) {
			wait = max(g.closed.Sub(now), shortestPause) // it flew when another was told so: no news
		} else {
			*strikes++
		}
	}
	until := now.Add(wait)
	scope := "bucket"
	switch {
	case v.address:
		scope = "address"
		for f := range families {
			l.shut(f, until)
		}
	case v.global:
		scope = "global"
		l.shut(t.family, until)
	default:
		b.blocked = latest(b.blocked, until)
		// A bucket that its headers call used up is no hidden limit.
		if v.remaining != 0 || v.retryAfter > v.resetAfter+time.Second/5 {
			l.hidden(endpoint.MajorParams, wait)
		}
		l.answered(t.family, now)
		l.nudgeAll() // those at the gate, too
	}
	l.log.Warn("discord asks to slow down", slog.String("scope", scope), slog.Bool("shared", v.shared),
		slog.String("method", endpoint.Endpoint.Method), slog.String("route", endpoint.Endpoint.Route), slog.Duration("wait", wait))
}

// rebind puts a route into the bucket that Discord named, together with those who wait for it.
func (l *rateLimiter) rebind(r *route, key string) {
	old := r.bucket
	if old.key == key {
		return
	}
	named, known := l.buckets[key]
	switch {
	case known:
	case old.key == "":
		named = old
	default:
		named = &bucket{line: list.New()}
	}
	named.key = key
	l.buckets[key] = named
	if named == old {
		return
	}
	r.bucket = named
	for e := old.line.Front(); e != nil; {
		next := e.Next()
		if w := waiterAt(e); w.route == r {
			old.line.Remove(e)
			w.line, w.place = named.line, named.line.PushBack(w)
		}
		e = next
	}
	nudge(old.line)
	nudge(named.line)
}

// tidy forgets what is not used any more. It runs on access, so that no goroutine is needed.
func (l *rateLimiter) tidy() {
	now := l.now()
	full := len(l.routes) >= maxRoutes
	if !full && now.Sub(l.lastTidy) < tidyEvery {
		return
	}
	l.lastTidy = now
	l.forget(func(r *route) bool { return now.Sub(r.used) >= keepIdle && r.bucket.idle(now) })
	if len(l.routes) >= maxRoutes {
		l.forget(func(r *route) bool { return r.bucket.idle(now) })
	}
	if len(l.routes) >= maxRoutes {
		l.forget(func(*route) bool { return true })
	}
}

// forget drops the unused routes of which drop says so, and the buckets that then have none.
func (l *rateLimiter) forget(drop func(*route) bool) {
	kept := map[*bucket]bool{}
	for key, r := range l.routes {
		if r.users == 0 && drop(r) {
			delete(l.routes, key)
			continue
		}
		kept[r.bucket] = true
	}
	for key, b := range l.buckets {
		if !kept[b] {
			delete(l.buckets, key)
		}
	}
}
