package relay_test

import (
	"testing"

	"troupe/entities"
	"troupe/relay"
	"troupe/relay/sandbox"
)

// While entities rest in a channel they say nothing there. The title of a thread is said there
// (Discord announces it in the channel), and each thread has a guard of its own for lines: so a
// thread counts as a turn, or two entities could go on by titles.
func TestThreadsWhileEntitiesRest(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	_, bob := s.entity("Bob", nil, s.general)
	for range 4 {
		s.say(ada, s.general, "hello")
		s.say(bob, s.general, "hello")
	}
	if _, err := s.relay.Say(t.Context(), ada, s.line("once more", "")); !entities.IsRefusal(err, entities.Unavailable) {
		t.Fatalf("they do not rest: %v", err)
	}
	said := 0
	for _, who := range []entities.Actor{ada, bob, ada, bob} {
		made, err := s.start(who, s.general, "and another thing", 0, "as I said")
		if err == nil && made.Unsaid == nil && made.Said.Status == relay.StatusSent {
			said++
		}
	}
	if said > 0 {
		t.Errorf("while they rest in #general they took %d more turns there, by threads", said)
	}
}
