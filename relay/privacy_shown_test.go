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

func isAnyMember(r *http.Request) bool { return strings.Contains(r.URL.Path, "/members/") }

// Another bot's answer does not tell that it was somebody who hides who gave it a command.
func TestTheHiddenWhoGaveACommand(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	answer := `{"id":"%d","type":20,"channel_id":"%s","guild_id":"%s","content":"rolled","timestamp":"2026-01-01T00:00:00Z",
		"author":{"id":"900000000000000001","username":"dice","bot":true},"mentions":[],"mention_roles":[],"attachments":[],"embeds":[],
		%s}`
	user := `"user":{"id":"` + s.mia.String() + `","username":"mia","discriminator":"0"}`
	base := must(s.disc.Say(s.olivia, s.general, "roll"))(t).ID
	s.disc.DispatchRaw("MESSAGE_CREATE", fmt.Appendf(nil, answer, base+1, s.general, s.guild, `"interaction_metadata":{"id":"5","type":2,`+user+`,"authorizing_integration_owners":{}}`))
	s.disc.DispatchRaw("MESSAGE_CREATE", fmt.Appendf(nil, answer, base+2, s.general, s.guild, `"interaction":{"id":"5","type":2,"name":"roll",`+user+`}`))
	told := func() string {
		var words []string
		for _, m := range s.wait(ada, "", 0).Messages {
			words = append(words, fmt.Sprint(m.Extras))
		}
		return strings.Join(words, " ")
	}
	s.until("it is told who gave them", func() bool { return strings.Count(told(), "mia") == 2 })
	s.hide(s.mia)
	if got := told(); strings.Contains(got, "mia") || !strings.Contains(got, "/roll") {
		t.Errorf("it is told %s", got)
	}
}

// Other entities do not learn that somebody who hides is on the server from what they own there.
func TestTheHiddenWhoOwnEntities(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	s.miasEntity("Bob")
	owners := func() (ids []snowflake.ID) {
		for _, c := range must(s.relay.Fellows(t.Context(), ada, "", 0))(t) {
			for _, f := range c.Fellows {
				ids = append(ids, f.Entity.OwnerID)
			}
		}
		return ids
	}
	if got := owners(); len(got) != 1 || got[0] != snowflake.ID(s.mia) {
		t.Fatalf("before she hides: %v", got)
	}
	s.hide(s.mia)
	if got := owners(); len(got) != 1 || got[0] != 0 {
		t.Errorf("she owns %v", got)
	}
}

// A choice holds for the names of those who reacted and who spoke last, which are being asked for
// just then.
func TestHidingWhileANameIsFetched(t *testing.T) {
	t.Parallel()
	for name, req := range map[string]relay.InboxRequest{"items": {}, "overview": {Overview: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := setStage(t, sandbox.Config{NoRateLimits: true})
			s.play()
			made, ada := s.entity("Ada", nil, s.general, s.lab)
			line := s.say(ada, s.general, "a line").MessageIDs[0]
			must(s.disc.Say(s.mia, s.lab, "something"))(t)
			must(s.disc.Say(s.olivia, s.lab, "something else"))(t)
			must(s.reg.Append(t.Context(), entities.System("ingest"), []entities.Heard{{Event: entities.Event{
				Kind: entities.EventReaction, GuildID: snowflake.ID(s.guild), ChannelID: snowflake.ID(s.general), MessageID: line,
				AuthorID: snowflake.ID(s.mia), EntityID: made.Entity.ID, Emoji: "👍", At: line.Time(),
			}}}))(t)
			s.until("all is heard", func() bool {
				news := must(s.reg.News(t.Context(), ada, entities.Query{Scope: entities.ScopeAll, Limit: 10}))(t)
				return len(news.Items) == 3
			})
			s.relay.ForgetTexts()
			s.relay.ForgetNames()
			s.during(isAnyMember, func() { s.hide(s.mia) })
			found := fmt.Sprintf("%+v", must(s.relay.Inbox(t.Context(), ada, req))(t))
			if strings.Contains(found, "mia") || strings.Contains(found, s.mia.String()) {
				t.Errorf("it is given %s", found)
			}
			if !s.reg.Hidden(snowflake.ID(s.mia)) {
				t.Error("nobody was asked for")
			}
		})
	}
}

// Messages that were deleted many at a time, of which Discord's word cannot be read, are looked
// for anew.
func TestABulkDeletionThatCannotBeRead(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	must(s.disc.Say(s.mia, s.general, "hello"))(t)
	s.until("it is heard", func() bool { return len(s.wait(ada, "", 0).Messages) == 1 })
	reads := func() (n int) {
		for _, r := range s.disc.Requests() {
			if r.Method == http.MethodGet && strings.HasSuffix(r.Path, "/messages") {
				n++
			}
		}
		return n
	}
	before := reads()
	s.disc.DispatchRaw("MESSAGE_DELETE_BULK", []byte(`{"guild_id":"`+s.guild.String()+`","channel_id":"`+s.general.String()+`","ids":7}`))
	s.until("its text is asked for", func() bool { s.wait(ada, "", 0); return reads() > before })
}
