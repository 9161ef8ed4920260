package relay_test

import (
	"testing"
	"time"

	"troupe/relay"
	"troupe/relay/sandbox"
)

// A call is answered "queued", its client reads that, and the line is said. Forty minutes later
// the program starts anew, and the entity says the same words again, and means it. "queued" is an
// answer as any other: it is written down that it arrived, so that the call is no repetition.
func TestAQueuedLineSwallowsNoLaterOne(t *testing.T) {
	s := setStage(t, sandbox.Config{})
	shift := time.Duration(0)
	s.now = func() time.Time { return time.Now().Add(shift) }
	s.play()
	created, ada := s.entity("Ada", nil, s.general)
	s.say(ada, s.general, "one")
	s.relay.AnswerWithin(300 * time.Millisecond)
	s.relay.Hurry(time.Second, time.Second)
	s.disc.Fault(isExecute, 1, sandbox.Fault{Kind: sandbox.TooMany, RetryAfter: 2, Scope: "shared"})
	if sent := s.say(ada, s.general, "good morning"); sent.Status != relay.StatusQueued {
		t.Fatalf("%+v", sent)
	}
	s.until("it is said", func() bool { return len(s.disc.Messages(s.general)) == 2 })
	s.halt()
	shift = 40 * time.Minute
	s.play()
	ada = must(s.reg.Authenticate(t.Context(), created.Key, ""))(t)
	s.say(ada, s.general, "good morning")
	if got := s.contents(s.general); got != "Ada: one | Ada: good morning | Ada: good morning" {
		t.Errorf("40 minutes and a restart later the same words are not said: %s", got)
	}
}
