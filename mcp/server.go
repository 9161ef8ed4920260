// Package mcp gives every entity one MCP endpoint over Streamable HTTP. It finds out who
// calls, reads what they ask and words the answer; what an entity may do is decided in
// entities, and done by relay.
package mcp

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	mcpgo "github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"troupe/entities"
	"troupe/relay"
)

// Config is what a [Server] needs.
type Config struct {
	// Registry knows the entities and decides what they may do. Required.
	Registry *entities.Registry
	// Relay reads and speaks on Discord. Required.
	Relay *relay.Relay
	// PublicURL is where this instance is reached from outside. Required.
	PublicURL string
	// FormerURLs are earlier ones: clients that come under their hosts are served too.
	FormerURLs []string
	// TrustedProxies are the addresses of reverse proxies whose X-Forwarded-For and
	// X-Forwarded-Host are believed.
	TrustedProxies []netip.Prefix
	// LegacySSE also serves the protocol's first transport, at /mcp/{id}/sse.
	LegacySSE bool
	// SearchFetch lists the tools search and fetch for every client, not for OpenAI's only.
	SearchFetch bool
	// Version is this program's version, as clients are told it. Required.
	Version string
	// Log is where to log. Required.
	Log *slog.Logger
	// Now is the clock. Default: time.Now.
	Now func() time.Time
	// Random is where fences and references come from. Default: crypto/rand.
	Random io.Reader
}

// Server is the MCP endpoint of all entities: one MCP server for all of them, scoped by the
// request's context. It is safe for concurrent use.
type Server struct {
	registry    *entities.Registry
	relay       *relay.Relay
	publicHosts []string // the present one first
	publicURLs  []string // the same, without a slash at the end
	version     string
	log         *slog.Logger
	now         func() time.Time
	random      io.Reader
	proxies     []netip.Prefix
	legacySSE   bool
	searchFetch bool
	bodyTime    time.Duration // for a message's body to come
	heartbeat   time.Duration // of a stream
	sendTime    time.Duration // for a client to take what a stream sends it
	run         string        // is in the ids of the sessions that began since the start

	core *server.MCPServer

	transport http.Handler
	waiting   map[string]bool                // the names of the tools that wait
	wanted    map[string]entities.Capability // of the tools that not all entities have
	research  map[string]bool                // the names of the tools that few clients are shown
	calls     calls
	streams   streams
	ended     ended
	failures  failures
	seen      seen
	panics    atomic.Int64
	broken    atomic.Int64
	refused   atomic.Int64
	tallies   map[string]*tally // by tool; none is added once the server is made
}

// toolListTTL is how long clients may keep the tool list without asking again.
const toolListTTL = 5 * time.Minute

// New makes a server. It starts nothing: [Server.Handler] is served by the caller.
func New(cfg Config) (*Server, error) {
	if cfg.Registry == nil || cfg.Relay == nil || cfg.Log == nil || cfg.PublicURL == "" || cfg.Version == "" {
		return nil, errors.New("mcp: Registry, Relay, PublicURL, Version and Log are required")
	}
	var hosts, addresses []string
	for _, address := range append([]string{cfg.PublicURL}, cfg.FormerURLs...) {
		public, err := url.Parse(address)
		if err != nil || public.Hostname() == "" {
			return nil, fmt.Errorf("mcp: %q is not a URL", address)
		}
		hosts, addresses = append(hosts, hostname(public.Host)), append(addresses, strings.TrimSuffix(address, "/"))
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Random == nil {
		cfg.Random = rand.Reader
	}
	s := &Server{
		registry: cfg.Registry, relay: cfg.Relay, publicHosts: hosts, publicURLs: addresses, version: cfg.Version,
		log: cfg.Log, now: cfg.Now, random: cfg.Random, proxies: cfg.TrustedProxies, legacySSE: cfg.LegacySSE, searchFetch: cfg.SearchFetch,
		bodyTime: bodyTime, heartbeat: heartbeat, sendTime: sendTime, streams: newStreams(), ended: newEnded(), waiting: map[string]bool{}, wanted: map[string]entities.Capability{}, research: map[string]bool{},
		calls: newCalls(), failures: newFailures(), seen: newSeen(), tallies: map[string]*tally{},
	}
	s.run = s.token(runBytes)
	if err := s.connect(); err != nil {
		return nil, err
	}
	cfg.Registry.OnRevoked(func(id entities.ID) {
		s.calls.cut(id, errRevoked)
		s.streams.cut(id, errRevoked)
	})
	cfg.Registry.OnEnded(func(e entities.Ended) {
		s.calls.cut(e.Entity, errDisconnected, e.Credentials...)
		s.streams.cut(e.Entity, errDisconnected, e.Credentials...)
	})
	return s, nil
}

// connect builds the MCP server and its transport. Its sessions and streams are off: they would
// belong to nobody, and a GET of one client could take what is meant for another. Ours are in
// session.go and streams.go.
func (s *Server) connect() error {
	hooks := &server.Hooks{}
	hooks.AddAfterInitialize(s.afterInitialize)
	hooks.AddAfterDiscover(s.afterDiscover)
	hooks.AddOnSuccess(s.signResult)
	hooks.AddAfterListResources(s.afterListResources)
	options := []server.ServerOption{
		server.WithToolCapabilities(false),
		server.WithResourceCapabilities(true, false),
		server.WithPromptCapabilities(false),
		server.WithMethodCacheHints(mcpgo.MethodToolsList, toolListTTL.Milliseconds(), mcpgo.CacheScopePrivate),
		server.WithHooks(hooks),
		server.WithToolFilter(s.listed),
	}
	core := server.NewMCPServer("troupe", s.version, append(options, s.fixtureOptions(hooks)...)...)
	for _, t := range tools {
		if t.err != nil {
			return fmt.Errorf("declare the tool %s: %w", t.declaration.Name, t.err)
		}
		s.waiting[t.declaration.Name] = t.effect.waits
		if t.wants != "" {
			s.wanted[t.declaration.Name] = t.wants
		}
		s.research[t.declaration.Name] = t.research
		core.AddTool(t.declaration, s.handle(t))
	}
	s.addResources(core)
	s.addPrompts(core)
	s.addFixtures(core)
	s.core = core
	s.transport = server.NewStreamableHTTPServer(core,
		server.WithStateLess(true),
		server.WithDisableStreaming(true),
		server.WithDisableLocalhostProtection(true), // guard.go has its own, which works behind a proxy
		server.WithStreamableHTTPLogger(s.log),
	)
	return nil
}

// Handler serves the address forms /mcp/{id}, /mcp?entity={id} and /mcp, where the credential
// alone says who calls; and / for clients that leave the path out. With [Config.LegacySSE] it
// serves /mcp/{id}/sse too.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	// People paste addresses with a stroke at the end, too.
	for _, form := range []string{"/mcp/{id}", "/mcp/{id}/{$}", "/mcp", "/{$}"} {
		mux.Handle(form, s.guard(s.serve))
	}
	if s.legacySSE {
		mux.Handle("/mcp/{id}/sse", s.guard(s.sse))
		mux.Handle("/mcp/{id}/message", s.guard(s.sseMessage))
	}
	return mux
}

// Clients counts who is connected.
type Clients struct {
	Recent  int   // credentials that called within the last 5 minutes
	Running int   // calls in flight, the waiting ones too
	Waiting int   // calls that wait for messages
	Streams int   // event streams that are open
	Panics  int64 // calls that broke since the start; each is in the log
	Broken  int64 // calls that failed by a fault of ours since the start; each is in the log
	Refused int64 // requests without a credential that is taken, since the start
}

// Clients counts who is connected now.
func (s *Server) Clients() Clients {
	running, waiting := s.calls.count()
	now := s.now()
	return Clients{Recent: s.seen.count(now), Running: running, Waiting: waiting, Streams: s.streams.count(now), Panics: s.panics.Load(), Broken: s.broken.Load(), Refused: s.refused.Load()}
}

// Close takes no more calls, ends streams and calls that only wait, and returns when all are done
// or ctx is. It can be called again, to wait for longer.
func (s *Server) Close(ctx context.Context) error {
	err := until(ctx, s.calls.close())
	// Only now: the answers of the earliest transport travel on streams.
	return errors.Join(err, until(ctx, s.streams.close()))
}

func until(ctx context.Context, done <-chan struct{}) error {
	select {
	case <-done:
		return nil
	default:
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for the calls in flight: %w", context.Cause(ctx))
	}
}
