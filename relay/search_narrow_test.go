package relay_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay"
	"troupe/relay/sandbox"
)

// Words, authors, channels and times narrow a search.
func TestWhatASearchNarrows(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true, Pace: 100})
	s.play()
	made, ada := s.entity("Ada", nil, s.general, s.lab)
	_, bob := s.entity("Bob", nil, s.general)
	first := must(s.disc.Say(s.mia, s.general, "apple one"))(t)
	must(s.disc.Say(s.olivia, s.lab, "apple two"))(t)
	s.say(ada, s.general, "apple three")
	s.say(bob, s.general, "apple four")
	last := must(s.disc.Say(s.mia, s.thread, "pear five"))(t)
	for name, test := range map[string]struct {
		req  relay.SearchRequest
		want string
	}{
		"words":                 {relay.SearchRequest{Query: "apple"}, "Bob: apple four | Ada: apple three | olivia: apple two | mia: apple one"},
		"a person's name":       {relay.SearchRequest{Author: "@Mia"}, "mia: pear five | mia: apple one"},
		"a person's id":         {relay.SearchRequest{Query: "apple", Author: s.mia.String()}, "mia: apple one"},
		"a mention":             {relay.SearchRequest{Author: "<@" + s.olivia.String() + ">"}, "olivia: apple two"},
		"an entity's name":      {relay.SearchRequest{Author: "bob"}, "Bob: apple four"},
		"an entity's id":        {relay.SearchRequest{Author: string(made.Entity.ID)}, "Ada: apple three"},
		"itself":                {relay.SearchRequest{Author: "me"}, "Ada: apple three"},
		"a channel":             {relay.SearchRequest{Query: "apple", Channel: snowflake.ID(s.lab)}, "olivia: apple two"},
		"a channel and threads": {relay.SearchRequest{Author: "mia", Channel: snowflake.ID(s.general)}, "mia: pear five | mia: apple one"},
		"a thread":              {relay.SearchRequest{Author: "mia", Channel: snowflake.ID(s.thread)}, "mia: pear five"},
		"before":                {relay.SearchRequest{Author: "mia", Before: snowflake.ID(last.ID)}, "mia: apple one"},
		"after":                 {relay.SearchRequest{Author: "mia", After: snowflake.ID(first.ID)}, "mia: pear five"},
		"the server":            {relay.SearchRequest{Query: "pear", Server: "demo"}, "mia: pear five"},
		"nothing":               {relay.SearchRequest{Query: "plum"}, ""},
	} {
		if got := texts(s.search(ada, test.req).Messages); got != test.want {
			t.Errorf("%s: %q, not %q", name, got, test.want)
		}
	}
	for _, test := range map[string]struct {
		req    relay.SearchRequest
		reason entities.Reason
	}{
		"nothing to look for": {relay.SearchRequest{Query: " "}, entities.Invalid},
		"too many words":      {relay.SearchRequest{Query: strings.Repeat("é", 257)}, entities.Invalid},
		"an empty time":       {relay.SearchRequest{Query: "a", Before: 5, After: 5}, entities.Invalid},
		"nobody":              {relay.SearchRequest{Author: "Zoe"}, entities.NotFound},
		"another server":      {relay.SearchRequest{Query: "a", Server: "Nowhere"}, entities.NotFound},
	} {
		s.searchFails(ada, test.req, test.reason)
	}
}

// What several are called is told by ids, and only to entities that may look for people.
func TestAuthorsByName(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	sams := []sandbox.ID{s.disc.AddUser(sandbox.User{Username: "sam.one", GlobalName: new("Sam")}), s.disc.AddUser(sandbox.User{Username: "sam"})}
	for _, id := range sams {
		done(t, s.disc.AddMember(s.guild, id))
	}
	s.play()
	made, ada := s.entity("Ada", nil, s.general)
	if got := s.searchFails(ada, relay.SearchRequest{Author: "Sam"}, entities.Invalid); !strings.Contains(got, sams[0].String()) || !strings.Contains(got, sams[1].String()) {
		t.Errorf("%q", got)
	}
	s.grant(made.Entity.ID, entities.CanRead, entities.CanSearch)
	s.searchFails(ada, relay.SearchRequest{Author: "Sam"}, entities.NotAllowed)
	s.search(ada, relay.SearchRequest{Author: sams[0].String()})
}

// Where an entity may read more channels than fit into one request, several are made.
func TestSearchInManyChannels(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true, Pace: 100})
	category := s.channel(sandbox.Channel{Name: "Lobby", Type: sandbox.CategoryChannel})
	var rooms []sandbox.ID
	for i := range 450 {
		rooms = append(rooms, s.channel(sandbox.Channel{Name: fmt.Sprint("room-", i), Type: sandbox.TextChannel, ParentID: category}))
	}
	thread := must(s.disc.AddThread(sandbox.Channel{ParentID: rooms[0], Name: "aside", OwnerID: s.mia}, ""))(t)
	s.play()
	made, ada := s.entity("Ada", nil, s.general)
	done(t, s.reg.SetChannels(t.Context(), s.admin(), made.Entity.ID, func([]entities.Room) ([]entities.ChosenRule, error) {
		return []entities.ChosenRule{{ChosenChannel: entities.ChosenChannel{ID: snowflake.ID(category), Permissions: discord.PermissionViewChannel}, Access: entities.Read}}, nil
	}))
	must(s.disc.Say(s.mia, thread, "pear"))(t)
	if found := s.search(ada, relay.SearchRequest{Query: "pear", Limit: 1}); texts(found.Messages) != "mia: pear" || found.More {
		t.Errorf("found %+v", found)
	}
	must(s.disc.Say(s.mia, rooms[0], "apple first"))(t)
	must(s.disc.Say(s.mia, rooms[449], "apple last"))(t)
	must(s.disc.Say(s.mia, rooms[1], "apple newest"))(t)
	if got := texts(s.search(ada, relay.SearchRequest{Query: "apple"}).Messages); got != "mia: apple newest | mia: apple last | mia: apple first" {
		t.Errorf("found %q", got)
	}
	if found := s.search(ada, relay.SearchRequest{Query: "apple", Limit: 2}); texts(found.Messages) != "mia: apple newest | mia: apple last" || !found.More {
		t.Errorf("found %+v", found)
	}
	for _, r := range s.disc.Requests() {
		if strings.HasSuffix(r.Path, "/messages/search") && strings.Count(r.Query, "channel_id=") > 500 {
			t.Errorf("%d channels in one request", strings.Count(r.Query, "channel_id="))
		}
	}
}
