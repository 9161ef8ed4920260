package relay_test

import (
	"testing"
	"time"

	"troupe/relay"
	"troupe/relay/sandbox"
)

// Discord may tell a line to wait again and again. The waits are added up: after patience.hold in
// all, the line is given up.
func TestNoLineIsKeptForEver(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	s.say(ada, s.general, "one")
	s.relay.HoldFor(8 * time.Second)
	s.relay.AnswerWithin(300 * time.Millisecond)
	s.relay.Hurry(time.Second, time.Second)
	cancel := s.disc.Fault(isExecute, -1, sandbox.Fault{Kind: sandbox.TooMany, RetryAfter: 5, Scope: "shared"})
	if sent := s.say(ada, s.general, "two"); sent.Status != relay.StatusQueued {
		t.Fatalf("%+v", sent)
	}
	s.until("nothing waits any more", func() bool { return s.relay.Status().Speaking == 0 })
	cancel()
}
