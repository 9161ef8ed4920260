package relay_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/disgoorg/snowflake/v2"

	"troupe/relay"
	"troupe/relay/sandbox"
)

// A long line that Discord stops in the middle, and takes later, takes room once for each
// message. Room that leaks would never come back: after 30 such lines nobody could speak in that
// channel any more.
func TestRoomOfALineThatGoesBack(t *testing.T) {
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	s.say(ada, s.general, "one")
	s.relay.Hurry(300*time.Millisecond, time.Second)
	for round := range 2 {
		asked := 0
		s.disc.Fault(func(r *http.Request) bool {
			if isExecute(r) {
				asked++
			}
			return isExecute(r) && asked == 2
		}, 1, sandbox.Fault{Kind: sandbox.TooMany, RetryAfter: 1, Scope: "shared"})
		sent := s.say(ada, s.general, strings.Repeat("word ", 500))
		if sent.Status != relay.StatusSent || len(sent.MessageIDs) != 2 {
			t.Fatalf("%+v", sent)
		}
		if n := s.relay.OnTheirWay(snowflake.ID(s.general)); n != 0 {
			t.Errorf("round %d: nothing is on its way, and %d count as if they were", round, n)
		}
	}
}
