package relay_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay"
	"troupe/relay/sandbox"
)

// dmPair is a stage on which mia talks with Ada, and Bob has written to her.
func dmPair(t *testing.T) (s *stage, ada, bob entities.Actor, bobs sandbox.ID) {
	s, ada = dmStage(t)
	made, bob := s.entity("Bob", nil, s.general)
	must(s.relay.Talk(t.Context(), s.mias(), made.Entity.ID))(t)
	line := must(s.relay.SendDM(t.Context(), bob, toMia(s, "Bob's line", "")))(t)
	must(s.relay.Talk(t.Context(), s.mias(), ada.EntityID()))(t)
	return s, ada, bob, sandbox.ID(line.MessageIDs[0])
}

// What a person answers may have been said by, or to, another entity. That it exists, and when it
// was said, as its id tells, is not for this one.
func TestWhatAnotherSaidIsNotReferredTo(t *testing.T) {
	t.Parallel()
	s, ada, bob, bobs := dmPair(t)
	if _, err := s.reg.Pause(t.Context(), s.admin(), bob.EntityID()); err != nil {
		t.Fatal(err)
	}
	own := must(s.relay.SendDM(t.Context(), ada, toMia(s, "Ada's line", "")))(t).MessageIDs[0]
	must(s.disc.Say(s.mia, s.disc.DM(s.mia), "to Ada's line", sandbox.ReplyTo(sandbox.ID(own))))(t)
	must(s.disc.Say(s.mia, s.disc.DM(s.mia), "to Bob's line", sandbox.ReplyTo(bobs)))(t)
	s.until("mia is asked", func() bool { return s.inDM("Whom is this for?") })
	if talk := must(s.relay.Talk(t.Context(), s.mias(), ada.EntityID()))(t); talk.Waited != 1 {
		t.Fatalf("%d messages waited", talk.Waited)
	}
	holds := func(way string, found []relay.Message) {
		t.Helper()
		for _, m := range found {
			switch {
			case m.Content == "to Ada's line" && (m.ReplyTo == nil || m.ReplyTo.MessageID != own):
				t.Errorf("%s: the answer to her own line answers %+v", way, m.ReplyTo)
			case m.Content == "to Bob's line" && m.ReplyTo != nil:
				t.Errorf("%s: she learns of a message with the id %s", way, m.ReplyTo.MessageID)
			}
		}
	}
	read := must(s.relay.ReadDMs(t.Context(), ada, relay.DMRequest{User: snowflake.ID(s.mia), Limit: 10}))(t)
	if len(read) != 3 {
		t.Errorf("she reads %+v", read)
	}
	holds("reading", read)
	news := must(s.relay.Inbox(t.Context(), ada, relay.InboxRequest{Scope: entities.ScopeDM}))(t)
	if len(news.Messages()) != 2 {
		t.Errorf("her inbox: %+v", news)
	}
	holds("her inbox", news.Messages())
}

// Who is blocked gets no word more, also not by changes of what it got before.
func TestABlockedEntityHearsOfNoEdit(t *testing.T) {
	t.Parallel()
	s, ada := dmStage(t)
	id := s.tell("hello")
	s.gotAll(ada, "hello")
	news := must(s.relay.Inbox(t.Context(), ada, relay.InboxRequest{Scope: entities.ScopeDM}))(t)
	s.ok(s.reg.Block(t.Context(), entities.Member(snowflake.ID(s.mia), 0, 0), ada.EntityID(), true))
	s.ok(s.disc.EditMessage(s.mia, s.disc.DM(s.mia), id, "canary after the block"))
	for _, scope := range []entities.Scope{entities.ScopeAll, entities.ScopeAddressed, entities.ScopeDM} {
		found := must(s.relay.Wait(t.Context(), ada, relay.WaitRequest{Scope: scope, Timeout: 200 * time.Millisecond}))(t)
		for _, m := range found.Messages() {
			t.Errorf("in scope %d she hears %q", scope, m.Content)
		}
	}
	found := must(s.relay.Inbox(t.Context(), ada, relay.InboxRequest{Scope: entities.ScopeDM, Cursor: news.Cursor}))(t)
	if len(found.Items) > 0 {
		t.Errorf("she hears %+v", found.Items)
	}
	if n := must(s.relay.Unread(t.Context(), ada))(t); n.Direct > 0 {
		t.Errorf("%d are unread", n.Direct)
	}
}

// An answer to a line that Discord took without telling so goes to nobody else.
func TestAnAnswerToALineOfUnknownOutcome(t *testing.T) {
	t.Parallel()
	s, ada, bob, _ := dmPair(t)
	s.relay.Hurry(100*time.Millisecond, time.Second)
	cancel := s.disc.Fault(isLetter, -1, sandbox.Fault{Kind: sandbox.CommitThenHang})
	sent := must(s.relay.SendDM(t.Context(), bob, toMia(s, "a lost letter", "")))(t)
	cancel()
	if sent.Status != relay.StatusUnknown || s.letters("a lost letter") != 1 {
		t.Fatalf("%+v; %d stand", sent, s.letters("a lost letter"))
	}
	at := slices.IndexFunc(s.disc.Messages(s.disc.DM(s.mia)), func(m sandbox.Message) bool { return strings.Contains(m.Content, "a lost letter") })
	line := s.disc.Messages(s.disc.DM(s.mia))[at].ID
	must(s.disc.Say(s.mia, s.disc.DM(s.mia), "canary for Bob", sandbox.ReplyTo(line)))(t)
	s.until("mia is asked", func() bool { return s.inDM("Whom is this for?") })
	if got := s.got(ada); len(got) > 0 {
		t.Errorf("Ada heard %q", got)
	}
}

// A message that no database holds is set aside, and what is written after it is not.
func TestADMWithAnIDThatIsTooBig(t *testing.T) {
	t.Parallel()
	s, ada := dmStage(t)
	s.disc.DispatchRaw("MESSAGE_CREATE", fmt.Appendf(nil, `{"id":"18000000000000000000","channel_id":%q,"author":{"id":%q,"username":"mia"},
		"content":"x","type":0,"timestamp":"2026-11-01T00:00:00Z","attachments":[],"embeds":[],"mentions":[],"mention_roles":[]}`, s.disc.DM(s.mia), s.mia))
	s.tell("hello")
	s.gotAll(ada, "hello")
	if aside := s.relay.Status().Aside; aside != 1 {
		t.Errorf("%d events were set aside", aside)
	}
}

// Whose capability was withdrawn is told of no conversation either.
func TestNoConversationsWithoutTheCapability(t *testing.T) {
	t.Parallel()
	s, ada := dmStage(t)
	s.tell("hello")
	s.gotAll(ada, "hello")
	if got := must(s.relay.DMPartners(t.Context(), ada))(t); len(got) != 1 {
		t.Errorf("her conversations: %+v", got)
	}
	s.grant(ada.EntityID(), entities.CanRead)
	for what, err := range map[string]error{
		"listing": errOf(s.relay.DMPartners(t.Context(), ada)),
		"reading": errOf(s.relay.ReadDMs(t.Context(), ada, relay.DMRequest{User: snowflake.ID(s.mia), Limit: 5})),
		"writing": errOf(s.relay.SendDM(t.Context(), ada, toMia(s, "hello?", ""))),
	} {
		if !entities.IsRefusal(err, entities.NotAllowed) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// Where a person is asked may be hard to write down. They are asked once all the same.
func TestAskedOnceThoughItCannotBeWrittenDown(t *testing.T) {
	t.Parallel()
	s, ada := dmStage(t)
	if _, err := s.reg.Pause(t.Context(), s.admin(), ada.EntityID()); err != nil {
		t.Fatal(err)
	}
	s.entity("Bob", nil, s.general)
	s.exec("CREATE TRIGGER refused BEFORE UPDATE ON waiting_dms BEGIN SELECT abs(-9223372036854775807 - 1); END")
	s.tell("hello")
	s.until("it could not be written down twice", func() bool { return strings.Count(s.log.String(), "save where a person is asked") >= 2 })
	s.allow()
	s.until("it is written down", func() bool {
		marks, err := s.reg.DMMarks(t.Context(), entities.System("test"), snowflake.ID(s.mia))
		return err == nil && len(marks) == 1 && marks[0].Unasked == 0
	})
	asked := strings.Count(requestsOf(s), "POST /channels/"+s.disc.DM(s.mia).String()+"/messages")
	if asked != 1 {
		t.Errorf("mia was asked %d times", asked)
	}
}

func errOf[T any](_ T, err error) error { return err }
