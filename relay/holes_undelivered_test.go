package relay_test

import (
	"testing"
	"time"

	"github.com/disgoorg/snowflake/v2"

	"troupe/relay"
	"troupe/relay/sandbox"
)

// "queued" is an answer that can get lost as any other. When it could not be delivered, the same
// call within two minutes is a repetition, and the line is said once.
func TestALostQueuedAnswer(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	s.say(ada, s.general, "one")
	s.relay.AnswerWithin(300 * time.Millisecond)
	s.relay.Hurry(time.Second, time.Second)
	s.disc.Fault(isExecute, 1, sandbox.Fault{Kind: sandbox.TooMany, RetryAfter: 2, Scope: "shared"})
	line := relay.Line{Channel: snowflake.ID(s.general), Content: "two"}
	ctx, receipt := relay.WithReceipt(t.Context())
	if sent, err := s.relay.Say(ctx, ada, line); err != nil || sent.Status != relay.StatusQueued {
		t.Fatalf("%+v, %v", sent, err)
	}
	s.relay.Delivered(receipt, false) // the connection broke
	if _, err := s.relay.Say(t.Context(), ada, line); err != nil {
		t.Fatal(err)
	}
	s.until("nothing is under way", func() bool { return s.relay.Status().Speaking == 0 })
	if got := s.contents(s.general); got != "Ada: one | Ada: two" {
		t.Errorf("the call was made again because its answer was lost: %s", got)
	}
}
