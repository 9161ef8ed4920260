package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"troupe/relay/sandbox"
)

const (
	mostInvalid = 50          // requests that Discord counts towards a ban, in one storm
	mostWaste   = time.Second // from the opening of the gate to the first line
)

// storm is a time in which Discord refuses everything of a kind.
type storm struct {
	fault  sandbox.Fault
	hits   func(*http.Request) bool
	length time.Duration
	fresh  bool // the rooms' webhooks are not known yet

	mu    sync.Mutex
	begin time.Time // of the first request that it hit
	hit   int       // how many it hit
}

// rages says whether the storm hits a request; it begins with the first one.
func (s *storm) rages(r *http.Request) bool {
	if !s.hits(r) {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.begin.IsZero() {
		s.begin = time.Now()
	}
	if time.Since(s.begin) >= s.length {
		return false
	}
	s.hit++
	return true
}

// past gives when it was over and how many requests it hit.
func (s *storm) past() (over time.Time, hit int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.begin.Add(s.length), s.hit
}

func stormLength() time.Duration { return time.Duration(round(3, 60)) * time.Second }

// isWebhookSearch says whether the bot looks for a channel's webhooks, or makes one.
func isWebhookSearch(r *http.Request) bool {
	return strings.Contains(r.URL.Path, "/channels/") && strings.HasSuffix(r.URL.Path, "/webhooks")
}

func everything(*http.Request) bool { return true }

// inStorm has a crowd say a line each while a storm rages. Full: 1,000 of them.
func inStorm(ctx context.Context, t *testing.T, s *storm, enough func(said) bool) (*company, []fate) {
	t.Helper()
	c := gather(t, sandbox.Config{NoRateLimits: true}, 20, round(20, 100))
	c.play(t)
	for _, who := range c.cast[:len(c.rooms)] { // so that each room's webhook is known
		if s.fresh {
			break
		}
		if got, err := c.send(ctx, who, who.says("before the storm in "+who.room.String(), "")); err != nil || !got.sent() {
			t.Fatalf("before the storm: %v, %v", got, err)
		}
	}
	c.discord.Fault(s.rages, -1, s.fault)
	return c, c.crowd(ctx, t, round(200, 1000), enough)
}

// crowd has many senders say a line each at once, and ask again until it is enough.
func (c *company) crowd(ctx context.Context, t *testing.T, senders int, enough func(said) bool) []fate {
	t.Helper()
	wrong := &complaints{t: t}
	defer wrong.close()
	fates := make([]fate, senders)
	var speaking sync.WaitGroup
	for n := range senders {
		speaking.Go(func() {
			who := c.cast[n%len(c.cast)]
			l := who.says(fmt.Sprintf("in the storm %04d", n), fmt.Sprintf("storm-%04d", n))
			_, got, err := c.insist(ctx, who, l, enough)
			if err != nil {
				wrong.add("%v", err)
			}
			fates[n] = fate{who: who, line: l, answer: got}
		})
	}
	speaking.Wait()
	return fates
}

// TestStormsOfRoutes lets Discord say for a while that it is too much of each webhook, in all the
// ways in which it says so, or without saying for how long.
func TestStormsOfRoutes(t *testing.T) {
	t.Parallel()
	length := stormLength()
	for name, test := range map[string]struct {
		fault sandbox.Fault
		told  bool // for how long
	}{
		"429 with its bucket":                 {sandbox.Fault{Kind: sandbox.TooMany, RetryAfter: length.Seconds(), Bucket: true}, true},
		"429 without a bucket":                {sandbox.Fault{Kind: sandbox.TooMany, RetryAfter: length.Seconds()}, true},
		"Cloudflare's HTML that says no time": {sandbox.Fault{Kind: sandbox.Cloudflare, NoRetryAfter: true}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// Afterwards a room's lines keep to the limit that such a 429 shows.
			ctx, cancel := context.WithTimeout(t.Context(), length+4*time.Minute)
			defer cancel()
			c, fates := inStorm(ctx, t, &storm{fault: test.fault, hits: isWebhookPost, length: length}, said.sent)
			if test.told {
				c.calm(t, length)
			}
			c.bounded(t)
			c.once(t, fates)
		})
	}
}

// TestStormsWithAGate lets Discord say for a while that everything is too much. The lines wait,
// and go out as soon as they may. TEST_FULL=1 makes it a minute and 1,000 senders.
func TestStormsWithAGate(t *testing.T) {
	t.Parallel()
	length := stormLength()
	for name, fault := range map[string]sandbox.Fault{
		"global 429":        {Kind: sandbox.TooMany, Scope: "global", RetryAfter: length.Seconds()},
		"Cloudflare's HTML": {Kind: sandbox.Cloudflare, RetryAfter: length.Seconds()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), length+2*time.Minute)
			defer cancel()
			c, fates := inStorm(ctx, t, &storm{fault: fault, hits: everything, length: length}, said.sent)
			c.calm(t, length)
			c.once(t, fates)
		})
	}
}

// calm looks at how the program behaved towards Discord in a storm that said how long it lasts.
func (c *company) calm(t *testing.T, length time.Duration) {
	t.Helper()
	var opens time.Time
	hit := 0
	for _, r := range c.discord.Requests() {
		if r.Fault != "" {
			hit++
			opens = r.At.Add(length)
		}
	}
	c.goneOn(t, length, opens, hit, mostWaste)
}

// goneOn looks that lines went out soon after a storm, and how many requests it cost.
func (c *company) goneOn(t *testing.T, length time.Duration, over time.Time, hit int, most time.Duration) {
	t.Helper()
	var first time.Time
	for _, r := range c.posts() {
		if r.Status == http.StatusOK && first.IsZero() && r.At.After(over) {
			first = r.At
		}
	}
	invalid, waste := c.discord.InvalidRequests(), first.Sub(over)
	t.Logf("%d requests met the storm of %s, %d of them invalid; the first line went out %s after its end", hit, length, invalid, waste.Round(time.Millisecond))
	switch {
	case hit == 0:
		t.Error("nothing met the storm")
	case first.IsZero():
		t.Error("nothing went out afterwards")
	case waste > most:
		t.Errorf("%s after the storm are lost", waste)
	}
	c.bounded(t)
}

func (c *company) bounded(t *testing.T) {
	t.Helper()
	if invalid := c.discord.InvalidRequests(); invalid > mostInvalid {
		t.Errorf("%d invalid requests; at most %d are allowed", invalid, mostInvalid)
	}
}

// TestStormsWithoutAGate lets Discord refuse every line for a while, and not say for how long. A
// crowd needs few requests to learn that it does, and when it does no more, lines go out again.
func TestStormsWithoutAGate(t *testing.T) {
	t.Parallel()
	lengths := map[time.Duration]time.Duration{3 * time.Second: 5 * time.Second / 2} // machines are busy
	if full() {
		// Fewer tries than one a second cannot find every end within a second: 37 s is one of which
		// the program can know nothing.
		lengths = map[time.Duration]time.Duration{10 * time.Second: mostWaste, 37 * time.Second: 5 * time.Second / 2, time.Minute: mostWaste}
	}
	for name, kind := range map[string]struct {
		fault sandbox.Fault
		hits  func(*http.Request) bool
		fresh bool
	}{
		"401 to webhooks": {sandbox.Fault{Kind: sandbox.Refuse, Status: http.StatusUnauthorized, Code: 50027}, isWebhookPost, false},
		"403 to webhooks": {sandbox.Fault{Kind: sandbox.Refuse, Status: http.StatusForbidden}, isWebhookPost, false},
		"403 to the bot":  {sandbox.Fault{Kind: sandbox.Refuse, Status: http.StatusForbidden, Code: 50013}, isWebhookSearch, true},
	} {
		for length, most := range lengths {
			t.Run(fmt.Sprint(name, " for ", length), func(t *testing.T) {
				t.Parallel()
				ctx, cancel := context.WithTimeout(t.Context(), length+3*time.Minute)
				defer cancel()
				s := &storm{fault: kind.fault, hits: kind.hits, length: length, fresh: kind.fresh}
				c, fates := inStorm(ctx, t, s, func(said) bool { return true })
				c.unsaid(t, fates)
				fates = c.crowd(ctx, t, round(20, 100), said.sent) // some insist
				over, hit := s.past()
				c.goneOn(t, length, over, hit, most)
				c.once(t, fates)
			})
		}
	}
}

// once looks that every line stands exactly once.
func (c *company) once(t *testing.T, fates []fate) {
	t.Helper()
	wrong := &complaints{t: t}
	defer wrong.close()
	standing := c.standing()
	for _, f := range fates {
		if stands := len(standing[f.line.Content]); stands != 1 {
			wrong.add("%q stands %d times and was answered with %v", f.line.Content, stands, f.answer)
		}
	}
}

// unsaid looks that no line stands of which its sender was told that it was refused.
func (c *company) unsaid(t *testing.T, fates []fate) {
	t.Helper()
	standing := c.standing()
	for _, f := range fates {
		if stands := len(standing[f.line.Content]); stands > 1 || (stands > 0 && f.answer.refusal != "") {
			t.Errorf("%q stands %d times and was answered with %v", f.line.Content, stands, f.answer)
		}
	}
}

// TestRefusedTokenStopsAll lets Discord refuse the bot's own token while a crowd wants to speak
// in rooms whose webhooks are not known yet: everything stops, and they are told who can mend it.
func TestRefusedTokenStopsAll(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	c := gather(t, sandbox.Config{NoRateLimits: true}, 20, round(20, 100))
	c.play(t)
	c.discord.Fault(func(r *http.Request) bool { return strings.HasPrefix(r.Header.Get("Authorization"), "Bot ") }, -1, sandbox.Fault{Kind: sandbox.Refuse, Status: http.StatusUnauthorized})
	fates := c.crowd(ctx, t, round(200, 1000), func(got said) bool { return got.sent() || got.refusal != "" })
	wrong := &complaints{t: t}
	defer wrong.close()
	for _, f := range fates {
		if !strings.Contains(f.answer.refusal, "token") || !strings.Contains(f.answer.refusal, "Whoever runs the bot") {
			wrong.add("%q was answered with %v; it does not say who has to set a new token", f.line.Content, f.answer)
		}
	}
	c.bounded(t)
	sofar := len(c.discord.Requests())
	if err := watch(ctx, time.Second, func() error {
		if now := len(c.discord.Requests()); now > sofar {
			return fmt.Errorf("%d more requests went out", now-sofar)
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
	t.Logf("%d senders were told, after %d invalid requests", len(fates), c.discord.InvalidRequests())
}
