package relay_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay"
	"troupe/relay/sandbox"
)

// historiesAsked counts how often Discord was asked for a channel's messages.
func (s *stage) historiesAsked() (n int) {
	for _, r := range s.disc.Requests() {
		if r.Method == http.MethodGet && strings.HasSuffix(r.Path, "/messages") {
			n++
		}
	}
	return n
}

// recall reads general's newest messages and says whether Discord was asked for them.
func (s *stage) recall(actor entities.Actor, limit int) (got string, asked bool) {
	s.t.Helper()
	before := s.historiesAsked()
	got = texts(s.history(actor, relay.HistoryRequest{Limit: limit}))
	return got, s.historiesAsked() > before
}

// recalls waits until general's newest messages are known to be as Discord has them, and fails
// when Discord has to be asked for them.
func (s *stage) recalls(actor entities.Actor, limit int, want string) {
	s.t.Helper()
	asked := s.historiesAsked()
	s.until("it knows "+want, func() bool {
		got := texts(s.history(actor, relay.HistoryRequest{Limit: limit}))
		return got == want
	})
	if n := s.historiesAsked() - asked; n > 0 {
		s.t.Errorf("Discord was asked %d times for %s", n, want)
	}
}

// asks demands that Discord is asked, and that the next read is from memory again.
func (s *stage) asks(actor entities.Actor, limit int, want string) {
	s.t.Helper()
	s.until("it asks for "+want, func() bool {
		got, asked := s.recall(actor, limit)
		return asked && got == want
	})
	if got, asked := s.recall(actor, limit); asked || got != want {
		s.t.Errorf("after %s: %s, asked %v", want, got, asked)
	}
}

// What was read once is kept up by events, and Discord is not asked again.
func TestHistoryFromMemory(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	for i := range 60 {
		must(s.disc.Say(s.mia, s.general, fmt.Sprint("old ", i)))(t)
	}
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	s.asks(ada, 2, "mia: old 58 | mia: old 59")
	first := must(s.disc.Say(s.mia, s.general, "new"))(t)
	s.recalls(ada, 2, "mia: old 59 | mia: new")
	s.recalls(ada, 3, "mia: old 58 | mia: old 59 | mia: new")
	if err := s.disc.EditMessage(s.mia, s.general, first.ID, "edited"); err != nil {
		t.Fatal(err)
	}
	s.recalls(ada, 2, "mia: old 59 | mia: edited")
	if err := s.disc.DeleteMessages(s.mia, s.general, first.ID); err != nil {
		t.Fatal(err)
	}
	s.recalls(ada, 2, "mia: old 58 | mia: old 59")
	if _, asked := s.recall(ada, 3); !asked {
		t.Error("what is before the first known message was made up")
	}
	if _, asked := s.recall(ada, 50); !asked {
		t.Error("50 messages were made of 3")
	}
	got, asked := s.recall(ada, 50)
	if asked || strings.Count(got, " | ") != 49 || !strings.HasPrefix(got, "mia: old 10 |") {
		t.Errorf("asked %v: %s", asked, got)
	}
	s.say(ada, s.general, "my own")
	if got, _ := s.recall(ada, 1); !strings.HasSuffix(got, "my own") {
		t.Errorf("its own line is not there: %s", got)
	}
}

// A short channel is known to its beginning.
func TestWholeChannelFromMemory(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	for range 2 { // that there is nothing is not believed
		if got, asked := s.recall(ada, 5); got != "" || !asked {
			t.Errorf("%q, %v", got, asked)
		}
	}
	must(s.disc.Say(s.mia, s.general, "one"))(t)
	s.asks(ada, 5, "mia: one")
	must(s.disc.Say(s.olivia, s.general, "two"))(t)
	s.recalls(ada, 5, "mia: one | olivia: two")
	s.hide(s.mia)
	s.recalls(ada, 5, "olivia: two")
	must(s.disc.Say(s.mia, s.general, "unheard"))(t)
	must(s.disc.Say(s.olivia, s.general, "three"))(t)
	s.recalls(ada, 5, "olivia: two | olivia: three")
	s.choose(s.mia, entities.Privacy{})
	s.asks(ada, 5, "mia: one | olivia: two | mia: unheard | olivia: three")
}

// Of what events do not tell well Discord is asked: reactions, and what was quoted.
func TestUncertainHistory(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{})
	first := must(s.disc.Say(s.mia, s.general, "one"))(t)
	must(s.disc.Say(s.mia, s.general, "two", sandbox.ReplyTo(first.ID)))(t)
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	const both = "mia: one | mia: two"
	s.asks(ada, 2, both)
	count := func() (n int) {
		for _, m := range s.history(ada, relay.HistoryRequest{Limit: 2}) {
			for _, r := range m.Reactions {
				n += r.Count
			}
		}
		return n
	}
	done(t, s.disc.React(s.mia, s.general, first.ID, "🎉"))
	s.until("the reaction is seen", func() bool { return count() == 1 })
	if got, asked := s.recall(ada, 2); asked || got != both || count() != 1 {
		t.Errorf("asked %v for %s with %d", asked, got, count())
	}
	done(t, s.disc.Unreact(s.mia, s.general, first.ID, "🎉"))
	s.until("the reaction is gone", func() bool { return count() == 0 })
	done(t, s.react(ada, s.general, snowflake.ID(first.ID), "👍"))
	if n := count(); n != 1 {
		t.Errorf("its own reaction counts %d", n)
	}
	excerpt := func() string { return s.history(ada, relay.HistoryRequest{Limit: 1})[0].ReplyTo.Excerpt }
	if got := excerpt(); got != "one" {
		t.Errorf("it quotes %q", got)
	}
	done(t, s.disc.EditMessage(s.mia, s.general, first.ID, "uno"))
	s.until("it quotes what it is now", func() bool { return excerpt() == "uno" })
	done(t, s.disc.DeleteMessages(s.mia, s.general, first.ID))
	s.until("it quotes nothing", func() bool { return excerpt() == "" })
}

// While the connection is away, and after a session that was not resumed, nothing from memory is
// believed; nor where the bot could not see for a while, or a right is gone.
func TestHistoryIsNeverStale(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{})
	must(s.disc.Say(s.mia, s.general, "one"))(t)
	s.play()
	made, ada := s.entity("Ada", nil, s.general)
	s.asks(ada, 5, "mia: one")
	s.disc.DropForGood()
	must(s.disc.Say(s.mia, s.general, "while it was away"))(t)
	s.until("it has logged in anew", func() bool { return s.disc.GatewayCounts().Identifies == 2 && s.relay.Status().Ready })
	s.asks(ada, 5, "mia: one | mia: while it was away")
	s.disc.Drop()
	must(s.disc.Say(s.mia, s.general, "while it resumed"))(t)
	s.until("it has resumed", func() bool { return s.disc.GatewayCounts().Resumes == 1 && s.relay.Status().Ready })
	s.recalls(ada, 5, "mia: one | mia: while it was away | mia: while it resumed")

	rules := func(sees bool) {
		deny := sandbox.ViewChannel
		if sees {
			deny = 0
		}
		done(t, s.disc.ChangeChannel(s.general, func(c *sandbox.Channel) {
			c.Overwrites = []sandbox.Overwrite{{ID: s.botID, Type: 1, Deny: deny}}
		}))
		s.until("the rule is known", func() bool { return s.may(ada, entities.ReadHistory, s.general) == sees })
	}
	rules(false)
	if _, err := s.relay.History(t.Context(), ada, relay.HistoryRequest{Channel: snowflake.ID(s.general), Limit: 1}); !entities.IsRefusal(err, entities.NotFound) {
		t.Errorf("it read where the bot does not see: %v", err)
	}
	must(s.disc.Say(s.mia, s.general, "unseen"))(t)
	rules(true)
	s.asks(ada, 1, "mia: unseen")
	must(s.reg.Suspend(t.Context(), s.admin(), made.Entity.ID, time.Hour))(t)
	if _, err := s.relay.History(t.Context(), ada, relay.HistoryRequest{Channel: snowflake.ID(s.general), Limit: 1}); err == nil {
		t.Error("it read while it was suspended")
	}
}
