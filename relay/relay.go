// Package relay speaks and hears for entities on Discord: the gateway, webhooks, history and
// pacing. It decides no permission: every act carries an actor, and entities decides.
package relay

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/disgoorg/disgo/bot"
	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// Config is what a [Relay] needs.
type Config struct {
	// Registry decides who may do what. Required.
	Registry *entities.Registry
	// Token is the bot's token, without "Bot ". Required.
	Token string
	// APIURL is Discord's REST API: "https://discord.com/api/v10". Required.
	APIURL string
	// PublicURL is where this instance's HTTP is reached from outside, without a trailing
	// slash. Discord fetches avatars below it. Required.
	PublicURL string
	// Operators are the users who run this instance. Empty: Discord is asked who owns the
	// application.
	Operators []snowflake.ID
	// AdoptApplication takes over a database that belongs to another Discord application.
	AdoptApplication bool
	// DevGuilds are guilds in which commands appear at once. Empty: everywhere, which
	// Discord's clients may take a while to show.
	DevGuilds []snowflake.ID
	// Log is where to log. Required.
	Log *slog.Logger
	// Now is the clock. Default: time.Now.
	Now func() time.Time
}

// Relay is the bot's one connection to Discord. It is safe for concurrent use.
type Relay struct {
	cfg      Config
	registry *entities.Registry
	world    *entities.World
	log      *slog.Logger
	now      func() time.Time
	limiter  *rateLimiter
	http     *http.Client
	disc     *bot.Client
	commands []discord.ApplicationCommandCreate

	state     connection
	tally     gatewayTally
	webhooks  webhooks
	cache     messageCache
	called    called
	speakers  speakers
	inbox     inbox
	lookups   lookups
	searching *minutePace
	pinning   *minutePace
	strays    chan discord.Message // messages of threads that are not known yet
	astray    astray
	backlog   backlog
	dms       dms
	reactions reactions
	fillings  fillings
	unasked   queue[snowflake.ID] // guilds whose owners the gateway is to be asked for
	asking    asking
	records   queue[record]
	notices   queue[entities.Notice]
	rests     rests
	logins    *logins                  // for the whole life: Discord counts logins, whoever makes them
	flags     discord.ApplicationFlags // of the application, when it was introduced
	degraded  atomic.Bool              // Discord does not tell of members
	refused   chan struct{}            // it refused an intent
	draining  chan struct{}            // closed by Drain
	drain     sync.Once
	patience  patience
	speeches  speeches
	ends      ends
	faces     faces
	searches  searches
	changes   changes
	names     names
	told      queue[int64]    // lines whose answers arrived
	life      context.Context // of what is under way; ended by Close
	die       context.CancelFunc
	stop      sync.Once
}

// New makes a relay. It does not speak to Discord before [Relay.Run].
func New(cfg Config) (*Relay, error) {
	if cfg.Registry == nil || cfg.Log == nil || cfg.Token == "" || cfg.APIURL == "" || cfg.PublicURL == "" {
		return nil, errors.New("relay: Registry, Token, APIURL, PublicURL and Log are required")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	cfg.APIURL = strings.TrimSuffix(cfg.APIURL, "/")
	cfg.PublicURL = strings.TrimSuffix(cfg.PublicURL, "/")
	if err := CheckURL(cfg.APIURL, "https", "http"); err != nil {
		return nil, err
	}
	r := &Relay{cfg: cfg, registry: cfg.Registry, world: cfg.Registry.World(), log: cfg.Log, now: cfg.Now}
	r.state = newConnection()
	r.webhooks = newWebhooks(r.begin, r.now)
	r.faces = newFaces()
	r.speeches.all = map[int64]*speech{}
	r.told = newQueue[int64]()
	r.life, r.die = context.WithCancel(context.Background())
	r.cache = newMessageCache()
	r.inbox, r.backlog, r.dms = newInbox(), newBacklog(), newDMs()
	r.changes, r.names = newChanges(), newNames()
	r.lookups = newLookups()
	r.searching, r.pinning = newSearchPace(), newPinPace()
	r.strays = make(chan discord.Message, mostStrays)
	r.reactions = newReactions()
	r.astray.waiting = map[snowflake.ID]int{}
	r.fillings.all = map[entities.Gap]*filling{}
	r.unasked, r.records = newQueue[snowflake.ID](), newQueue[record]()
	r.notices = newQueue[entities.Notice]()
	r.rests.queue = newQueue[entities.Rest]()
	r.registry.OnRest(r.rested)
	r.logins = r.newLogins()
	r.refused = make(chan struct{}, 1)
	r.draining = make(chan struct{})
	r.patience = usualPatience
	return r, r.connectClient()
}

// CheckURL says what is wrong with an address to which the bot's token is sent: it must have
// the secure scheme, or the plain one on loopback.
func CheckURL(raw, secure, plain string) error {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return errors.New("it is not a URL; write it like " + secure + "://discord.com/api/v10")
	}
	switch {
	case u.Scheme == secure:
		return nil
	case u.Scheme == plain && loopback(u.Hostname()):
		return nil
	default:
		return errors.New("the bot's token is sent there: it must begin with " + secure + ":// (or " + plain + ":// on 127.0.0.1)")
	}
}
