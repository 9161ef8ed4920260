package relay_test

import (
	"bytes"
	"context"
	"flag"
	"image"
	"image/png"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"
	"go.uber.org/goleak"

	"troupe/entities"
	"troupe/entities/fresh"
	"troupe/entities/leaktest"
	"troupe/relay"
	"troupe/relay/sandbox"
)

func TestMain(m *testing.M) {
	parallel()
	goleak.VerifyTestMain(m)
}

// parallel has more tests at once than there are processors: they wait for clocks, and for pauses
// that Discord asks for.
func parallel() {
	flag.Parse()
	chosen := false
	flag.Visit(func(f *flag.Flag) { chosen = chosen || f.Name == "test.parallel" })
	if !chosen {
		_ = flag.Set("test.parallel", strconv.Itoa(2*runtime.GOMAXPROCS(0))) // there is such a flag
	}
}

// stage is a stand-in with one guild, and a relay that is connected to it.
type stage struct {
	t      testing.TB
	disc   *sandbox.Discord
	reg    *entities.Registry
	relay  *relay.Relay
	now    func() time.Time   // the registry's clock; nil for the usual one
	ask    *entities.Registry // where a test has its own
	before func()             // runs when the registry and the relay are there, before Run
	// thrifty keeps the pauses between logins, and the last ones of a day.
	thrifty bool
	log     *buffer
	public  *httptest.Server

	guild, olivia, mia                         sandbox.ID
	general, lab, hidden, forum, thread, botID sandbox.ID
	database                                   string // a path; play makes one
	logins                                     int    // that relogin waited for
	halt                                       func() // ends what play began, so that it can play again
}

// buffer is a log that tests can read while it is written.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

const botRights = sandbox.ViewChannel | sandbox.SendMessages | sandbox.SendInThreads | sandbox.CreatePublicThread | sandbox.ManageWebhooks | sandbox.ReadMessageHistory | sandbox.AddReactions

// setStage builds the guild, without a relay.
func setStage(t testing.TB, cfg sandbox.Config) *stage {
	t.Helper()
	cfg.NoIdentifyLimit = true
	disc, err := sandbox.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := disc.Close(); err != nil {
			t.Error(err)
		}
	})
	s := &stage{t: t, disc: disc, log: &buffer{}}
	s.olivia = disc.AddUser(sandbox.User{Username: "olivia"})
	s.mia = disc.AddUser(sandbox.User{Username: "mia"})
	s.guild = must(disc.AddGuild("Demo", s.olivia))(t)
	if err := disc.AddMember(s.guild, s.mia); err != nil {
		t.Fatal(err)
	}
	must(disc.AddBot(s.guild, botRights))(t)
	s.botID = disc.BotID()
	s.general = s.channel(sandbox.Channel{Name: "general", Type: sandbox.TextChannel})
	s.lab = s.channel(sandbox.Channel{Name: "lab", Type: sandbox.TextChannel})
	s.hidden = s.channel(sandbox.Channel{Name: "hidden", Type: sandbox.TextChannel})
	s.forum = s.channel(sandbox.Channel{Name: "stories", Type: sandbox.ForumChannel, AvailableTags: []sandbox.Tag{{Name: "Comedy"}}})
	s.thread = must(disc.AddThread(sandbox.Channel{ParentID: s.general, Name: "scene", OwnerID: s.mia}, ""))(t)
	return s
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func (s *stage) channel(c sandbox.Channel) sandbox.ID {
	s.t.Helper()
	c.GuildID = s.guild
	return must(s.disc.AddChannel(c))(s.t)
}

// play connects a relay and waits until it is ready.
func (s *stage) play(change ...func(*relay.Config)) {
	s.t.Helper()
	log := testLog(s)
	if s.database == "" {
		s.database = filepath.Join(s.t.TempDir(), "troupe.db")
		fresh.SQLite(s.t, s.database)
		leaktest.Database(s.t, s.database, s.disc.Confided)
	}
	reg, err := entities.Open(s.t.Context(), entities.Config{
		Database: "sqlite:" + s.database, Admission: entities.Admission{Mode: entities.AdmitAll},
		World: entities.NewWorld(), Log: log, Now: s.now,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.reg = reg
	var avatars http.HandlerFunc
	s.public = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { avatars(w, r) }))
	cfg := relay.Config{Registry: reg, Token: s.disc.Token(), APIURL: s.disc.APIURL(), PublicURL: s.public.URL, Log: log}
	for _, c := range change {
		c(&cfg)
	}
	if s.relay, err = relay.New(cfg); err != nil {
		s.t.Fatal(err)
	}
	avatars = s.relay.ServeAvatar
	if !s.thrifty {
		s.relay.LoginFreely()
	}
	if s.before != nil {
		s.before()
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := s.relay.Run(ctx); err != nil {
			s.t.Error(err)
		}
	})
	now, public := s.relay, s.public
	s.halt = sync.OnceFunc(func() {
		now.Drain()
		cancel()
		running.Wait()
		now.Close(context.Background())
		public.Close()
		if err := reg.Close(); err != nil {
			s.t.Error(err)
		}
	})
	s.t.Cleanup(s.halt)
	if len(change) == 0 {
		s.until("the relay is ready", func() bool { return s.relay.Status().Ready })
	}
}

// newSession ends the session at once; the next one begins a second later.
func (s *stage) newSession() { s.disc.CloseCode(4009) }

// until waits for a condition, at most ten seconds.
func (s *stage) until(what string, holds func() bool) {
	s.t.Helper()
	s.within(10*time.Second, what, holds)
}

func (s *stage) within(most time.Duration, what string, holds func() bool) {
	s.t.Helper()
	deadline := time.After(most)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			s.t.Fatalf("waited in vain until %s; status %+v; log:\n%s", what, s.relay.Status(), s.log)
		}
	}
}

// entity makes an entity of olivia's and gives it with its actor.
func (s *stage) entity(name string, avatar *entities.Avatar, channels ...sandbox.ID) (entities.Created, entities.Actor) {
	s.t.Helper()
	n := entities.NewEntity{Name: name, Avatar: avatar}
	for _, id := range channels {
		n.Channels = append(n.Channels, entities.ChosenChannel{ID: snowflake.ID(id), Permissions: discord.PermissionViewChannel})
	}
	made, err := s.reg.Create(s.t.Context(), entities.Member(snowflake.ID(s.olivia), snowflake.ID(s.guild), discord.PermissionManageGuild), n)
	if err != nil {
		s.t.Fatal(err)
	}
	actor := must(s.reg.Authenticate(s.t.Context(), made.Key, made.Entity.ID))(s.t)
	// Its owner is asked for here and not in the middle of a test.
	must(s.relay.Channels(s.t.Context(), actor))(s.t)
	return made, actor
}

func (s *stage) say(actor entities.Actor, channel sandbox.ID, content string) relay.Sent {
	s.t.Helper()
	sent, err := s.relay.Say(s.t.Context(), actor, relay.Line{Channel: snowflake.ID(channel), Content: content})
	if err != nil {
		s.t.Fatal(err)
	}
	return sent
}

// wordsHeard is what a client waits for, by its messages.
type wordsHeard struct {
	Messages []relay.Message
	Items    int // with what is no message: gaps, edits …
	Cursor   string
}

func (s *stage) wait(actor entities.Actor, cursor string, timeout time.Duration) wordsHeard {
	s.t.Helper()
	found, err := s.relay.Wait(s.t.Context(), actor, relay.WaitRequest{Cursor: cursor, Timeout: timeout})
	if err != nil {
		s.t.Fatal(err)
	}
	return wordsHeard{found.Messages(), len(found.Items), found.Cursor}
}

// contents lists a channel's messages as "name: text".
func (s *stage) contents(channel sandbox.ID) string {
	var lines []string
	for _, m := range s.disc.Messages(channel) {
		lines = append(lines, m.Author.Username+": "+m.Content)
	}
	return strings.Join(lines, " | ")
}

func texts(messages []relay.Message) string {
	var lines []string
	for _, m := range messages {
		lines = append(lines, m.Author.Name+": "+m.Content)
	}
	return strings.Join(lines, " | ")
}

func face(t *testing.T) *entities.Avatar {
	t.Helper()
	var buf bytes.Buffer
	if err := png.Encode(&buf, image.NewGray(image.Rect(0, 0, 32, 32))); err != nil {
		t.Fatal(err)
	}
	avatar, err := entities.NewAvatar(buf.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return &avatar
}

func testLog(s *stage) *slog.Logger {
	return slog.New(relay.Redact(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}), s.disc.Token()))
}

// abandon ends the relay in the middle of what it does.
func (s *stage) abandon() {
	s.relay.Abandon()
	s.halt()
}

// talkFreely lets entities talk among themselves as long as they like.
func (s *stage) talkFreely() {
	s.t.Helper()
	_, err := s.reg.SetSettings(s.t.Context(), s.admin(), func(settings *entities.Settings) error {
		settings.Loop = entities.Loop{Pair: entities.MostTurns, Alone: entities.MostTurns}
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
}
