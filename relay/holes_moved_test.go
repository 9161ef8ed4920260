package relay_test

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/disgoorg/snowflake/v2"

	"troupe/relay"
	"troupe/relay/sandbox"
)

// Two entities' lines are under way through a webhook that somebody moves to a channel where
// they may not speak. Each is taken back through the webhook that said it: another one knows no
// such message, and its 404 would count as deleted.
func TestMovedUnderTwoLines(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	_, bob := s.entity("Bob", nil, s.general)
	s.say(ada, s.general, "one")
	hook := s.disc.Messages(s.general)[0].WebhookID
	var left atomic.Bool
	s.disc.Fault(func(r *http.Request) bool {
		if isExecute(r) {
			left.Store(true)
			return true
		}
		return false
	}, 1, sandbox.Fault{Kind: sandbox.CommitLate, After: 1500 * time.Millisecond})
	var call sync.WaitGroup
	call.Go(func() {
		sent, err := s.relay.Say(context.Background(), bob, relay.Line{Channel: snowflake.ID(s.general), Content: "two"})
		t.Logf("Bob is told %+v, %v", sent, err)
	})
	s.until("Bob's line has left", left.Load)
	s.moveWebhook(hook, s.hidden)
	s.say(ada, s.general, "three")
	call.Wait()
	if here, there := s.contents(s.general), s.contents(s.hidden); there != "" {
		t.Errorf("in #general: %s; in #hidden: %s", here, there)
	}
}
