package relay_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay"
	"troupe/relay/sandbox"
)

// Without the Message Content intent there is nothing to go on with: it is tried once without
// that of members, and then the status names the right switch.
func TestNeitherIntent(t *testing.T) {
	t.Parallel()
	for _, shards := range []int{1, 3} {
		s := setStage(t, sandbox.Config{Shards: shards})
		s.disc.AllowIntents(0)
		s.play(func(*relay.Config) {})
		s.until("every shard gives up", func() bool {
			return s.relay.Status().Phase == "intent refused" && s.disc.GatewayCounts().Connects == 2*shards
		})
		status := s.relay.Status()
		if status.Ready || !strings.Contains(status.Remedy, "Message Content Intent") || !strings.Contains(status.Degraded, "Server Members Intent") {
			t.Errorf("the status is %+v", status)
		}
		if counts := s.disc.GatewayCounts(); counts.Connects != 2*shards || counts.Identifies != 0 {
			t.Errorf("it tried: %+v", counts)
		}
	}
}

// All shards are refused, and all of them go on without the members.
func TestManyShardsWithoutTheMembersIntent(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{Shards: 3})
	s.disc.AllowIntents(sandbox.IntentMessageContent)
	s.play()
	if status := s.relay.Status(); status.Degraded == "" || status.Shards != 3 {
		t.Errorf("the status is %+v", status)
	}
	if counts := s.disc.GatewayCounts(); counts.Connects != 6 || counts.Identifies != 3 {
		t.Errorf("it tried: %+v", counts)
	}
	if log := s.log.String(); strings.Count(log, "it is tried without that of members") != 1 || strings.Contains(log, "the gateway is closed for good") {
		t.Errorf("the log says:\n%s", log)
	}
}

// The switch may be turned off while the program runs: Discord tells when it likes.
func TestTheMembersIntentGoesAway(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{})
	hands := &clock{}
	s.now = hands.now
	s.play(func(c *relay.Config) { c.Now = hands.now })
	s.until("it is ready", func() bool { return s.relay.Status().Ready })
	bob := s.miasEntity("Bob")
	if !s.may(bob, entities.Post, s.general) || s.relay.Status().Degraded != "" {
		t.Fatalf("the status is %+v", s.relay.Status())
	}
	hands.move(time.Hour)
	if n := s.memberRequests(); !s.may(bob, entities.Post, s.general) || n != s.memberRequests() {
		t.Error("what Discord tells of was asked for again")
	}
	s.disc.AllowIntents(sandbox.IntentMessageContent)
	s.disc.CloseCode(4014)
	s.until("it is degraded", func() bool { return s.relay.Status().Ready && s.relay.Status().Degraded != "" })
	if asked := s.disc.MembersAsked(); len(asked) != 0 {
		t.Errorf("it asked for members whose changes nobody tells of: %v", asked)
	}
	s.until("it may go on", func() bool { return s.may(bob, entities.Post, s.general) })
	n := s.memberRequests()
	hands.move(59 * time.Second)
	if !s.may(bob, entities.Post, s.general) || s.memberRequests() != n {
		t.Error("an owner was asked for twice in a minute")
	}
	if err := s.disc.TimeOut(s.guild, s.mia, hands.now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	hands.move(2 * time.Second)
	if s.may(bob, entities.Post, s.general) || s.memberRequests() != n+1 {
		t.Error("after a minute the owner was not asked for again")
	}
}

// What is unknown for a moment is not taken for forbidden: the news wait.
func TestNewsSurvivesAnOwnerWhoIsUnknown(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{})
	s.disc.AllowIntents(sandbox.IntentMessageContent)
	hands := &clock{}
	s.now = hands.now
	s.play(func(c *relay.Config) { c.Now = hands.now })
	s.until("it is ready", func() bool { return s.relay.Status().Ready })
	bob := s.miasEntity("Bob")
	must(s.disc.Say(s.olivia, s.general, "hello"))(t)
	s.until("it is heard", func() bool { return len(s.wait(bob, "", 0).Messages) == 1 })
	s.relay.ForgetTexts()
	// While the text is fetched the minute ends, and then Discord does not tell of the owner.
	var fetched atomic.Bool
	s.disc.Fault(func(r *http.Request) bool {
		if isHistory(r) && !fetched.Swap(true) {
			hands.move(61 * time.Second)
		}
		return false
	}, -1, sandbox.Fault{})
	cancel := s.disc.Fault(func(r *http.Request) bool { return fetched.Load() && isMember(r) }, -1, sandbox.Fault{Kind: sandbox.Refuse, Status: 500})
	if news, err := s.relay.Wait(t.Context(), bob, relay.WaitRequest{}); !entities.IsRefusal(err, entities.Unavailable) {
		t.Errorf("it was told %q, %v", texts(news.Messages()), err)
	}
	cancel()
	hands.move(6 * time.Second) // a question that failed is not asked again at once
	if news := s.wait(bob, "", 0); texts(news.Messages) != "olivia: hello" {
		t.Errorf("afterwards it was told %q", texts(news.Messages))
	}
}

// Discord's "not found" may mean that it lost the server; only of a member it means that they
// left.
func TestNotFoundIsNotGone(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{})
	hands := &clock{}
	s.now = hands.now
	s.play(func(c *relay.Config) { c.Now = hands.now })
	s.until("it is ready", func() bool { return s.relay.Status().Ready })
	bob := s.miasEntity("Bob")
	cancel := s.disc.Fault(isMember, -1, sandbox.Fault{Kind: sandbox.Refuse, Status: 404})
	_, err := s.relay.Authorize(t.Context(), bob, entities.Hear, snowflake.ID(s.general))
	if _, lacks := entities.Lacks(err); !lacks || !entities.IsRefusal(err, entities.Unavailable) {
		t.Errorf("it is refused with %v", err)
	}
	cancel()
	hands.move(6 * time.Second)
	if !s.may(bob, entities.Hear, s.general) {
		t.Error("it stays refused")
	}
	if residents := must(s.reg.List(t.Context(), s.admin()))(t); residents[0].Presence.State != entities.PresenceActive {
		t.Errorf("its presence is %+v", residents[0].Presence)
	}
}
