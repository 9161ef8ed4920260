package relay_test

import (
	"testing"
	"time"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay"
	"troupe/relay/sandbox"
)

// Who waits in a channel is told at once that they may not hear it any more. An outage of the
// server ends nothing.
func TestWaitingInAChannelEndsWithTheRight(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	s.play()
	bob := s.miasEntity("Bob")
	if !s.may(bob, entities.Hear, s.general) {
		t.Fatal("it does not hear")
	}
	ended := make(chan error, 1)
	go func() {
		_, err := s.relay.Wait(t.Context(), bob, relay.WaitRequest{Scope: entities.ScopeOf(snowflake.ID(s.general)), Timeout: relay.MaxWait})
		ended <- err
	}()
	s.until("it waits", func() bool { return s.relay.Waiting() == 1 })
	s.disc.SetOutage(s.guild, true)
	s.until("the outage is known", func() bool { return s.reg.World().Pending(snowflake.ID(s.guild)) })
	select {
	case err := <-ended:
		t.Fatalf("the outage ended it: %v", err)
	case <-time.After(500 * time.Millisecond):
	}
	s.disc.SetOutage(s.guild, false)
	s.until("the outage is over", func() bool { return s.may(bob, entities.Hear, s.general) })
	begin := time.Now()
	done(t, s.disc.ChangeChannel(s.general, func(c *sandbox.Channel) {
		c.Overwrites = []sandbox.Overwrite{{ID: s.mia, Type: 1, Deny: sandbox.ViewChannel}}
	}))
	if err := <-ended; !entities.IsRefusal(err, entities.NotFound) {
		t.Errorf("it ends with %v", err)
	}
	if took := time.Since(begin); took > time.Second {
		t.Errorf("it took %s", took)
	}
}
