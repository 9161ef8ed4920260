package relay_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay"
	"troupe/relay/sandbox"
)

func (s *stage) search(actor entities.Actor, req relay.SearchRequest) relay.SearchResult {
	s.t.Helper()
	if req.Limit == 0 {
		req.Limit = 10
	}
	return must(s.relay.Search(s.t.Context(), actor, req))(s.t)
}

// searchFails searches and wants a refusal for a reason.
func (s *stage) searchFails(actor entities.Actor, req relay.SearchRequest, reason entities.Reason) string {
	s.t.Helper()
	req.Limit = 10
	found, err := s.relay.Search(s.t.Context(), actor, req)
	if !entities.IsRefusal(err, reason) {
		s.t.Errorf("%+v: %+v, %v", req, found, err)
		return ""
	}
	return err.Error()
}

func isSearch(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/messages/search") }

// during runs something in the middle of the next request that matches.
func (s *stage) during(match func(*http.Request) bool, do func()) {
	var once sync.Once
	s.disc.Fault(func(r *http.Request) bool {
		if match(r) {
			once.Do(do)
		}
		return false
	}, -1, sandbox.Fault{})
}

// waits looks again and again, in any goroutine, until something is so, and gives up some time.
func waits(so func() bool) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	limit := time.After(5 * time.Second)
	for !so() {
		select {
		case <-tick.C:
		case <-limit:
			return
		}
	}
}

// Nothing of what an entity may not read is found, and nothing of it shows in how much is found.
func TestSearchFindsOnlyWhatTheEntityMayRead(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true, Pace: 100})
	s.play()
	whispers := must(s.disc.AddThread(sandbox.Channel{Name: "whispers", Type: sandbox.PrivateThread, ParentID: s.general, OwnerID: s.olivia}, ""))(t)
	s.joins(s.disc.BotID(), whispers)
	adult := s.channel(sandbox.Channel{Name: "adult", Type: sandbox.TextChannel, NSFW: true})
	s.until("all is known", func() bool { _, ok := s.reg.World().Channel(snowflake.ID(adult)); return ok })
	_, ada := s.entity("Ada", nil, s.general)
	_, bob := s.entity("Bob", nil, s.general, s.lab, s.hidden)
	must(s.disc.Say(s.mia, s.general, "apple in general"))(t)
	must(s.disc.Say(s.mia, s.thread, "apple in a thread"))(t)
	for i := range 60 {
		for _, where := range []sandbox.ID{s.lab, s.hidden, adult} {
			must(s.disc.Say(s.olivia, where, fmt.Sprint("apple CANARY ", i)))(t)
		}
		must(s.disc.Say(s.olivia, whispers, fmt.Sprint("apple CANARY ", i)))(t)
	}
	found := s.search(ada, relay.SearchRequest{Query: "apple"})
	if got := texts(found.Messages); got != "mia: apple in a thread | mia: apple in general" || found.More || len(found.Unsearched) != 0 {
		t.Errorf("%s, more %v, %v", got, found.More, found.Unsearched)
	}
	if found = s.search(ada, relay.SearchRequest{Query: "CANARY"}); len(found.Messages) != 0 || found.More {
		t.Errorf("%+v", found)
	}
	if found = s.search(ada, relay.SearchRequest{Query: "apple", Limit: 1}); len(found.Messages) != 1 || !found.More {
		t.Errorf("%+v", found)
	}
	if found = s.search(bob, relay.SearchRequest{Query: "apple", Limit: 25}); len(found.Messages) != 25 || !found.More {
		t.Errorf("who may read finds %d, more %v", len(found.Messages), found.More)
	}
	// What it may not read it cannot name, and that reads as if it were not there.
	hidden := s.searchFails(ada, relay.SearchRequest{Query: "apple", Channel: snowflake.ID(s.hidden)}, entities.NotFound)
	if absent := s.searchFails(ada, relay.SearchRequest{Query: "apple", Channel: 123456789012345678}, entities.NotFound); absent != hidden {
		t.Errorf("%q and %q tell them apart", hidden, absent)
	}
	for _, r := range s.disc.Requests() {
		if strings.HasSuffix(r.Path, "/messages/search") && !strings.Contains(r.Query, "channel_id=") {
			t.Errorf("it searched everywhere: %s", r.Query)
		}
	}
}

// Archived threads, which nobody has announced, are found with their channel, and private ones
// among them stay private.
func TestSearchInArchivedThreads(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true, Pace: 100})
	old := sandbox.Channel{ParentID: s.general, Name: "old", Type: sandbox.PublicThread, OwnerID: s.mia}
	shut := sandbox.Channel{ParentID: s.general, Name: "old CANARY", Type: sandbox.PrivateThread, OwnerID: s.olivia}
	elsewhere := sandbox.Channel{ParentID: s.lab, Name: "old lab", Type: sandbox.PublicThread, OwnerID: s.olivia}
	for _, c := range []*sandbox.Channel{&old, &shut, &elsewhere} {
		c.ID = must(s.disc.AddThread(*c, ""))(t)
		if c.Type == sandbox.PrivateThread {
			s.joins(s.disc.BotID(), c.ID)
		}
	}
	must(s.disc.Say(s.mia, old.ID, "apple in an old thread"))(t)
	must(s.disc.Say(s.olivia, elsewhere.ID, "apple CANARY"))(t)
	for range 40 {
		must(s.disc.Say(s.olivia, shut.ID, "apple CANARY"))(t)
	}
	for _, c := range []sandbox.Channel{old, shut, elsewhere} {
		done(t, s.disc.ChangeChannel(c.ID, func(c *sandbox.Channel) { c.Archived = true }))
	}
	s.play()
	if _, known := s.reg.World().Channel(snowflake.ID(old.ID)); known {
		t.Fatal("an archived thread was announced")
	}
	_, ada := s.entity("Ada", nil, s.general)
	for _, req := range []relay.SearchRequest{{Query: "apple"}, {Query: "apple", Channel: snowflake.ID(s.general)}, {Query: "apple", Limit: 1}} {
		if found := s.search(ada, req); texts(found.Messages) != "mia: apple in an old thread" || found.More {
			t.Errorf("%+v: %s, more %v", req, texts(found.Messages), found.More)
		}
	}
}

// Who is in a private thread, and whose entity has a rule for it, finds what is said there.
func TestSearchInAPrivateThread(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	s.play()
	bob, whispers := s.whispers()
	must(s.disc.Say(s.mia, whispers, "apple"))(t)
	if got := texts(s.search(bob, relay.SearchRequest{Query: "apple"}).Messages); got != "mia: apple" {
		t.Errorf("found %q", got)
	}
	s.leaves(s.mia, whispers)
	s.until("it is refused", func() bool { return !s.may(bob, entities.Hear, whispers) })
	if found := s.search(bob, relay.SearchRequest{Query: "apple"}); len(found.Messages) != 0 || found.More {
		t.Errorf("without its owner: %+v", found)
	}
}

// Rights that end while Discord answers end the answer too.
func TestRightsThatEndDuringASearch(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(s *stage, id entities.ID)
		reason entities.Reason // 0: it is answered, with nothing in it
	}{
		"the rule": {change: func(s *stage, id entities.ID) {
			done(s.t, s.reg.SetChannels(s.t.Context(), s.admin(), id, func([]entities.Room) ([]entities.ChosenRule, error) { return nil, nil }))
		}},
		"the capability to search": {reason: entities.NotAllowed, change: func(s *stage, id entities.ID) {
			done(s.t, s.reg.SetCapabilities(s.t.Context(), s.admin(), id, func([]entities.Capability) ([]entities.Capability, error) {
				return []entities.Capability{entities.CanRead}, nil
			}))
		}},
		"the capability to read": {change: func(s *stage, id entities.ID) {
			done(s.t, s.reg.SetCapabilities(s.t.Context(), s.admin(), id, func([]entities.Capability) ([]entities.Capability, error) {
				return []entities.Capability{entities.CanSearch}, nil
			}))
		}},
		"the pause": {reason: entities.NotFound, change: func(s *stage, id entities.ID) {
			must(s.reg.Pause(s.t.Context(), entities.Member(snowflake.ID(s.olivia), snowflake.ID(s.guild), 0), id))(s.t)
		}},
		// The stand-in's own world stays as it is, so that its answer is the one from before.
		"the bot's view": {change: func(s *stage, _ entities.ID) {
			s.disc.DispatchRaw("CHANNEL_UPDATE", fmt.Appendf(nil, `{"id":"%s","guild_id":"%s","type":0,"name":"general","permission_overwrites":[{"id":"%s","type":0,"allow":"0","deny":"1024"}]}`, s.general, s.guild, s.guild))
			waits(func() bool {
				c, _ := s.reg.World().Channel(snowflake.ID(s.general))
				return len(c.Overwrites) > 0
			})
		}},
		"the channel": {change: func(s *stage, _ entities.ID) {
			s.disc.DispatchRaw("CHANNEL_DELETE", fmt.Appendf(nil, `{"id":"%s","guild_id":"%s","type":0,"name":"general"}`, s.general, s.guild))
			waits(func() bool { _, ok := s.reg.World().Channel(snowflake.ID(s.general)); return !ok })
		}},
		"the owner's stay": {reason: entities.NotFound, change: func(s *stage, _ entities.ID) {
			s.disc.DispatchRaw("GUILD_MEMBER_REMOVE", fmt.Appendf(nil, `{"guild_id":"%s","user":{"id":"%s","username":"olivia","discriminator":"0"}}`, s.guild, s.olivia))
			waits(func() bool { here, known := s.knows(s.olivia); return known && !here })
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := setStage(t, sandbox.Config{NoRateLimits: true})
			s.play()
			made, ada := s.entity("Ada", nil, s.general)
			must(s.disc.Say(s.mia, s.general, "apple CANARY"))(t)
			s.during(isSearch, func() { test.change(s, made.Entity.ID) })
			found, err := s.relay.Search(t.Context(), ada, relay.SearchRequest{Query: "apple", Limit: 10})
			if len(found.Messages) != 0 || found.More {
				t.Errorf("found %+v", found)
			}
			if (test.reason == 0) != (err == nil) || (err != nil && !entities.IsRefusal(err, test.reason)) {
				t.Errorf("%v", err)
			}
		})
	}
}

// What was found on an earlier page is decided about again after the last one.
func TestARightThatEndsBetweenPages(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	s.play()
	made, ada := s.entity("Ada", nil, s.general, s.lab)
	for i := range 30 {
		must(s.disc.Say(s.mia, s.general, fmt.Sprint("apple CANARY ", i)))(t)
	}
	second := func(r *http.Request) bool { return isSearch(r) && strings.Contains(r.URL.RawQuery, "max_id=") }
	s.during(second, func() {
		done(t, s.reg.SetChannels(t.Context(), s.admin(), made.Entity.ID, func([]entities.Room) ([]entities.ChosenRule, error) {
			return []entities.ChosenRule{{ChosenChannel: entities.ChosenChannel{ID: snowflake.ID(s.lab), Permissions: discord.PermissionViewChannel}, Access: entities.Read}}, nil
		}))
	})
	if found := s.search(ada, relay.SearchRequest{Query: "apple", Limit: 25}); len(found.Messages) != 0 || found.More {
		t.Errorf("found %d, more %v", len(found.Messages), found.More)
	}
	if !slices.ContainsFunc(s.disc.Requests(), func(r sandbox.Request) bool { return strings.Contains(r.Query, "max_id=") }) {
		t.Error("there was no second page")
	}
}

// A channel that is moved out of its category while Discord answers is not read any more.
func TestAChannelMovedDuringASearch(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	category := s.channel(sandbox.Channel{Name: "Lobby", Type: sandbox.CategoryChannel})
	inside := s.channel(sandbox.Channel{Name: "inside", Type: sandbox.TextChannel, ParentID: category})
	s.play()
	made, ada := s.entity("Ada", nil, s.general)
	done(t, s.reg.SetChannels(t.Context(), s.admin(), made.Entity.ID, func([]entities.Room) ([]entities.ChosenRule, error) {
		return []entities.ChosenRule{{ChosenChannel: entities.ChosenChannel{ID: snowflake.ID(category), Permissions: discord.PermissionViewChannel}, Access: entities.Read}}, nil
	}))
	must(s.disc.Say(s.mia, inside, "apple CANARY"))(t)
	if got := texts(s.search(ada, relay.SearchRequest{Query: "apple"}).Messages); got != "mia: apple CANARY" {
		t.Fatalf("before, it finds %q", got)
	}
	s.during(isSearch, func() {
		done(t, s.disc.ChangeChannel(inside, func(c *sandbox.Channel) { c.ParentID = 0 }))
		waits(func() bool { c, _ := s.reg.World().Channel(snowflake.ID(inside)); return c.ParentID == 0 })
	})
	if found := s.search(ada, relay.SearchRequest{Query: "apple"}); len(found.Messages) != 0 || found.More {
		t.Errorf("found %+v", found)
	}
}

// While Discord makes its index it is asked again; a search that lasts too long is refused with
// when to come back.
func TestSearchWaitsForTheIndex(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	must(s.disc.Say(s.mia, s.general, "apple"))(t)
	s.disc.Unindex(s.guild, 1, 0)
	if got := texts(s.search(ada, relay.SearchRequest{Query: "apple"}).Messages); got != "mia: apple" {
		t.Errorf("found %q", got)
	}
	s.disc.Unindex(s.guild, -1, 600)
	begin := time.Now()
	if got := s.searchFails(ada, relay.SearchRequest{Query: "apple"}, entities.Unavailable); !strings.Contains(got, "preparing") || !strings.Contains(got, "10m") {
		t.Errorf("%q", got)
	}
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("it waited %s for what could not be in time", took)
	}
}

// When Discord limits, breaks or is gone, the search says so and gives nothing.
func TestASearchThatDiscordDoesNotAnswer(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	must(s.disc.Say(s.mia, s.general, "apple"))(t)
	cancel := s.disc.Fault(isSearch, 1, sandbox.Fault{Kind: sandbox.TooMany, RetryAfter: 0.1})
	if got := texts(s.search(ada, relay.SearchRequest{Query: "apple"}).Messages); got != "mia: apple" {
		t.Errorf("after a 429 it finds %q", got)
	}
	cancel()
	for _, fault := range []sandbox.Fault{{Kind: sandbox.Refuse, Status: 503}, {Kind: sandbox.Reset}} {
		cancel := s.disc.Fault(isSearch, -1, fault)
		s.searchFails(ada, relay.SearchRequest{Query: "apple"}, entities.Unavailable)
		cancel()
	}
	// Without the message content intent the route is closed to the bot.
	s.disc.AllowIntents(sandbox.IntentGuildMembers)
	s.searchFails(ada, relay.SearchRequest{Query: "apple"}, entities.NotAllowed)
}
