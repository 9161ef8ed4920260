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

// A line waits; meanwhile an admin blocks its word, and its owner renames the entity. Both are
// looked at again when the line's turn comes.
func TestRulesAndNamesOfAWaitingLine(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{})
	s.play()
	made, ada := s.entity("Ada", nil, s.general)
	s.say(ada, s.general, "one")
	s.relay.Hurry(500*time.Millisecond, time.Second)
	s.disc.Fault(isExecute, 1, sandbox.Fault{Kind: sandbox.TooMany, RetryAfter: 2, Scope: "shared"})
	var call sync.WaitGroup
	call.Go(func() {
		_, _ = s.relay.Say(context.Background(), ada, relay.Line{Channel: snowflake.ID(s.general), Content: "bother"})
	})
	s.until("it waits", func() bool {
		n := 0
		for _, r := range s.disc.Requests() {
			if r.Status == 429 {
				n++
			}
		}
		return n > 0
	})
	must(s.reg.SetServerRules(t.Context(), s.admin(), func(rules *entities.Rules) error {
		rules.Words = []string{"bother"}
		return nil
	}))(t)
	name := "Bea"
	must(s.reg.Edit(t.Context(), s.admin(), made.Entity.ID, entities.Changes{Name: &name}))(t)
	call.Wait()
	if got := s.contents(s.general); got != "Ada: one" {
		t.Errorf("the word was blocked and Ada is Bea, and it was said after all: %s", got)
	}
}
