package relay_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay"
	"troupe/relay/sandbox"
)

// Pausing an entity silences it within a second, also while its line waits inside the rate
// limiter: a line is checked there as edits, reactions and threads are.
func TestPausedWhileTheLimiterHoldsALine(t *testing.T) {
	s := setStage(t, sandbox.Config{})
	s.play()
	made, ada := s.entity("Ada", nil, s.general)
	s.say(ada, s.general, "one")
	s.disc.Fault(isExecute, 1, sandbox.Fault{Kind: sandbox.TooMany, RetryAfter: 4, Scope: "shared"})
	var call sync.WaitGroup
	call.Go(func() {
		sent, err := s.relay.Say(context.Background(), ada, relay.Line{Channel: snowflake.ID(s.general), Content: "two"})
		t.Logf("%+v, %v", sent, err)
	})
	s.until("Discord was asked", func() bool {
		n := 0
		for _, r := range s.disc.Requests() {
			if r.Status == 429 {
				n++
			}
		}
		return n > 0
	})
	owner := entities.Member(snowflake.ID(s.olivia), snowflake.ID(s.guild), 0)
	must(s.reg.Pause(t.Context(), owner, made.Entity.ID))(t)
	paused := time.Now()
	call.Wait()
	if got := s.contents(s.general); got != "Ada: one" {
		t.Errorf("%v after it was paused it had said: %s", time.Since(paused).Round(time.Second), got)
	}
}
