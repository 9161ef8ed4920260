package relay

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/disgo/gateway"
	"github.com/disgoorg/snowflake/v2"
	"github.com/gorilla/websocket"
)

// errGatewayClosed ends an Open whose gateway was closed meanwhile.
var errGatewayClosed = errors.New("the gateway was closed")

// gatewayConfig is what we must know ourselves, because disgo's own options are opaque.
// Only URL is required.
type gatewayConfig struct {
	URL            string                      // wss://…; ws:// on loopback only, for the token goes there
	Intents        gateway.Intents             // default: those of the disgo options
	Compress       bool                        // ask for zstd-stream
	LargeThreshold int                         // 50 to 250; default 50
	Dialer         *websocket.Dialer           // default: with the environment's proxy
	Log            *slog.Logger                // default: nothing is logged
	Identify       gateway.IdentifyRateLimiter // default: one login per 5 s for all shards
	// Spend is called right before each identify; an error calls it off. Default: nothing.
	Spend func(ctx context.Context, shard int) error
	Tally *gatewayTally // counters, shared by all shards; default: a new one

	// OnState hears of connecting, ready and disconnected; OnSkip of every event that could
	// not be read, or whose handler panicked. They run in the shard's goroutine: they must
	// neither wait nor close it.
	OnState func(GatewayState)
	OnSkip  func(GatewaySkip)
	// OnClose is called after the end of a shard that does not reconnect. It may close or
	// open it again.
	OnClose gateway.CloseHandlerFunc
}

// GatewayState is a change in a shard's connection.
type GatewayState struct {
	Shard  int
	Status gateway.Status // Connecting, Ready or Disconnected
	Code   int            // Discord's close code; 0 when there was none
	Err    error          // why it is disconnected; nil when we closed it
	Final  bool           // it does not connect again by itself
}

// GatewaySkip is an event that could not be read and was left out. The ids are those found in
// it, 0 when there are none: what is remembered about them may be out of date.
type GatewaySkip struct {
	Shard   int
	Event   string // such as "CHANNEL_UPDATE"
	ID      snowflake.ID
	Guild   snowflake.ID
	Channel snowflake.ID
	User    snowflake.ID
}

// newGateway gives the function that makes shards for disgo's sharding package. Unlike
// disgo's own, they survive what they cannot decode, advance the sequence only after the
// handler returned, and own every goroutine that they start.
func newGateway(cfg gatewayConfig) gateway.CreateFunc {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Dialer == nil {
		cfg.Dialer = websocket.DefaultDialer
	}
	if cfg.LargeThreshold == 0 {
		cfg.LargeThreshold = 50
	}
	if cfg.Tally == nil {
		cfg.Tally = &gatewayTally{}
	}
	if cfg.Spend == nil {
		cfg.Spend = func(context.Context, int) error { return nil }
	}
	if cfg.Identify == nil {
		cfg.Identify = gateway.NewIdentifyRateLimiter(gateway.WithIdentifyRateLimiterLogger(slog.New(slog.DiscardHandler)))
	}
	return func(token string, handler gateway.EventHandlerFunc, opts ...gateway.ConfigOpt) gateway.Gateway {
		// disgo's own gateway is made only to read the options; it is never opened.
		return newShard(cfg, token, handler, gateway.New(token, handler, opts...))
	}
}

func newShard(cfg gatewayConfig, token string, handler gateway.EventHandlerFunc, inner gateway.Gateway) *gatewayShard {
	s := &gatewayShard{
		cfg:      cfg,
		token:    token,
		handler:  handler,
		id:       inner.ShardID(),
		count:    inner.ShardCount(),
		intents:  inner.Intents(),
		presence: inner.Presence(),
		log:      cfg.Log.With(slog.Int("shard", inner.ShardID())),
	}
	if cfg.Intents != 0 {
		s.intents = cfg.Intents
	}
	if id := inner.SessionID(); id != nil && inner.LastSequenceReceived() != nil {
		s.session = gatewaySession{id: *id, seq: *inner.LastSequenceReceived()}
		if resume := inner.ResumeURL(); resume != nil {
			s.session.url = *resume
		}
	}
	return s
}

// gatewaySession is what a resume needs. An empty id means: identify.
type gatewaySession struct {
	id  string
	url string
	seq int
}

// gatewayShard is our own [gateway.Gateway]. It is safe for concurrent use.
type gatewayShard struct {
	cfg     gatewayConfig
	token   string
	handler gateway.EventHandlerFunc
	id      int
	count   int
	intents gateway.Intents
	log     *slog.Logger
	latency atomic.Int64
	lastAck time.Time // of the shard's goroutine alone

	mu       sync.Mutex
	status   gateway.Status
	session  gatewaySession
	presence *gateway.MessageDataPresenceUpdate
	life     *gatewayLife
	wire     *gatewayWire
}

var _ gateway.Gateway = (*gatewayShard)(nil)

// ShardID implements [gateway.Gateway].
func (s *gatewayShard) ShardID() int { return s.id }

// ShardCount implements [gateway.Gateway].
func (s *gatewayShard) ShardCount() int { return s.count }

// Intents implements [gateway.Gateway].
func (s *gatewayShard) Intents() gateway.Intents { return s.intents }

// SessionID implements [gateway.Gateway]; nil without a session.
func (s *gatewayShard) SessionID() *string {
	if session := s.resumable(); session.id != "" {
		return &session.id
	}
	return nil
}

// LastSequenceReceived is the last event that was handled, not merely received; nil without a
// session.
func (s *gatewayShard) LastSequenceReceived() *int {
	if session := s.resumable(); session.id != "" {
		return &session.seq
	}
	return nil
}

// ResumeURL implements [gateway.Gateway]; nil without a session.
func (s *gatewayShard) ResumeURL() *string {
	if session := s.resumable(); session.id != "" && session.url != "" {
		return &session.url
	}
	return nil
}

// Status implements [gateway.Gateway].
func (s *gatewayShard) Status() gateway.Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.status
}

// Presence is the presence sent last, or the configured one.
func (s *gatewayShard) Presence() *gateway.MessageDataPresenceUpdate {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.presence
}

// Latency is how long the last heartbeat took to be acknowledged; 0 before the first.
func (s *gatewayShard) Latency() time.Duration { return time.Duration(s.latency.Load()) }

// Send sends a command within Discord's limit of 120 in 60 seconds, of which some are kept
// for heartbeats; it waits for its turn until ctx ends. It gives [discord.ErrShardNotReady]
// while the shard is not ready or when the connection ends before the turn comes.
func (s *gatewayShard) Send(ctx context.Context, op gateway.Opcode, data gateway.MessageData) error {
	s.mu.Lock()
	wire, ready := s.wire, s.status == gateway.StatusReady
	s.mu.Unlock()
	if !ready || wire == nil {
		return discord.ErrShardNotReady
	}
	if err := wire.send(ctx, op, data, false); err != nil {
		return err
	}
	if presence, ok := data.(gateway.MessageDataPresenceUpdate); ok && op == gateway.OpcodePresenceUpdate {
		s.mu.Lock()
		s.presence = &presence
		s.mu.Unlock()
	}
	return nil
}

func (s *gatewayShard) resumable() gatewaySession {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.session
}

// keep replaces the session.
func (s *gatewayShard) keep(session gatewaySession) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.session = session
}

// advance moves the sequence on, never back.
func (s *gatewayShard) advance(seq int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.session.seq = max(s.session.seq, seq)
}

// become sets the status and tells OnState of those that matter outside.
func (s *gatewayShard) become(state GatewayState) {
	s.mu.Lock()
	s.status = state.Status
	s.mu.Unlock()
	switch state.Status {
	case gateway.StatusConnecting, gateway.StatusReady, gateway.StatusDisconnected:
		if s.cfg.OnState != nil {
			state.Shard = s.id
			s.cfg.OnState(state)
		}
	}
}

// gatewayAddress checks an address to which the token is sent and adds the query.
func gatewayAddress(raw string, compress bool) (string, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return "", errors.New("the gateway's address is not a URL")
	}
	if u.Host == "" || u.User != nil {
		return "", fmt.Errorf("the gateway's address %q must be like wss://gateway.discord.gg", u.Redacted())
	}
	ip := net.ParseIP(u.Hostname())
	local := u.Hostname() == "localhost" || (ip != nil && ip.IsLoopback())
	if u.Scheme != "wss" && (u.Scheme != "ws" || !local) {
		return "", fmt.Errorf("the bot's token would go to %s://%s unencrypted: the gateway's address must begin with wss://", u.Scheme, u.Host)
	}
	query := u.Query()
	query.Set("v", fmt.Sprint(gateway.Version))
	query.Set("encoding", "json")
	query.Del("compress")
	if compress {
		query.Set("compress", string(gateway.CompressionZstdStream))
	}
	u.RawQuery, u.Fragment = query.Encode(), ""
	if u.Path == "" {
		u.Path = "/"
	}
	return u.String(), nil
}
