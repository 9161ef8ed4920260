package sandbox_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"troupe/relay/sandbox"
)

func TestPeopleAreChecked(t *testing.T) {
	s := raise(t)
	refused := func(name, word string, err error) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("%s: %v, want %q", name, err, word)
		}
	}
	say := func(user, channel sandbox.ID, text string) error {
		_, err := s.Say(user, channel, text)
		return err
	}
	refused("stranger", "Missing Access", say(s.Stranger, s.General, "a"))
	refused("hidden channel", "Missing Access", say(s.Mia, s.StaffRoom, "a"))
	refused("forum", "non-text", say(s.Mia, s.Stories, "a"))
	refused("empty", "empty message", say(s.Mia, s.General, " "))
	refused("too long", "Invalid Form Body", say(s.Mia, s.General, strings.Repeat("x", 2001)))
	s.ok(say(s.Sam, s.StaffRoom, "a"))
	s.ok(s.ChangeChannel(s.Ideas, func(c *sandbox.Channel) { c.Slowmode = 60 }))
	s.ok(say(s.Mia, s.Ideas, "first"))
	refused("slowmode", "slowmode", say(s.Mia, s.Ideas, "second"))
	s.ok(s.TimeOut(s.Guild, s.Mia, time.Now().Add(time.Minute)))
	refused("timed out", "Missing Permissions", say(s.Mia, s.General, "a"))
	first := s.say(s.Noah, s.General, "mine")
	refused("edit another's", "authored by another", s.EditMessage(s.Sam, s.General, first.ID, "x"))
	refused("delete another's", "Missing Permissions", s.DeleteMessages(s.Mia, s.General, first.ID))
	s.ok(s.EditMessage(s.Noah, s.General, first.ID, "mine too"))
	s.ok(s.DeleteMessages(s.Sam, s.General, first.ID))
}

func TestPeopleAreHeard(t *testing.T) {
	s := raise(t)
	w, _, _ := s.connect(ordinary)
	first := s.say(s.Mia, s.General, "hello")
	second, err := s.SayAll(s.Noah, s.General, "one", "two")
	s.ok(err)
	s.ok(s.EditMessage(s.Mia, s.General, first.ID, "hello you"))
	s.ok(s.React(s.Noah, s.General, first.ID, "👍"))
	s.ok(s.Unreact(s.Noah, s.General, first.ID, "👍"))
	s.ok(s.DeleteMessages(s.Mia, s.General, first.ID))
	s.ok(s.DeleteMessages(s.Sam, s.General, second[0].ID, second[1].ID))
	for _, want := range []string{
		"MESSAGE_CREATE", "MESSAGE_CREATE", "MESSAGE_CREATE", "MESSAGE_UPDATE", "MESSAGE_REACTION_ADD", "MESSAGE_REACTION_REMOVE",
		"MESSAGE_DELETE", "MESSAGE_DELETE_BULK",
	} {
		p, err := w.read()
		if err != nil || p.Type != want {
			t.Fatalf("heard %q (%v), want %s", p.Type, err, want)
		}
		if o := p.object(); toID(o.text("guild_id")) != s.Guild || toID(o.text("channel_id")) != s.General {
			t.Errorf("%s: %v", want, o)
		}
		if want == "MESSAGE_CREATE" && p.object().object("member")["roles"] == nil {
			t.Errorf("MESSAGE_CREATE without member: %s", p.Data)
		}
	}
}

func TestDirectMessages(t *testing.T) {
	s := raise(t)
	w, _, _ := s.connect(ordinary)
	dm := s.must(200, "POST", "/users/@me/channels", fmt.Sprintf(`{"recipient_id":"%s"}`, s.Mia)).object()
	if dm["type"] != 1.0 || len(dm.objects("recipients")) != 1 || dm.id() != s.DM(s.Mia) {
		t.Errorf("DM: %v", dm)
	}
	s.must(200, "POST", "/channels/%s/messages", `{"content":"hi"}`, dm.id())
	s.say(s.Mia, dm.id(), "hi yourself")
	w.next("MESSAGE_CREATE")
	got := w.next("MESSAGE_CREATE")
	if _, ok := got["guild_id"]; ok || got.text("content") != "hi yourself" {
		t.Errorf("event: %v", got)
	}
	s.refused(400, 50033, "POST", "/users/@me/channels", `{"recipient_id":"1"}`)
	s.refused(403, 50278, "POST", "/channels/%s/messages", `{"content":"a"}`, s.DM(s.Stranger))
	s.RefuseDMs(s.Noah, true)
	s.refused(403, 50007, "POST", "/channels/%s/messages", `{"content":"a"}`, s.DM(s.Noah))
	s.refused(400, 50003, "PATCH", "/channels/%s", `{"name":"x"}`, dm.id())
	if _, err := s.Say(s.Noah, dm.id(), "intruding"); err == nil {
		t.Error("a foreign DM takes messages")
	}
}

func TestListeners(t *testing.T) {
	s := raise(t)
	heard := make(chan string, 10)
	cancel := s.OnMessage(func(m sandbox.Message) {
		_ = s.Messages(m.ChannelID) // must not deadlock
		heard <- m.Content
	})
	s.must(204, "POST", "%s", `{"content":"by webhook"}`, s.webhook(s.General))
	s.say(s.Mia, s.General, "by Mia")
	if a, b := <-heard, <-heard; a != "by webhook" || b != "by Mia" {
		t.Errorf("heard %q, %q", a, b)
	}
	cancel()
	s.say(s.Mia, s.General, "unheard")
	if len(heard) != 0 {
		t.Errorf("heard %q after cancel", <-heard)
	}
}

func TestAddingRefuses(t *testing.T) {
	s := raise(t)
	_, a := s.AddChannel(sandbox.Channel{GuildID: 1, Name: "x"})
	_, b := s.AddThread(sandbox.Channel{ParentID: s.Stories, OwnerID: s.Mia, Name: "x"}, "")
	_, c := s.AddThread(sandbox.Channel{ParentID: s.Lobby, OwnerID: s.Mia, Name: "x"}, "")
	_, d := s.AddBot(s.Guild, 0)
	for i, err := range []error{a, b, c, d, s.AddMember(s.Guild, s.Mia), s.DeleteRole(s.Guild, s.Guild), s.JoinThread(s.Stranger, s.Scene)} {
		if err == nil {
			t.Errorf("case %d is not refused", i)
		}
	}
	if errors.Is(a, b) {
		t.Error("two refusals are one error")
	}
}
