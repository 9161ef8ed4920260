package relay_test

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay"
	"troupe/relay/sandbox"
)

// asks is a line with a poll.
func asks(channel sandbox.ID, question string, answers ...string) relay.Line {
	return relay.Line{Channel: snowflake.ID(channel), Poll: &relay.Poll{Question: question, Answers: answers, Hours: 24}}
}

// able gives an entity more than the usual rights.
func (s *stage) able(id entities.ID, more ...entities.Capability) {
	s.t.Helper()
	s.grant(id, append(entities.UsualCapabilities(), more...)...)
}

// A poll is a line: with name and picture, once for a key, its entity's own; it cannot be edited.
func TestPoll(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{OpenAPI: os.Getenv("DISCORD_OPENAPI")})
	s.play()
	made, ada := s.entity("Ada", face(t), s.general, s.forum)
	s.able(made.Entity.ID, entities.CanPoll)
	line := asks(s.general, " Tea\nor <@"+s.mia.String()+"> and @everyone? ", "Tea", " Coffee ")
	line.Poll.Multiple, line.Poll.Hours, line.Key = true, 768, "k"
	sent := must(s.relay.Say(t.Context(), ada, line))(t)
	again := must(s.relay.Say(t.Context(), ada, line))(t)
	all := s.disc.Messages(s.general)
	if sent.Status != relay.StatusSent || !slices.Equal(sent.MessageIDs, again.MessageIDs) || len(all) != 1 || !strings.HasSuffix(sent.Link, sent.MessageIDs[0].String()) {
		t.Fatalf("%+v, %+v; %d stand", sent, again, len(all))
	}
	m := all[0]
	if m.Author.Username != "Ada" || m.Author.Avatar == nil || m.WebhookID == 0 || m.MentionEveryone || len(m.Mentions) != 0 || m.Content != "" {
		t.Errorf("on Discord stands %+v", m)
	}
	if p := m.Poll; p == nil || p.Question != "Tea or <@"+s.mia.String()+"> and @everyone?" || len(p.Answers) != 2 || p.Answers[1].Text != "Coffee" || !p.Multiselect || time.Until(p.Expiry) < 767*time.Hour {
		t.Errorf("it asks %+v", m.Poll)
	}
	if whose := must(s.reg.Speakers(t.Context(), ada, sent.MessageIDs))(t); len(whose) != 1 {
		t.Errorf("it is %v's", whose)
	}
	_, err := s.relay.Edit(t.Context(), ada, snowflake.ID(s.general), sent.MessageIDs[0], "Or water?")
	if !entities.IsRefusal(err, entities.Invalid) || !strings.Contains(err.Error(), "cannot be edited") {
		t.Errorf("edited: %v", err)
	}
	done(t, s.relay.Retract(t.Context(), ada, snowflake.ID(s.general), sent.MessageIDs[0]))
	for _, d := range s.disc.Departures() {
		if !d.Refused {
			t.Errorf("departs from Discord's description: %+v", d)
		}
	}
}

// What stands against words stands against a poll.
func TestPollRefusals(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{})
	s.play()
	made, ada := s.entity("Ada", nil, s.general, s.forum)
	refused := func(name string, line relay.Line, reason entities.Reason, words string) {
		t.Helper()
		if _, err := s.relay.Say(t.Context(), ada, line); !entities.IsRefusal(err, reason) || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: %v", name, err)
		}
	}
	good := asks(s.general, "Tea?", "yes", "no")
	refused("without the right", good, entities.NotAllowed, "(polls)")
	s.grant(made.Entity.ID, entities.CanPoll, entities.CanRead)
	refused("without the right to speak", good, entities.NotAllowed, "(post)")
	s.able(made.Entity.ID, entities.CanPoll)
	refused("elsewhere", asks(s.lab, "Tea?", "yes"), entities.NotFound, "")
	refused("a forum", asks(s.forum, "Tea?", "yes"), entities.Invalid, "forum")
	long := strings.Repeat("é", 300)
	for name, line := range map[string]relay.Line{
		"no question": asks(s.general, " \n", "yes"), "a long question": asks(s.general, long+"!", "yes"),
		"no answers": asks(s.general, "Tea?"), "eleven answers": asks(s.general, "Tea?", strings.Split("abcdefghijk", "")...),
		"an empty answer": asks(s.general, "Tea?", "yes", " "), "a long answer": asks(s.general, "Tea?", long[:112]),
		"no time": {Channel: good.Channel, Poll: &relay.Poll{Question: "Tea?", Answers: []string{"yes"}}},
		"33 days": {Channel: good.Channel, Poll: &relay.Poll{Question: "Tea?", Answers: []string{"yes"}, Hours: 769}},
	} {
		refused(name, line, entities.Invalid, "")
	}
	must(s.reg.SetServerRules(t.Context(), s.admin(), func(rules *entities.Rules) error {
		rules.Words, rules.Links = []string{"banana"}, entities.LinksRefused
		return nil
	}))(t)
	refused("a word in the question", asks(s.general, "A banana?", "yes"), entities.NotAllowed, "")
	refused("a word in an answer", asks(s.general, "What?", "an apple", "a Banana"), entities.NotAllowed, "")
	refused("a link", asks(s.general, "See?", "https://example.com"), entities.NotAllowed, "link")
	done(t, s.reg.SetLimits(t.Context(), s.admin(), made.Entity.ID, func(entities.Limits) (entities.Limits, error) { return entities.Limits{Minute: 1}, nil }))
	must(s.relay.Say(t.Context(), ada, asks(s.general, long, long[:110])))(t)
	refused("too soon", good, entities.Unavailable, "")
	if n := len(s.disc.Messages(s.general)); n != 1 {
		t.Errorf("%d stand", n)
	}
}

// The right to ask can end while a poll waits.
func TestPollThatWaitsIsAllowedAgain(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{})
	s.play()
	made, ada := s.entity("Ada", nil, s.general)
	s.able(made.Entity.ID, entities.CanPoll)
	s.during(func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/webhooks") }, func() { s.able(made.Entity.ID) })
	if _, err := s.relay.Say(t.Context(), ada, asks(s.general, "Tea?", "yes")); !entities.IsRefusal(err, entities.NotAllowed) || len(s.disc.Messages(s.general)) > 0 {
		t.Errorf("%v; %d stand", err, len(s.disc.Messages(s.general)))
	}
	s.say(ada, s.general, "words are allowed")
}

// A poll whose answer and echo are lost is found by what it asks, and another one is not taken
// for it.
func TestPollReadBack(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{})
	s.play()
	made, ada := s.entity("Ada", nil, s.general)
	s.able(made.Entity.ID, entities.CanPoll)
	must(s.relay.Say(t.Context(), ada, asks(s.general, "Tea?", "yes")))(t)
	first := true
	s.disc.Fault(func(r *http.Request) bool {
		if isExecute(r) && first {
			first = false
			s.newSession() // what happens now is told to nobody
		}
		return isExecute(r)
	}, 1, sandbox.Fault{Kind: sandbox.CommitThenReset})
	sent := must(s.relay.Say(t.Context(), ada, asks(s.general, "Coffee?", "yes")))(t)
	all := s.disc.Messages(s.general)
	if sent.Status != relay.StatusSent || len(all) != 2 || sent.MessageIDs[0] != snowflake.ID(all[1].ID) {
		t.Errorf("sent = %+v; on Discord stand %d", sent, len(all))
	}
}

// Of two polls whose outcome nobody told, the later one comes first: each is known by what it asks.
func TestPollsAreToldApart(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{})
	s.play()
	made, ada := s.entity("Ada", nil, s.general)
	s.able(made.Entity.ID, entities.CanPoll)
	s.say(ada, s.general, "one")
	s.relay.Hurry(300*time.Millisecond, 300*time.Millisecond)
	ask := func(question string, late time.Duration) relay.Line {
		t.Helper()
		line := asks(s.general, question, "yes")
		line.Key = question
		s.disc.Fault(isExecute, 1, sandbox.Fault{Kind: sandbox.CommitLate, After: late})
		if sent := must(s.relay.Say(t.Context(), ada, line))(t); sent.Status != relay.StatusUnknown {
			t.Fatalf("%+v", sent)
		}
		return line
	}
	tea, coffee := ask("Tea?", 3*time.Second), ask("Coffee?", time.Second)
	for _, line := range []relay.Line{coffee, tea} {
		var sent relay.Sent
		s.until(line.Key+" is known", func() bool {
			sent = must(s.relay.Say(t.Context(), ada, line))(t)
			return sent.Status == relay.StatusSent
		})
		for _, m := range s.disc.Messages(s.general) {
			if snowflake.ID(m.ID) == sent.MessageIDs[0] && (m.Poll == nil || m.Poll.Question != line.Key) {
				t.Errorf("%s is taken for %+v", line.Key, m.Poll)
			}
		}
	}
	if n := len(s.disc.Messages(s.general)); n != 3 {
		t.Errorf("%d stand", n)
	}
}

// How a poll stands is told in numbers: nobody is asked who voted.
func TestPollResults(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{})
	s.play()
	made, ada := s.entity("Ada", nil, s.general)
	asked := must(s.disc.Say(s.mia, s.general, "", sandbox.WithPoll("Tea?", true, "yes", "no", "maybe")))(t)
	look := func() (relay.PollStanding, error) {
		return s.relay.PollResults(t.Context(), ada, snowflake.ID(s.general), snowflake.ID(asked.ID))
	}
	if _, err := look(); !entities.IsRefusal(err, entities.NotAllowed) {
		t.Errorf("without the right: %v", err)
	}
	s.grant(made.Entity.ID, entities.CanPoll)
	if _, err := look(); !entities.IsRefusal(err, entities.NotAllowed) {
		t.Errorf("without the right to read: %v", err)
	}
	s.able(made.Entity.ID, entities.CanPoll)
	done(t, s.disc.Vote(s.mia, s.general, asked.ID, 1, 3))
	done(t, s.disc.Vote(s.olivia, s.general, asked.ID, 3))
	stands := func(want string) relay.PollStanding {
		t.Helper()
		p := must(look())(t)
		var answers []string
		for _, a := range p.Answers {
			answers = append(answers, fmt.Sprint(a.Text, " ", a.Votes))
		}
		if got := strings.Join(answers, ", "); got != want {
			t.Errorf("it stands %s, not %s", got, want)
		}
		return p
	}
	if p := stands("yes 1, no 0, maybe 2"); p.Final || !p.Multiple || p.Question != "Tea?" || p.Author.Name != "mia" || time.Until(p.Ends) < 23*time.Hour || p.Link == "" {
		t.Errorf("%+v", p)
	}
	done(t, s.disc.Vote(s.mia, s.general, asked.ID, 2))
	done(t, s.disc.EndPoll(s.general, asked.ID))
	if p := stands("yes 0, no 1, maybe 1"); !p.Final {
		t.Errorf("%+v", p)
	}
	plain := must(s.disc.Say(s.olivia, s.general, "no poll"))(t)
	if _, err := s.relay.PollResults(t.Context(), ada, snowflake.ID(s.general), snowflake.ID(plain.ID)); !entities.IsRefusal(err, entities.Invalid) {
		t.Errorf("no poll: %v", err)
	}
	hidden := must(s.disc.Say(s.olivia, s.hidden, "", sandbox.WithPoll("Canary?", false, "yes")))(t)
	if _, err := s.relay.PollResults(t.Context(), ada, snowflake.ID(s.hidden), snowflake.ID(hidden.ID)); !entities.IsRefusal(err, entities.NotFound) {
		t.Errorf("elsewhere: %v", err)
	}
	if _, err := s.relay.PollResults(t.Context(), ada, snowflake.ID(s.general), snowflake.ID(hidden.ID)); !entities.IsRefusal(err, entities.NotFound) {
		t.Errorf("of another channel: %v", err)
	}
	s.hide(s.mia)
	if _, err := look(); !entities.IsRefusal(err, entities.NotFound) {
		t.Errorf("of somebody who hides: %v", err)
	}
	for _, r := range s.disc.Requests() {
		if strings.Contains(r.Path, "/polls/") || bytes.Contains(r.Body, []byte("answer_id")) {
			t.Errorf("asked %s", r.Path)
		}
	}
}
