package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"troupe/commands"
	"troupe/entities"
	"troupe/mcp"
	"troupe/mcp/oauth"
	"troupe/relay"
)

// From the signal to the end it takes less than 10 s: Docker kills what takes longer.
const (
	endTime = 9500 * time.Millisecond
	// Calls and commands get the larger share: a line that Discord takes must be written down
	// as whose it is, and be answered.
	callsEnd   = 7 * time.Second
	answersEnd = time.Second
	pingTime   = 2 * time.Second
)

// program is one running instance, built from the bottom up: the registry, the connection to
// Discord, the two surfaces, and the HTTP server that clients reach.
type program struct {
	log       *slog.Logger
	publicURL string
	addresses []string // that one and its former values
	instance  *instance
	listener  net.Listener
	registry  *entities.Registry
	relay     *relay.Relay
	mcp       *mcp.Server
	oauth     *oauth.Server
	commands  *commands.Commands
	serving   *serving
	exporter  *exporter // of metrics; nil when nobody asks
}

// newProgram builds an instance and takes its port. Nothing is answered, and Discord is not
// spoken to, before [program.Run].
func newProgram(ctx context.Context, cfg config, log *slog.Logger) (*program, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", cfg.Listen)
	if err != nil {
		return nil, fmt.Errorf("http.listen: %w. Write another address and port, or end the program that has this one", err)
	}
	p := &program{log: log, listener: listener, publicURL: cfg.PublicURL}
	if p.publicURL == "" {
		p.publicURL = localURL(listener.Addr())
	}
	p.addresses = append([]string{p.publicURL}, cfg.FormerURLs...)
	if p.instance, err = newInstance(p.addresses...); err != nil {
		return nil, errors.Join(err, p.abandon())
	}
	if err := p.build(ctx, cfg); err != nil {
		return nil, errors.Join(err, p.abandon())
	}
	return p, nil
}

// localURL is where this machine itself reaches a listener.
func localURL(addr net.Addr) string {
	host, port := "127.0.0.1", ""
	if tcp, ok := addr.(*net.TCPAddr); ok {
		port = strconv.Itoa(tcp.Port)
		if tcp.IP.IsLoopback() {
			host = tcp.IP.String()
		}
	}
	return "http://" + net.JoinHostPort(host, port)
}

func (p *program) build(ctx context.Context, cfg config) (err error) {
	world := entities.NewWorld()
	p.registry, err = entities.Open(ctx, entities.Config{
		Database: cfg.Database, Holder: thisProcess(), Admission: cfg.Admission, Operators: cfg.Operators, World: world, EventLife: cfg.EventLife, Log: p.log,
	})
	if err != nil {
		return fmt.Errorf("database.url: %w", err)
	}
	p.relay, err = relay.New(relay.Config{
		Registry: p.registry, Token: cfg.Token, APIURL: cfg.APIURL, PublicURL: p.publicURL,
		Operators: cfg.Operators, DevGuilds: cfg.DevGuilds, AdoptApplication: cfg.AdoptApplication, Log: p.log,
	})
	if err != nil {
		return fmt.Errorf("prepare the connection to Discord: %w", err)
	}
	p.mcp, err = mcp.New(mcp.Config{
		Registry: p.registry, Relay: p.relay, PublicURL: p.publicURL, FormerURLs: cfg.FormerURLs, TrustedProxies: cfg.Proxies, LegacySSE: cfg.LegacySSE, SearchFetch: cfg.SearchFetch,
		Version: currentVersion(), Log: p.log,
	})
	if err != nil {
		return fmt.Errorf("prepare MCP: %w", err)
	}
	p.oauth, err = oauth.New(oauth.Config{
		Registry: p.registry, PublicURL: p.publicURL, FormerURLs: cfg.FormerURLs, Address: p.mcp.Caller, Host: p.mcp.Host, Log: p.log,
	})
	if err != nil {
		return fmt.Errorf("prepare the authorization server: %w", err)
	}
	p.commands, err = commands.New(commands.Config{
		Registry: p.registry, Relay: p.relay, PublicURL: p.publicURL,
		Clients: func() int { return p.mcp.Clients().Recent }, Reach: p.reach(cfg), Log: p.log,
	})
	if err != nil {
		return fmt.Errorf("prepare the commands: %w", err)
	}
	p.relay.Handle(p.commands.Listener(), p.commands.Definitions())
	p.relay.WordRests(p.commands.RestPost)
	p.limit(usualLimits())
	p.exporter, err = p.newExporter(ctx, cfg.Metrics)
	return err
}

// reach finds out, for /status, whether public_url leads here; nil when it was not written.
func (p *program) reach(cfg config) func(context.Context) string {
	if cfg.PublicURL == "" {
		return nil
	}
	way := newAsker(directTransport())
	o := &outlook{now: time.Now, look: func(ctx context.Context) finding {
		found, err := way.ask(ctx, cfg.PublicURL)
		return judge(p.instance.nonce, found, err)
	}}
	return o.problem
}

// limit makes the HTTP server, with its bounds.
func (p *program) limit(l limits) { p.serving = newServing(p.routes(l), l, p.log) }

// abandon gives back what a build that did not succeed has taken.
func (p *program) abandon() error {
	err := p.listener.Close()
	if p.exporter != nil {
		err = errors.Join(err, p.exporter.listener.Close())
	}
	if p.registry != nil {
		err = errors.Join(err, p.registry.Close())
	}
	return err
}

// Addr is the address that is listened on, with the real port.
func (p *program) Addr() string { return p.listener.Addr().String() }

// Run serves until ctx ends, then closes everything in reverse, in less than 10 s.
func (p *program) Run(ctx context.Context) error {
	connected, disconnect := context.WithCancel(context.WithoutCancel(ctx))
	defer disconnect()
	failed := make(chan error, 3)
	disconnected := make(chan struct{})
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := p.serving.serve(p.listener); !errors.Is(err, http.ErrServerClosed) {
			failed <- fmt.Errorf("serve http: %w", err)
		}
	})
	serving.Go(func() {
		if err := p.exporter.serve(); err != nil {
			failed <- err
		}
	})
	go func() { // finish waits for it
		defer close(disconnected)
		if err := p.relay.Run(connected); err != nil {
			failed <- fmt.Errorf("stay connected to Discord: %w", err)
		}
	}()
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	case err = <-p.registry.Lost():
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTime)
	defer cancel()
	p.stopAnswering(ending)
	p.exporter.close()
	serving.Wait()
	disconnect()
	return errors.Join(err, p.finish(ending, disconnected))
}

// stopAnswering begins nothing new, ends what only waits, and lets the rest finish and be
// answered: calls over MCP and, at the same time, commands. What does not finish in time is
// cut off: that is no failure of the program.
func (p *program) stopAnswering(ctx context.Context) {
	calls, cancel := context.WithTimeout(ctx, callsEnd)
	defer cancel()
	p.relay.Drain()
	var commands sync.WaitGroup
	commands.Go(func() {
		if err := p.commands.Close(calls); err != nil {
			p.log.Warn("not everything in Discord could be put in order", "err", err)
		}
	})
	if err := p.mcp.Close(calls); err != nil {
		p.log.Warn("calls were cut off", "err", err)
	}
	answers, cancel := context.WithTimeout(ctx, answersEnd)
	defer cancel()
	if err := p.serving.http.Shutdown(answers); err != nil {
		p.log.Warn("connections were cut off", "err", errors.Join(err, p.serving.http.Close()))
	}
	commands.Wait()
}

// finish waits for the connection to Discord to end, and closes what everything stands on. The
// registry is closed only when nobody can write into it any more. Otherwise it is left as it
// is, since the process ends: SQLite takes up what is in its log at the next start.
func (p *program) finish(ctx context.Context, disconnected <-chan struct{}) error {
	calls := p.mcp.Close(ctx) // the ones that were cut off have the rest of the time
	var connection error
	select {
	case <-disconnected:
	case <-ctx.Done():
		connection = errors.New("the connection to Discord does not end")
	}
	abandoned, cancel := context.WithCancel(ctx)
	cancel()
	p.relay.Close(abandoned)
	if err := errors.Join(calls, connection); err != nil {
		p.log.Warn("not everything ended in time", "err", err)
		return nil
	}
	return p.registry.Close()
}

func (p *program) routes(l limits) http.Handler {
	mux := http.NewServeMux()
	endpoint := p.mcp.Handler()
	for _, form := range []string{"/mcp/", "/mcp", "POST /{$}", "DELETE /{$}"} {
		mux.Handle(form, endpoint)
	}
	p.oauth.Mount(mux)
	mux.HandleFunc("/avatars/", atOnce(l.pictures, p.relay.ServeAvatar))
	mux.Handle("GET "+instancePath, p.instance)
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "alive") })
	mux.HandleFunc("GET /readyz", p.ready)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" || strings.Contains(strings.Join(r.Header.Values("Accept"), ","), "text/event-stream") {
			endpoint.ServeHTTP(w, r) // a client that leaves the path out, and wants its stream
			return
		}
		if mcp.WantsPage(r) {
			mcp.WritePage(w)
			return
		}
		answer(w, http.StatusOK, "This is a troupe server. AI clients connect to the MCP URL that /entity create shows in Discord.")
	})
	return p.unprefixed(mux)
}

// unprefixed takes the path of public_url and its former values off a request's, for proxies that
// leave it on. Those that take it off are served as they are.
func (p *program) unprefixed(next http.Handler) http.Handler {
	for _, address := range p.addresses {
		u, err := url.Parse(address)
		if err != nil || strings.Trim(u.Path, "/") == "" || slices.Contains(ownPaths, strings.SplitN(u.Path, "/", 3)[1]) {
			continue
		}
		prefix, rest := strings.TrimSuffix(u.Path, "/"), next
		next = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.Path, prefix+"/") {
				http.StripPrefix(prefix, rest).ServeHTTP(w, r)
				return
			}
			rest.ServeHTTP(w, r)
		})
	}
	return next
}

// ownPaths are what the paths of this server begin with: under a public_url that ends in one of
// them nobody could tell whether its path was taken off.
var ownPaths = []string{"mcp", "oauth", "authorize", "token", "register", "avatars", ".well-known", "livez", "readyz"}

// ready says whether all parts work, and which does not. It tells no more: anybody can ask.
func (p *program) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), pingTime)
	defer cancel()
	var broken []string
	if err := p.registry.Ping(ctx); err != nil {
		p.log.Warn("the database does not answer", "err", err)
		broken = append(broken, "database")
	}
	if !p.relay.Status().Ready {
		broken = append(broken, "Discord")
	}
	if len(broken) > 0 {
		answer(w, http.StatusServiceUnavailable, "not ready: "+strings.Join(broken, ", "))
		return
	}
	answer(w, http.StatusOK, "ready")
}

func answer(w http.ResponseWriter, status int, text string) {
	header := w.Header()
	header.Set("Content-Type", "text/plain; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = fmt.Fprintln(w, text) // a client that is gone needs no answer
}
