package relay_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"troupe/entities"
	"troupe/relay"
	"troupe/relay/sandbox"
)

// Without the members intent Discord does not tell that an owner lost their right. A minute later
// at the latest nothing of what is said is given any more, to clients that wait all the time
// either.
func TestDegradedModeEndsARightWithinAMinute(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*stage, sandbox.ID) error{
		"the owner loses a role": func(s *stage, _ sandbox.ID) error {
			return s.disc.ChangeMember(s.guild, s.mia, func(m *sandbox.Member) { m.Roles = nil })
		},
		"the owner leaves": func(s *stage, _ sandbox.ID) error { return s.disc.RemoveMember(s.guild, s.mia) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := setStage(t, sandbox.Config{NoRateLimits: true})
			s.disc.AllowIntents(sandbox.IntentMessageContent)
			hands := &clock{}
			s.now = hands.now
			s.play(func(c *relay.Config) { c.Now = hands.now })
			s.until("it is ready", func() bool { return s.relay.Status().Ready && s.relay.Status().Degraded != "" })
			role := must(s.disc.AddRole(s.guild, sandbox.Role{Name: "listeners"}))(t)
			done(t, s.disc.ChangeMember(s.guild, s.mia, func(m *sandbox.Member) { m.Roles = []sandbox.ID{role} }))
			done(t, s.disc.ChangeChannel(s.general, func(c *sandbox.Channel) {
				c.Overwrites = []sandbox.Overwrite{
					{ID: s.guild, Deny: sandbox.ViewChannel},
					{ID: role, Allow: sandbox.ViewChannel | sandbox.ReadMessageHistory},
					{ID: s.botID, Type: 1, Allow: sandbox.ViewChannel | sandbox.ReadMessageHistory},
				}
			}))
			bob := s.miasEntity("Bob")
			s.until("it hears", func() bool { return s.may(bob, entities.Hear, s.general) })
			heard := s.eavesdrop(bob)
			must(s.disc.Say(s.olivia, s.general, "before"))(t)
			s.until("it is told", func() bool { return strings.Contains(heard(), "before") })

			done(t, end(s, role))
			hands.move(time.Minute)
			must(s.disc.Say(s.olivia, s.general, "canary"))(t)
			_, actor := s.entity("Witness", nil, s.general)
			must(s.disc.Say(s.olivia, s.general, "afterwards"))(t)
			s.until("others hear it", func() bool { return strings.Contains(texts(s.wait(actor, "", 0).Messages), "afterwards") })
			if got := heard(); strings.Contains(got, "canary") {
				t.Errorf("it was told %s", got)
			}
			if got := texts(s.wait(bob, "", 0).Messages); got != "" {
				t.Errorf("later it was told %s", got)
			}
			for _, right := range []entities.Right{entities.Hear, entities.ReadHistory} {
				if s.may(bob, right, s.general) {
					t.Errorf("it still has right %d", right)
				}
			}
		})
	}
}

// eavesdrop waits for what is said until the test ends, and gives what was told so far.
func (s *stage) eavesdrop(actor entities.Actor) func() string {
	var (
		mu      sync.Mutex
		heard   []string
		waiting sync.WaitGroup
	)
	ctx, stop := context.WithCancel(context.Background())
	waiting.Go(func() {
		for cursor := ""; ctx.Err() == nil; {
			found, err := s.relay.Wait(ctx, actor, relay.WaitRequest{Scope: entities.ScopeAll, Cursor: cursor, Timeout: relay.MaxWait})
			if err != nil {
				return
			}
			cursor = found.Cursor
			mu.Lock()
			heard = append(heard, texts(found.Messages()))
			mu.Unlock()
		}
	})
	s.t.Cleanup(func() { stop(); waiting.Wait() })
	return func() string {
		mu.Lock()
		defer mu.Unlock()
		return strings.Join(heard, " | ")
	}
}
