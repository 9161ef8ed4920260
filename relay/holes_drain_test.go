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

// A call may look at drained, and write its line down only while Drain empties the queues. Its line
// is dismissed all the same: nobody is told "queued" of a line that the next run notes as failed.
func TestALineThatJoinsWhileDraining(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	_, bob := s.entity("Bob", nil, s.general)
	s.say(ada, s.general, "one")
	s.relay.Hurry(300*time.Millisecond, time.Second)
	s.disc.Fault(isExecute, 1, sandbox.Fault{Kind: sandbox.TooMany, RetryAfter: 60, Scope: "shared"})
	var calls sync.WaitGroup
	calls.Go(func() {
		_, _ = s.relay.Say(context.Background(), ada, relay.Line{Channel: snowflake.ID(s.general), Content: "two"})
	})
	s.until("the channel is closed", func() bool {
		n := 0
		for _, r := range s.disc.Requests() {
			if r.Status == 429 {
				n++
			}
		}
		return n > 0
	})
	// Somebody else writes at this moment.
	writing, written := make(chan struct{}), make(chan struct{})
	calls.Go(func() {
		_, _ = s.reg.SetServerRules(context.Background(), s.admin(), func(*entities.Rules) error {
			close(writing)
			<-written
			return nil
		})
	})
	<-writing
	calls.Go(func() {
		sent, err := s.relay.Say(context.Background(), bob, relay.Line{Channel: snowflake.ID(s.general), Content: "three"})
		if err == nil && sent.Status == relay.StatusQueued {
			t.Errorf("the program ends, and Bob is told %+v", sent)
		}
	})
	time.Sleep(200 * time.Millisecond) // Bob's line waits to be written down
	calls.Go(s.relay.Drain)
	time.Sleep(200 * time.Millisecond)
	close(written)
	calls.Wait()
}
