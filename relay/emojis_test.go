package relay_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"troupe/entities"
	"troupe/relay/sandbox"
)

// What is listed can be written into a text and used as a reaction as it is; what not everybody
// may use is only counted.
func TestEmojis(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true, Pace: 100})
	wave := must(s.disc.AddEmoji(s.guild, "wave"))(t)
	blob := must(s.disc.AddEmoji(s.guild, "Blob", func(e *sandbox.GuildEmoji) { e.Animated = true }))(t)
	must(s.disc.AddEmoji(s.guild, "vip", func(e *sandbox.GuildEmoji) { e.Roles = []sandbox.ID{s.guild} }))(t)
	must(s.disc.AddEmoji(s.guild, "gone", func(e *sandbox.GuildEmoji) { e.Available = false }))(t)
	s.play()
	made, ada := s.entity("Ada", nil, s.general)
	_, err := s.relay.Emojis(t.Context(), ada, "")
	wants(t, err, entities.NotAllowed, "(emojis)")
	s.grant(made.Entity.ID, entities.CanRead, entities.CanPost, entities.CanReact, entities.CanSeeEmojis)
	all := must(s.relay.Emojis(t.Context(), ada, "Demo"))(t)
	if want := fmt.Sprintf("[{Blob <a:Blob:%s>} {wave <:wave:%s>}]", blob, wave); len(all) != 1 || fmt.Sprint(all[0].Emojis) != want || all[0].Kept != 2 {
		t.Fatalf("%+v", all)
	}
	for _, e := range all[0].Emojis {
		sent := s.say(ada, s.general, "look "+e.Mark)
		if got := s.message(s.general, sent.MessageIDs[0]).Content; got != "look "+e.Mark {
			t.Errorf("it says %q", got)
		}
		done(t, s.react(ada, s.general, sent.MessageIDs[0], e.Mark))
		if got := s.stands(s.general, sent.MessageIDs[0]); got != e.Name {
			t.Errorf("the reaction is %q", got)
		}
	}
	_, err = s.relay.Emojis(t.Context(), ada, "Elsewhere")
	wants(t, err, entities.NotFound, "no such server")
	s.during(func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/emojis") }, func() { s.grant(made.Entity.ID, entities.CanRead) })
	_, err = s.relay.Emojis(t.Context(), ada, "")
	wants(t, err, entities.NotAllowed, "(emojis)")
}
