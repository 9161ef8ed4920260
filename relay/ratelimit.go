package relay

import (
	"container/list"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/disgoorg/disgo/rest"
)

const (
	// triesPerCall is how often disgo sends one request in all when each answer is a 429.
	// The limiter waits between the tries, so a handful is enough.
	triesPerCall = 5
	// gateRate and gateBurst keep any one second below Discord's 50 requests: 45 + 3.
	gateRate  = 45
	gateBurst = 3
	// invalidWindow is Discord's: 10,000 answers of 401, 403 or 429 in it get the address banned.
	invalidWindow = 10 * time.Minute
	// invalidLimit is where we stop ourselves, far below Discord's 10,000.
	invalidLimit = 500
	// longestWait bounds what a header may ask for, so that garbage cannot overflow a time.
	longestWait = 24 * time.Hour
	// shortestBackOff is the pause after a 429 that names none; it doubles up to longestBackOff.
	shortestBackOff = 5 * time.Second
	longestBackOff  = 5 * time.Minute
)

// rateConfig is what a rateLimiter needs. Zero values are good.
type rateConfig struct {
	Log *slog.Logger     // default: nothing is logged
	Now func() time.Time // default: time.Now
	// Hidden hears of a 429 to a webhook that no header had announced: which webhook, and how
	// long to wait. It must not wait or call the limiter. Default: nobody.
	Hidden func(webhook string, wait time.Duration)
	// InvalidLimit is how many 401, 403 and 429 in 10 minutes stop all requests. Default 500.
	InvalidLimit int
}

// family is whom Discord counts a request for.
type family int

const (
	botFamily         family = iota // by token: 50 requests a second
	addressFamily                   // no token, by IP address: webhooks, 50 requests a second
	interactionFamily               // not bound by a global limit
	families
)

// familyOf sorts a request. The source is topics/rate-limits of Discord's documentation.
func familyOf(endpoint *rest.CompiledEndpoint) family {
	switch {
	case endpoint.Endpoint.BotAuth:
		return botFamily
	case strings.HasPrefix(endpoint.Endpoint.Route, "/interactions/"),
		strings.Contains(endpoint.Endpoint.Route, "{interaction.token}"):
		return interactionFamily
	default:
		return addressFamily
	}
}

// rateLimiter is our own [rest.RateLimiter]: disgo's ignores global and Cloudflare 429s,
// cuts fractions of seconds off and has data races. Wait blocks in two lines, first for the
// request's bucket, then for the gate of its family; both are first in, first out. It runs no
// goroutine of its own.
type rateLimiter struct {
	log    *slog.Logger
	now    func() time.Time
	hidden func(webhook string, wait time.Duration)

	mu       sync.Mutex
	routes   map[string]*route  // by method, path template and major parameters
	buckets  map[string]*bucket // by Discord's bucket id and major parameters
	gates    [families]gate
	tickets  map[*rest.CompiledEndpoint][]ticket // admitted and not yet unlocked
	flying   int                                 // how many tickets there are
	waiting  int
	came     int64 // how many have come to wait
	waiters  map[*waiter]struct{}
	invalid  invalidBudget
	refused  bool // the bot token got a 401
	era      int  // counts Resets: an old token's late 401 says nothing about the new one
	closed   bool
	drained  chan struct{} // closed when the last ticket comes back after Close
	tooMany  int64
	lastTidy time.Time
}

var _ rest.RateLimiter = (*rateLimiter)(nil)

// ticket is what Wait gave out and Unlock takes back.
type ticket struct {
	route  *route
	bucket *bucket
	family family
	era    int
	own    pass // by the route's breaker
	whole  pass // by the family's
}

// waiter is one caller inside Wait.
type waiter struct {
	wake     chan struct{} // has room for one nudge
	route    *route
	family   family
	line     *list.List // where it stands now
	place    *list.Element
	number   int64 // in the order in which they came
	passed   bool  // the bucket and the route's breaker
	returned bool  // from the gate to the bucket
	own      pass  // by the route's breaker
	whole    pass  // by the family's
}

func newRateLimiter(cfg rateConfig) *rateLimiter {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Hidden == nil {
		cfg.Hidden = func(string, time.Duration) {}
	}
	if cfg.InvalidLimit <= 0 {
		cfg.InvalidLimit = invalidLimit
	}
	l := &rateLimiter{
		log:     cfg.Log,
		hidden:  cfg.Hidden,
		now:     cfg.Now,
		routes:  map[string]*route{},
		buckets: map[string]*bucket{},
		tickets: map[*rest.CompiledEndpoint][]ticket{},
		waiters: map[*waiter]struct{}{},
		invalid: invalidBudget{limit: cfg.InvalidLimit},
	}
	for i := range l.gates {
		l.gates[i].line = list.New()
		l.gates[i].paced = family(i) != interactionFamily
	}
	return l
}

// MaxRetries is how often disgo sends a request in all while the answer is a 429.
func (l *rateLimiter) MaxRetries() int { return triesPerCall }

// Reset forgets the refused token and what was learnt about idle buckets. Closed gates and
// the count of invalid requests stay, because Discord does not forget them either.
func (l *rateLimiter) Reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refused = false
	l.era++
	l.gates[botFamily].breaker = breaker{flying: l.gates[botFamily].breaker.flying}
	l.forget(func(*route) bool { return true })
}

// Close makes every waiting and later Wait fail with [ErrLimiterClosed] and returns when all
// admitted requests have been unlocked, or when ctx ends.
func (l *rateLimiter) Close(ctx context.Context) {
	l.mu.Lock()
	l.closed = true
	l.nudgeAll()
	if l.flying == 0 {
		l.mu.Unlock()
		return
	}
	if l.drained == nil {
		l.drained = make(chan struct{})
	}
	drained := l.drained
	l.mu.Unlock()
	select {
	case <-drained:
	case <-ctx.Done():
	}
}

// Wait blocks until the request may be sent. Every nil must be followed by one Unlock. The
// errors: [ErrLimiterClosed], [*TokenRefusedError], [*InvalidBudgetError], [*HeldBackError],
// [*LongWaitError] (which is a context.DeadlineExceeded), or the error of ctx.
func (l *rateLimiter) Wait(ctx context.Context, endpoint *rest.CompiledEndpoint) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tidy()
	l.came++
	w := &waiter{wake: make(chan struct{}, 1), route: l.routeOf(endpoint), family: familyOf(endpoint), number: l.came}
	l.waiting++
	w.route.users++
	l.waiters[w] = struct{}{}
	defer func() {
		l.waiting--
		w.route.users--
		delete(l.waiters, w)
	}()

	t, err := l.admit(ctx, w)
	if err != nil {
		return err
	}
	t.route.users++
	l.tickets[endpoint] = append(l.tickets[endpoint], t)
	l.flying++
	return nil
}

// errBlocked sends a waiter back into its bucket's line.
var errBlocked = errors.New("the bucket was closed meanwhile")

// admit takes a waiter through both lines. Who stands at the gate when Discord closes its bucket
// waits for the bucket again, in its old place.
func (l *rateLimiter) admit(ctx context.Context, w *waiter) (ticket, error) {
	for {
		if err := l.stand(ctx, w, w.route.bucket.line, l.bucketTurn); err != nil {
			return ticket{}, err
		}
		passed := w.route.bucket
		err := l.stand(ctx, w, l.gates[w.family].line, l.gateTurn)
		if err == nil {
			return ticket{route: w.route, bucket: passed, family: w.family, era: l.era, own: w.own, whole: w.whole}, nil
		}
		passed.flying--
		w.passed, w.returned = false, true
		w.route.breaker.undo(w.own, l.now())
		nudge(passed.line)
		if !errors.Is(err, errBlocked) {
			return ticket{}, err
		}
	}
}

// Unlock takes the answer into account; rs is nil when there was none. The body of a 401 or
// 429 is read, at most 64 KiB of it, and put back. It never returns an error: a header that
// cannot be read is no reason to lose an answer.
func (l *rateLimiter) Unlock(endpoint *rest.CompiledEndpoint, rs *http.Response) error {
	v := judge(rs, l.now())
	l.mu.Lock()
	defer l.mu.Unlock()
	tickets := l.tickets[endpoint]
	if len(tickets) == 0 {
		return nil
	}
	t := tickets[0]
	if len(tickets) == 1 {
		delete(l.tickets, endpoint)
	} else {
		l.tickets[endpoint] = tickets[1:]
	}
	l.flying--
	t.route.users--
	t.bucket.flying--
	t.route.breaker.landed(t.own)
	l.gates[t.family].landed(t.whole)
	l.learn(t, endpoint, v)
	nudge(t.bucket.line)
	nudge(t.route.bucket.line)
	nudge(l.gates[t.family].line)
	if l.closed && l.flying == 0 && l.drained != nil {
		close(l.drained)
		l.drained = nil
	}
	return nil
}
