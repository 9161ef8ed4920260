package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"troupe/relay/sandbox"
)

// ambiguous are the faults after which nobody can tell from the answer whether a line stands.
func ambiguous() []sandbox.Fault {
	return []sandbox.Fault{
		{Kind: sandbox.CommitThenRefuse},
		{Kind: sandbox.CommitThenReset},
		{Kind: sandbox.CommitThenTruncate},
		{Kind: sandbox.Refuse},
		{Kind: sandbox.CommitThenHang},
		{Kind: sandbox.CommitLate, After: lateness},
	}
}

const (
	lateness   = 15 * time.Second
	ambiguity  = 0.3 // of all requests
	answerTime = 25 * time.Second
)

// confusion lets webhook posts go wrong in all ambiguous ways. Of those that take long there
// are at most a few in the short round.
func confusion(d *sandbox.Discord) {
	faults := ambiguous()
	for n, fault := range faults {
		// What each has to take of those that the ones before it left.
		share := ambiguity / float64(len(faults)) / (1 - float64(n)*ambiguity/float64(len(faults)))
		times := -1
		if fault.Kind == sandbox.CommitThenHang || fault.Kind == sandbox.CommitLate {
			times = round(4, -1)
		}
		d.Fault(dice(uint64(n), share), times, fault)
	}
}

// dice matches a share of the webhook posts.
func dice(seed uint64, share float64) func(*http.Request) bool {
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(seed, 1))
	return func(r *http.Request) bool {
		if !isWebhookPost(r) {
			return false
		}
		mu.Lock()
		defer mu.Unlock()
		return random.Float64() < share
	}
}

func isWebhookPost(r *http.Request) bool {
	return r.Method == http.MethodPost && strings.Contains(r.URL.Path, "/api/v10/webhooks/")
}

// TestAmbiguousAnswers sends lines to a Discord that goes wrong in every ambiguous way: none
// stands twice, none is called failed that stands, and none stays unknown that stands.
// TEST_FULL=1 makes it 10,000 lines, and a minute of watching after the last fault.
func TestAmbiguousAnswers(t *testing.T) {
	t.Parallel()
	lines := round(200, 10_000)
	c := gather(t, sandbox.Config{NoRateLimits: true}, 20, round(100, 200))
	c.play(t)
	confusion(c.discord)
	ctx, cancel := context.WithTimeout(t.Context(), time.Duration(round(2, 40))*time.Minute)
	defer cancel()
	begin := time.Now()
	fates := c.sendAll(ctx, t, lines)
	took := time.Since(begin)
	hit := c.hits()
	err := watch(ctx, time.Duration(round(2, 60))*time.Second, func() error {
		if doubles := doubled(t, c.standing()); doubles > 0 {
			return fmt.Errorf("%d lines stand more than once", doubles)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	c.judge(ctx, t, fates, hit)
	t.Logf("%d lines in %s, %d requests hit by a fault", lines, took.Round(time.Millisecond), len(hit))
}

// fate is what became of a line, as its sender was told.
type fate struct {
	who    *speaker
	line   line
	answer said          // the last one
	took   time.Duration // of the longest call
}

// sendAll says lines, one after the other by each entity, and asks again about those that wait.
func (c *company) sendAll(ctx context.Context, t *testing.T, lines int) []fate {
	t.Helper()
	fates := make([]fate, lines)
	var sending sync.WaitGroup
	for n, who := range c.cast {
		sending.Go(func() {
			for i := n; i < lines; i += len(c.cast) {
				l := who.says(fmt.Sprintf("ambiguous line %05d", i), fmt.Sprintf("ambiguous-%05d", i))
				first, got, err := c.insist(ctx, who, l, func(s said) bool { return s.Status != "queued" })
				if err != nil {
					t.Errorf("%q got no answer: %v", l.Content, err)
				}
				fates[i] = fate{who: who, line: l, answer: got, took: max(first.took, got.took)}
			}
		})
	}
	sending.Wait()
	return fates
}

// hits gives the faults that hit the posts of lines, by their text.
func (c *company) hits() map[string][]string {
	hit := map[string][]string{}
	for _, r := range c.posts() {
		if r.Fault != "" {
			hit[content(r)] = append(hit[content(r)], r.Fault)
		}
	}
	return hit
}

// judge holds what senders were told against what stands.
func (c *company) judge(ctx context.Context, t *testing.T, fates []fate, hit map[string][]string) {
	t.Helper()
	wrong := &complaints{t: t}
	defer wrong.close()
	standing := c.standing()
	var tally struct{ sent, unknown, later, failed, stays int }
	var slowest time.Duration
	for _, f := range fates {
		slowest = max(slowest, f.took)
		stands := len(standing[f.line.Content]) > 0
		how := hit[f.line.Content]
		switch {
		case f.answer.sent():
			tally.sent++
			if !stands {
				wrong.add("%q was called sent and does not stand (%v)", f.line.Content, how)
			}
			continue
		case f.answer.Status == "":
			tally.failed++
			if stands || len(how) == 0 {
				wrong.add("%q stands=%t, %v: %v", f.line.Content, stands, how, f.answer)
			}
			continue
		}
		tally.unknown++
		if stands && !lost(how) {
			wrong.add("%q stands, was hit by %v, and was answered with %v", f.line.Content, how, f.answer)
		}
		last, err := c.send(ctx, f.who, f.line)
		switch {
		case err == nil && last.sent():
			tally.later++
		case stands || err != nil:
			wrong.add("%q was answered with %v and then with %v, %v; stands=%t, %v", f.line.Content, f.answer, last, err, stands, how)
		default:
			tally.stays++
		}
	}
	if doubles := doubled(t, c.standing()); doubles > 0 {
		t.Errorf("%d lines stand more than once", doubles)
	}
	if slowest > answerTime+time.Second {
		t.Errorf("an answer took %s", slowest)
	}
	t.Logf("sent at once %d; not known at first %d, of which %d were sent when asked again and %d stay unknown; failed %d; the longest answer took %s",
		tally.sent, tally.unknown, tally.later, tally.stays, tally.failed, slowest.Round(time.Millisecond))
}

// lost says whether a line's post was hit by what leaves it truly open for a while.
func lost(how []string) bool {
	for _, kind := range how {
		if kind == sandbox.Refuse.String() || kind == sandbox.CommitLate.String() {
			return true
		}
	}
	return false
}
