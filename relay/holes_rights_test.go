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

// noRules takes all its channels from an entity.
func (s *stage) noRules(id entities.ID) {
	s.t.Helper()
	done(s.t, s.reg.SetChannels(s.t.Context(), s.admin(), id, func([]entities.Room) ([]entities.ChosenRule, error) { return nil, nil }))
}

// A right that ends while Discord gives a channel's history ends the answer.
func TestRightsThatEndDuringHistory(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	s.play()
	made, ada := s.entity("Ada", nil, s.general)
	must(s.disc.Say(s.mia, s.general, "CANARY"))(t)
	s.during(sandbox.On(http.MethodGet, "/channels/"+s.general.String()+"/messages"), func() { s.noRules(made.Entity.ID) })
	if got, err := s.relay.History(t.Context(), ada, relay.HistoryRequest{Channel: snowflake.ID(s.general), Limit: 10}); !entities.IsRefusal(err, entities.NotFound) {
		t.Errorf("%+v, %v", got, err)
	}
}

// A right that ends while Discord names who spoke ends that a channel is told of at all.
func TestRightsThatEndDuringAnOverview(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	s.play()
	made, ada := s.entity("Ada", nil, s.general)
	must(s.disc.Say(s.mia, s.general, "hello"))(t)
	overview := func() string {
		return fmt.Sprintf("%+v", must(s.relay.Inbox(t.Context(), ada, relay.InboxRequest{Overview: true}))(t).Moved)
	}
	s.until("it is unread", func() bool { return strings.Contains(overview(), "mia") })
	s.relay.ForgetTexts()
	s.relay.ForgetNames()
	s.during(isAnyMember, func() { s.noRules(made.Entity.ID) })
	if got := overview(); got != "[]" {
		t.Errorf("it is told of %s", got)
	}
}

// What people say who hide takes no place among what a search finds.
func TestSearchPastTheHidden(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true, Pace: 100})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	must(s.disc.Say(s.olivia, s.general, "an old apple"))(t)
	for range 30 {
		must(s.disc.Say(s.mia, s.general, "an apple"))(t)
	}
	s.hide(s.mia)
	if found := s.search(ada, relay.SearchRequest{Query: "apple", Limit: 5}); texts(found.Messages) != "olivia: an old apple" || found.More {
		t.Errorf("%s, more %v", texts(found.Messages), found.More)
	}
}

// Whose owner may see a channel and not what is older there is given what was just said, and not
// what Discord would have to be asked for.
func TestOlderTextsWantTheRightToRead(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	s.play()
	ada := s.miasEntity("Ada")
	s.ok(s.disc.ChangeChannel(s.general, func(c *sandbox.Channel) {
		c.Overwrites = append(c.Overwrites, sandbox.Overwrite{ID: s.mia, Type: 1, Deny: sandbox.ReadMessageHistory})
	}))
	s.until("she may not read what is older", func() bool {
		return s.may(ada, entities.Hear, s.general) && !s.may(ada, entities.ReadHistory, s.general)
	})
	must(s.disc.Say(s.olivia, s.general, "CANARY"))(t)
	inbox := func() relay.Inbox { return must(s.relay.Inbox(t.Context(), ada, relay.InboxRequest{}))(t) }
	s.until("it is heard", func() bool { return len(inbox().Items) == 1 })
	s.relay.ForgetTexts()
	if found := inbox(); len(found.Items) != 0 {
		t.Errorf("after a restart: %+v", found.Items[0].Message)
	}
}
