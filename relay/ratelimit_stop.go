package relay

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// ErrLimiterClosed is the answer to requests after the limiter was closed.
var ErrLimiterClosed = errors.New("the connection to Discord is closed")

// LongWaitError says that a rate limit lasts longer than the caller can wait. It is a
// [context.DeadlineExceeded].
type LongWaitError struct {
	Wait time.Duration // how long it would have been, at least
}

func (e *LongWaitError) Error() string {
	return fmt.Sprintf("discord's rate limit asks to wait %s, longer than this call may take", e.Wait.Round(time.Millisecond))
}

// Unwrap makes it a context.DeadlineExceeded.
func (e *LongWaitError) Unwrap() error { return context.DeadlineExceeded }

// InvalidBudgetError says that so many requests were refused by Discord (401, 403, 429) that we
// send none until the count has gone down: at 10,000 in 10 minutes Discord bans the address.
type InvalidBudgetError struct {
	Until time.Time // when requests go out again, at the earliest
	Count int       // how many there were in the last 10 minutes
}

func (e *InvalidBudgetError) Error() string {
	return fmt.Sprintf("discord refused %d requests within 10 minutes; to keep it from banning this address nothing is sent until %s",
		e.Count, e.Until.UTC().Format(time.RFC3339))
}

// TokenRefusedError says that Discord refused the bot's token. Nothing goes out with it any more
// until it is replaced.
type TokenRefusedError struct{}

func (*TokenRefusedError) Error() string {
	return "discord refused the bot token; whoever runs this instance must set a new one"
}

// invalidBudget counts refused requests in a sliding window.
type invalidBudget struct {
	limit   int
	at      []time.Time // oldest first; bounded by limit and the requests in flight
	stopped bool
}

func (b *invalidBudget) prune(now time.Time) {
	gone := 0
	for gone < len(b.at) && !b.at[gone].After(now.Add(-invalidWindow)) {
		gone++
	}
	b.at = b.at[gone:]
	// Half of the limit must be free again, so that the stop does not flicker at its edge.
	if b.stopped && len(b.at) <= b.limit/2 {
		b.stopped = false
	}
}

// until is when the stop ends if nothing more is added.
func (b *invalidBudget) until() time.Time {
	return b.at[len(b.at)-b.limit/2-1].Add(invalidWindow)
}

// spend counts one refused request and stops everything when there were too many.
func (l *rateLimiter) spend(now time.Time) {
	b := &l.invalid
	b.prune(now)
	b.at = append(b.at, now)
	if len(b.at) < b.limit || b.stopped {
		return
	}
	b.stopped = true
	l.log.Error("too many requests refused by discord: nothing is sent for a while",
		slog.Int("refused", len(b.at)), slog.Time("until", b.until()))
	l.nudgeAll()
}

// refusal is why a request may not go out at all, or nil.
func (l *rateLimiter) refusal(w *waiter, now time.Time) error {
	if l.closed {
		return ErrLimiterClosed
	}
	l.invalid.prune(now)
	if l.invalid.stopped {
		return &InvalidBudgetError{Until: l.invalid.until(), Count: len(l.invalid.at)}
	}
	if l.refused && w.family == botFamily {
		return &TokenRefusedError{}
	}
	if w.passed && w.route.bucket.blocked.After(now) {
		return errBlocked
	}
	return l.held(w, now)
}

// LimitStats is how sending stands.
type LimitStats struct {
	// Until when Discord told us to hold back; zero while the gate is open.
	BotClosedUntil         time.Time // requests with the bot's token
	WebhooksClosedUntil    time.Time // requests without it, counted by IP address
	InteractionClosedUntil time.Time // answers to interactions

	// Until when nothing is tried because Discord refused everything (401, 403) without saying
	// for how long; zero while it takes requests. When it is past, the next request tries it.
	BotRefusedUntil      time.Time
	WebhooksRefusedUntil time.Time
	RoutesRefused        int // single things, such as lines in one channel, that are refused so

	Waiting  int   // requests that wait for a limit
	InFlight int   // requests that wait for Discord's answer
	Buckets  int   // limits that Discord has named and that are remembered
	TooMany  int64 // 429s since the start

	Invalid      int       // 401, 403 and 429 in the last 10 minutes
	InvalidLimit int       // at this many all requests stop
	StoppedUntil time.Time // zero while they have not
	TokenRefused bool
}

// Stats tells how sending stands.
func (l *rateLimiter) Stats() LimitStats {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	l.invalid.prune(now)
	stats := LimitStats{
		BotClosedUntil:         l.closedUntil(botFamily, now),
		WebhooksClosedUntil:    l.closedUntil(addressFamily, now),
		InteractionClosedUntil: l.closedUntil(interactionFamily, now),
		Waiting:                l.waiting,
		InFlight:               l.flying,
		Buckets:                len(l.buckets),
		TooMany:                l.tooMany,
		Invalid:                len(l.invalid.at),
		InvalidLimit:           l.invalid.limit,
		TokenRefused:           l.refused,
	}
	stats.BotRefusedUntil = l.gates[botFamily].breaker.next
	stats.WebhooksRefusedUntil = l.gates[addressFamily].breaker.next
	for _, r := range l.routes {
		if !r.breaker.closed.IsZero() {
			stats.RoutesRefused++
		}
	}
	if l.invalid.stopped {
		stats.StoppedUntil = l.invalid.until()
	}
	return stats
}

func (l *rateLimiter) closedUntil(f family, now time.Time) time.Time {
	if closed := l.gates[f].closed; closed.After(now) {
		return closed
	}
	return time.Time{}
}
