package relay_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay"
	"troupe/relay/sandbox"
)

func (s *stage) admin() entities.Actor {
	return entities.Member(snowflake.ID(s.olivia), snowflake.ID(s.guild), discord.PermissionManageGuild)
}

// A server that removes the bot silences its entities there; one that invites it again finds
// everything as it was.
func TestRemovedAndInvitedAgain(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	s.say(ada, s.general, "I am here")
	s.disc.RemoveBot(s.guild)
	left := func() bool {
		servers, err := s.reg.Servers(t.Context(), entities.System("test"))
		return err == nil && len(servers) == 1 && servers[0].Row.LeftAt != nil
	}
	s.until("it is noted", left)
	if _, err := s.relay.Say(t.Context(), ada, relay.Line{Channel: snowflake.ID(s.general), Content: "anybody?"}); !entities.IsRefusal(err, entities.NotFound) {
		t.Errorf("it spoke where the bot is not: %v", err)
	}
	must(s.disc.AddBot(s.guild, botRights))(t)
	s.until("it may speak again", func() bool { return s.may(ada, entities.Post, s.general) })
	s.until("it is noted", func() bool { return !left() })
}

// While the program is down a server may remove the bot: the next session tells.
func TestRemovedMeanwhile(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	s.disc.Deafen(true)
	s.disc.RemoveBot(s.guild)
	s.disc.Deafen(false)
	s.disc.InvalidateSessions(false)
	s.until("it is noted", func() bool {
		servers, err := s.reg.Servers(t.Context(), entities.System("test"))
		return err == nil && len(servers) == 1 && servers[0].Row.LeftAt != nil
	})
	if s.may(ada, entities.Hear, s.general) {
		t.Error("it hears where the bot is not")
	}
}

// An outage is no removal: nothing is noted, and what was unread stays.
func TestAnOutageTouchesNothing(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	must(s.disc.Say(s.mia, s.general, "before the outage"))(t)
	s.until("it is noted", func() bool {
		return s.may(ada, entities.Hear, s.general) && strings.Contains(s.log.String(), "connected")
	})
	s.disc.SetOutage(s.guild, true)
	s.until("nothing works there", func() bool { return !s.may(ada, entities.Hear, s.general) })
	s.disc.SetOutage(s.guild, false)
	s.until("it works again", func() bool { return s.may(ada, entities.Post, s.general) })
	for _, server := range must(s.reg.Servers(t.Context(), entities.System("test")))(t) {
		if server.Row.LeftAt != nil {
			t.Errorf("an outage was taken for a removal: %+v", server)
		}
	}
	s.until("it hears what was said before", func() bool {
		return texts(s.wait(ada, "", 0).Messages) == "mia: before the outage"
	})
}

// A database that belongs to one bot is not taken over by another unasked.
func TestAnotherApplication(t *testing.T) {
	t.Parallel()
	database := "sqlite:" + filepath.Join(t.TempDir(), "troupe.db")
	run := func(adopt bool) error {
		s := setStage(t, sandbox.Config{}) // an application of its own
		reg, err := entities.Open(t.Context(), entities.Config{
			Database: database, Admission: entities.Admission{Mode: entities.AdmitAll}, World: entities.NewWorld(), Log: testLog(s),
		})
		if err != nil {
			t.Fatal(err)
		}
		r, err := relay.New(relay.Config{
			Registry: reg, Token: s.disc.Token(), APIURL: s.disc.APIURL(), PublicURL: "https://troupe.example", Log: testLog(s), AdoptApplication: adopt,
		})
		if err != nil {
			t.Fatal(err)
		}
		s.relay = r
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- r.Run(ctx) }()
		defer func() {
			r.Close(t.Context())
			if err := reg.Close(); err != nil {
				t.Error(err)
			}
		}()
		var refused error
		s.until("it is ready or ends", func() bool {
			select {
			case refused = <-ended:
				return true
			default:
				return r.Status().Ready
			}
		})
		cancel()
		if refused == nil {
			refused = <-ended
		}
		return refused
	}
	if err := run(false); err != nil {
		t.Fatalf("a new database: %v", err)
	}
	if err := run(false); err == nil || !strings.Contains(err.Error(), "-adopt-application") {
		t.Fatalf("another bot: %v", err)
	}
	if err := run(true); err != nil {
		t.Fatalf("another bot on purpose: %v", err)
	}
}

// Lines are counted when they are said, and given back when Discord does not take them.
func TestLimits(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	s.play()
	made, ada := s.entity("Ada", nil, s.general)
	if err := s.reg.SetLimits(t.Context(), s.admin(), made.Entity.ID, func(entities.Limits) (entities.Limits, error) { return entities.Limits{Minute: 2}, nil }); err != nil {
		t.Fatal(err)
	}
	left := func() int {
		_, homes, err := s.reg.Self(t.Context(), ada)
		if err != nil || len(homes) != 1 {
			t.Fatalf("%+v, %v", homes, err)
		}
		return homes[0].Left.Minute
	}
	s.say(ada, s.general, "one")
	s.disc.Fault(isExecute, 1, sandbox.Fault{Kind: sandbox.Refuse, Status: 400})
	if _, err := s.relay.Say(t.Context(), ada, relay.Line{Channel: snowflake.ID(s.general), Content: "refused"}); err == nil {
		t.Error("the fault did not hit")
	}
	if n := left(); n != 1 {
		t.Errorf("%d lines are left after one that was said and one that was refused", n)
	}
	s.say(ada, s.general, "two")
	_, err := s.relay.Say(t.Context(), ada, relay.Line{Channel: snowflake.ID(s.general), Content: "three"})
	if !entities.IsRefusal(err, entities.Unavailable) || !strings.Contains(err.Error(), "2 lines a minute") {
		t.Errorf("the third line: %v", err)
	}
}
