package relay_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay"
	"troupe/relay/sandbox"
)

// Nothing that a person said or did who hides is in any answer, nor in how much there is of
// anything: one way after the other.
func TestEveryWayToTheHiddenIsShut(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true, Pace: 100})
	s.play()
	made, ada := s.entity("Ada", nil, s.general)
	s.grant(made.Entity.ID, entities.CanRead, entities.CanPost, entities.CanSearch, entities.CanMeet, entities.CanCatchUp, entities.CanPin)
	line := s.say(ada, s.general, "a line of Ada's").MessageIDs[0]
	asked := must(s.disc.Say(s.olivia, s.general, "who comes?"))(t)
	secret := must(s.disc.Say(s.mia, s.general, "CANARY, Ada", sandbox.ReplyTo(asked.ID)))(t)
	answer := must(s.disc.Say(s.olivia, s.general, "well, apple", sandbox.ReplyTo(secret.ID)))(t)
	for _, m := range []snowflake.ID{line, snowflake.ID(answer.ID)} {
		done(t, s.disc.React(s.mia, s.general, sandbox.ID(m), "👍"))
	}
	s.botMay(sandbox.PinMessages)
	done(t, s.disc.Pin(s.olivia, s.general, secret.ID))
	channel, since := snowflake.ID(s.general), time.Now().Add(-time.Hour)
	ways := map[string]func() any{
		"the inbox":   func() any { return must(s.relay.Inbox(t.Context(), ada, relay.InboxRequest{}))(t) },
		"an overview": func() any { return must(s.relay.Inbox(t.Context(), ada, relay.InboxRequest{Overview: true}))(t) },
		"history":     func() any { return s.history(ada, relay.HistoryRequest{Limit: 50}) },
		"around it":   func() any { return s.history(ada, relay.HistoryRequest{Around: snowflake.ID(secret.ID), Limit: 50}) },
		"the answer":  func() any { return s.around(ada, s.general, answer.ID) },
		"words":       func() any { return s.search(ada, relay.SearchRequest{Query: "CANARY"}) },
		"other words": func() any { return s.search(ada, relay.SearchRequest{Query: "apple"}) },
		"her id":      func() any { return s.search(ada, relay.SearchRequest{Author: s.mia.String()}) },
		"her name":    func() any { return must(s.relay.FindMember(t.Context(), ada, relay.MemberRequest{Name: "mia"}))(t) },
		"the pins": func() any {
			return must(s.relay.Pins(t.Context(), ada, relay.PinsRequest{Channel: channel, Limit: 5}))(t)
		},
		"the digest": func() any { return must(s.relay.CatchUp(t.Context(), ada, channel, since))(t) },
	}
	told := func(way func() any) string { return string(must(json.Marshal(way()))(t)) }
	s.until("all is heard", func() bool {
		got := told(ways["the inbox"])
		return strings.Contains(got, "CANARY") && strings.Contains(got, "👍")
	})
	for name, way := range ways {
		if got := told(way); !strings.Contains(got, "CANARY") && !strings.Contains(got, "mia") {
			t.Errorf("before she hides, %s has nothing of her: %s", name, got)
		}
	}
	s.hide(s.mia)
	for name, way := range ways {
		if got := told(way); strings.Contains(got, "CANARY") || strings.Contains(got, "mia") || strings.Contains(got, s.mia.String()) {
			t.Errorf("%s has her: %s", name, got)
		}
	}
	if d := must(s.relay.CatchUp(t.Context(), ada, channel, since))(t); d.Messages != 3 || d.Voices != 2 || len(d.Popular) > 2 {
		t.Errorf("counted: %+v", d)
	}
	for _, p := range must(s.relay.CatchUp(t.Context(), ada, channel, since))(t).Popular {
		if p.Replies != 0 {
			t.Errorf("her answer is counted: %s", p.Message.Content)
		}
	}
	s.searchFails(ada, relay.SearchRequest{Author: "mia"}, entities.NotFound)
	if _, err := s.relay.Message(t.Context(), ada, channel, snowflake.ID(secret.ID)); !entities.IsRefusal(err, entities.NotFound) {
		t.Errorf("her message: %v", err)
	}
}
