package relay_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay"
	"troupe/relay/sandbox"
)

// isReactors says whether a request asks who reacted with an emoji.
func isReactors(emoji string) func(*http.Request) bool {
	return func(r *http.Request) bool {
		return r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/reactions/"+emoji)
	}
}

// Who hides while Discord is asked for others is not named among those who reacted, and what they
// said is not given: nor is what it answers given in its place.
func TestHidingDuringGetMessage(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	sam := s.disc.AddUser(sandbox.User{Username: "sam"})
	done(t, s.disc.AddMember(s.guild, sam))
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	first := must(s.disc.Say(s.olivia, s.general, "a question"))(t)
	m := must(s.disc.Say(s.mia, s.general, "CANARY", sandbox.ReplyTo(first.ID)))(t)
	done(t, s.disc.React(sam, s.general, m.ID, "👍"))
	done(t, s.disc.React(s.olivia, s.general, m.ID, "🎉"))
	s.during(isReactors("🎉"), func() { s.hide(sam) })
	if got := fmt.Sprintf("%+v", s.around(ada, s.general, m.ID)); strings.Contains(got, "sam") || strings.Contains(got, sam.String()) || !strings.Contains(got, "CANARY") {
		t.Errorf("after sam hid: %s", got)
	}
	s.during(isReactors("👍"), func() { s.hide(s.mia) })
	if got, err := s.relay.Message(t.Context(), ada, snowflake.ID(s.general), snowflake.ID(m.ID)); !entities.IsRefusal(err, entities.NotFound) {
		t.Errorf("after mia hid: %+v, %v", got, err)
	}
}

// Who hides while Discord looks for people on the next server is not found on the first.
func TestHidingDuringFindMember(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	elsewhere := must(s.disc.AddGuild("Elsewhere", s.olivia))(t)
	must(s.disc.AddBot(elsewhere, botRights))(t)
	s.play()
	made, ada := s.entity("Ada", nil, s.general)
	s.until("the other server is known", func() bool { _, ok := s.reg.World().Guild(snowflake.ID(elsewhere)); return ok })
	hall := must(s.disc.AddChannel(sandbox.Channel{GuildID: elsewhere, Name: "hall", Type: sandbox.TextChannel}))(t)
	s.until("its channel is known", func() bool { _, ok := s.reg.World().Channel(snowflake.ID(hall)); return ok })
	must(s.reg.Join(t.Context(), entities.Member(snowflake.ID(s.olivia), snowflake.ID(elsewhere), discord.PermissionManageGuild), made.Entity.ID,
		entities.ChosenChannel{ID: snowflake.ID(hall), Permissions: discord.PermissionViewChannel}))(t)
	find := func() string {
		return people(must(s.relay.FindMember(t.Context(), ada, relay.MemberRequest{Name: "mia"}))(t))
	}
	if got := find(); got != "human mia" {
		t.Fatalf("before she hides: %q", got)
	}
	second := false
	s.during(func(r *http.Request) bool {
		again := second
		second = second || strings.HasSuffix(r.URL.Path, "/members/search")
		return again && strings.HasSuffix(r.URL.Path, "/members/search")
	}, func() { s.hide(s.mia) })
	if got := find(); got != "" || !s.reg.Hidden(snowflake.ID(s.mia)) {
		t.Errorf("she is found: %q", got)
	}
}
