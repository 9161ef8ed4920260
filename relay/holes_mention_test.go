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

// A line waits for its turn; meanwhile an admin takes mention_all from its entity. Whom it pings was
// composed before, so that it is asked again when Discord is about to get it.
func TestMentionAllIsTakenWhileALineWaits(t *testing.T) {
	s := setStage(t, sandbox.Config{})
	s.play()
	if err := s.disc.ChangeRole(s.guild, sandbox.ID(s.guild), func(r *sandbox.Role) { r.Permissions |= sandbox.MentionEveryone }); err != nil {
		t.Fatal(err)
	}
	made, ada := s.entity("Ada", nil, s.general)
	abilities := func(change func([]entities.Capability) []entities.Capability) {
		t.Helper()
		err := s.reg.SetCapabilities(t.Context(), s.admin(), made.Entity.ID, func(all []entities.Capability) ([]entities.Capability, error) { return change(all), nil })
		if err != nil {
			t.Fatal(err)
		}
	}
	var before []entities.Capability
	abilities(func(all []entities.Capability) []entities.Capability {
		before = append(before, all...)
		return append(all, entities.CanMentionAll)
	})
	s.until("it may ping everyone", func() bool {
		permit, err := s.relay.Authorize(t.Context(), ada, entities.Post, snowflake.ID(s.general))
		return err == nil && permit.MentionsAll()
	})
	s.say(ada, s.general, "one")
	s.relay.Hurry(500*time.Millisecond, time.Second)
	s.disc.Fault(isExecute, 1, sandbox.Fault{Kind: sandbox.TooMany, RetryAfter: 2, Scope: "shared"})
	var call sync.WaitGroup
	call.Go(func() {
		sent, err := s.relay.Say(context.Background(), ada, relay.Line{Channel: snowflake.ID(s.general), Content: "@everyone listen"})
		t.Logf("%+v, %v", sent, err)
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
	abilities(func([]entities.Capability) []entities.Capability { return before })
	call.Wait()
	for _, ping := range s.disc.Pings() {
		if ping.Everyone {
			t.Errorf("an entity without mention_all pinged everyone: %s", s.contents(s.general))
		}
	}
}
