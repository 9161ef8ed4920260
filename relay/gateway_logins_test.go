package relay

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/disgoorg/disgo/discord"

	"troupe/entities"
)

// counter is Discord's count of logins, and the database, for tests of the budget.
type counter struct {
	mu     sync.Mutex
	stored entities.Logins
	limit  discord.SessionStartLimit
	ends   time.Time // of Discord's day
	stuck  bool      // Discord's answer stays what it was
	holds  []time.Time
	asked  int
	broken error // of the database
}

// budget is what one life of the program has of it.
func (c *counter) budget(t *testing.T) *logins {
	t.Helper()
	l := (&Relay{now: time.Now, log: slog.New(slog.DiscardHandler)}).newLogins()
	l.load = func(context.Context) (entities.Logins, error) { return c.stored, c.broken }
	l.save = func(_ context.Context, past entities.Logins) error {
		if c.broken == nil {
			c.stored = past
		}
		return c.broken
	}
	l.ask = func(context.Context) (discord.SessionStartLimit, error) { c.asked++; return c.answer(), nil }
	l.held = func(until time.Time, _ int) { c.holds = append(c.holds, until) }
	if err := l.told(t.Context(), c.answer()); err != nil {
		t.Fatal(err)
	}
	return l
}

func (c *counter) answer() discord.SessionStartLimit {
	if !c.stuck && !time.Now().Before(c.ends) {
		c.limit.Remaining, c.ends = c.limit.Total, time.Now().Add(loginDay)
	}
	c.limit.ResetAfter = int(time.Until(c.ends).Milliseconds())
	return c.limit
}

// login is one identify as the gateway makes it.
func (c *counter) login(ctx context.Context, l *logins, shard int) error {
	if err := l.Wait(ctx, shard); err != nil {
		return err
	}
	defer l.Unlock(shard)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := l.Spend(ctx, shard); err != nil {
		return err
	}
	if !c.stuck {
		c.answer()
		c.limit.Remaining--
	}
	return nil
}

func newCounter(remaining, concurrency int) *counter {
	return &counter{ends: time.Now().Add(loginDay), limit: discord.SessionStartLimit{Total: 1000, Remaining: remaining, MaxConcurrency: concurrency}}
}

func TestLoginsTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounter(1000, 3)
		first, second := c.budget(t), (*logins)(nil)
		var mu sync.Mutex
		at := map[int][]time.Time{}
		all := func(l *logins) {
			var wg sync.WaitGroup
			for shard := range 9 {
				wg.Go(func() {
					if err := c.login(t.Context(), l, shard); err != nil {
						t.Error(err)
					}
					mu.Lock()
					defer mu.Unlock()
					at[shard%3] = append(at[shard%3], time.Now())
				})
			}
			wg.Wait()
		}
		start := time.Now()
		all(first)
		// A restart begins where the last life ended.
		second = c.budget(t)
		all(second)
		if took := time.Since(start); took != 25*time.Second {
			t.Errorf("18 logins of 3 keys took %v", took)
		}
		for key, times := range at {
			for i := 1; i < len(times); i++ {
				if gap := times[i].Sub(times[i-1]); gap < loginPause {
					t.Errorf("key %d: %v between logins", key, gap)
				}
			}
		}
	})
}

// When half of the day's logins are spent, they become rarer.
func TestLoginsAreSpared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounter(502, 1)
		l := c.budget(t)
		var took []time.Duration
		for range 5 {
			begin := time.Now()
			if err := c.login(t.Context(), l, 0); err != nil {
				t.Fatal(err)
			}
			took = append(took, time.Since(begin))
		}
		if want := []time.Duration{0, loginPause, loginPause, sparingPause, sparingPause}; !slices.Equal(took, want) {
			t.Errorf("they took %v", took)
		}
	})
}

// A program that crashes again and again right after its login stops above Discord's limit, and
// goes on the next day by itself.
func TestACrashLoopKeepsLoginsBack(t *testing.T) {
	for name, stuck := range map[string]bool{"by Discord's word": false, "by our own count": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCounter(1000, 1)
				c.stuck = stuck
				var made []time.Time
				ctx, cancel := context.WithTimeout(t.Context(), 50*time.Hour)
				defer cancel()
				for ctx.Err() == nil {
					if err := c.login(ctx, c.budget(t), 0); err == nil {
						made = append(made, time.Now())
					}
				}
				for i, from := range made {
					if n := slices.IndexFunc(made[i:], func(at time.Time) bool { return at.Sub(from) >= loginDay }); n > 1000-LoginReserve {
						t.Fatalf("%d logins within a day", n)
					}
				}
				if days := len(made) / (1000 - LoginReserve); days < 2 {
					t.Errorf("only %d logins in two days", len(made))
				}
				if !stuck && (c.limit.Remaining < LoginReserve || len(c.holds) == 0) {
					t.Errorf("%d left, %d holds", c.limit.Remaining, len(c.holds))
				}
			})
		})
	}
}

func TestFewLoginsAreHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounter(LoginReserve+1, 1)
		c.ends = time.Now().Add(3 * time.Hour)
		l := c.budget(t)
		if err := c.login(t.Context(), l, 0); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if err := c.login(t.Context(), l, 0); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took != 3*time.Hour {
			t.Errorf("it went on after %v", took)
		}
		if !c.holds[0].Equal(start.Add(3*time.Hour)) || !c.holds[len(c.holds)-1].IsZero() || c.asked == 0 {
			t.Errorf("held until %v, asked %d times", c.holds, c.asked)
		}
		c.limit.Remaining = LoginReserve
		l = c.budget(t)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := c.login(ctx, l, 0); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("without logins left: %v", err)
		}
		if !c.holds[len(c.holds)-1].IsZero() {
			t.Error("who gave up is still said to wait")
		}
	})
}

// What cannot be written down is not made.
func TestLoginsNeedTheDatabase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounter(1000, 1)
		l := c.budget(t)
		c.broken = errors.New("disk full")
		if err := c.login(t.Context(), l, 0); !errors.Is(err, c.broken) {
			t.Errorf("with a broken database: %v", err)
		}
		c.broken = nil
		if err := c.login(t.Context(), l, 0); err != nil || len(c.stored.All) != 1 {
			t.Errorf("afterwards: %v, %d logins", err, len(c.stored.All))
		}
	})
}

// An outage is no reason to count: only what goes out is a login.
func TestGivenUpLoginsDoNotCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounter(1000, 1)
		l := c.budget(t)
		for range 2000 {
			if err := l.Wait(t.Context(), 0); err != nil {
				t.Fatal(err)
			}
			l.Unlock(0)
		}
		if left, _ := l.room(); left != 1000-LoginReserve {
			t.Errorf("%d left", left)
		}
	})
}
