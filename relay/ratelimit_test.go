package relay

import (
	"container/list"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/disgoorg/disgo/rest"
	"github.com/disgoorg/snowflake/v2"
)

func toChannel(id snowflake.ID) *rest.CompiledEndpoint { return rest.CreateMessage.Compile(nil, id) }

func toWebhook(id snowflake.ID) *rest.CompiledEndpoint {
	return rest.CreateWebhookMessage.Compile(nil, id, "webhook-token")
}

func toCallback(id snowflake.ID) *rest.CompiledEndpoint {
	return rest.CreateInteractionResponse.Compile(nil, id, fmt.Sprint("interaction-token-", id))
}

// answer makes a response from "Name: value" lines.
func answer(status int, body string, headers ...string) *http.Response {
	rs := &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		rs.Header.Set(name, value)
	}
	return rs
}

func call(t *testing.T, l *rateLimiter, endpoint *rest.CompiledEndpoint, rs *http.Response) {
	t.Helper()
	if err := l.Wait(t.Context(), endpoint); err != nil {
		t.Fatalf("wait: %v", err)
	}
	if err := l.Unlock(endpoint, rs); err != nil {
		t.Fatalf("unlock: %v", err)
	}
}

// took is how long Wait blocks; the request is then answered with 200.
func took(t *testing.T, l *rateLimiter, endpoint *rest.CompiledEndpoint) time.Duration {
	t.Helper()
	start := time.Now()
	if err := l.Wait(t.Context(), endpoint); err != nil {
		t.Fatalf("wait: %v", err)
	}
	wait := time.Since(start)
	if err := l.Unlock(endpoint, answer(200, "{}")); err != nil {
		t.Fatalf("unlock: %v", err)
	}
	return wait
}

const cloudflarePage = `<!doctype html><title>Access denied | discord.com used Cloudflare to restrict access</title><p>Error 1015`

func TestRateLimitPauses(t *testing.T) {
	const user = `{"message":"You are being rate limited.","retry_after":0.65,"global":false}`
	tests := []struct {
		name    string
		first   *rest.CompiledEndpoint
		answer  *http.Response
		same    time.Duration // wait of the same route
		other   time.Duration // of another channel, with the bot's token
		webhook time.Duration // of a webhook
		reply   time.Duration // of an interaction callback
		invalid int
	}{
		{
			name: "user, with bucket", first: toChannel(1), same: 650 * time.Millisecond, invalid: 1,
			answer: answer(429, user, "X-RateLimit-Bucket: a", "X-RateLimit-Scope: user", "Retry-After: 1", "Via: 1.1 google"),
		},
		{
			name: "user, without bucket", first: toChannel(1), same: 650 * time.Millisecond, invalid: 1,
			answer: answer(429, user, "Retry-After: 1"),
		},
		{
			name: "fraction in the header only", first: toChannel(1), same: 650 * time.Millisecond, invalid: 1,
			answer: answer(429, "{}", "X-RateLimit-Bucket: a", "Retry-After: 0.65"),
		},
		{
			name: "hidden channel limit while some remain", first: toWebhook(1), same: 30 * time.Second, invalid: 1,
			answer: answer(429, `{"message":"x","retry_after":30,"global":false}`, "X-RateLimit-Bucket: a", "X-RateLimit-Remaining: 4", "X-RateLimit-Limit: 5", "X-RateLimit-Reset-After: 1"),
		},
		{
			name: "shared does not count", first: toChannel(1), same: 1336570 * time.Millisecond,
			answer: answer(429, `{"message":"The resource is being rate limited.","retry_after":1336.57,"global":false}`, "X-RateLimit-Bucket: a", "X-RateLimit-Scope: shared", "Retry-After: 1337"),
		},
		{
			name: "global by JSON, no bucket", first: toChannel(1), same: 64570 * time.Millisecond, other: 64570 * time.Millisecond, invalid: 1,
			answer: answer(429, `{"message":"You are being rate limited.","retry_after":64.57,"global":true}`, "Retry-After: 65"),
		},
		{
			name: "global by header", first: toChannel(1), same: 2 * time.Second, other: 2 * time.Second, invalid: 1,
			answer: answer(429, "", "Retry-After: 2", "X-RateLimit-Global: true"),
		},
		{
			name: "global by scope", first: toChannel(1), same: 2 * time.Second, other: 2 * time.Second, invalid: 1,
			answer: answer(429, "", "Retry-After: 2", "X-RateLimit-Scope: global"),
		},
		{
			name: "global of a webhook is the address's", first: toWebhook(1), same: 3 * time.Second, webhook: 3 * time.Second, invalid: 1,
			answer: answer(429, `{"message":"x","retry_after":3,"global":true}`),
		},
		{
			name: "global of a callback stays there", first: toCallback(1), same: 3 * time.Second, reply: 3 * time.Second, invalid: 1,
			answer: answer(429, `{"message":"x","retry_after":3,"global":true}`),
		},
		{
			name: "Cloudflare page with a header", first: toChannel(1), invalid: 1,
			same: 90 * time.Second, other: 90 * time.Second, webhook: 90 * time.Second, reply: 90 * time.Second,
			answer: answer(429, cloudflarePage, "Retry-After: 90", "Content-Type: text/html"),
		},
		{
			name: "Cloudflare page with a date", first: toChannel(1), invalid: 1,
			same: 60 * time.Second, other: 60 * time.Second, webhook: 60 * time.Second, reply: 60 * time.Second,
			answer: answer(429, cloudflarePage, "Retry-After: Sat, 01 Jan 2000 00:01:00 GMT"),
		},
		{
			name: "Cloudflare page that says nothing", first: toWebhook(1), invalid: 1,
			same: 5 * time.Second, other: 5 * time.Second, webhook: 5 * time.Second, reply: 5 * time.Second,
			answer: answer(429, cloudflarePage),
		},
		{
			name: "garbage in every header", first: toChannel(1), same: 5 * time.Second, invalid: 1,
			answer: answer(429, `{"message":`, "X-RateLimit-Bucket: a", "Retry-After: soon", "X-RateLimit-Limit: ∞", "X-RateLimit-Remaining: -9", "X-RateLimit-Reset-After: NaN"),
		},
		{
			name: "zero is not at once", first: toChannel(1), same: 100 * time.Millisecond, invalid: 1,
			answer: answer(429, `{"message":"x","retry_after":0,"global":false}`, "X-RateLimit-Bucket: a"),
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				// The bubble's clock starts at 2000-01-01 00:00:00 UTC.
				l := newRateLimiter(rateConfig{})
				call(t, l, test.first, test.answer)
				if got := l.Stats(); got.Invalid != test.invalid || got.TooMany != 1 {
					t.Errorf("stats = %+v, want %d invalid and one 429", got, test.invalid)
				}
				start := time.Now()
				var wg sync.WaitGroup
				for what, probe := range map[string]struct {
					endpoint *rest.CompiledEndpoint
					want     time.Duration
				}{
					"same": {test.first, test.same}, "other": {toChannel(77), test.other},
					"webhook": {toWebhook(88), test.webhook}, "reply": {toCallback(99), test.reply},
				} {
					wg.Go(func() {
						took(t, l, probe.endpoint)
						// The probes of one gate follow each other in step.
						if got := time.Since(start); got < probe.want || got > probe.want+50*time.Millisecond {
							t.Errorf("%s waited %v, want %v", what, got, probe.want)
						}
					})
				}
				wg.Wait()
			})
		})
	}
}

func TestRateLimitPutsTheBodyBack(t *testing.T) {
	closed := false
	for _, status := range []int{200, 401, 403, 429} {
		closed = false
		rs := answer(status, `{"message":"kept","retry_after":0.1}`)
		rs.Body = replayed{Reader: rs.Body, Closer: closerFunc(func() error { closed = true; return nil })}
		l := newRateLimiter(rateConfig{})
		call(t, l, toWebhook(1), rs)
		body, err := io.ReadAll(rs.Body)
		if err != nil || string(body) != `{"message":"kept","retry_after":0.1}` {
			t.Errorf("%d: body = %q, %v", status, body, err)
		}
		if err := rs.Body.Close(); err != nil || !closed {
			t.Errorf("%d: the network's body was not closed (%v)", status, err)
		}
	}
	endless := &http.Response{StatusCode: 429, Header: http.Header{}, Body: io.NopCloser(zeros{})}
	call(t, newRateLimiter(rateConfig{}), toWebhook(1), endless)
	if body, err := io.ReadAll(endless.Body); err != nil || len(body) != verdictBody {
		t.Errorf("endless body: %d bytes, %v", len(body), err)
	}
}

type closerFunc func() error

func (f closerFunc) Close() error { return f() }

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestRateLimitDefaultPauseDoubles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newRateLimiter(rateConfig{})
		for _, want := range []time.Duration{5 * time.Second, 10 * time.Second, 20 * time.Second} {
			call(t, l, toWebhook(1), answer(429, cloudflarePage))
			if got := time.Until(l.Stats().BotClosedUntil); got != want {
				t.Errorf("closed for %v, want %v", got, want)
			}
		}
		if got := took(t, l, toWebhook(1)); got != 20*time.Second {
			t.Errorf("waited %v", got)
		}
		call(t, l, toWebhook(1), answer(429, cloudflarePage))
		if got := time.Until(l.Stats().WebhooksClosedUntil); got != 5*time.Second {
			t.Errorf("after a success closed for %v", got)
		}
	})
}

func TestRateLimitWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newRateLimiter(rateConfig{})
		window := func(remaining int, after string) *http.Response {
			return answer(200, "{}", "X-RateLimit-Bucket: b", "X-RateLimit-Limit: 3",
				fmt.Sprint("X-RateLimit-Remaining: ", remaining), "X-RateLimit-Reset-After: "+after)
		}
		call(t, l, toWebhook(1), window(2, "0.9"))
		call(t, l, toWebhook(1), window(1, "0.9"))
		call(t, l, toWebhook(1), window(0, "0.9"))
		if got := took(t, l, toWebhook(1)); got != 900*time.Millisecond {
			t.Errorf("waited %v for a window of 0.9 s", got)
		}

		// Answers overtake each other: the lower count stands.
		time.Sleep(time.Minute)
		a, b := toWebhook(1), toWebhook(1)
		for _, endpoint := range []*rest.CompiledEndpoint{a, b} {
			if err := l.Wait(t.Context(), endpoint); err != nil {
				t.Fatal(err)
			}
		}
		_ = l.Unlock(b, window(0, "2"))
		_ = l.Unlock(a, window(2, "2"))
		if got := took(t, l, toWebhook(1)); got != 2*time.Second {
			t.Errorf("waited %v after reordered answers", got)
		}

		// Without Reset-After the epoch is used.
		time.Sleep(time.Minute)
		reset := float64(time.Now().UnixMilli()+2500) / 1000
		call(t, l, toWebhook(1), answer(200, "{}", "X-RateLimit-Bucket: b", "X-RateLimit-Limit: 1", "X-RateLimit-Remaining: 0", fmt.Sprintf("X-RateLimit-Reset: %.3f", reset)))
		if got := took(t, l, toWebhook(1)); got < 2499*time.Millisecond || got > 2501*time.Millisecond {
			t.Errorf("waited %v for an epoch reset", got)
		}
	})
}

func TestRateLimitConcurrency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newRateLimiter(rateConfig{})
		admitted := make(chan *rest.CompiledEndpoint, 100)
		var wg sync.WaitGroup
		enter := func(n, want int) {
			t.Helper()
			for range n {
				wg.Go(func() {
					endpoint := toWebhook(5)
					if err := l.Wait(t.Context(), endpoint); err != nil {
						t.Error(err)
					}
					admitted <- endpoint
				})
			}
			time.Sleep(time.Second) // the gate's pace
			if synctest.Wait(); len(admitted) != want {
				t.Errorf("%d admitted, want %d", len(admitted), want)
			}
		}
		enter(3, 1) // one at a time while the bucket is unknown
		_ = l.Unlock(<-admitted, answer(200, "{}", "X-RateLimit-Bucket: b", "X-RateLimit-Limit: 5", "X-RateLimit-Remaining: 4", "X-RateLimit-Reset-After: 100"))
		enter(9, 4) // as many as remained
		time.Sleep(100 * time.Second)
		if synctest.Wait(); len(admitted) != 5 {
			t.Errorf("%d in flight in the next window, limit 5", len(admitted))
		}
		for range 11 {
			_ = l.Unlock(<-admitted, nil)
		}
		wg.Wait()
		if got := l.Stats(); got.Waiting != 0 || got.InFlight != 0 {
			t.Errorf("left over: %+v", got)
		}
	})
}

func TestRateLimitOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newRateLimiter(rateConfig{})
		var order []int
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				endpoint := toWebhook(1)
				if err := l.Wait(t.Context(), endpoint); err != nil {
					t.Error(err)
					return
				}
				order = append(order, i) // one at a time: the bucket is unknown
				time.Sleep(time.Millisecond)
				_ = l.Unlock(endpoint, answer(200, "{}"))
			})
			synctest.Wait()
		}
		wg.Wait()
		if !slices.IsSorted(order) || len(order) != 20 {
			t.Errorf("order = %v", order)
		}

		// Who comes just when there is room does not pass those who wait.
		for range 50 {
			first, second, third := toWebhook(2), toWebhook(2), toWebhook(2)
			if err := l.Wait(t.Context(), first); err != nil {
				t.Fatal(err)
			}
			served := make(chan struct{})
			wg.Go(func() {
				if err := l.Wait(t.Context(), second); err != nil {
					t.Error(err)
				}
				close(served)
				_ = l.Unlock(second, answer(200, "{}"))
			})
			synctest.Wait()
			_ = l.Unlock(first, answer(200, "{}"))
			if err := l.Wait(t.Context(), third); err != nil {
				t.Fatal(err)
			}
			select {
			case <-served:
			default:
				t.Fatal("the third was served before the second")
			}
			_ = l.Unlock(third, answer(200, "{}"))
		}
		wg.Wait()
	})
}

func TestRateLimitSharedBucket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newRateLimiter(rateConfig{})
		get, post := rest.GetMessages.Compile(nil, snowflake.ID(1)), toChannel(1)
		headers := []string{"X-RateLimit-Bucket: one", "X-RateLimit-Limit: 5", "X-RateLimit-Remaining: 3", "X-RateLimit-Reset-After: 7"}
		call(t, l, get, answer(200, "{}", headers...))
		call(t, l, post, answer(200, "{}", headers...))
		call(t, l, rest.GetMessages.Compile(nil, snowflake.ID(2)), answer(200, "{}", headers...))
		if got := l.Stats().Buckets; got != 2 {
			t.Errorf("%d buckets, want one for each channel", got)
		}
		call(t, l, get, answer(200, "{}", "X-RateLimit-Bucket: one", "X-RateLimit-Limit: 5", "X-RateLimit-Remaining: 0", "X-RateLimit-Reset-After: 7"))
		if got := took(t, l, post); got != 7*time.Second {
			t.Errorf("the other route of the bucket waited %v", got)
		}

		// Those who wait move along when Discord names another bucket.
		first, second := toWebhook(9), toWebhook(9)
		if err := l.Wait(t.Context(), first); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := l.Wait(t.Context(), second); err != nil {
				t.Error(err)
			}
			_ = l.Unlock(second, answer(200, "{}"))
		})
		synctest.Wait()
		l.mu.Lock()
		l.buckets["named "+first.MajorParams] = &bucket{key: "named " + first.MajorParams, line: list.New()}
		l.mu.Unlock()
		_ = l.Unlock(first, answer(200, "{}", "X-RateLimit-Bucket: named"))
		wg.Wait()
	})
}
