package relay

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/disgoorg/disgo/rest"
	"github.com/disgoorg/snowflake/v2"
)

func TestRateLimitContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newRateLimiter(rateConfig{})
		call(t, l, toChannel(1), answer(429, `{"message":"x","retry_after":60,"global":true}`))

		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		err := l.Wait(ctx, toChannel(2))
		var long *LongWaitError
		if !errors.As(err, &long) || !errors.Is(err, context.DeadlineExceeded) || long.Wait != time.Minute {
			t.Errorf("err = %v, want a wait of 1 m", err)
		}
		if time.Since(start) != 0 {
			t.Errorf("it took %v to say so", time.Since(start))
		}

		// Cancelling while waiting leaves the line in order.
		ctx, cancel = context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := l.Wait(ctx, toChannel(3)); !errors.Is(err, context.Canceled) {
				t.Errorf("err = %v", err)
			}
		})
		synctest.Wait() // it is past its bucket and stands at the gate
		wg.Go(func() { took(t, l, toChannel(3)) })
		synctest.Wait()
		cancel()
		wg.Wait()

		// A gate that closes wakes those who cannot wait that long.
		slow, other := toChannel(4), toChannel(5)
		for _, endpoint := range []*rest.CompiledEndpoint{slow, other} {
			if err := l.Wait(t.Context(), endpoint); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel = context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		wg.Go(func() {
			if err := l.Wait(ctx, toChannel(5)); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("err = %v", err)
			}
		})
		synctest.Wait()
		start = time.Now()
		_ = l.Unlock(slow, answer(429, `{"message":"x","retry_after":60,"global":true}`))
		wg.Wait()
		if time.Since(start) != 0 {
			t.Errorf("told after %v", time.Since(start))
		}
	})
}

// What flew together is told together: it is no reason to wait twice as long.
func TestRateLimitDefaultPauseOfMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newRateLimiter(rateConfig{})
		var flying []*rest.CompiledEndpoint
		for i := range 10 {
			endpoint := toWebhook(snowflake.ID(i + 1))
			if err := l.Wait(t.Context(), endpoint); err != nil {
				t.Fatal(err)
			}
			flying = append(flying, endpoint)
		}
		time.Sleep(time.Millisecond)
		for _, endpoint := range flying {
			_ = l.Unlock(endpoint, answer(429, cloudflarePage))
			time.Sleep(time.Millisecond)
		}
		if got := time.Until(l.Stats().WebhooksClosedUntil); got > 5*time.Second || got < 4*time.Second {
			t.Errorf("closed for %v", got)
		}
		time.Sleep(5 * time.Second)
		call(t, l, toWebhook(1), answer(429, cloudflarePage))
		if got := time.Until(l.Stats().WebhooksClosedUntil); got != 10*time.Second {
			t.Errorf("then closed for %v", got)
		}
	})
}

// A request goes out only while there is time for its answer.
func TestTurnstileKeepsTimeForTheAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newRateLimiter(rateConfig{})
		gate := turnstile{l, newReadPace()}
		call(t, l, toChannel(1), answer(429, `{"message":"x","retry_after":8,"global":true}`))
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		start := time.Now()
		var long *LongWaitError
		if err := gate.Wait(ctx, toChannel(2)); !errors.As(err, &long) || !errors.Is(err, errNotSent) || long.Wait != 8*time.Second || time.Since(start) != 0 {
			t.Errorf("err = %v after %v", err, time.Since(start))
		}

		// Who stands behind one that is never answered comes again.
		slow := toWebhook(1)
		if err := l.Wait(t.Context(), slow); err != nil {
			t.Fatal(err)
		}
		if err := gate.Wait(ctx, toWebhook(1)); !errors.As(err, &long) || !errors.Is(err, errNotSent) || time.Since(start) != 7*time.Second {
			t.Errorf("err = %v after %v", err, time.Since(start))
		}
		ended, end := context.WithCancel(t.Context())
		end()
		if err := gate.Wait(ended, toChannel(2)); !errors.Is(err, context.Canceled) {
			t.Errorf("err = %v", err)
		}
	})
}

// Who stands at the gate when Discord closes its bucket does not go.
func TestRateLimitGoesBackToItsBucket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newRateLimiter(rateConfig{})
		call(t, l, toWebhook(1), answer(200, "{}", "X-RateLimit-Bucket: b", "X-RateLimit-Limit: 5", "X-RateLimit-Remaining: 4", "X-RateLimit-Reset-After: 1"))
		time.Sleep(2 * time.Second)
		first := toWebhook(1)
		if err := l.Wait(t.Context(), first); err != nil {
			t.Fatal(err)
		}
		l.mu.Lock()
		l.gates[addressFamily].next = time.Now().Add(5 * time.Second) // many others go first
		l.mu.Unlock()
		start := time.Now()
		var wg sync.WaitGroup
		for i := range 6 { // more than the bucket lets through at once
			wg.Go(func() {
				took(t, l, toWebhook(1))
				if time.Since(start) < 10*time.Second {
					t.Errorf("the %dth went after %v", i, time.Since(start))
				}
			})
			synctest.Wait()
		}
		if got := l.gates[addressFamily].line.Len(); got != 4 {
			t.Errorf("%d stand at the gate", got)
		}
		_ = l.Unlock(first, answer(429, `{"message":"x","retry_after":10,"global":false}`, "X-RateLimit-Bucket: b"))
		synctest.Wait()
		l.mu.Lock()
		var line []int64
		for e := l.routeOf(first).bucket.line.Front(); e != nil; e = e.Next() {
			line = append(line, waiterAt(e).number)
		}
		l.mu.Unlock()
		if !slices.IsSorted(line) || len(line) != 6 {
			t.Errorf("they wait for their bucket in the order %v", line)
		}
		wg.Wait()
		if got := l.Stats(); got.Waiting != 0 || got.InFlight != 0 || l.routeOf(first).bucket.flying != 0 {
			t.Errorf("left over: %+v", got)
		}
	})
}

func TestRateLimitPace(t *testing.T) {
	for name, endpointOf := range map[string]func(snowflake.ID) *rest.CompiledEndpoint{"bot": toChannel, "webhooks": toWebhook} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newRateLimiter(rateConfig{})
				sent := storm(t, l, 500, endpointOf)
				for i := range sent {
					n := 0
					for _, at := range sent[i:] {
						if at.Sub(sent[i]) < time.Second {
							n++
						}
					}
					if n > 50 {
						t.Fatalf("%d requests within one second", n)
					}
				}
				if last := sent[len(sent)-1].Sub(sent[0]); last > 12*time.Second {
					t.Errorf("500 requests took %v", last)
				}
			})
		})
	}
	t.Run("callbacks are not paced", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			sent := storm(t, newRateLimiter(rateConfig{}), 500, toCallback)
			if last := sent[len(sent)-1].Sub(sent[0]); last > 0 {
				t.Errorf("500 callbacks took %v", last)
			}
		})
	})
	t.Run("followups are not paced", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			sent := storm(t, newRateLimiter(rateConfig{}), 500, func(id snowflake.ID) *rest.CompiledEndpoint {
				return rest.CreateFollowupMessage.Compile(nil, snowflake.ID(1), fmt.Sprint("token-", id))
			})
			if last := sent[len(sent)-1].Sub(sent[0]); last > 0 {
				t.Errorf("500 followups took %v", last)
			}
		})
	})
}

// storm sends n requests at once, each to a bucket of its own, and returns when they went out.
func storm(t *testing.T, l *rateLimiter, n int, endpointOf func(snowflake.ID) *rest.CompiledEndpoint) []time.Time {
	var mu sync.Mutex
	var sent []time.Time
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			endpoint := endpointOf(snowflake.ID(i + 1))
			if err := l.Wait(t.Context(), endpoint); err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			sent = append(sent, time.Now())
			mu.Unlock()
			time.Sleep(30 * time.Millisecond)
			_ = l.Unlock(endpoint, answer(200, "{}"))
		})
	}
	wg.Wait()
	return sent
}

// When Discord does not answer, few are sent after each other, and each answer lets the next go.
func TestRateLimitFewUnanswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newRateLimiter(rateConfig{})
		start := time.Now()
		var flying []*rest.CompiledEndpoint
		for i := range mostYoung {
			flying = append(flying, toWebhook(snowflake.ID(i+1)))
			if err := l.Wait(t.Context(), flying[i]); err != nil {
				t.Fatal(err)
			}
		}
		if got := time.Since(start); got > youngFor/2 {
			t.Errorf("the first ones took %v", got)
		}
		if waited := took(t, l, toChannel(1)); waited != 0 {
			t.Errorf("another family waited %v", waited)
		}
		var wg sync.WaitGroup
		wg.Go(func() {
			if waited := took(t, l, toWebhook(100)); waited != time.Second/4 {
				t.Errorf("the next one waited %v, not for an answer", waited)
			}
		})
		time.Sleep(time.Second / 4)
		_ = l.Unlock(flying[0], nil)
		wg.Wait()
		if err := l.Wait(t.Context(), toWebhook(101)); err != nil {
			t.Fatal(err)
		}
		if waited := took(t, l, toWebhook(102)); waited == 0 || time.Since(start) > youngFor+time.Second/gateRate {
			t.Errorf("it waited %v for those that get no answer", waited)
		}
	})
}
