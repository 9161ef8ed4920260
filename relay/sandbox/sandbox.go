// Package sandbox is a Discord stand-in at the wire: REST v10 and a gateway over
// websocket, on loopback. It is as strict as Discord and bends to no caller: what Discord
// refuses it refuses, with Discord's codes.
package sandbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// Config says how a stand-in runs. The zero value is a working one.
type Config struct {
	// Addr is a loopback address to listen on. Default: a free port of 127.0.0.1.
	Addr string
	// OpenAPI is the path of Discord's OpenAPI description. When set, every request and
	// answer is checked against it and departures are kept for [Discord.Departures].
	OpenAPI string
	// Log receives what the stand-in has to say. Default: nothing.
	Log *slog.Logger
	// Now is the clock. Default: time.Now.
	Now func() time.Time
	// Heartbeat is the interval that HELLO asks for. Default: 41.25 seconds.
	Heartbeat time.Duration
	// SessionTTL is how long a session can be resumed after its connection ended. Default: 3 minutes.
	SessionTTL time.Duration
	// ReplayBuffer is how many events a session keeps for resuming. Default: 5,000.
	ReplayBuffer int
	// History is how many messages a channel keeps at least; older ones are forgotten, so that
	// very many can be posted. Default: all are kept.
	History int
	// Shards is what GET /gateway/bot recommends. Default: 1.
	Shards int
	// Concurrency is max_concurrency: shards that identify at the same time. Default: 1.
	Concurrency int
	// NoIdentifyLimit lets clients identify as often as they like; else once in 5 seconds for
	// each concurrency key, and 1,000 times a day, after which the token is worth nothing.
	NoIdentifyLimit bool
	// NoRateLimits answers as many requests as come. The rate limit headers stay.
	NoRateLimits bool
	// Pace is how many times faster than at Discord the windows of all REST rate limits
	// pass: at 60 a minute is a second, and what answers say of waiting shrinks likewise.
	// Default: 1.
	Pace float64
}

// Discord is one running stand-in.
type Discord struct {
	cfg     Config
	log     *slog.Logger
	now     func() time.Time
	http    *http.Server
	listen  net.Listener
	served  sync.WaitGroup
	router  *router
	closed  chan struct{} // closed by Close
	ending  sync.Once     // closes closed
	spec    *openAPI      // nil when Config.OpenAPI is empty
	painter *http.Client  // fetches avatars

	bot   ID
	token string

	mu    sync.Mutex // guards everything below
	state state
}

// Start serves an empty world: no guild, one application with its bot. It is ready when it returns.
func Start(cfg Config) (*Discord, error) {
	if cfg.Addr == "" {
		cfg.Addr = "127.0.0.1:0"
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	cfg.Heartbeat = cmp.Or(cfg.Heartbeat, 41250*time.Millisecond)
	cfg.SessionTTL = cmp.Or(cfg.SessionTTL, 3*time.Minute)
	cfg.ReplayBuffer = cmp.Or(cfg.ReplayBuffer, 5000)
	cfg.Shards = cmp.Or(cfg.Shards, 1)
	cfg.Concurrency = cmp.Or(cfg.Concurrency, 1)
	cfg.Pace = cmp.Or(cfg.Pace, 1)
	if cfg.Pace < 0 {
		return nil, fmt.Errorf("sandbox pace %g: time does not run backwards", cfg.Pace)
	}
	host, _, err := net.SplitHostPort(cfg.Addr)
	if err != nil {
		return nil, fmt.Errorf("sandbox address %q: %w", cfg.Addr, err)
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return nil, fmt.Errorf("sandbox address %q: the stand-in listens on loopback only", cfg.Addr)
	}
	listen, err := new(net.ListenConfig).Listen(context.Background(), "tcp", cfg.Addr)
	if err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	d := &Discord{cfg: cfg, log: cfg.Log, now: cfg.Now, listen: listen, closed: make(chan struct{}), painter: newPainter()}
	d.state = newState(d.now())
	d.state.rates.off, d.state.rates.pace = cfg.NoRateLimits, cfg.Pace
	d.bot, d.token = d.state.bot.ID, d.state.token
	if cfg.OpenAPI != "" {
		if d.spec, err = newOpenAPI(cfg.OpenAPI, cfg.Log); err != nil {
			_ = listen.Close()
			return nil, err
		}
	}
	handler, err := d.handler()
	if err != nil {
		_ = listen.Close()
		return nil, err
	}
	d.http = &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	d.served.Go(func() {
		if err := d.http.Serve(listen); !errors.Is(err, http.ErrServerClosed) {
			d.log.Error("sandbox stopped serving", "err", err)
		}
	})
	return d, nil
}

// APIURL is what discord.api_url wants: "http://127.0.0.1:PORT/api/v10".
func (d *Discord) APIURL() string { return "http://" + d.listen.Addr().String() + "/api/v10" }

// Token is the bot's token. It has Discord's form, so that clients which read the
// application's id out of it work.
func (d *Discord) Token() string { return d.token }

// Close ends every connection and waits for what was being served.
func (d *Discord) Close() error {
	d.ending.Do(func() { close(d.closed) })
	d.closeGateway()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	err := d.http.Shutdown(ctx)
	if err != nil {
		err = d.http.Close()
	}
	d.served.Wait()
	d.painter.CloseIdleConnections()
	return err
}
