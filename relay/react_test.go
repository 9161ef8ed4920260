package relay_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay/sandbox"
)

func (s *stage) react(actor entities.Actor, channel sandbox.ID, message snowflake.ID, emoji string) error {
	return s.relay.React(s.t.Context(), actor, snowflake.ID(channel), message, emoji)
}

func (s *stage) unreact(actor entities.Actor, channel sandbox.ID, message snowflake.ID, emoji string) error {
	return s.relay.Unreact(s.t.Context(), actor, snowflake.ID(channel), message, emoji)
}

// stands lists the bot's reactions to a message.
func (s *stage) stands(channel sandbox.ID, message snowflake.ID) string {
	var all []string
	for _, r := range s.message(channel, message).Reactions {
		for _, user := range r.Users {
			if user == s.botID {
				all = append(all, r.Emoji.Name)
			}
		}
	}
	return strings.Join(all, " ")
}

// claims says whether an entity claims a reaction.
func (s *stage) claims(actor entities.Actor, channel sandbox.ID, message snowflake.ID, emoji string) bool {
	s.t.Helper()
	permit := must(s.reg.Authorize(s.t.Context(), actor, entities.Unreact, snowflake.ID(channel)))(s.t)
	_, err := s.reg.Claimed(s.t.Context(), actor, permit, message, emoji)
	if err != nil && !entities.IsRefusal(err, entities.NotFound) {
		s.t.Fatal(err)
	}
	return err == nil
}

func (s *stage) asBot(method, path string) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.disc.APIURL()+path, http.NoBody)
	done(s.t, err)
	req.Header.Set("Authorization", "Bot "+s.disc.Token())
	resp, err := http.DefaultClient.Do(req)
	done(s.t, err)
	if err := resp.Body.Close(); err != nil || resp.StatusCode != http.StatusNoContent {
		s.t.Fatal(resp.Status, err)
	}
	http.DefaultClient.CloseIdleConnections()
}

// On Discord all entities share one reaction: it vanishes with the last who claims it.
func TestReactionsAreShared(t *testing.T) {
	s := setStage(t, sandbox.Config{NoRateLimits: true, Pace: 100})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	_, bob := s.entity("Bob", nil, s.general)
	_, cyd := s.entity("Cyd", nil, s.general)
	own := must(s.disc.AddEmoji(s.guild, "wave"))(t)
	for _, where := range []sandbox.ID{s.general, s.thread} {
		id := snowflake.ID(must(s.disc.Say(s.mia, where, "hello"))(t).ID)
		for _, emoji := range []string{"👍", "❤️", "wave:" + own.String()} {
			done(t, s.disc.React(s.mia, where, sandbox.ID(id), emoji))
			done(t, s.react(ada, where, id, emoji))
			done(t, s.react(ada, where, id, emoji))
			done(t, s.react(bob, where, id, strings.TrimSuffix(emoji, "\uFE0F")))
			wants(t, s.unreact(cyd, where, id, emoji), entities.NotFound, "no such reaction of yours")
			done(t, s.unreact(ada, where, id, emoji))
			wants(t, s.unreact(ada, where, id, emoji), entities.NotFound, "no such reaction of yours")
			if s.stands(where, id) == "" {
				t.Errorf("%s vanished with the first", emoji)
			}
			done(t, s.unreact(bob, where, id, emoji))
			if got := s.stands(where, id); got != "" {
				t.Errorf("%s stays", got)
			}
		}
		if got := s.message(where, id).Reactions; len(got) != 3 {
			t.Errorf("people's reactions: %+v", got)
		}
	}
	id := snowflake.ID(must(s.disc.Say(s.mia, s.general, "hello"))(t).ID)
	done(t, s.react(ada, s.general, id, "👍"))
	wants(t, s.unreact(ada, s.thread, id, "👍"), entities.NotFound, "no such reaction of yours")
	wants(t, s.react(ada, s.hidden, id, "👍"), entities.NotFound, "no such channel")
	wants(t, s.unreact(ada, s.hidden, id, "👍"), entities.NotFound, "no such channel")
}

// A reaction that Discord refuses is nobody's; one of which it did not say stays claimed, so
// that it can be removed.
func TestReactionsOfUnknownOutcome(t *testing.T) {
	s := setStage(t, sandbox.Config{NoRateLimits: true, Pace: 100})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	id := snowflake.ID(must(s.disc.Say(s.mia, s.general, "hello"))(t).ID)
	wants(t, s.react(ada, s.general, id, "nope:123456789012345678"), entities.Invalid, "emoji")
	wants(t, s.react(ada, s.general, 123456789012345678, "👍"), entities.NotFound, "no such message")
	if s.claims(ada, s.general, id, "123456789012345678") || s.claims(ada, s.general, 123456789012345678, "👍") {
		t.Error("what Discord refused is claimed")
	}
	change := func(method string) func(*http.Request) bool {
		return func(r *http.Request) bool { return r.Method == method && strings.HasSuffix(r.URL.Path, "/@me") }
	}
	s.disc.Fault(change(http.MethodPut), 1, sandbox.Fault{Kind: sandbox.CommitThenRefuse})
	wants(t, s.react(ada, s.general, id, "👍"), entities.Unavailable, "Discord has a problem")
	if !s.claims(ada, s.general, id, "👍") || s.stands(s.general, id) != "👍" {
		t.Error("a reaction stands that nobody claims")
	}
	s.disc.Fault(change(http.MethodDelete), 1, sandbox.Fault{Kind: sandbox.Refuse})
	wants(t, s.unreact(ada, s.general, id, "👍"), entities.Unavailable, "Discord has a problem")
	if !s.claims(ada, s.general, id, "👍") {
		t.Error("a reaction stands that nobody claims")
	}
	done(t, s.unreact(ada, s.general, id, "👍"))
	if s.claims(ada, s.general, id, "👍") || s.stands(s.general, id) != "" {
		t.Error("it stays")
	}
	// A refusal of what the entity has already takes nothing away from it.
	done(t, s.react(ada, s.general, id, "👍"))
	s.disc.Fault(change(http.MethodPut), 1, sandbox.Fault{Kind: sandbox.Refuse, Status: 403})
	if err := s.react(ada, s.general, id, "👍"); err == nil || !s.claims(ada, s.general, id, "👍") {
		t.Error("it lost its reaction:", err)
	}
}

// What moderators take away is claimed by nobody any more.
func TestReactionsThatVanish(t *testing.T) {
	s := setStage(t, sandbox.Config{NoRateLimits: true, Pace: 100})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	done(t, s.disc.ChangeChannel(s.general, func(c *sandbox.Channel) {
		c.Overwrites = append(c.Overwrites, sandbox.Overwrite{ID: s.botID, Type: 1, Allow: sandbox.ManageMessages})
	}))
	for name, vanish := range map[string]func(id sandbox.ID){
		"the bot's reaction": func(id sandbox.ID) { done(t, s.disc.Unreact(s.botID, s.general, id, "👍")) },
		"all with an emoji": func(id sandbox.ID) {
			s.asBot(http.MethodDelete, fmt.Sprintf("/channels/%d/messages/%d/reactions/👍", s.general, id))
		},
		"all reactions": func(id sandbox.ID) {
			s.asBot(http.MethodDelete, fmt.Sprintf("/channels/%d/messages/%d/reactions", s.general, id))
		},
		"the message": func(id sandbox.ID) { done(t, s.disc.DeleteMessages(s.olivia, s.general, id)) },
		"several messages": func(id sandbox.ID) {
			other := must(s.disc.Say(s.mia, s.general, "hello"))(t)
			done(t, s.disc.DeleteMessages(s.olivia, s.general, id, other.ID))
		},
	} {
		t.Run(name, func(t *testing.T) {
			id := must(s.disc.Say(s.mia, s.general, "hello"))(t).ID
			done(t, s.react(ada, s.general, snowflake.ID(id), "👍"))
			done(t, s.react(ada, s.general, snowflake.ID(id), "❤"))
			s.until("the gateway has told of them", func() bool { return s.relay.Reacting() == 0 })
			vanish(id)
			s.until("nobody claims it", func() bool { return !s.claims(ada, s.general, snowflake.ID(id), "👍") })
			if rest := strings.Contains("the bot's reaction|all with an emoji", name); rest != s.claims(ada, s.general, snowflake.ID(id), "❤") {
				t.Errorf("another reaction is claimed: %v", !rest)
			}
		})
	}
}

// Two entities at one emoji do not undo each other: whatever the order, the reaction stands
// exactly while somebody claims it.
func TestReactionsRace(t *testing.T) {
	s := setStage(t, sandbox.Config{NoRateLimits: true, Pace: 100})
	s.play()
	var actors []entities.Actor
	for _, name := range []string{"Ada", "Bob", "Cyd"} {
		_, actor := s.entity(name, nil, s.general)
		actors = append(actors, actor)
	}
	id := snowflake.ID(must(s.disc.Say(s.mia, s.general, "hello"))(t).ID)
	for round := range 4 {
		var all sync.WaitGroup
		for n, actor := range actors {
			all.Go(func() {
				for range 2 {
					if err := s.react(actor, s.general, id, "👍"); err != nil {
						t.Error(err)
					}
					if (round+n)%3 != 0 {
						if err := s.unreact(actor, s.general, id, "👍"); err != nil {
							t.Error(err)
						}
					}
				}
			})
		}
		all.Wait()
		for n, actor := range actors {
			if kept := (round+n)%3 == 0; kept != s.claims(actor, s.general, id, "👍") {
				t.Fatalf("round %d: %d claims it: %v", round, n, !kept)
			}
		}
		if s.stands(s.general, id) != "👍" {
			t.Fatalf("round %d: the reaction is gone although somebody claims it", round)
		}
		done(t, s.unreact(actors[(3-round%3)%3], s.general, id, "👍"))
		if s.stands(s.general, id) != "" {
			t.Fatalf("round %d: the reaction stands and nobody claims it", round)
		}
	}
}
