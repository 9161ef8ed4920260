package relay_test

import (
	"net/http"
	"testing"

	"github.com/disgoorg/snowflake/v2"

	"troupe/relay"
	"troupe/relay/sandbox"
)

// A moved webhook's lines are taken back, in forums too.
func TestHostileAMovedForumWebhook(t *testing.T) {
	s := setStage(t, sandbox.Config{})
	other := s.channel(sandbox.Channel{Name: "others", Type: sandbox.ForumChannel})
	s.play()
	_, ada := s.entity("Ada", nil, s.forum)
	post := func(title string) (relay.Sent, error) {
		return s.relay.Say(t.Context(), ada, relay.Line{Channel: snowflake.ID(s.forum), Content: "words", ThreadName: title})
	}
	must(post("first"))(t)
	hooks := s.disc.Webhooks(s.forum)
	moved := false
	s.disc.Fault(func(r *http.Request) bool {
		if isExecute(r) && !moved { // after the relay has chosen its webhook
			moved = true
			if err := s.disc.MoveWebhook(hooks[0].ID, other); err != nil {
				t.Error(err)
			}
		}
		return false
	}, 1, sandbox.Fault{})
	sent, err := post("second")
	where, known := s.disc.Channel(sandbox.ID(sent.ChannelID))
	if err == nil && known && where.ParentID == other {
		t.Errorf("it was permitted in #stories, stands in #others, where Ada is not allowed, and is told as %+v", sent)
	}
}
