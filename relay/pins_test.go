package relay_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay"
	"troupe/relay/sandbox"
)

// pinStage is a stage on which the bot may pin, with an entity that may.
func pinStage(t *testing.T) (*stage, entities.ID, entities.Actor) {
	t.Helper()
	s := setStage(t, sandbox.Config{NoRateLimits: true, Pace: 100})
	s.botMay(sandbox.PinMessages)
	s.play()
	made, ada := s.entity("Ada", nil, s.general)
	s.grant(made.Entity.ID, entities.CanRead, entities.CanPost, entities.CanPin)
	return s, made.Entity.ID, ada
}

// botMay gives the bot's role more on the stage's server.
func (s *stage) botMay(more sandbox.Permissions) {
	s.t.Helper()
	m, _ := s.disc.Member(s.guild, s.disc.BotID())
	done(s.t, s.disc.ChangeRole(s.guild, m.Roles[0], func(r *sandbox.Role) { r.Permissions |= more }))
}

func (s *stage) pins(actor entities.Actor, req relay.PinsRequest) (string, bool) {
	s.t.Helper()
	if req.Channel == 0 {
		req.Channel = snowflake.ID(s.general)
	}
	if req.Limit == 0 {
		req.Limit = relay.MaxPins
	}
	list := must(s.relay.Pins(s.t.Context(), actor, req))(s.t)
	var texts []string
	for _, pin := range list.Pins {
		if pin.PinnedAt.IsZero() {
			s.t.Errorf("%s was pinned at no time", pin.Content)
		}
		texts = append(texts, pin.Content)
	}
	return strings.Join(texts, " | "), list.More
}

func (s *stage) pin(actor entities.Actor, channel, message sandbox.ID, pinned bool) error {
	_, err := s.relay.Pin(s.t.Context(), actor, snowflake.ID(channel), snowflake.ID(message), pinned)
	return err
}

// An entity pins and unpins, once, and sees what is pinned, what was pinned last first.
func TestPins(t *testing.T) {
	t.Parallel()
	s, _, ada := pinStage(t)
	one, two := must(s.disc.Say(s.mia, s.general, "one"))(t), must(s.disc.Say(s.mia, s.general, "two"))(t)
	done(t, s.pin(ada, s.general, two.ID, true))
	done(t, s.disc.Pin(s.olivia, s.general, one.ID))
	done(t, s.pin(ada, s.general, two.ID, true))
	if got, more := s.pins(ada, relay.PinsRequest{}); got != "one | two" || more {
		t.Errorf("%s, more %v", got, more)
	}
	if got, more := s.pins(ada, relay.PinsRequest{Limit: 1}); got != "one" || !more {
		t.Errorf("%s, more %v", got, more)
	}
	first := must(s.relay.Pins(t.Context(), ada, relay.PinsRequest{Channel: snowflake.ID(s.general), Limit: 1}))(t).Pins[0]
	if got, _ := s.pins(ada, relay.PinsRequest{Before: first.PinnedAt}); got != "two" {
		t.Errorf("before the first: %s", got)
	}
	done(t, s.pin(ada, s.general, two.ID, false))
	done(t, s.pin(ada, s.general, two.ID, false))
	if got, _ := s.pins(ada, relay.PinsRequest{}); got != "one" {
		t.Errorf("after unpinning: %s", got)
	}
	changes := 0
	for _, r := range s.disc.Requests() {
		if strings.Contains(r.Path, "/messages/pins/") {
			changes++
		}
	}
	if changes != 2 {
		t.Errorf("Discord was asked %d times to change it", changes)
	}
	wants(t, s.pin(ada, s.general, 123456789012345678, true), entities.NotFound, "no such message")
	all := s.disc.Messages(s.general)
	wants(t, s.pin(ada, s.general, all[len(all)-1].ID, true), entities.Invalid, "notice by Discord")
}

// Discord takes 250 pins of a channel.
func TestTooManyPins(t *testing.T) {
	t.Parallel()
	s, _, ada := pinStage(t)
	for range 250 {
		done(t, s.disc.Pin(s.olivia, s.general, must(s.disc.Say(s.mia, s.general, "kept"))(t).ID))
	}
	wants(t, s.pin(ada, s.general, must(s.disc.Say(s.mia, s.general, "one more"))(t).ID, true), entities.Conflict, "250 pinned messages")
	if got, more := s.pins(ada, relay.PinsRequest{}); strings.Count(got, "kept") != 50 || !more {
		t.Errorf("%d, more %v", strings.Count(got, "kept"), more)
	}
}

// Pinning changes a place for everybody: it takes the capability there, a channel to write in, and
// Discord's right of the bot and of the owner.
func TestWhoMayPin(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true, Pace: 100})
	s.play()
	bob := s.miasEntity("Bob")
	made, ada := s.entity("Ada", nil, s.general)
	said, elsewhere := must(s.disc.Say(s.mia, s.general, "CANARY"))(t).ID, must(s.disc.Say(s.mia, s.hidden, "CANARY"))(t).ID
	wants(t, s.pin(ada, s.general, said, true), entities.NotAllowed, "(pins)")
	if _, err := s.relay.Pins(t.Context(), ada, relay.PinsRequest{Channel: snowflake.ID(s.general), Limit: 5}); !entities.IsRefusal(err, entities.NotAllowed) {
		t.Errorf("it sees what is pinned: %v", err)
	}
	able := []entities.Capability{entities.CanRead, entities.CanPost, entities.CanPin}
	s.grant(made.Entity.ID, able...)
	s.grant(bob.EntityID(), able...)
	wants(t, s.pin(ada, s.general, said, true), entities.NotAllowed, "The bot lacks Pin Messages")
	s.botMay(sandbox.PinMessages | sandbox.ManageMessages)
	s.until("the role is known", func() bool { return s.may(ada, entities.Pin, s.general) })
	wants(t, s.pin(bob, s.general, said, true), entities.NotAllowed, "Your owner lacks Pin Messages")
	wants(t, s.pin(ada, s.hidden, elsewhere, true), entities.NotFound, "no such channel")
	wants(t, s.pin(ada, s.general, elsewhere, true), entities.NotFound, "no such message")
	wants(t, s.pin(ada, s.forum, said, true), entities.NotFound, "no such channel")
	done(t, s.disc.Pin(s.olivia, s.general, said))
	if got, _ := s.pins(bob, relay.PinsRequest{}); got != "CANARY" {
		t.Errorf("its owner's right counts for looking: %s", got)
	}
	done(t, s.pin(ada, s.general, said, false))
	// The right ends while Discord is asked which message it is.
	s.during(sandbox.On(http.MethodGet, "/channels/"+s.general.String()+"/messages/"+said.String()), func() {
		s.grant(made.Entity.ID, entities.CanRead, entities.CanPost)
	})
	wants(t, s.pin(ada, s.general, said, true), entities.NotAllowed, "(pins)")
	if s.message(s.general, snowflake.ID(said)).Pinned {
		t.Error("it was pinned")
	}
}

// An entity that may only read in a channel sees what is pinned and pins nothing.
func TestPinningTakesTheRightToWrite(t *testing.T) {
	t.Parallel()
	s, id, ada := pinStage(t)
	said := must(s.disc.Say(s.mia, s.general, "hello"))(t).ID
	done(t, s.disc.Pin(s.olivia, s.general, said))
	done(t, s.reg.SetChannels(t.Context(), s.admin(), id, func(rooms []entities.Room) ([]entities.ChosenRule, error) {
		return []entities.ChosenRule{{ChosenChannel: entities.ChosenChannel{ID: snowflake.ID(s.general)}, Access: entities.Read}}, nil
	}))
	wants(t, s.pin(ada, s.general, said, false), entities.NotAllowed, "not speak there")
	if got, _ := s.pins(ada, relay.PinsRequest{}); got != "hello" {
		t.Errorf("it sees %q", got)
	}
}

// What people said who hide is not among what is pinned, in no number either, and cannot be pinned.
func TestPinsOfTheHidden(t *testing.T) {
	t.Parallel()
	s, _, ada := pinStage(t)
	for range 60 {
		done(t, s.disc.Pin(s.olivia, s.general, must(s.disc.Say(s.mia, s.general, "CANARY"))(t).ID))
	}
	done(t, s.disc.Pin(s.olivia, s.general, must(s.disc.Say(s.olivia, s.general, "seen"))(t).ID))
	first := s.disc.Messages(s.general)[0].ID
	done(t, s.disc.Pin(s.olivia, s.general, must(s.disc.Say(s.mia, s.general, "CANARY"))(t).ID))
	secret := must(s.disc.Say(s.mia, s.general, "CANARY"))(t).ID
	s.hide(s.mia)
	if got, more := s.pins(ada, relay.PinsRequest{}); got != "seen" || more {
		t.Errorf("%s, more %v", got, more)
	}
	wants(t, s.pin(ada, s.general, secret, true), entities.NotFound, "no such message")
	wants(t, s.pin(ada, s.general, first, false), entities.NotFound, "no such message")
	shown := must(s.disc.Say(s.olivia, s.general, "shown"))(t).ID
	s.during(sandbox.On(http.MethodGet, "/channels/"+s.general.String()+"/messages/"+shown.String()), func() { s.hide(s.olivia) })
	wants(t, s.pin(ada, s.general, shown, true), entities.NotFound, "no such message")
}

// An entity cannot fill a channel with Discord's notices about pins.
func TestPinsArePaced(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true, Pace: 100})
	s.botMay(sandbox.PinMessages)
	hands := &clock{}
	s.now = hands.now
	s.play(func(c *relay.Config) { c.Now = hands.now })
	s.until("it is ready", func() bool { return s.relay.Status().Ready })
	made, ada := s.entity("Ada", nil, s.general)
	s.grant(made.Entity.ID, entities.CanRead, entities.CanPost, entities.CanPin)
	said := must(s.disc.Say(s.mia, s.general, "hello"))(t).ID
	for i := range relay.PinsPerMinute {
		done(t, s.pin(ada, s.general, said, i%2 == 0))
	}
	wants(t, s.pin(ada, s.general, said, false), entities.Unavailable, "Go on in")
	hands.move(61 * time.Second)
	done(t, s.pin(ada, s.general, said, false))
}
