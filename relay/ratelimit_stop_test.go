package relay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/disgoorg/disgo/rest"
	"github.com/disgoorg/snowflake/v2"
)

func TestRateLimitStopsAtTheInvalidBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newRateLimiter(rateConfig{InvalidLimit: 20})
		for i := range 9 {
			call(t, l, toChannel(snowflake.ID(i)), answer(403, `{"code":50013}`))
		}
		time.Sleep(5 * time.Minute)
		for i := range 10 {
			call(t, l, toWebhook(snowflake.ID(i)), answer(401, `{"code":50027}`))
		}
		if got := l.Stats(); got.Invalid != 19 || !got.StoppedUntil.IsZero() {
			t.Fatalf("before the stop: %+v", got)
		}
		call(t, l, toChannel(100), answer(403, `{"code":50013}`))
		stopped := time.Now()
		for _, endpoint := range []*rest.CompiledEndpoint{toChannel(200), toWebhook(200), toCallback(200)} {
			var over *InvalidBudgetError
			if err := l.Wait(t.Context(), endpoint); !errors.As(err, &over) || over.Count != 20 {
				t.Errorf("%s: err = %v", endpoint.Endpoint.Route, err)
			}
		}
		until := l.Stats().StoppedUntil
		if got := until.Sub(stopped); got < 9*time.Minute || got > 10*time.Minute {
			t.Errorf("stopped for %v; half of the limit is free again after almost 10 m", got)
		}
		time.Sleep(until.Sub(stopped) - time.Second)
		if err := l.Wait(t.Context(), toChannel(200)); err == nil {
			t.Error("requests go out before the window has cleared")
		}
		time.Sleep(time.Second)
		call(t, l, toChannel(200), answer(200, "{}"))
	})
}

func TestRateLimitStopFailsThoseWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newRateLimiter(rateConfig{InvalidLimit: 1})
		call(t, l, toChannel(9), answer(429, `{"message":"x","retry_after":3600,"global":false}`, "X-RateLimit-Scope: shared"))
		start := time.Now()
		first := toWebhook(1)
		if err := l.Wait(t.Context(), first); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for i := range 50 {
			endpoint := toWebhook(1)
			if i == 0 {
				endpoint = toChannel(9) // its pause lasts an hour
			}
			wg.Go(func() {
				var over *InvalidBudgetError
				if err := l.Wait(t.Context(), endpoint); !errors.As(err, &over) {
					t.Errorf("err = %v", err)
				}
			})
		}
		synctest.Wait()
		_ = l.Unlock(first, answer(403, ""))
		wg.Wait()
		if took := time.Since(start); took > 0 {
			t.Errorf("they were told after %v", took)
		}
	})
}

func TestRateLimitRefusedToken(t *testing.T) {
	tests := []struct {
		name    string
		call    *rest.CompiledEndpoint
		body    string
		refused bool
	}{
		{"bot token", toChannel(1), `{"message":"401: Unauthorized","code":0}`, true},
		{"bot token, no JSON", toChannel(1), `nope`, true},
		{"second factor of the owner", toChannel(1), `{"message":"Two factor is required for this operation","code":60003}`, false},
		{"webhook", toWebhook(1), `{"message":"401: Unauthorized","code":0}`, false},
		{"interaction", toCallback(1), `{"message":"401: Unauthorized","code":0}`, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newRateLimiter(rateConfig{})
				old := toChannel(50)
				if err := l.Wait(t.Context(), old); err != nil {
					t.Fatal(err)
				}
				call(t, l, toChannel(60), answer(429, `{"message":"x","retry_after":3600,"global":false}`))
				var waiting sync.WaitGroup
				waiting.Go(func() { // for an hour, unless the token is refused
					start := time.Now()
					endpoint := toChannel(60)
					if err := l.Wait(t.Context(), endpoint); (err != nil) != test.refused || (time.Since(start) == 0) != test.refused {
						t.Errorf("who waited got %v after %v", err, time.Since(start))
					} else if err == nil {
						_ = l.Unlock(endpoint, answer(200, "{}"))
					}
				})
				defer waiting.Wait()
				synctest.Wait()
				call(t, l, test.call, answer(401, test.body))
				synctest.Wait()
				err := l.Wait(t.Context(), toChannel(2))
				var refused *TokenRefusedError
				if errors.As(err, &refused) != test.refused || l.Stats().TokenRefused != test.refused {
					t.Fatalf("err = %v, refused want %v", err, test.refused)
				}
				if !test.refused {
					return
				}
				took(t, l, toWebhook(2)) // webhooks and interactions need no bot token
				took(t, l, toCallback(2))
				l.Reset()
				_ = l.Unlock(old, answer(401, test.body))
				took(t, l, toChannel(3)) // the old token's late 401 says nothing about the new one
			})
		})
	}
}

// discordStorm is a Discord that is globally closed until a time, and counts what it gets.
type discordStorm struct {
	closed time.Time
	early  atomic.Int64
}

func (d *discordStorm) answer() *http.Response {
	time.Sleep(40 * time.Millisecond) // the way to Discord and back
	if left := time.Until(d.closed); left > 0 {
		d.early.Add(1)
		return answer(429, fmt.Sprintf(`{"message":"You are being rate limited.","retry_after":%.3f,"global":true}`, left.Seconds()))
	}
	return answer(200, "{}")
}

func TestRateLimitStorm(t *testing.T) {
	for name, endpointOf := range map[string]func(snowflake.ID) *rest.CompiledEndpoint{"bot": toChannel, "webhooks": toWebhook} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newRateLimiter(rateConfig{})
				d := &discordStorm{closed: time.Now().Add(time.Minute)}
				var done atomic.Int64
				var wg sync.WaitGroup
				for i := range 1000 {
					wg.Go(func() {
						endpoint := endpointOf(snowflake.ID(i + 1))
						for range l.MaxRetries() { // as disgo does
							if err := l.Wait(t.Context(), endpoint); err != nil {
								t.Error(err)
								return
							}
							rs := d.answer()
							_ = l.Unlock(endpoint, rs)
							if rs.StatusCode == http.StatusOK {
								done.Add(1)
								return
							}
						}
					})
				}
				start := time.Now()
				wg.Wait()
				if early := d.early.Load(); early > 5 || early == 0 {
					t.Errorf("%d requests reached the closed gate", early)
				}
				if done.Load() != 1000 {
					t.Errorf("%d of 1,000 went through", done.Load())
				}
				// 1,000 at 45 a second after the minute.
				if got := time.Since(start); got > 85*time.Second {
					t.Errorf("all through after %v", got)
				}
			})
		})
	}
}

func TestRateLimitProbesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newRateLimiter(rateConfig{})
		call(t, l, toWebhook(1), answer(429, `{"message":"x","retry_after":10,"global":true}`))
		var out atomic.Int64
		var wg sync.WaitGroup
		release := make(chan struct{})
		for i := range 20 {
			wg.Go(func() {
				endpoint := toWebhook(snowflake.ID(i + 2))
				if err := l.Wait(t.Context(), endpoint); err != nil {
					t.Error(err)
				}
				out.Add(1)
				<-release
				_ = l.Unlock(endpoint, answer(200, "{}"))
			})
		}
		time.Sleep(10*time.Second + 900*time.Millisecond)
		if got := out.Load(); got != 1 {
			t.Errorf("%d requests before the first answer", got)
		}
		close(release)
		time.Sleep(500 * time.Millisecond)
		if got := out.Load(); got != 20 {
			t.Errorf("%d requests out half a second after the answer", got)
		}
		wg.Wait()
	})
}

func TestRateLimitClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newRateLimiter(rateConfig{})
		l.Close(t.Context())
		if err := l.Wait(t.Context(), toChannel(1)); !errors.Is(err, ErrLimiterClosed) {
			t.Errorf("err = %v", err)
		}

		l = newRateLimiter(rateConfig{})
		flying := toWebhook(1)
		if err := l.Wait(t.Context(), flying); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				if err := l.Wait(t.Context(), toWebhook(1)); !errors.Is(err, ErrLimiterClosed) {
					t.Errorf("err = %v", err)
				}
			})
		}
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		start := time.Now()
		l.Close(ctx) // the answer never comes
		if got := time.Since(start); got != 3*time.Second {
			t.Errorf("close took %v", got)
		}
		wg.Wait()
		for range 3 {
			wg.Go(func() { l.Close(t.Context()) })
		}
		synctest.Wait()
		_ = l.Unlock(flying, answer(200, "{}"))
		wg.Wait()
	})
}

func TestRateLimitForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newRateLimiter(rateConfig{})
		for i := range maxRoutes + 500 {
			endpoint := toCallback(snowflake.ID(i + 1))
			call(t, l, endpoint, answer(204, "", fmt.Sprint("X-RateLimit-Bucket: ", i), "X-RateLimit-Limit: 5", "X-RateLimit-Remaining: 4", "X-RateLimit-Reset-After: 1"))
		}
		if len(l.routes) > maxRoutes || len(l.buckets) > maxRoutes {
			t.Errorf("%d routes, %d buckets", len(l.routes), len(l.buckets))
		}
		time.Sleep(keepIdle + time.Second)
		call(t, l, toChannel(1), answer(200, "{}"))
		if len(l.routes) != 1 || len(l.buckets) != 0 || len(l.tickets) != 0 || len(l.waiters) != 0 {
			t.Errorf("after a while: %d routes, %d buckets, %d tickets, %d waiters", len(l.routes), len(l.buckets), len(l.tickets), len(l.waiters))
		}
	})
}

// TestRateLimitWithDisgo drives disgo's own client over HTTP: its retries, its closing of
// bodies and its errors must fit.
func TestRateLimitWithDisgo(t *testing.T) {
	var hits atomic.Int64
	transport := roundTrip(func(*http.Request) (*http.Response, error) {
		if hits.Add(1) == 1 {
			return answer(429, `{"message":"You are being rate limited.","retry_after":0.1,"global":true}`), nil
		}
		return answer(403, `{"message":"Missing Permissions","code":50013}`), nil
	})
	l := newRateLimiter(rateConfig{})
	client := rest.NewClient("token", rest.WithHTTPClient(&http.Client{Transport: transport}), rest.WithRateLimiter(l))
	err := client.Do(toChannel(1), nil, nil)
	if !rest.IsJSONErrorCode(err, rest.JSONErrorCodeLackPermissionsToPerformAction) || hits.Load() != 2 {
		t.Errorf("err = %v after %d requests", err, hits.Load())
	}
	client.Close(t.Context())
	if err := client.Do(toChannel(1), nil, nil); !errors.Is(err, ErrLimiterClosed) {
		t.Errorf("after close: %v", err)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(rq *http.Request) (*http.Response, error) { return f(rq) }

func FuzzRateLimitAnswer(f *testing.F) {
	f.Add(429, `{"message":"x","retry_after":0.65,"global":true}`, "a", "5", "0", "0.9", "1470173023.123", "1", "global")
	f.Add(429, cloudflarePage, "", "", "", "", "", "", "")
	f.Add(200, "{}", "a", "-1", "99999999999999999999", "1e308", "NaN", "Inf", "shared")
	f.Add(401, `{"code":0}`, "a", "5", "5", "-1", "-1", "Mon, 01 Jan 0001 00:00:00 GMT", "user")
	f.Fuzz(func(t *testing.T, status int, body, bucket, limit, remaining, after, reset, retry, scope string) {
		rs := &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader(body)), Header: http.Header{
			"X-Ratelimit-Bucket": {bucket}, "X-Ratelimit-Limit": {limit}, "X-Ratelimit-Remaining": {remaining},
			"X-Ratelimit-Reset-After": {after}, "X-Ratelimit-Reset": {reset}, "Retry-After": {retry}, "X-Ratelimit-Scope": {scope},
		}}
		now := time.Unix(1_800_000_000, 0)
		l := newRateLimiter(rateConfig{Now: func() time.Time { return now }})
		endpoint := toWebhook(1)
		if err := l.Wait(t.Context(), endpoint); err != nil {
			t.Fatal(err)
		}
		if err := l.Unlock(endpoint, rs); err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(rs.Body)
		if want := body[:min(len(body), verdictBody)]; err != nil || (string(got) != body && string(got) != want) {
			t.Fatalf("body changed: %q, %v", got, err)
		}
		// Whatever it said: a request goes out within the longest wait.
		now = now.Add(longestWait)
		ctx, cancel := context.WithDeadline(t.Context(), now)
		defer cancel()
		if err := l.Wait(ctx, endpoint); err != nil {
			t.Fatalf("still closed after %v: %v", longestWait, err)
		}
	})
}
