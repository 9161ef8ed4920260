package relay_test

import (
	"context"
	"net/http"
	"path/filepath"
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
	s.newSession()
	s.disc.RemoveBot(s.guild) // no session is there to hear of it
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

// A deleted server is gone like one that removed the bot.
func TestADeletedServer(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	s.disc.DeleteGuild(s.guild)
	s.until("it is noted", func() bool {
		servers, err := s.reg.Servers(t.Context(), entities.System("test"))
		return err == nil && len(servers) == 1 && servers[0].Row.LeftAt != nil
	})
	if s.may(ada, entities.Hear, s.general) {
		t.Error("it hears in a server that is no more")
	}
}

// What is set on a server that removed the bot is deleted after a month, unless the bot is
// back, be it since a moment ago.
func TestWhatIsKeptForAMonth(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{})
	hands := &clock{}
	s.now = hands.now
	const elsewhere = snowflake.ID(700)
	rules := func(guild snowflake.ID) string {
		set := must(s.reg.Settings(t.Context(), entities.Member(snowflake.ID(s.olivia), guild, discord.PermissionManageGuild)))(t)
		return set.HouseRules
	}
	s.before = func() {
		s.relay.Impatient(time.Second, time.Millisecond)
		for _, guild := range []snowflake.ID{snowflake.ID(s.guild), elsewhere} {
			admin := entities.Member(snowflake.ID(s.olivia), guild, discord.PermissionManageGuild)
			_, err := s.reg.SetSettings(t.Context(), admin, func(set *entities.Settings) error {
				set.HouseRules = "be kind"
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := s.reg.Depart(t.Context(), entities.System("test"), guild); err != nil {
				t.Fatal(err)
			}
		}
		hands.move(entities.Sleep + time.Hour)
	}
	s.play()
	s.until("the one is forgotten", func() bool { return rules(elsewhere) == "" })
	if got := rules(snowflake.ID(s.guild)); got != "be kind" {
		t.Errorf("where the bot is back there are the rules %q", got)
	}
}

// A database that belongs to one bot is not taken over by another unasked.
func TestAnotherApplication(t *testing.T) {
	t.Parallel()
	database := "sqlite:" + filepath.Join(t.TempDir(), "troupe.db")
	run := func(adopt, down bool) error {
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
		if down {
			s.disc.GoDown(sandbox.Unavailable)
		}
		go func() { ended <- r.Run(ctx) }()
		defer func() {
			r.Close(t.Context())
			if err := reg.Close(); err != nil {
				t.Error(err)
			}
		}()
		if down {
			s.until("it waits for Discord", func() bool { return r.Status().Phase == "waiting for Discord" })
			s.disc.ComeBack()
		}
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
	if err := run(false, false); err != nil {
		t.Fatalf("a new database: %v", err)
	}
	for _, down := range []bool{false, true} {
		if err := run(false, down); err == nil || !strings.Contains(err.Error(), "-adopt-application") {
			t.Fatalf("another bot, with Discord down at first (%v): %v", down, err)
		}
	}
	if err := run(true, false); err != nil {
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
	left := func() int { return s.left(ada) }
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

// left is how many lines an entity may still say in this minute.
func (s *stage) left(actor entities.Actor) int {
	s.t.Helper()
	_, homes, err := s.reg.Self(s.t.Context(), actor)
	if err != nil || len(homes) != 1 {
		s.t.Fatalf("%+v, %v", homes, err)
	}
	return homes[0].Left.Minute
}

// A line that stands counts, and one that may stand, wherever that is; one that never left
// does not.
func TestWhatCountsAsSaid(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	s.relay.Hurry(10*time.Second, 20*time.Millisecond)
	all := s.left(ada)
	spent := func(what string, lines int) {
		t.Helper()
		if n := all - s.left(ada); n != lines {
			t.Errorf("after %s %d lines are counted, want %d", what, n, lines)
		}
	}
	attempt := func() (relay.Sent, error) {
		return s.relay.Say(t.Context(), ada, relay.Line{Channel: snowflake.ID(s.general), Content: "is this said?"})
	}

	s.say(ada, s.general, "one")
	spent("one line", 1)

	s.disc.Fault(isExecute, 1, sandbox.Fault{Kind: sandbox.Reset})
	if sent, err := attempt(); err != nil || sent.Status != relay.StatusUnknown {
		t.Fatalf("%+v, %v", sent, err)
	}
	spent("a line of which nothing is known", 2)

	hook := s.disc.Messages(s.general)[0].WebhookID
	s.disc.Fault(func(r *http.Request) bool { return r.Method == http.MethodDelete }, 1, sandbox.Fault{Kind: sandbox.Refuse, Status: 403})
	var moved sync.Once // between the last look at it and the line
	s.disc.Fault(func(r *http.Request) bool {
		if isExecute(r) {
			moved.Do(func() { s.moveWebhook(hook, s.hidden) })
		}
		return false
	}, -1, sandbox.Fault{})
	if _, err := attempt(); !entities.IsRefusal(err, entities.Unavailable) || s.contents(s.hidden) != "Ada: is this said?" {
		t.Fatalf("%v; in #hidden: %s", err, s.contents(s.hidden))
	}
	spent("a line that stands elsewhere", 3)

	cancel := s.disc.Fault(sandbox.On(http.MethodGet, "/webhooks"), -1, sandbox.Fault{Kind: sandbox.Refuse, Status: 403})
	if _, err := attempt(); err == nil {
		t.Fatal("it spoke without a webhook")
	}
	spent("a line without a webhook", 3)
	cancel()

	s.disc.Fault(isExecute, 1, sandbox.Fault{Kind: sandbox.TooMany, RetryAfter: 600, Scope: "shared"})
	if _, err := attempt(); err == nil {
		t.Fatal("it spoke over the limit")
	}
	spent("a line that Discord did not take", 3)
}
