package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"troupe/relay/sandbox"
)

// TestEqualCalls makes each of many calls five times at once, with the same key: one message
// stands, and all five are told of it. TEST_FULL=1 makes it 5,000 keys.
func TestEqualCalls(t *testing.T) {
	t.Parallel()
	const equal = 5
	keys := round(100, 5000)
	c := gather(t, sandbox.Config{NoRateLimits: true}, 20, round(50, 100))
	c.play(t)
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
	defer cancel()
	begin := time.Now()
	wrong := &complaints{t: t}
	var speaking sync.WaitGroup
	for n, who := range c.cast {
		speaking.Go(func() {
			for key := n; key < keys; key += len(c.cast) {
				l := who.says(fmt.Sprintf("said %d times with key %05d", equal, key), fmt.Sprintf("key-%05d", key))
				if problem := c.atOnce(ctx, who, l, equal); problem != "" {
					wrong.add("%s", problem)
					return
				}
			}
		})
	}
	speaking.Wait()
	wrong.close()
	took := time.Since(begin)
	standing := c.standing()
	if doubles := doubled(t, standing); doubles > 0 || len(standing) != keys {
		t.Errorf("%d lines stand, %d of them more than once; want %d", len(standing), doubles, keys)
	}
	t.Logf("%d keys × %d equal calls at once: %d messages in %s", keys, equal, len(standing), took.Round(time.Millisecond))
	c.otherTexts(ctx, t)
}

// atOnce makes equal calls at the same time, and says how their answers differ.
func (c *company) atOnce(ctx context.Context, who *speaker, l line, calls int) string {
	got, failed := make([]said, calls), make([]error, calls)
	var calling sync.WaitGroup
	for n := range calls {
		calling.Go(func() {
			_, got[n], failed[n] = c.insist(ctx, who, l, func(s said) bool { return s.sent() || s.refusal != "" })
		})
	}
	calling.Wait()
	for n := range calls {
		switch {
		case failed[n] != nil:
			return failed[n].Error()
		case !got[n].sent() || !got[n].same(got[0]):
			return fmt.Sprintf("%q was answered with %v and %v", l.Content, got[0], got[n])
		}
	}
	return ""
}

// otherTexts uses keys a second time for something else, which is refused, and for the same,
// which is answered as before.
func (c *company) otherTexts(ctx context.Context, t *testing.T) {
	t.Helper()
	who := c.cast[0]
	before := len(c.standing())
	first, err := c.send(ctx, who, who.says("said 5 times with key 00000", "key-00000"))
	if err != nil || !first.sent() {
		t.Fatalf("an old key with its own text: %v, %v", first, err)
	}
	other, err := c.send(ctx, who, who.says("something else with an old key", "key-00000"))
	if err != nil || !strings.Contains(other.refusal, "idempotency_key") {
		t.Errorf("an old key with another text: %v, %v", other, err)
	}
	if now := len(c.standing()); now != before {
		t.Errorf("%d more messages stand", now-before)
	}
	// A key is an entity's own: another one's is none of its business.
	second := c.cast[1]
	if own, err := c.send(ctx, second, second.says("the same key of another entity", "key-00000")); err != nil || !own.sent() {
		t.Errorf("another entity's key: %v, %v", own, err)
	}
}
