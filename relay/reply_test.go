package relay_test

import (
	"strings"
	"testing"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay"
	"troupe/relay/sandbox"
)

// answer is what stands on Discord after a reply.
func (s *stage) answer(actor entities.Actor, channel, message sandbox.ID, content string) sandbox.Message {
	s.t.Helper()
	line := relay.Line{Channel: snowflake.ID(channel), Content: content, Reply: snowflake.ID(message)}
	if _, err := s.relay.Say(s.t.Context(), actor, line); err != nil {
		s.t.Fatal(err)
	}
	all := s.disc.Messages(channel)
	return all[len(all)-1]
}

// A reply says whom it answers, shows the beginning of what they said and leads to it. It pings
// those whom its own text names, and nobody else.
func TestReply(t *testing.T) {
	t.Parallel()
	for name, forget := range map[string]bool{"from memory": false, "from Discord": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := setStage(t, sandbox.Config{NoRateLimits: true})
			s.play()
			_, ada := s.entity("Ada", nil, s.general)
			asked := must(s.disc.Say(s.mia, s.general, "What is it, <@"+s.olivia.String()+">?\n||The butler|| @everyone "+strings.Repeat("blah ", 100)))(t)
			if forget {
				s.relay.ForgetTexts()
			} else {
				s.until("it is heard", func() bool { return len(s.wait(ada, "", 0).Messages) == 1 })
			}
			m := s.answer(ada, s.general, asked.ID, "A lamp.")
			head, text, ok := strings.Cut(m.Content, "\n")
			link := "https://discord.com/channels/" + s.guild.String() + "/" + s.general.String() + "/" + asked.ID.String()
			if !ok || text != "A lamp." || !strings.HasPrefix(head, "-# ") || !strings.Contains(head, "[mia]("+link+")") || !strings.Contains(head, "What is it") {
				t.Errorf("it stands there as %q", m.Content)
			}
			if strings.Contains(head, "butler") || len(head) > 400 {
				t.Errorf("the excerpt is %q", head)
			}
			before := s.disc.Pings()
			if last := before[len(before)-1]; last.Message == m.ID || m.MentionEveryone || len(m.Mentions) != 0 {
				t.Errorf("the reply pings: %+v", last)
			}
			m = s.answer(ada, s.general, asked.ID, "Tell <@"+s.mia.String()+">.")
			if pings := s.disc.Pings(); len(m.Mentions) != 1 || m.Mentions[0].ID != s.mia || pings[len(pings)-1].Message != m.ID {
				t.Errorf("it mentions %+v", m.Mentions)
			}
		})
	}
}

// An entity that may ping everyone does so by its own words only.
func TestAReplyPingsByItsOwnWords(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	role := s.allowAllMentions(s.botID)
	s.play()
	made, ada := s.entity("Ada", nil, s.general)
	s.grant(made.Entity.ID, entities.CanPost, entities.CanRead, entities.CanMentionAll)
	asked := must(s.disc.Say(s.mia, s.general, "@everyone <@&"+role.String()+"> <@"+s.olivia.String()+"> look"))(t)
	m := s.answer(ada, s.general, asked.ID, "Yes?")
	if m.MentionEveryone || len(m.MentionRoles)+len(m.Mentions) != 0 {
		t.Errorf("%q pings %+v %+v", m.Content, m.MentionRoles, m.Mentions)
	}
}

// What is answered with a long text stands above the first message, and all of it still fits.
func TestALongReply(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	s.play()
	_, ada := s.entity("Ada", nil, s.general, s.forum)
	asked := must(s.disc.Say(s.mia, s.general, "Tell me all."))(t)
	s.answer(ada, s.general, asked.ID, strings.Repeat("é", relay.MaxLine))
	parts := s.parts(s.general)[1:]
	if len(parts) != 5 || !strings.Contains(parts[0], "Tell me all.") || strings.Contains(strings.Join(parts[1:], ""), "Tell me") {
		t.Fatalf("%d messages stand", len(parts))
	}
	if n := strings.Count(strings.Join(parts, ""), "é"); n != relay.MaxLine {
		t.Errorf("%d of its characters stand", n)
	}
	said := must(s.disc.Say(s.mia, s.thread, "In here."))(t)
	if m := s.answer(ada, s.thread, said.ID, "Yes."); !strings.Contains(m.Content, "In here.") || !strings.Contains(m.Content, "/"+s.thread.String()+"/") {
		t.Errorf("in a thread: %q", m.Content)
	}
}

// The excerpt of an answer is what it says, not whom it answered.
func TestAReplyToAReply(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	asked := must(s.disc.Say(s.mia, s.general, "What is it?"))(t)
	first := s.answer(ada, s.general, asked.ID, "A lamp.")
	second := s.answer(ada, s.general, first.ID, "I mean a candle.")
	if head, _, _ := strings.Cut(second.Content, "\n"); !strings.Contains(head, "[Ada]") || !strings.Contains(head, "A lamp.") || strings.Contains(head, "What is it?") {
		t.Errorf("it stands there as %q", second.Content)
	}
}

// An invite needs no scheme to unfold: what a stranger said does not become one under the entity's
// name.
func TestAReplyShowsNoInvite(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	for _, invite := range []string{"discord.gg/abcdef", "discord.com/invite/abcdef", "https://discord.gg/abcdef"} {
		asked := must(s.disc.Say(s.mia, s.general, "Come to "+invite+" all"))(t)
		m := s.answer(ada, s.general, asked.ID, "No.")
		if head, _, _ := strings.Cut(m.Content, "\n"); strings.Contains(head, invite) && !strings.Contains(head, "<"+invite+">") {
			t.Errorf("it stands there as %q", head)
		}
	}
}

// What a key stands for is all of the line: its text, what it answers, and its boxes.
func TestAKeyOfAReply(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	one := snowflake.ID(must(s.disc.Say(s.mia, s.general, "One?"))(t).ID)
	two := snowflake.ID(must(s.disc.Say(s.mia, s.general, "Two?"))(t).ID)
	line := s.line("Yes.", "k")
	line.Reply = one
	first := must(s.relay.Say(t.Context(), ada, line))(t)
	done(t, s.disc.EditMessage(s.mia, s.general, sandbox.ID(one), "One or not?"))
	again := must(s.relay.Say(t.Context(), ada, line))(t)
	if again.Status != relay.StatusSent || again.MessageIDs[0] != first.MessageIDs[0] || len(s.disc.Messages(s.general)) != 3 {
		t.Errorf("%+v, and again %+v; there stands %s", first, again, s.contents(s.general))
	}
	for name, change := range map[string]func(*relay.Line){
		"another question": func(l *relay.Line) { l.Reply = two },
		"no question":      func(l *relay.Line) { l.Reply = 0 },
		"a box":            func(l *relay.Line) { l.Embeds = []discord.Embed{{Title: "Yes."}} },
		"silently":         func(l *relay.Line) { l.Silent = true },
	} {
		other := line
		change(&other)
		if _, err := s.relay.Say(t.Context(), ada, other); !entities.IsRefusal(err, entities.Conflict) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRefusedReplies(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	s.play()
	_, ada := s.entity("Ada", nil, s.general, s.forum)
	_, bob := s.entity("Bob", nil, s.lab)
	foreign := must(s.disc.Say(s.mia, s.lab, "a secret"))(t)
	s.until("it is remembered", func() bool { return len(s.wait(bob, "", 0).Messages) == 1 })
	notice := must(s.disc.Say(s.mia, s.general, "hello"))(t)
	s.disc.DispatchRaw("MESSAGE_CREATE", []byte(`{"id":"1000000000000000001","type":6,"channel_id":"`+s.general.String()+`","guild_id":"`+s.guild.String()+
		`","author":{"id":"`+s.mia.String()+`","username":"mia","discriminator":"0"},"content":"","timestamp":"2026-01-02T03:04:05Z","mentions":[],"mention_roles":[],"attachments":[],"embeds":[],"pinned":false,"tts":false,"mention_everyone":false}`))
	must(s.disc.Say(s.mia, s.general, "after the notice"))(t)
	s.until("the notice is remembered", func() bool { return strings.HasSuffix(texts(s.wait(ada, "", 0).Messages), "after the notice") })
	gone := must(s.disc.Say(s.mia, s.general, "gone"))(t)
	done(t, s.disc.DeleteMessages(s.mia, s.general, gone.ID))
	s.until("it is forgotten", func() bool {
		_, err := s.relay.Say(t.Context(), ada, relay.Line{Channel: snowflake.ID(s.general), Content: "x", Reply: snowflake.ID(gone.ID)})
		return entities.IsRefusal(err, entities.NotFound)
	})
	said := len(s.disc.Messages(s.general))
	// While it is in memory: the stand-in has no such message.
	if _, err := s.relay.Say(t.Context(), ada, relay.Line{Channel: snowflake.ID(s.general), Content: "x", Reply: 1000000000000000001}); !entities.IsRefusal(err, entities.Invalid) {
		t.Errorf("a notice: %v", err)
	}
	for name, test := range map[string]struct {
		line   relay.Line
		reason entities.Reason
	}{
		"of another channel":    {relay.Line{Channel: snowflake.ID(s.general), Reply: snowflake.ID(foreign.ID)}, entities.NotFound},
		"in a foreign channel":  {relay.Line{Channel: snowflake.ID(s.lab), Reply: snowflake.ID(foreign.ID)}, entities.NotFound},
		"never heard of":        {relay.Line{Channel: snowflake.ID(s.general), Reply: 1}, entities.NotFound},
		"a new post in a forum": {relay.Line{Channel: snowflake.ID(s.forum), Reply: snowflake.ID(notice.ID), ThreadName: "A tale"}, entities.Invalid},
	} {
		for _, forgotten := range []bool{false, true} {
			if forgotten && name != "of another channel" {
				continue
			}
			if forgotten {
				s.relay.ForgetTexts()
			}
			test.line.Content = "x"
			_, err := s.relay.Say(t.Context(), ada, test.line)
			if !entities.IsRefusal(err, test.reason) || strings.Contains(err.Error(), "secret") {
				t.Errorf("%s (forgotten: %v): %v", name, forgotten, err)
			}
		}
	}
	if n := len(s.disc.Messages(s.general)); n != said {
		t.Errorf("%d lines were said", n-said)
	}
}
