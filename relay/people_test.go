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

func people(found []relay.Person) string {
	var words []string
	for _, p := range found {
		words = append(words, string(p.Kind)+" "+p.Name)
	}
	return strings.Join(words, ", ")
}

// People are found by the beginning of any of their names, bots and entities as what they are.
func TestFindMember(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	for _, u := range []sandbox.User{{Username: "adamant", GlobalName: new("Zed")}, {Username: "zed.2", GlobalName: new("Ada")}, {Username: "adabot", Bot: true}} {
		done(t, s.disc.AddMember(s.guild, s.disc.AddUser(u)))
	}
	s.play()
	_, ada := s.entity("Ada One", nil, s.general)
	bob, _ := s.entity("Adam", nil, s.general)
	for i := range 15 {
		done(t, s.disc.AddMember(s.guild, s.disc.AddUser(sandbox.User{Username: fmt.Sprint("crowd", i)})))
	}
	find := func(name string) string {
		t.Helper()
		return people(must(s.relay.FindMember(t.Context(), ada, relay.MemberRequest{Name: name}))(t))
	}
	for name, want := range map[string]string{
		"mia": "human mia", "@MI": "human mia", "ada": "human Ada, entity Adam, human Zed, bot adabot", "adam": "entity Adam, human Zed", "zed": "human Zed, human Ada", "nobody": "", "troupe": "",
	} {
		if got := find(name); got != want {
			t.Errorf("%q finds %q, not %q", name, got, want)
		}
	}
	if got := strings.Count(find("crowd"), "human"); got != relay.MaxPeople {
		t.Errorf("%d of the crowd are found", got)
	}
	for _, p := range must(s.relay.FindMember(t.Context(), ada, relay.MemberRequest{Name: "adam", Server: s.guild.String()}))(t) {
		if p.Kind == relay.Entity && (p.Entity != bob.Entity.ID || p.ID != 0) || p.Guild.Name != "Demo" {
			t.Errorf("%+v", p)
		}
	}
}

// Finding people wants the capability, a server where the entity is, and a name.
func TestWhoMayFindPeople(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	s.play()
	elsewhere := must(s.disc.AddGuild("Elsewhere", s.olivia))(t)
	must(s.disc.AddBot(elsewhere, botRights))(t)
	done(t, s.disc.AddMember(elsewhere, s.disc.AddUser(sandbox.User{Username: "canary"})))
	s.until("the other server is known", func() bool { _, ok := s.reg.World().Guild(snowflake.ID(elsewhere)); return ok })
	made, ada := s.entity("Ada", nil, s.general)
	for _, test := range []struct {
		req    relay.MemberRequest
		reason entities.Reason
	}{
		{relay.MemberRequest{Name: " @ "}, entities.Invalid},
		{relay.MemberRequest{Name: strings.Repeat("é", 101)}, entities.Invalid},
		{relay.MemberRequest{Name: "canary", Server: "Elsewhere"}, entities.NotFound},
		{relay.MemberRequest{Name: "canary", Server: elsewhere.String()}, entities.NotFound},
		{relay.MemberRequest{Name: "canary", Server: "123456789012345678"}, entities.NotFound},
	} {
		if found, err := s.relay.FindMember(t.Context(), ada, test.req); !entities.IsRefusal(err, test.reason) {
			t.Errorf("%+v: %v, %v", test.req, found, err)
		}
	}
	if found := must(s.relay.FindMember(t.Context(), ada, relay.MemberRequest{Name: "canary"}))(t); len(found) != 0 {
		t.Errorf("on another server: %v", found)
	}
	// The right ends while Discord answers.
	s.during(sandbox.On(http.MethodGet, "/members/search"), func() { s.grant(made.Entity.ID, entities.CanRead) })
	for range 2 {
		if found, err := s.relay.FindMember(t.Context(), ada, relay.MemberRequest{Name: "mia"}); !entities.IsRefusal(err, entities.NotAllowed) {
			t.Errorf("without the capability: %v, %v", found, err)
		}
	}
}

// Entities learn of each other, and which of them may read a channel that they see themselves.
func TestFellows(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	s.entity("Bob", nil, s.general, s.lab)
	s.entity("Cid", nil, s.lab)
	s.owned("Dee", s.mia) // whose owner nobody has asked about yet
	words := func(channel sandbox.ID) string {
		t.Helper()
		var all []string
		for _, company := range must(s.relay.Fellows(t.Context(), ada, "", snowflake.ID(channel)))(t) {
			for _, f := range company.Fellows {
				word := f.Entity.Name
				if f.Reads {
					word += " reads"
				}
				all = append(all, word)
			}
		}
		return strings.Join(all, ", ")
	}
	if got := words(0); got != "Bob, Cid, Dee" {
		t.Error(got)
	}
	if got := words(s.general); got != "Bob reads, Cid, Dee reads" {
		t.Error(got)
	}
	if got, err := s.relay.Fellows(t.Context(), ada, "", snowflake.ID(s.lab)); !entities.IsRefusal(err, entities.NotFound) {
		t.Errorf("a channel that it does not see: %v, %v", got, err)
	}
}
