package relay_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"troupe/relay/sandbox"
)

// Whichever way a connection ends after which Discord resumes, everything that was said meanwhile
// is heard once and in order, without another login. TEST_FULL=1 makes it 100 rounds.
func TestResumableDrops(t *testing.T) {
	t.Parallel()
	drops := []func(d *sandbox.Discord){
		(*sandbox.Discord).Drop,
		(*sandbox.Discord).Reconnect,
		func(d *sandbox.Discord) { d.CloseCode(4000) },
		func(d *sandbox.Discord) { d.InvalidateSessions(true) },
	}
	rounds := 1
	if os.Getenv("TEST_FULL") != "" {
		rounds = 100
	}
	s := setStage(t, sandbox.Config{})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	cursor := s.wait(ada, "", 0).Cursor
	said := 0
	for n := range rounds * len(drops) {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		say := func() {
			for range 20 {
				must(s.disc.Say(s.mia, s.general, fmt.Sprintf("line %05d", said)))(t)
				said++
			}
		}
		say()
		drops[n%len(drops)](s.disc)
		say()
		if err := s.disc.WaitCounts(ctx, func(c sandbox.GatewayCounts) bool { return c.Resumes > n }); err != nil {
			t.Fatalf("drop %d: %v; %+v", n, err, s.disc.GatewayCounts())
		}
		cancel()
		say()
	}
	for heard := 0; heard < said; {
		news := s.wait(ada, cursor, 10*time.Second)
		if len(news.Messages) == 0 {
			t.Fatalf("%d of %d lines were heard", heard, said)
		}
		cursor = news.Cursor
		for _, m := range news.Messages {
			if want := fmt.Sprintf("line %05d", heard); m.Content != want {
				t.Fatalf("line %d is %q", heard, m.Content)
			}
			heard++
		}
	}
	if counts := s.disc.GatewayCounts(); counts.Identifies != 1 {
		t.Errorf("%+v", counts)
	}
}

// A session that is gone is not resumed again and again: the bot logs in anew.
func TestDropsForGood(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{})
	s.play()
	for n, drop := range []func(){s.disc.DropForGood, func() { s.disc.CloseCode(4009) }} {
		drop()
		s.until("it has logged in anew", func() bool {
			return s.disc.GatewayCounts().Identifies == n+2 && s.relay.Status().Ready
		})
	}
	if counts := s.disc.GatewayCounts(); counts.Resumes != 0 {
		t.Errorf("%+v", counts)
	}
}
