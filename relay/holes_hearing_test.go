package relay_test

import (
	"sync"
	"testing"
	"time"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay"
	"troupe/relay/sandbox"
)

// Who waits for direct messages is woken by all that happens there: by an edit and a deletion too.
func TestChangesWakeWhoWaitsForDirectMessages(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	s.play()
	made, ada := s.entity("Ada", nil, s.general)
	must(s.relay.Talk(t.Context(), s.mias(), made.Entity.ID))(t)
	channel := s.disc.DM(s.mia)
	said := s.tell("are you there?")
	inbox := func(cursor string, timeout time.Duration) relay.Inbox {
		return must(s.relay.Wait(t.Context(), ada, relay.WaitRequest{Scope: entities.ScopeDM, Cursor: cursor, Timeout: timeout}))(t)
	}
	first := inbox("", 10*time.Second)
	if len(first.Items) != 1 {
		t.Fatalf("%+v", first)
	}
	for _, change := range []struct {
		kind entities.EventKind
		do   func() error
	}{
		{entities.EventEdit, func() error { return s.disc.EditMessage(s.mia, channel, said, "is anybody there?") }},
		{entities.EventDelete, func() error { return s.disc.DeleteMessages(s.mia, channel, said) }},
	} {
		var waiting sync.WaitGroup
		var found relay.Inbox
		waiting.Go(func() { found = inbox(first.Cursor, 5*time.Second) })
		s.until("it waits", func() bool { return s.relay.Waiting() == 1 })
		begun := time.Now()
		s.ok(change.do())
		waiting.Wait()
		if took := time.Since(begun); len(found.Items) != 1 || found.Items[0].Kind != change.kind || took > 4*time.Second {
			t.Errorf("%s: after %s %+v", change.kind, took, found.Items)
		}
		first = found
	}
}

// In a forum nothing is said but in its posts: who waits there is told so, and does not wait for
// what never comes.
func TestNobodyWaitsInAForum(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	s.play()
	_, ada := s.entity("Ada", nil, s.forum)
	scope := entities.ScopeOf(snowflake.ID(s.forum))
	if _, err := s.relay.Inbox(t.Context(), ada, relay.InboxRequest{Scope: scope}); !entities.IsRefusal(err, entities.Invalid) {
		t.Errorf("its inbox: %v", err)
	}
	if _, err := s.relay.Wait(t.Context(), ada, relay.WaitRequest{Scope: scope, Timeout: time.Second}); !entities.IsRefusal(err, entities.Invalid) {
		t.Errorf("to wait: %v", err)
	}
}

// An entity that answers with a word of what somebody said has not said that again: that it was
// deleted then is told.
func TestALineIsNoProxy(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	_, bob := s.entity("Bob", nil, s.general)
	asked := must(s.disc.Say(s.mia, s.general, "is it ok?"))(t)
	s.gets("asked", ada, "message mia: is it ok?")
	s.say(bob, s.general, "ok")
	s.gets("answered", ada, "message Bob: ok")
	s.ok(s.disc.DeleteMessages(s.mia, s.general, asked.ID))
	s.gets("its deletion", ada, "delete mia")
}
