package relay_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay/sandbox"
)

// A channel's day is counted: who said how much, what others answered and liked, and what nobody
// answered.
func TestCatchUp(t *testing.T) {
	t.Parallel()
	clock := time.Now().Add(-3 * time.Hour)
	s := setStage(t, sandbox.Config{NoRateLimits: true, Now: func() time.Time { return clock }})
	s.play()
	made, ada := s.entity("Ada", nil, s.general)
	s.grant(made.Entity.ID, entities.CanRead, entities.CanPost, entities.CanCatchUp)
	at := func(minutes int) { clock = clock.Add(time.Duration(minutes) * time.Minute) }
	must(s.disc.Say(s.mia, s.general, "long ago, who knows?"))(t)
	at(60)
	since := clock.Add(-time.Minute)
	liked := must(s.disc.Say(s.mia, s.general, "look at this"))(t)
	done(t, s.disc.React(s.olivia, s.general, liked.ID, "👍"))
	done(t, s.disc.React(s.olivia, s.general, liked.ID, "🎉"))
	replied := must(s.disc.Say(s.mia, s.general, "who comes tonight?"))(t)
	at(20)
	must(s.disc.Say(s.olivia, s.general, "me", sandbox.ReplyTo(replied.ID)))(t)
	must(s.disc.Say(s.olivia, s.general, "and where https://example.org/?q=1"))(t)
	must(s.disc.Say(s.olivia, s.general, "when?"))(t)
	at(5)
	must(s.disc.Say(s.mia, s.general, "at eight"))(t)
	at(30)
	must(s.disc.Say(s.mia, s.general, "anybody (really?)"))(t)
	must(s.disc.Say(s.mia, s.general, "hello"))(t)
	at(30)
	must(s.disc.Say(s.mia, s.general, "誰か？います"))(t)
	d := must(s.relay.CatchUp(t.Context(), ada, snowflake.ID(s.general), since))(t)
	var speakers []string
	for _, one := range d.Speakers {
		speakers = append(speakers, fmt.Sprint(one.Author.Name, " ", one.Messages))
	}
	if got := strings.Join(speakers, ", "); got != "mia 6, olivia 3" || d.Messages != 9 || d.Voices != 2 || !d.Whole {
		t.Errorf("%s; %d by %d, whole %v", got, d.Messages, d.Voices, d.Whole)
	}
	if len(d.Popular) != 2 || d.Popular[0].Message.Content != "look at this" || d.Popular[0].Reactions != 2 || d.Popular[1].Message.Content != "who comes tonight?" || d.Popular[1].Replies != 1 {
		t.Errorf("popular: %+v", d.Popular)
	}
	if got := texts(d.Unanswered); got != "mia: 誰か？います | mia: anybody (really?)" {
		t.Errorf("unanswered: %s", got)
	}
}

// Of a busy channel the newest 500 are counted, and that there was more is said.
func TestCatchUpIsBounded(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	s.play()
	made, ada := s.entity("Ada", nil, s.general)
	s.grant(made.Entity.ID, entities.CanRead, entities.CanCatchUp)
	since := time.Now().Add(-time.Minute)
	var all []string
	for i := range 530 {
		all = append(all, fmt.Sprint("line ", i))
	}
	must(s.disc.SayAll(s.mia, s.general, all[:500]...))(t)
	if d := must(s.relay.CatchUp(t.Context(), ada, snowflake.ID(s.general), since))(t); d.Messages != 500 || !d.Whole {
		t.Errorf("%d of 500, whole %v", d.Messages, d.Whole)
	}
	must(s.disc.SayAll(s.mia, s.general, all[500:]...))(t)
	if d := must(s.relay.CatchUp(t.Context(), ada, snowflake.ID(s.general), since))(t); d.Messages != 500 || d.Whole || !d.From.After(since) {
		t.Errorf("%d, whole %v, from %s", d.Messages, d.Whole, d.From)
	}
	if d := must(s.relay.CatchUp(t.Context(), ada, snowflake.ID(s.general), time.Now().Add(time.Minute)))(t); d.Messages != 0 || !d.Whole {
		t.Errorf("of nothing: %+v", d)
	}
}

// It is off until an admin switches it on, is for channels that the entity may read only, and
// ends with the right.
func TestWhoMayCatchUp(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	s.play()
	made, ada := s.entity("Ada", nil, s.general)
	must(s.disc.Say(s.mia, s.general, "CANARY?"))(t)
	ask := func(channel sandbox.ID, reason entities.Reason) {
		t.Helper()
		if d, err := s.relay.CatchUp(t.Context(), ada, snowflake.ID(channel), time.Now().Add(-time.Hour)); !entities.IsRefusal(err, reason) || d.Messages != 0 {
			t.Errorf("%+v, %v", d, err)
		}
	}
	ask(s.general, entities.NotAllowed)
	s.grant(made.Entity.ID, entities.CanRead, entities.CanCatchUp)
	ask(s.hidden, entities.NotFound)
	s.during(sandbox.On(http.MethodGet, "/channels/"+s.general.String()+"/messages"), func() { s.grant(made.Entity.ID, entities.CanRead) })
	ask(s.general, entities.NotAllowed)
}
