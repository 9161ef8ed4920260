package relay_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay"
	"troupe/relay/sandbox"
)

// tell writes to the bot as mia and gives the message's id.
func (s *stage) tell(content string) sandbox.ID {
	s.t.Helper()
	return must(s.disc.Say(s.mia, s.disc.DM(s.mia), content))(s.t).ID
}

// got lists the direct messages that an entity reads in its inbox.
func (s *stage) got(actor entities.Actor) []string {
	s.t.Helper()
	found, err := s.relay.Inbox(s.t.Context(), actor, relay.InboxRequest{Scope: entities.ScopeDM, Limit: 50})
	if err != nil {
		s.t.Fatal(err)
	}
	var said []string
	for _, m := range found.Messages() {
		said = append(said, m.Content)
	}
	return said
}

// inDM says whether a message of the bot's stands in mia's direct messages.
func (s *stage) inDM(part string) bool {
	return slices.ContainsFunc(s.disc.Messages(s.disc.DM(s.mia)), func(m sandbox.Message) bool {
		return m.Author.ID == s.botID && strings.Contains(m.Content, part)
	})
}

func (s *stage) mias() entities.Actor {
	return entities.Member(snowflake.ID(s.mia), snowflake.ID(s.guild), 0)
}

// One person and two entities: neither ever has a word of what was for the other, whichever way
// they look, and what is for nobody reaches none.
func TestWhoIsWrittenTo(t *testing.T) {
	s := setStage(t, sandbox.Config{})
	s.play()
	ada, forAda := s.entity("Ada", nil, s.general)
	bob, forBob := s.entity("Bob", nil, s.general)
	s.tell("canary for nobody yet")
	s.until("mia is asked", func() bool { return s.inDM("Whom is this for?") })
	if a, b := s.got(forAda), s.got(forBob); len(a)+len(b) > 0 {
		t.Fatalf("what waits reached %v, %v", a, b)
	}
	gone := s.tell("canary that is taken back")
	if err := s.disc.DeleteMessages(s.mia, s.disc.DM(s.mia), gone); err != nil {
		t.Fatal(err)
	}
	// Whether or not its deletion is noted already, nobody reads it.
	must(s.relay.Talk(t.Context(), s.mias(), ada.Entity.ID))(t)
	s.tell("for Ada alone")
	s.until("Ada has it", func() bool { return slices.Contains(s.got(forAda), "for Ada alone") })
	if must(s.relay.Talk(t.Context(), s.mias(), bob.Entity.ID))(t).Waited != 0 {
		t.Error("something still waited")
	}
	s.tell("for Bob alone")
	s.until("Bob has it", func() bool { return slices.Contains(s.got(forBob), "for Bob alone") })
	if got := strings.Join(s.got(forBob), "|"); got != "for Bob alone" {
		t.Errorf("Bob got %q", got)
	}
	must(s.relay.SendDM(t.Context(), forAda, relay.DMLine{User: snowflake.ID(s.mia), Content: "Ada's own words"}))(t)
	must(s.relay.SendDM(t.Context(), forBob, relay.DMLine{User: snowflake.ID(s.mia), Content: "Bob's own words"}))(t)
	read := func(actor entities.Actor) string {
		return texts(must(s.relay.ReadDMs(t.Context(), actor, relay.DMRequest{User: snowflake.ID(s.mia), Limit: 100}))(t))
	}
	for _, one := range []struct {
		actor           entities.Actor
		has, has2, lack string
	}{{forAda, "for Ada alone", "Ada's own words", "Bob"}, {forBob, "for Bob alone", "Bob's own words", "Ada"}} {
		if got := read(one.actor); !strings.Contains(got, one.has) || !strings.Contains(got, one.has2) || strings.Contains(got, one.lack) || strings.Contains(got, "taken back") {
			t.Errorf("read: %q", got)
		}
	}
	partners := must(s.relay.DMPartners(t.Context(), forBob))(t)
	if len(partners) != 1 || partners[0].Unread != 1 || partners[0].Person.Name != "mia" {
		t.Errorf("Bob's conversations: %+v", partners)
	}
}

// The first message says whose AI writes and can be answered with Block; each is headed by the
// name, pings nobody, and is sent once.
func TestSendDM(t *testing.T) {
	s := setStage(t, sandbox.Config{})
	s.play()
	made, ada := s.entity("Ada", nil, s.general)
	mia := snowflake.ID(s.mia)
	if _, err := s.relay.SendDM(t.Context(), ada, relay.DMLine{User: mia, Content: "hello"}); !entities.IsRefusal(err, entities.NotAllowed) {
		t.Fatalf("to a stranger: %v", err)
	}
	must(s.relay.Talk(t.Context(), s.mias(), made.Entity.ID))(t)
	line := relay.DMLine{User: mia, Content: "hello @everyone " + strings.Repeat("long words ", 300), Key: "k"}
	sent := must(s.relay.SendDM(t.Context(), ada, line))(t)
	again := must(s.relay.SendDM(t.Context(), ada, line))(t)
	if sent.Status != relay.StatusSent || len(sent.MessageIDs) != 2 || !slices.Equal(sent.MessageIDs, again.MessageIDs) {
		t.Errorf("sent %+v, and again %+v", sent, again)
	}
	messages := s.disc.Messages(s.disc.DM(s.mia))
	if len(messages) != 2 {
		t.Fatalf("%d messages stand there", len(messages))
	}
	for i, m := range messages {
		if !strings.HasPrefix(m.Content, "**Ada**\n") || len([]rune(m.Content)) > 2000 || m.MentionEveryone {
			t.Errorf("message %d: %.40q, %d long", i, m.Content, len([]rune(m.Content)))
		}
	}
	s.disc.RefuseDMs(s.mia, true)
	_, err := s.relay.SendDM(t.Context(), ada, relay.DMLine{User: mia, Content: "hello?"})
	if refusal, ok := entities.AsRefusal(err); !ok || !strings.Contains(refusal.Text, "privacy settings") {
		t.Errorf("to one who takes none: %v", err)
	}
	s.disc.RefuseDMs(s.mia, false)
	if err := s.reg.Block(t.Context(), entities.Member(mia, 0, 0), made.Entity.ID, true); err != nil {
		t.Fatal(err)
	}
	if _, err := s.relay.SendDM(t.Context(), ada, relay.DMLine{User: mia, Content: "hello?"}); !entities.IsRefusal(err, entities.NotAllowed) {
		t.Errorf("to one who blocked it: %v", err)
	}
}

// Who received a message is named when that may surprise, and acknowledged else.
func TestWhoReceivedIt(t *testing.T) {
	s := setStage(t, sandbox.Config{})
	s.play()
	made, ada := s.entity("Ada", nil, s.general)
	must(s.relay.Talk(t.Context(), s.mias(), made.Entity.ID))(t)
	id := s.tell("one")
	s.until("it is acknowledged", func() bool {
		at := slices.IndexFunc(s.disc.Messages(s.disc.DM(s.mia)), func(m sandbox.Message) bool { return m.ID == id && len(m.Reactions) == 1 })
		return at >= 0
	})
	_, bob := s.entity("Bob", nil, s.general)
	must(s.reg.Append(t.Context(), entities.System("test"), []entities.Heard{{Person: true, Text: "Bob", Event: entities.Event{
		Kind: entities.EventMessage, GuildID: snowflake.ID(s.guild), ChannelID: snowflake.ID(s.general), MessageID: 77, AuthorID: snowflake.ID(s.mia), At: time.Now(),
	}}}))(t)
	must(s.relay.SendDM(t.Context(), bob, relay.DMLine{User: snowflake.ID(s.mia), Content: "psst"}))(t)
	s.tell("two")
	s.until("Ada is named", func() bool { return s.inDM("For **Ada**") })
	if got := s.got(ada); len(got) != 2 {
		t.Errorf("Ada got %v", got)
	}
}
