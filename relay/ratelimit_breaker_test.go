package relay

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/disgoorg/disgo/rest"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// wrath is a Discord that refuses everything until a time.
type wrath struct {
	status int
	trip   time.Duration // to Discord and back
	over   time.Time

	mu      sync.Mutex
	refused int
	first   time.Time // the first request that was taken again
}

func (d *wrath) answer() *http.Response {
	time.Sleep(d.trip)
	d.mu.Lock()
	defer d.mu.Unlock()
	if time.Now().Before(d.over) {
		d.refused++
		return answer(d.status, `{"message":"no","code":0}`)
	}
	if d.first.IsZero() {
		d.first = time.Now()
	}
	return answer(200, "{}")
}

// insist has a sender ask every 200 ms until it is served.
func (d *wrath) insist(t *testing.T, l *rateLimiter, endpoint *rest.CompiledEndpoint) {
	for {
		err := l.Wait(t.Context(), endpoint)
		var held *HeldBackError
		switch {
		case errors.As(err, &held):
			if !held.Everything && held.Wait <= nearTry {
				t.Errorf("it was told %v", err)
			}
		case err != nil:
			t.Error(err)
			return
		default:
			rs := d.answer()
			if _ = l.Unlock(endpoint, rs); rs.StatusCode == http.StatusOK {
				return
			}
		}
		time.Sleep(200 * time.Millisecond)
	}
}

// stormOfRefusals has a crowd insist on its requests while a storm rages and after it. It gives
// how many were refused, and how long after the storm the first was taken.
func stormOfRefusals(t *testing.T, s stormTest) (refused int, waste time.Duration) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := newRateLimiter(rateConfig{})
		d := &wrath{status: s.status, trip: s.trip, over: time.Now().Add(s.length)}
		var wg sync.WaitGroup
		for i := range s.senders {
			wg.Go(func() { d.insist(t, l, s.to(snowflake.ID(i%s.places+1))) })
		}
		wg.Wait()
		if stats := l.Stats(); stats.RoutesRefused != 0 || !stats.WebhooksRefusedUntil.IsZero() || !stats.BotRefusedUntil.IsZero() || stats.InFlight+stats.Waiting != 0 {
			t.Errorf("afterwards: %+v", stats)
		}
		refused, waste = d.refused, d.first.Sub(d.over)
	})
	return refused, waste
}

type stormTest struct {
	status  int
	to      func(snowflake.ID) *rest.CompiledEndpoint
	places  int // channels or webhooks
	senders int
	trip    time.Duration
	length  time.Duration
}

func TestRateLimitStormOfRefusals(t *testing.T) {
	const trip = 40 * time.Millisecond
	tests := []struct {
		name string
		stormTest
		invalid int
		waste   time.Duration
	}{
		{"webhooks, 401, a minute", stormTest{401, toWebhook, 100, 1000, trip, time.Minute}, 50, time.Second},
		{"webhooks, 403, a minute", stormTest{403, toWebhook, 20, 1000, trip, time.Minute}, 50, time.Second},
		{"webhooks, slow", stormTest{403, toWebhook, 1000, 1000, 300 * time.Millisecond, time.Minute}, 50, 1300 * time.Millisecond},
		{"webhooks, very slow", stormTest{403, toWebhook, 1000, 1000, 800 * time.Millisecond, time.Minute}, 50, 1800 * time.Millisecond},
		{"webhooks, short", stormTest{403, toWebhook, 20, 1000, trip, 8 * time.Second}, 20, time.Second},
		{"two webhooks", stormTest{403, toWebhook, 2, 1000, trip, time.Minute}, 50, time.Second},
		{"one webhook", stormTest{403, toWebhook, 1, 1000, trip, time.Minute}, 50, time.Second},
		{"bot, 403, a minute", stormTest{403, toChannel, 100, 1000, trip, time.Minute}, 50, time.Second},
		{"bot, ten minutes", stormTest{403, toChannel, 100, 100, trip, 10 * time.Minute}, 100, 31 * time.Second},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			refused, waste := stormOfRefusals(t, test.stormTest)
			t.Logf("%d refused; taken again %v after the storm", refused, waste)
			if refused > test.invalid || refused < closeAfter {
				t.Errorf("%d were refused; at most %d are allowed", refused, test.invalid)
			}
			if waste > test.waste {
				t.Errorf("taken again %v after the storm", waste)
			}
		})
	}
}

// The end of a storm of any length is found soon, not only of those that end at a round time.
func TestRateLimitStormsOfAnyLength(t *testing.T) {
	var count, within, most int
	var sum, longest time.Duration
	for length := 700 * time.Millisecond; length <= time.Minute; length += 470 * time.Millisecond {
		refused, waste := stormOfRefusals(t, stormTest{403, toWebhook, 20, 40, 40 * time.Millisecond, length})
		count++
		most, longest, sum = max(most, refused), max(longest, waste), sum+waste
		if waste <= time.Second {
			within++
		} else if length <= quickFor || waste > 2*time.Second {
			t.Errorf("a storm of %v: taken again %v after it", length, waste)
		}
		if refused > 50 {
			t.Errorf("a storm of %v: %d were refused", length, refused)
		}
	}
	t.Logf("%d storms: taken again within a second after %d of them, after %v in the mean and %v at most; at most %d refused",
		count, within, sum/time.Duration(count), longest, most)
}

// What one bad channel cost before a storm does not slow the search for the storm's end.
func TestRateLimitAStormAfterOneBadChannel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newRateLimiter(rateConfig{})
		for range mostRefused + 20 {
			tryOnce(t, l, toChannel(1))
		}
		if until := l.Stats().BotRefusedUntil; !until.IsZero() {
			t.Fatalf("one channel holds all back until %v", until)
		}
		start, last, longest, tries := time.Now(), time.Now(), time.Duration(0), 0
		for ; time.Since(start) < time.Minute; tries++ {
			tryOnce(t, l, toChannel(snowflake.ID(2+tries%40)))
			longest, last = max(longest, time.Since(last)), time.Now()
		}
		if longest > 2*time.Second || tries > 50 {
			t.Errorf("%d tries, up to %v apart", tries, longest)
		}
	})
}

// tryOnce has a request refused as soon as it may go.
func tryOnce(t *testing.T, l *rateLimiter, endpoint *rest.CompiledEndpoint) {
	t.Helper()
	for {
		err := l.Wait(t.Context(), endpoint)
		if held, ok := errors.AsType[*HeldBackError](err); ok {
			time.Sleep(held.Wait)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		_ = l.Unlock(endpoint, answer(403, `{"code":50013}`))
		return
	}
}

// heldBack is how a request is held back; nil when it is not.
func heldBack(t *testing.T, l *rateLimiter, endpoint *rest.CompiledEndpoint) *HeldBackError {
	t.Helper()
	start := time.Now()
	err := l.Wait(t.Context(), endpoint)
	if err == nil {
		_ = l.Unlock(endpoint, answer(200, "{}"))
		return nil
	}
	var held *HeldBackError
	if !errors.As(err, &held) {
		t.Fatalf("err = %v", err)
	}
	if took := time.Since(start); took != 0 {
		t.Errorf("it was told after %v", took)
	}
	return held
}

// A channel in which the bot may do nothing is of no concern to the others, also while nobody
// speaks in them.
func TestRateLimitOneBadChannel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newRateLimiter(rateConfig{})
		for range closeAfter + int(quickFor/quickPause) + 1 { // until there is more than a second between the tries
			call(t, l, toChannel(1), answer(403, `{"code":50013}`)) // waits for its tries
		}
		held := heldBack(t, l, toChannel(1))
		if held == nil || held.Everything || !held.Bot || held.Status != 403 {
			t.Fatalf("the bad channel: %+v", held)
		}
		stats := l.Stats()
		if stats.RoutesRefused != 1 || !stats.BotRefusedUntil.IsZero() {
			t.Errorf("stats = %+v", stats)
		}
		if waited := took(t, l, toChannel(2)); waited != 0 {
			t.Errorf("another channel waited %v", waited)
		}
		if waited := took(t, l, rest.GetMessages.Compile(nil, snowflake.ID(1))); waited != 0 {
			t.Errorf("what may be done there waited %v", waited)
		}
		time.Sleep(held.Wait)
		call(t, l, toChannel(1), answer(200, "{}")) // somebody mended it
		if waited := took(t, l, toChannel(1)); waited != 0 {
			t.Errorf("afterwards it waited %v", waited)
		}
	})
}

func TestRateLimitSingleRefusalsDelayNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newRateLimiter(rateConfig{})
		hangs := toChannel(1000)
		if err := l.Wait(t.Context(), hangs); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		const rounds = 100
		for i := range rounds {
			call(t, l, toChannel(snowflake.ID(i)), answer(403, `{"code":50013}`))
			call(t, l, toChannel(snowflake.ID(i+rounds)), answer(403, `{"code":50013}`))
			call(t, l, toChannel(2000), answer(404, `{"code":10008}`)) // a refusal of another kind
		}
		if got, pace := time.Since(start), 3*rounds*time.Second/gateRate; got > pace {
			t.Errorf("%v for what takes %v by the pace alone", got, pace)
		}
	})
}

// A good channel among bad ones, in which nobody else speaks, is served within a second, and
// with it all.
func TestRateLimitAGoodChannelAmongBadOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newRateLimiter(rateConfig{})
		for i := range 40 {
			endpoint := toChannel(snowflake.ID(i%2 + 1))
			if err := l.Wait(t.Context(), endpoint); err != nil {
				time.Sleep(time.Second)
				continue
			}
			_ = l.Unlock(endpoint, answer(403, `{"code":50013}`))
		}
		held := heldBack(t, l, toChannel(1))
		if held == nil || !held.Everything || l.Stats().BotRefusedUntil.IsZero() {
			t.Fatalf("a bad channel: %+v, %+v", held, l.Stats())
		}
		if waited := took(t, l, toWebhook(1)); waited != 0 {
			t.Errorf("a webhook, which needs no token, waited %v", waited)
		}
		if waited := took(t, l, toCallback(1)); waited != 0 {
			t.Errorf("an interaction waited %v", waited)
		}
		if waited := took(t, l, toChannel(3)); waited > time.Second {
			t.Errorf("the good channel waited %v", waited)
		}
		if waited := took(t, l, toChannel(4)); waited != 0 {
			t.Errorf("the next one waited %v", waited)
		}
	})
}

// In doubt few requests fly, and those that are never answered keep nobody waiting.
func TestRateLimitFewFlyInDoubt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newRateLimiter(rateConfig{})
		for i := range suspectAfter {
			call(t, l, toWebhook(snowflake.ID(i+1)), answer(403, ""))
		}
		time.Sleep(time.Second)
		flying := []*rest.CompiledEndpoint{toWebhook(10), toWebhook(11)}
		start := time.Now()
		for _, endpoint := range flying {
			if err := l.Wait(t.Context(), endpoint); err != nil {
				t.Fatal(err)
			}
		}
		var wg sync.WaitGroup
		wg.Go(func() {
			if waited := took(t, l, toWebhook(12)); waited != time.Second {
				t.Errorf("a third waited %v", waited)
			}
		})
		wg.Wait()
		if got := time.Since(start); got != time.Second {
			t.Errorf("it took %v", got)
		}
		for _, endpoint := range flying {
			_ = l.Unlock(endpoint, nil) // no answer says nothing
		}
		if got := l.gates[addressFamily].breaker; got.flying != 0 || got.row != 0 {
			t.Errorf("afterwards: %+v", got)
		}
	})
}

// What went out before everything was refused says nothing about now.
func TestRateLimitALateSuccess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newRateLimiter(rateConfig{})
		slow := toWebhook(100)
		if err := l.Wait(t.Context(), slow); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		for i := range closeAfter {
			call(t, l, toWebhook(snowflake.ID(i+1)), answer(401, ""))
		}
		_ = l.Unlock(slow, answer(200, "{}"))
		if until := l.Stats().WebhooksRefusedUntil; time.Until(until) != quickPause {
			t.Errorf("it rests until %v", until)
		}
		ctx, cancel := context.WithTimeout(t.Context(), quickPause/2)
		defer cancel()
		var long *LongWaitError
		if err := l.Wait(ctx, toWebhook(1)); !errors.As(err, &long) {
			t.Errorf("who cannot wait for the next try gets %v", err)
		}
	})
}

// A try that never went out leaves its place to the next one.
func TestRateLimitATryThatDoesNotGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newRateLimiter(rateConfig{})
		for range closeAfter + 10 {
			call(t, l, toWebhook(1), answer(403, ""))
		}
		time.Sleep(3 * time.Second)
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		l.mu.Lock()
		l.gates[addressFamily].closed = time.Now().Add(time.Minute)
		l.mu.Unlock()
		wg.Go(func() {
			if err := l.Wait(ctx, toWebhook(1)); !errors.Is(err, context.Canceled) {
				t.Errorf("err = %v", err)
			}
		})
		synctest.Wait() // it is past its route's breaker and stands at the gate
		if held := l.routeOf(toWebhook(1)).breaker; held.flying != 1 || !held.next.After(time.Now()) {
			t.Errorf("it is not the one that tries: %+v", held)
		}
		cancel()
		wg.Wait()
		if left := l.routeOf(toWebhook(1)).breaker; left.flying != 0 || left.next.After(time.Now()) {
			t.Errorf("the next one may not try: %+v", left)
		}
		if waited := took(t, l, toWebhook(1)); waited != time.Minute {
			t.Errorf("it waited %v", waited)
		}
	})
}

func TestHeldBackSaysWhoCanMendIt(t *testing.T) {
	for want, held := range map[string]HeldBackError{
		"whoever runs the bot":                     {Status: 403, Everything: true, Bot: true, Wait: 3 * time.Second},
		"whoever runs the bot finds":               {Status: 401, Everything: true, Wait: 3 * time.Second},
		"an admin of that server can delete":       {Status: 401, Wait: 3 * time.Second},
		"An admin of that server can look at the ": {Status: 403, Bot: true, Wait: 3 * time.Second},
	} {
		err := word(fmt.Errorf("%w: %w", errNotSent, &held))
		if refusal, ok := entities.AsRefusal(err); !ok || !strings.Contains(refusal.Text, want) {
			t.Errorf("%+v: %v", held, err)
		}
	}
}
