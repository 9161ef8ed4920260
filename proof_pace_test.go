package main

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"troupe/relay/sandbox"
)

const (
	perWindow = 30    // lines, of the limit that a channel's webhook messages have together
	leastUse  = 0.95  // of that limit
	mostEarly = 0.001 // of the requests after the first that came too early
	leastJain = 0.95  // fairness: 1 = all have the same
)

// pace is how many times faster than at Discord time passes. In the full round the entities
// must not come up against the limits that they themselves have, which are not faster.
func pace() int { return round(20, 10) }

// window is what the minute of the limit takes then.
func window() time.Duration { return time.Minute / time.Duration(pace()) }

// TestBusyRoom lets 20 entities speak in one room for as fast as Discord takes it, with all of
// its limits, of which a minute takes seconds. Some of them say several lines at once. The limit
// is used up and hardly ever exceeded, all have equal shares, and nobody's lines are in another
// order than they were said in. TEST_FULL=1 makes it 20 windows of that limit.
func TestBusyRoom(t *testing.T) {
	t.Parallel()
	const cast = 20
	windows := round(3, 20)
	c := gather(t, sandbox.Config{Pace: float64(pace())}, 1, cast)
	c.play(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Duration(windows+10)*window())
	defer cancel()
	m := c.monologues(ctx, t)
	err := within(ctx, func() error {
		if _, over := c.measured(windows); !over {
			return fmt.Errorf("%d windows are not over", windows)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	m.end()
	from, _ := c.measured(windows)
	c.used(t, from, windows)
	c.shared(t, from, windows, cast)
	c.ordered(t)
}

// measured is from when on is measured, and whether all of it is over. The first window, in
// which the program learns that there is a limit, does not count.
func (c *company) measured(windows int) (from time.Time, over bool) {
	for _, r := range c.posts() {
		if r.Status == http.StatusOK {
			from = r.At.Add(window())
			return from, time.Since(from) > time.Duration(windows)*window()
		}
	}
	return time.Time{}, false
}

// used looks how much of the limit was used, and how often it was exceeded.
func (c *company) used(t *testing.T, from time.Time, windows int) {
	t.Helper()
	lines, after, early := 0, 0, 0
	var first time.Time // 429
	var later []time.Duration
	for _, r := range c.posts() {
		switch {
		case r.Status == http.StatusOK && !r.At.Before(from) && r.At.Before(from.Add(time.Duration(windows)*window())):
			lines++
		case r.Status == http.StatusTooManyRequests && !first.IsZero():
			early++
			later = append(later, r.At.Sub(first).Round(time.Millisecond))
		}
		if !first.IsZero() {
			after++
		} else if r.Status == http.StatusTooManyRequests {
			first = r.At
		}
	}
	use := float64(lines) / float64(windows*perWindow)
	t.Logf("%d lines in %d windows of %s: %.1f%% of the limit; of %d requests after the first 429 %d were answered 429 too, so long after it: %v",
		lines, windows, window(), 100*use, after, early, later)
	if use < leastUse {
		t.Errorf("%.3f of the limit is less than %.2f", use, leastUse)
	}
	// Of so few as in a short round one is no measure: a busy machine answers late.
	if float64(early) > max(mostEarly*float64(after), float64(round(1, 0))) {
		t.Errorf("%d of %d requests were too early", early, after)
	}
}

// shared looks who said how much.
func (c *company) shared(t *testing.T, from time.Time, windows, cast int) {
	t.Helper()
	shares := map[string]float64{}
	for _, m := range c.discord.Messages(c.rooms[0]) {
		if !m.Timestamp.Before(from) && m.Timestamp.Before(from.Add(time.Duration(windows)*window())) {
			shares[m.Author.Username]++
		}
	}
	var sum, squares float64
	for _, share := range shares {
		sum += share
		squares += share * share
	}
	jain := sum * sum / (float64(cast) * squares)
	t.Logf("Jain's fairness is %.4f among %d entities: %v", jain, len(shares), shares)
	if !(jain >= leastJain) { // NaN too
		t.Errorf("%.4f is less than %.2f", jain, leastJain)
	}
}

// ordered looks whether each monologue stands in the order in which it was said.
func (c *company) ordered(t *testing.T) {
	t.Helper()
	wrong := &complaints{t: t}
	defer wrong.close()
	last := map[string]int{}
	for _, m := range c.discord.Messages(c.rooms[0]) {
		var n, thought int
		if _, err := fmt.Sscanf(m.Content, monologueText, &n, &thought); err != nil {
			wrong.add("%q: %v", m.Content, err)
		}
		whose := fmt.Sprint(m.Author.Username, " ", thought)
		if n <= last[whose] {
			wrong.add("%s's line %d stands after line %d", whose, n, last[whose])
		}
		last[whose] = n
	}
}

const monologueText = "line %05d of thought %d"

// monologues are entities that each say numbered lines, one after the other.
type monologues struct {
	stop     context.CancelFunc
	speaking sync.WaitGroup
	wrong    *complaints
}

// monologues begin. Every fourth entity has three of them at once.
func (c *company) monologues(ctx context.Context, t *testing.T) *monologues {
	going, stop := context.WithCancel(ctx)
	m := &monologues{stop: stop, wrong: &complaints{t: t}}
	for n, who := range c.cast {
		thoughts := 1
		if n%4 == 0 {
			thoughts = 3
		}
		for thought := range thoughts {
			m.speaking.Go(func() {
				for i := 1; going.Err() == nil; i++ {
					l := who.says(fmt.Sprintf(monologueText, i, thought), "")
					got, err := c.send(ctx, who, l)
					if err != nil || (!got.sent() && got.Status != "queued") {
						m.wrong.add("%s, %q: %v, %v", who.name, l.Content, got, err)
						return
					}
				}
			})
		}
	}
	return m
}

// end ends them after what is under way.
func (m *monologues) end() {
	m.stop()
	m.speaking.Wait()
	m.wrong.close()
}
