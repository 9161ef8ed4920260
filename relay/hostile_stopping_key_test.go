package relay_test

import (
	"testing"

	"troupe/relay"
	"troupe/relay/sandbox"
)

// While the program ends, a call with the key of a line that stands must not be told "Nothing was sent".
func TestHostileKeyWhileStopping(t *testing.T) {
	s := setStage(t, sandbox.Config{})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	if sent, err := s.relay.Say(t.Context(), ada, s.line("one", "k")); err != nil || sent.Status != relay.StatusSent {
		t.Fatalf("%+v, %v", sent, err)
	}
	s.relay.Drain()
	if again, err := s.relay.Say(t.Context(), ada, s.line("one", "k")); err != nil || again.Status != relay.StatusSent {
		t.Errorf("the line stands (%s), and the same call is told: %+v, %v", s.contents(s.general), again, err)
	}
}
