package relay_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay"
	"troupe/relay/sandbox"
)

// hookOf is the id of the webhook through which a request wants to speak.
func hookOf(path string) string {
	_, rest, _ := strings.Cut(path, "/webhooks/")
	id, _, _ := strings.Cut(rest, "/")
	return id
}

// executes lists the webhooks through which it was tried to speak.
func (s *stage) executes() (ids []string) {
	for _, r := range s.disc.Requests() {
		if r.Method == http.MethodPost && strings.Contains(r.Query, "wait=true") {
			ids = append(ids, hookOf(r.Path))
		}
	}
	return ids
}

// Many lines that find the webhook gone at once have it made anew once.
func TestManyLinesHealOneWebhook(t *testing.T) {
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	s.play()
	s.talkFreely()
	var actors []entities.Actor
	for _, name := range []string{"Ada", "Bob", "Cyd", "Dee", "Eve", "Fay"} {
		_, actor := s.entity(name, nil, s.general)
		actors = append(actors, actor)
		s.say(actor, s.general, "one")
	}
	for round := 2; round <= 4; round++ {
		lines := s.disc.Messages(s.general)
		s.deleteWebhook(lines[len(lines)-1].WebhookID)
		var all sync.WaitGroup
		for _, actor := range actors {
			all.Go(func() {
				if sent, err := s.relay.Say(context.Background(), actor, relay.Line{Channel: snowflake.ID(s.general), Content: "more"}); err != nil || sent.Status != relay.StatusSent {
					t.Errorf("%+v, %v", sent, err)
				}
			})
		}
		all.Wait()
		if made, said := s.webhooks(), len(s.disc.Messages(s.general)); made != round || said != round*len(actors) {
			t.Errorf("%d webhooks were made and %d lines stand", made, said)
		}
	}
}

// Who deletes each webhook before it is of use wins for a while, and is told of.
func TestNoFightOverWebhooks(t *testing.T) {
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	hands := &clock{}
	s.now = hands.now
	s.play(func(c *relay.Config) { c.Now = hands.now })
	s.until("it is ready", func() bool { return s.relay.Status().Ready })
	_, ada := s.entity("Ada", nil, s.general)
	peace := s.disc.Fault(func(r *http.Request) bool {
		if isExecute(r) {
			id, err := snowflake.Parse(hookOf(r.URL.Path))
			if err != nil {
				t.Error(err)
			}
			_ = s.disc.DeleteWebhook(sandbox.ID(id)) // an earlier request may have met it
		}
		return false
	}, -1, sandbox.Fault{})
	var err error
	for range 5 {
		if _, err = s.relay.Say(t.Context(), ada, relay.Line{Channel: snowflake.ID(s.general), Content: "one"}); !entities.IsRefusal(err, entities.Unavailable) || !strings.Contains(err.Error(), "keeps vanishing") {
			t.Fatalf("err = %v", err)
		}
	}
	if made := s.webhooks(); made != 10 || !strings.Contains(err.Error(), "The bot makes another one in ") {
		t.Errorf("%d webhooks were made: %v", made, err)
	}
	peace()
	hands.move(10*time.Minute + time.Second)
	if s.say(ada, s.general, "two"); s.contents(s.general) != "Ada: two" {
		t.Error(s.contents(s.general))
	}
}

// A webhook that Discord called gone is not used again, though the channel's list has it.
func TestAWebhookThatIsGoneStaysGone(t *testing.T) {
	s := setStage(t, sandbox.Config{})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	s.say(ada, s.general, "one")
	s.disc.Fault(isExecute, 1, sandbox.Fault{Kind: sandbox.Refuse, Code: 10015})
	s.say(ada, s.general, "two")
	s.say(ada, s.general, "three")
	used := s.executes()
	if len(used) != 4 || used[0] != used[1] || used[2] == used[1] || used[3] != used[2] || s.webhooks() != 2 {
		t.Errorf("it spoke through %v", used)
	}
	if got := s.contents(s.general); got != "Ada: one | Ada: two | Ada: three" {
		t.Error(got)
	}
}

// A webhook whose token is refused is read anew once; neither is it tried again with the same
// token, nor another one made.
func TestARefusedWebhook(t *testing.T) {
	for name, fault := range map[string]sandbox.Fault{"401": {Status: 401}, "50027": {Code: 50027}} {
		t.Run(name, func(t *testing.T) {
			s := setStage(t, sandbox.Config{})
			s.play()
			_, ada := s.entity("Ada", nil, s.general)
			s.say(ada, s.general, "one")
			before := len(s.disc.Requests())
			cancel := s.disc.Fault(isExecute, -1, fault)
			if _, err := s.relay.Say(t.Context(), ada, relay.Line{Channel: snowflake.ID(s.general), Content: "two"}); !entities.IsRefusal(err, entities.Unavailable) || !strings.Contains(err.Error(), "an admin of that server can delete") {
				t.Errorf("err = %v", err)
			}
			cancel()
			if used := len(s.executes()); used != 2 || len(s.disc.Requests())-before > 3 || s.webhooks() != 1 { // news of the webhook may have it read once more
				t.Errorf("it tried to speak %d times, asked %d things and made %d webhooks", used, len(s.disc.Requests())-before, s.webhooks())
			}
			if s.say(ada, s.general, "three"); s.contents(s.general) != "Ada: one | Ada: three" {
				t.Error(s.contents(s.general))
			}
			if status := s.relay.Status(); status.Limits.TokenRefused {
				t.Error("the bot's own token is taken for refused")
			}
		})
	}
}
