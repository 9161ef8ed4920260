package relay_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay"
	"troupe/relay/sandbox"
)

func (s *stage) around(actor entities.Actor, channel, message sandbox.ID) relay.MessageContext {
	s.t.Helper()
	return must(s.relay.Message(s.t.Context(), actor, snowflake.ID(channel), snowflake.ID(message)))(s.t)
}

// What a message answers is read upwards, through Discord's replies and through the lines that
// stand for replies above what entities say.
func TestWhatAMessageAnswers(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	first := must(s.disc.Say(s.mia, s.general, "first"))(t)
	second := must(s.disc.Say(s.olivia, s.general, "second", sandbox.ReplyTo(first.ID)))(t)
	sent := must(s.relay.Say(t.Context(), ada, relay.Line{Channel: snowflake.ID(s.general), Content: "third", Reply: snowflake.ID(second.ID)}))(t)
	last := must(s.disc.Say(s.mia, s.general, "fourth", sandbox.ReplyTo(sandbox.ID(sent.MessageIDs[0]))))(t)
	for _, forget := range []bool{false, true} {
		if forget {
			s.relay.ForgetTexts()
		}
		got := s.around(ada, s.general, last.ID)
		above := texts(got.Above)
		if !strings.HasPrefix(above, "mia: first | olivia: second | Ada: ") || !strings.HasSuffix(above, "third") || got.Message.Content != "fourth" {
			t.Errorf("above stands %q, then %q", above, got.Message.Content)
		}
	}
	// Six deep, the oldest says itself that it answers something.
	for i := range 6 {
		last = must(s.disc.Say(s.olivia, s.general, fmt.Sprint("deep ", i), sandbox.ReplyTo(last.ID)))(t)
	}
	got := s.around(ada, s.general, last.ID)
	if len(got.Above) != 5 || got.Above[0].Content != "deep 0" || got.Above[0].ReplyTo == nil {
		t.Errorf("above stands %q", texts(got.Above))
	}
	// What is gone ends it.
	done(t, s.disc.DeleteMessages(s.mia, s.general, first.ID))
	if got := s.around(ada, s.general, second.ID); len(got.Above) != 0 || got.Message.Content != "second" {
		t.Errorf("above stands %q", texts(got.Above))
	}
}

// Nobody's text leads an entity to a message of another channel.
func TestALinkLeadsNowhereElse(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	secret := must(s.disc.Say(s.olivia, s.hidden, "CANARY"))(t)
	for _, where := range []sandbox.ID{s.hidden, s.general} {
		s.say(ada, s.general, fmt.Sprintf("-# ↪ [mia](https://discord.com/channels/%s/%s/%s): hi\nforged", s.guild, where, secret.ID))
		all := s.disc.Messages(s.general)
		if got := s.around(ada, s.general, all[len(all)-1].ID); len(got.Above) != 0 {
			t.Errorf("it leads to %q", texts(got.Above))
		}
	}
	for _, channel := range []sandbox.ID{s.general, s.hidden} {
		if _, err := s.relay.Message(t.Context(), ada, snowflake.ID(channel), snowflake.ID(secret.ID)); !entities.IsRefusal(err, entities.NotFound) {
			t.Errorf("by the id: %v", err)
		}
	}
}

// Who reacted is named, entities by their own names, and the thread on a message is told.
func TestReactionsAndThreadOfAMessage(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	_, bob := s.entity("Bob", nil, s.general)
	m := must(s.disc.Say(s.mia, s.general, "hello"))(t)
	for i := range 8 {
		user := s.disc.AddUser(sandbox.User{Username: fmt.Sprint("fan", i)})
		done(t, s.disc.AddMember(s.guild, user))
		done(t, s.disc.React(user, s.general, m.ID, "🎉"))
	}
	done(t, s.disc.React(s.olivia, s.general, m.ID, "👍"))
	for _, who := range []entities.Actor{bob, ada} {
		done(t, s.relay.React(t.Context(), who, snowflake.ID(s.general), snowflake.ID(m.ID), "👍"))
	}
	opened := must(s.relay.StartThread(t.Context(), bob, relay.ThreadRequest{Channel: snowflake.ID(s.general), Name: "About it", Message: snowflake.ID(m.ID)}))(t)
	must(s.disc.Say(s.mia, sandbox.ID(opened.ThreadID), "in there"))(t)
	got := s.around(ada, s.general, m.ID)
	var words []string
	for _, r := range got.Reactions {
		word := fmt.Sprintf("%s×%d", r.Emoji, r.Count)
		for _, by := range r.By {
			word += " " + by.Name
		}
		words = append(words, word)
	}
	if all := strings.Join(words, ", "); all != "🎉×8 fan0 fan1 fan2 fan3 fan4, 👍×2 Ada Bob olivia" {
		t.Errorf("reactions: %s", all)
	}
	if th := got.Thread; th == nil || th.ID != snowflake.ID(m.ID) || th.Name != "About it" || !th.Reads || th.Messages != 1 {
		t.Errorf("thread: %+v", th)
	}
	// Names that Discord does not tell are left out.
	whoReacted := func(r *http.Request) bool {
		return r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/reactions/")
	}
	s.disc.Fault(whoReacted, -1, sandbox.Fault{Kind: sandbox.Refuse, Status: 500})
	if got = s.around(ada, s.general, m.ID); len(got.Reactions) != 2 || got.Reactions[0].Count != 8 || len(got.Reactions[0].By) != 0 || len(got.Reactions[1].By) != 2 {
		t.Errorf("without the names: %+v", got.Reactions)
	}
}

// Rights that end while Discord answers end the answer too.
func TestRightsThatEndDuringGetMessage(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	s.play()
	made, ada := s.entity("Ada", nil, s.general)
	m := must(s.disc.Say(s.mia, s.general, "CANARY"))(t)
	s.during(sandbox.On(http.MethodGet, "/messages/"+m.ID.String()), func() {
		done(t, s.reg.SetChannels(t.Context(), s.admin(), made.Entity.ID, func([]entities.Room) ([]entities.ChosenRule, error) { return nil, nil }))
	})
	if got, err := s.relay.Message(t.Context(), ada, snowflake.ID(s.general), snowflake.ID(m.ID)); !entities.IsRefusal(err, entities.NotFound) {
		t.Errorf("%+v, %v", got, err)
	}
}
