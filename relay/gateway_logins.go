package relay

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/disgo/gateway"

	"troupe/entities"
)

const (
	// LoginReserve is how many of the day's logins at the gateway are left alone: Discord resets
	// the token of a bot that uses all of them up, and people may want to try something.
	LoginReserve = 50
	// usualLogins is what Discord allows bots on few servers in a day, for an API that does not
	// say it.
	usualLogins = 1000
	loginDay    = 24 * time.Hour
	// loginPause is Discord's: between two logins of one max_concurrency key.
	loginPause = 5 * time.Second
	// sparingPause is ours, as soon as less than half of a day's logins is left: sessions that
	// end again and again shall not use up what a whole day needs.
	sparingPause = time.Minute
	// Of a wait for the next day, how long until Discord is asked again.
	shortestHold, longestHold = time.Minute, time.Hour
)

// logins spends what Discord allows of logins (identifies): in turn, with pauses, and never the
// last ones of a day. What was spent is written down before it is. Its zero value is not ready;
// see newLogins.
type logins struct {
	now  func() time.Time
	log  *slog.Logger
	load func(context.Context) (entities.Logins, error)
	save func(context.Context, entities.Logins) error
	ask  func(context.Context) (discord.SessionStartLimit, error)
	// held hears until when no login is left, and the zero time when it goes on.
	held func(until time.Time, left int)
	free bool // a stand-in lets everybody log in

	mu       sync.Mutex
	loaded   bool
	past     entities.Logins
	total    int
	left     int       // by Discord's last word, less those since
	resets   time.Time // by Discord's last word
	parallel int       // max_concurrency
	turns    map[int]chan struct{}
	taken    map[int]chan struct{} // the turns that shards have now
}

var _ gateway.IdentifyRateLimiter = (*logins)(nil)

// newLogins makes the budget of this relay's bot.
func (r *Relay) newLogins() *logins {
	return &logins{
		now: r.now, log: r.log, total: usualLogins, left: usualLogins, parallel: 1,
		turns: map[int]chan struct{}{}, taken: map[int]chan struct{}{},
		load: func(ctx context.Context) (entities.Logins, error) { return r.registry.Logins(ctx, keeper) },
		save: func(ctx context.Context, past entities.Logins) error { return r.registry.SaveLogins(ctx, keeper, past) },
		ask: func(ctx context.Context) (discord.SessionStartLimit, error) {
			answer, err := r.askForGateway(ctx)
			if err != nil {
				return discord.SessionStartLimit{}, err
			}
			return answer.SessionStartLimit, nil
		},
		held: r.state.hold,
	}
}

// told takes Discord's word of what is left. More than it said before means a new day.
func (l *logins) told(ctx context.Context, limit discord.SessionStartLimit) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.loaded {
		past, err := l.load(ctx)
		if err != nil {
			return err
		}
		l.past, l.loaded = past, true
	}
	if limit.Total <= 0 { // an API that is compatible with Discord's may not say it
		limit.Total, limit.Remaining = usualLogins, usualLogins
	}
	now := l.now()
	if l.past.Left != nil && limit.Remaining > *l.past.Left {
		l.past.Since = now
	}
	l.past.Left = &limit.Remaining
	l.total, l.left, l.resets = limit.Total, limit.Remaining, now.Add(time.Duration(limit.ResetAfter)*time.Millisecond)
	l.parallel = max(limit.MaxConcurrency, 1)
	return nil
}

// room says how many logins are left above the reserve, and when there are more.
func (l *logins) room() (left int, until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	l.past = l.past.Lately(now)
	var counted []entities.Login
	for i, login := range l.past.All {
		if login.At.After(l.past.Since) {
			counted = l.past.All[i:]
			break
		}
	}
	// Discord's word alone would not do: something between may keep old answers.
	own := l.total - len(counted)
	left = min(own, l.left) - LoginReserve
	if left > 0 {
		return left, time.Time{}
	}
	if l.left <= LoginReserve {
		until = l.resets
	}
	if own <= LoginReserve && len(counted) > 0 {
		if free := counted[0].At.Add(loginDay); free.After(until) {
			until = free
		}
	}
	if soonest := now.Add(shortestHold); until.Before(soonest) {
		until = soonest
	}
	return left, until
}

// Wait implements [gateway.IdentifyRateLimiter]: it waits for a shard's turn, and for the next
// day when too few logins are left.
func (l *logins) Wait(ctx context.Context, shard int) error {
	if l.free {
		return nil
	}
	turn := l.turn(shard)
	select {
	case turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	err := l.hold(ctx)
	if pause := l.pause(shard); err == nil && pause > 0 {
		linger(ctx, pause)
	}
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		<-turn
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.taken[shard] = turn
	return nil
}

// turn is what the shards of one max_concurrency key take one after the other.
func (l *logins) turn(shard int) chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := shard % l.parallel
	turn, ok := l.turns[key]
	if !ok {
		turn = make(chan struct{}, 1)
		l.turns[key] = turn
	}
	return turn
}

// pause is how long it still is until a shard's next login, after the last one of its key.
func (l *logins) pause(shard int) time.Duration {
	left, _ := l.room()
	l.mu.Lock()
	defer l.mu.Unlock()
	between := loginPause
	if left+LoginReserve < l.total/2 {
		between = sparingPause
	}
	for i := len(l.past.All) - 1; i >= 0; i-- {
		if login := l.past.All[i]; login.Shard%l.parallel == shard%l.parallel {
			// No longer, should the clock have been set back.
			return min(login.At.Add(between).Sub(l.now()), between)
		}
	}
	return 0
}

// hold waits while too few logins are left.
func (l *logins) hold(ctx context.Context) error {
	for waited := false; ; waited = true {
		left, until := l.room()
		if left > 0 {
			if waited {
				l.held(time.Time{}, 0)
			}
			return nil
		}
		l.held(until, left+LoginReserve)
		l.log.Error("too few logins are left of those that Discord allows in a day; waiting", "left", left+LoginReserve, "until", until.UTC())
		linger(ctx, min(max(until.Sub(l.now()), shortestHold), longestHold))
		if ctx.Err() != nil {
			l.held(time.Time{}, 0)
			return ctx.Err()
		}
		limit, err := l.ask(ctx)
		if err == nil {
			err = l.told(ctx, limit)
		}
		if err != nil {
			l.log.Warn("ask how many logins are left", "err", scrubError(err))
		}
	}
}

// Spend writes a login down, right before it is made. An error means that it must not be.
func (l *logins) Spend(ctx context.Context, shard int) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	next := l.past.Lately(l.now())
	next.All = append(next.All[:len(next.All):len(next.All)], entities.Login{Shard: shard, At: l.now()})
	if err := l.save(ctx, next); err != nil {
		return fmt.Errorf("write a login down: %w", err)
	}
	l.past = next
	l.left--
	return nil
}

// Unlock implements [gateway.IdentifyRateLimiter]: the shard has logged in, or gave it up.
func (l *logins) Unlock(shard int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if turn, ok := l.taken[shard]; ok {
		delete(l.taken, shard)
		<-turn // it holds what Wait put in
	}
}

// Close implements [gateway.IdentifyRateLimiter]. Whoever waits is woken by its own context.
func (l *logins) Close(context.Context) {}
