package mcp_test

import (
	"context"
	"flag"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
	"go.uber.org/goleak"

	"troupe/entities"
	"troupe/entities/fresh"
	"troupe/entities/leaktest"
	"troupe/mcp"
	"troupe/relay"
	"troupe/relay/sandbox"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const publicURL = "https://troupe.example"

// stage is everything that a test of the endpoint needs: a Discord stand-in with one server,
// the registry, the relay and the endpoint itself.
type stage struct {
	discord  *sandbox.Discord
	registry *entities.Registry
	relay    *relay.Relay
	server   *mcp.Server
	url      string // of the HTTP server, without a path
	log      *journal
	later    atomic.Int64 // nanoseconds by which the registry's clock is ahead

	guild, owner, sam, bot                sandbox.ID
	general, quiet, forum, secret, sealed sandbox.ID
}

// journal keeps the log.
type journal struct {
	mu   sync.Mutex
	text strings.Builder
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// newStage sets the stage, with another registry where a test needs one.
func newStage(t testing.TB, change ...func(*entities.Config)) *stage {
	t.Helper()
	s := &stage{log: &journal{}}
	s.seed(t)
	log := slog.New(slog.NewTextHandler(s.log, nil))
	world := entities.NewWorld()
	database := filepath.Join(t.TempDir(), "t.db")
	config := entities.Config{
		Database: fresh.SQLite(t, database), World: world, Log: log,
		Admission: entities.Admission{Mode: entities.AdmitAll},
		Now:       func() time.Time { return time.Now().Add(time.Duration(s.later.Load())) },
	}
	for _, c := range change {
		c(&config)
	}
	var err error
	s.registry, err = entities.Open(t.Context(), config)
	must(t, err)
	t.Cleanup(func() { must(t, s.registry.Close()) })
	leaktest.Database(t, database, s.discord.Confided)
	s.relay, err = relay.New(relay.Config{Registry: s.registry, Token: s.discord.Token(), APIURL: s.discord.APIURL(), PublicURL: publicURL, Log: log})
	must(t, err)
	s.server, err = mcp.New(mcp.Config{Registry: s.registry, Relay: s.relay, PublicURL: publicURL, FormerURLs: []string{"https://old.example/troupe"}, LegacySSE: true, Version: "1.2.3", Log: log})
	must(t, err)
	served := httptest.NewUnstartedServer(s.server.Handler())
	served.Config.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		if tcp, ok := c.(*net.TCPConn); ok {
			must(t, tcp.SetWriteBuffer(64<<10)) // so that a client that does not read is noticed soon
		}
		return ctx
	}
	served.Start()
	s.url = served.URL
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		must(t, s.server.Close(ctx))
		served.Close()
	})
	s.run(t)
	return s
}

func (s *stage) seed(t testing.TB) {
	t.Helper()
	var err error
	s.discord, err = sandbox.Start(sandbox.Config{NoRateLimits: true, NoIdentifyLimit: true})
	must(t, err)
	t.Cleanup(func() { must(t, s.discord.Close()) })
	s.owner = s.discord.AddUser(sandbox.User{Username: "olga"})
	s.sam = s.discord.AddUser(sandbox.User{Username: "sam"})
	s.guild, err = s.discord.AddGuild("Home", s.owner)
	must(t, err)
	must(t, s.discord.AddMember(s.guild, s.sam))
	s.bot, err = s.discord.AddBot(s.guild, sandbox.Permissions(relay.Permissions))
	must(t, err)
	add := func(c sandbox.Channel) sandbox.ID {
		c.GuildID = s.guild
		id, err := s.discord.AddChannel(c)
		must(t, err)
		return id
	}
	s.general = add(sandbox.Channel{Name: "general", Type: sandbox.TextChannel, Topic: "all\u202e things"})
	s.quiet = add(sandbox.Channel{Name: "quiet", Type: sandbox.TextChannel})
	s.forum = add(sandbox.Channel{Name: "ideas", Type: sandbox.ForumChannel, AvailableTags: []sandbox.Tag{{Name: "new"}}})
	s.secret = add(sandbox.Channel{Name: "secret-canary", Type: sandbox.TextChannel, Topic: "canary topic"})
	s.sealed = add(sandbox.Channel{Name: "sealed", Type: sandbox.TextChannel})
}

// run connects to the gateway and waits until the server is known.
func (s *stage) run(t testing.TB) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := s.relay.Run(ctx); err != nil {
			t.Errorf("run the relay: %v", err)
		}
	})
	t.Cleanup(func() {
		stop()
		running.Wait()
		closing, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		s.relay.Close(closing)
	})
	await(t, "the server to be known", func() bool {
		_, ok := s.registry.World().Channel(snowflake.ID(s.sealed))
		return ok
	})
}

// await looks again and again until what it waits for is so.
func await(t testing.TB, what string, so func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(10 * time.Second)
	for !so() {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("waited too long for %s", what)
		}
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (s *stage) actor() entities.Actor {
	return entities.Member(snowflake.ID(s.owner), snowflake.ID(s.guild), discord.PermissionAdministrator)
}

// entity makes an entity that may write in the named channels.
func (s *stage) entity(t testing.TB, name, persona string, channels ...sandbox.ID) entities.Created {
	t.Helper()
	n := entities.NewEntity{Name: name, Persona: persona}
	for _, id := range channels {
		n.Channels = append(n.Channels, entities.ChosenChannel{ID: snowflake.ID(id), Permissions: discord.PermissionAdministrator})
	}
	created, err := s.registry.Create(t.Context(), s.actor(), n)
	must(t, err)
	return created
}

func (s *stage) address(id entities.ID) string { return s.url + "/mcp/" + string(id) }

// withKey sends a key with every request.
type withKey struct {
	key  string
	next *http.Transport
}

func (w withKey) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+w.key)
	return w.next.RoundTrip(r)
}

// connect is an MCP client that is not ours.
func (s *stage) connect(t *testing.T, who entities.Created) *sdk.ClientSession {
	t.Helper()
	return s.connectAs(t, who, "tests")
}

// connectAs is such a client with a name of its own.
func (s *stage) connectAs(t *testing.T, who entities.Created, name string) *sdk.ClientSession {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	client := sdk.NewClient(&sdk.Implementation{Name: name, Version: "1"}, nil)
	session, err := client.Connect(t.Context(), &sdk.StreamableClientTransport{
		Endpoint: s.address(who.Entity.ID), HTTPClient: &http.Client{Transport: withKey{who.Key, transport}}, MaxRetries: -1,
	}, nil)
	must(t, err)
	t.Cleanup(func() { _ = session.Close() }) // the key may be gone by then
	return session
}

type args = map[string]any

// call calls a tool that must succeed.
func call(t *testing.T, session *sdk.ClientSession, tool string, arguments args) *sdk.CallToolResult {
	t.Helper()
	result, err := session.CallTool(t.Context(), &sdk.CallToolParams{Name: tool, Arguments: arguments})
	must(t, err)
	if result.IsError {
		t.Fatalf("%s: %s", tool, text(result))
	}
	return result
}

// refused calls a tool that must be refused, and gives the words.
func refused(t *testing.T, session *sdk.ClientSession, tool string, arguments args) string {
	t.Helper()
	result, err := session.CallTool(t.Context(), &sdk.CallToolParams{Name: tool, Arguments: arguments})
	must(t, err)
	if !result.IsError {
		t.Fatalf("%s was not refused: %s", tool, text(result))
	}
	return text(result)
}

func text(result *sdk.CallToolResult) string {
	var b strings.Builder
	for _, content := range result.Content {
		if t, ok := content.(*sdk.TextContent); ok {
			b.WriteString(t.Text)
		}
	}
	return b.String()
}
