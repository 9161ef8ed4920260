package relay

import (
	"fmt"
	"sync"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/disgo/gateway"
	"github.com/disgoorg/disgo/sharding"
	"github.com/disgoorg/snowflake/v2"
)

// guildPatience is how long a shard that is ready waits for the guilds that Discord
// announced. One with an outage does not come.
const guildPatience = 10 * time.Second

// connection is how the relay stands with Discord.
type connection struct {
	mu      sync.Mutex
	phase   string // before there are shards, or when they cannot be had
	remedy  string
	since   time.Time
	name    string
	invite  string
	shards  map[int]*shardState
	opened  sharding.ShardManager
	held    time.Time              // until when no shard logs in; zero while they may
	left    int                    // logins, while held
	pending map[snowflake.ID]chore // guilds to look after
	knock   chan struct{}
}

// shardState is how one shard stands.
type shardState struct {
	status   gateway.Status
	code     int
	final    bool
	since    time.Time
	greeted  bool                      // READY or RESUMED came on this connection
	expected map[snowflake.ID]struct{} // guilds announced by READY that have not come yet
}

func newConnection() connection {
	return connection{knock: make(chan struct{}, 1), shards: map[int]*shardState{}, pending: map[snowflake.ID]chore{}}
}

func (c *connection) set(now time.Time, phase, remedy string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.phase != phase {
		c.since = now
	}
	c.phase, c.remedy = phase, remedy
}

func (c *connection) introduced(name, invite string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.name, c.invite = name, invite
}

func (c *connection) open(shards sharding.ShardManager) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.opened = shards
}

// latency is the slowest shard's, or 0. It asks the shards without the lock, which they may
// hold up.
func (c *connection) latency() time.Duration {
	c.mu.Lock()
	shards := c.opened
	c.mu.Unlock()
	if shards == nil {
		return 0
	}
	var slowest time.Duration
	for shard := range shards.Shards() {
		slowest = max(slowest, shard.Latency())
	}
	return slowest
}

// shardOf is the open shard that tells of a guild; nil when there is none.
func (c *connection) shardOf(guild snowflake.ID) gateway.Gateway {
	c.mu.Lock()
	shards := c.opened
	c.mu.Unlock()
	if shards == nil {
		return nil
	}
	return shards.ShardByGuildID(guild)
}

func (c *connection) shard(id int) *shardState {
	s, ok := c.shards[id]
	if !ok {
		s = &shardState{expected: map[snowflake.ID]struct{}{}}
		c.shards[id] = s
	}
	return s
}

// changed notes a shard's new state.
func (c *connection) changed(now time.Time, state GatewayState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.shard(state.Shard)
	if s.status != state.Status {
		s.since = now
	}
	// Without an error it was we who closed it.
	s.status, s.code, s.final = state.Status, state.Code, state.Final && state.Err != nil
	if state.Status == gateway.StatusConnecting {
		s.greeted = false
	}
}

// hold notes until when shards wait with logging in, because few logins are left; the zero time
// ends it.
func (c *connection) hold(until time.Time, left int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held, c.left = until, left
}

// observe follows which guilds a shard still waits for.
func (c *connection) observe(shard int, event gateway.EventData) {
	switch e := event.(type) {
	case gateway.EventReady:
		c.expect(shard, e.Guilds)
	case gateway.EventResumed:
		c.mu.Lock()
		defer c.mu.Unlock()
		c.shard(shard).greeted = true
	case gateway.EventGuildCreate:
		c.arrived(shard, e.ID)
	case gateway.EventGuildDelete:
		c.arrived(shard, e.ID)
	}
}

func (c *connection) expect(shard int, guilds []discord.UnavailableGuild) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.shard(shard)
	s.greeted = true
	clear(s.expected)
	for _, guild := range guilds {
		s.expected[guild.ID] = struct{}{}
	}
}

func (c *connection) arrived(shard int, guild snowflake.ID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.shard(shard).expected, guild)
}

func (s *shardState) ready(now time.Time) bool {
	return s.status == gateway.StatusReady && s.greeted && (len(s.expected) == 0 || now.Sub(s.since) > guildPatience)
}

// tells says whether a shard tells what happens as it happens.
func (c *connection) tells(shard int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	s, known := c.shards[shard]
	return known && s.status == gateway.StatusReady && s.greeted
}

// status words how the connection stands.
func (c *connection) status(now time.Time) Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := Status{Phase: c.phase, Remedy: c.remedy, Since: c.since, Shards: len(c.shards), BotName: c.name, InviteURL: c.invite}
	if c.remedy != "" || len(c.shards) == 0 {
		return out
	}
	out.Ready, out.Phase = true, "ready"
	for _, s := range c.shards {
		if s.since.After(out.Since) {
			out.Since = s.since
		}
		if s.ready(now) {
			continue
		}
		out.Ready = false
		switch {
		case s.final:
			out.Phase, out.Remedy = closedFor(s.code)
			return out
		case s.status == gateway.StatusReady:
			out.Phase = "learning the servers"
		case !c.held.IsZero():
			out.Phase, out.Remedy = "waiting to log in", heldRemedy(c.left, c.held)
		default:
			out.Phase = "connecting"
		}
	}
	return out
}

// closedFor words a close code after which the gateway does not connect again, and who can
// mend it.
func closedFor(code int) (phase, remedy string) {
	switch gateway.CloseEventCodeByCode(code) {
	case gateway.CloseEventCodeAuthenticationFailed:
		return "token refused", tokenRemedy
	case gateway.CloseEventCodeDisallowedIntent:
		return "intent refused", contentRemedy
	case gateway.CloseEventCodeInvalidIntent, gateway.CloseEventCodeInvalidAPIVersion:
		return "version refused", versionRemedy
	case gateway.CloseEventCodeShardingRequired, gateway.CloseEventCodeInvalidShard:
		return "too many servers", "Discord wants this bot in more shards. Start again: the number is asked for at every start."
	default:
		return "closed by Discord", "Discord closed the connection for good. Whoever runs this instance finds the reason in its log; a newer version may be needed."
	}
}

// heldRemedy words that too few logins are left, and until when.
func heldRemedy(left int, until time.Time) string {
	return fmt.Sprintf("The bot has logged in to Discord so often today that only %d logins are left, and Discord resets the token of a bot that uses all of them up. "+
		"It goes on by itself at %s. Something made it log in again and again: whoever runs this instance finds the reason in its log.",
		max(left, 0), until.UTC().Format("2006-01-02 15:04 UTC"))
}

// DegradedRemedy is what people read when Discord does not tell of members.
const DegradedRemedy = "Discord does not tell this bot when somebody's roles change or they leave, so what owners of entities may do is asked for again once a minute. " +
	"Whoever runs this instance turns on the Server Members Intent in the Developer Portal (the application, page Bot, Privileged Gateway Intents) and starts again."

const contentRemedy = "Discord refused the Message Content intent, without which entities would hear nothing. Whoever runs this instance turns it on in the Developer Portal " +
	"(the application, page Bot, Privileged Gateway Intents, Message Content Intent) and starts again."

const versionRemedy = "Discord does not know an intent, or the version of its gateway, that this program asks for. No switch in the Developer Portal mends that: " +
	"whoever runs this instance installs a newer version of the program and starts again."

const tokenRemedy = "Discord refused the bot's token. Whoever runs this instance copies a new one from the Developer Portal (the application, page Bot, Reset Token) into discord.token or TROUPE_DISCORD_TOKEN and starts again."
