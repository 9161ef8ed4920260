package sandbox

import (
	"encoding/json"
	"net/http"

	"github.com/gorilla/websocket"
)

// Intents are the bits that a gateway session asks for.
type Intents int

// Discord's gateway intents.
const (
	IntentGuilds            Intents = 1 << 0
	IntentGuildMembers      Intents = 1 << 1
	IntentGuildModeration   Intents = 1 << 2
	IntentGuildExpressions  Intents = 1 << 3
	IntentGuildIntegrations Intents = 1 << 4
	IntentGuildWebhooks     Intents = 1 << 5
	IntentGuildInvites      Intents = 1 << 6
	IntentGuildVoiceStates  Intents = 1 << 7
	IntentGuildPresences    Intents = 1 << 8
	IntentGuildMessages     Intents = 1 << 9
	IntentGuildReactions    Intents = 1 << 10
	IntentGuildTyping       Intents = 1 << 11
	IntentDirectMessages    Intents = 1 << 12
	IntentDirectReactions   Intents = 1 << 13
	IntentDirectTyping      Intents = 1 << 14
	IntentMessageContent    Intents = 1 << 15
	IntentGuildEvents       Intents = 1 << 16
	IntentAutoModConfig     Intents = 1 << 20
	IntentAutoModExecution  Intents = 1 << 21
	IntentGuildPolls        Intents = 1 << 24
	IntentDirectPolls       Intents = 1 << 25
)

const (
	privilegedIntents = IntentGuildMembers | IntentGuildPresences | IntentMessageContent
	knownIntents      = 1<<17 - 1 | IntentAutoModConfig | IntentAutoModExecution | IntentGuildPolls | IntentDirectPolls
)

// gatewayState is the gateway's part of the world. Discord.mu guards it.
type gatewayState struct {
	sessions map[string]*session
	links    map[*link]bool
	starts   starts
	refuse   identifyRefusal
	deaf     bool // heartbeats get no ACK
	discreet bool // requests for members get no answer
	asked    []MembersAsked
	closed   bool
	counts   GatewayCounts
	// changed is closed and made anew when a session begins or ends.
	changed chan struct{}
}

// GatewayCounts tells what clients did at the gateway so far.
type GatewayCounts struct {
	Connects   int // websockets opened
	Identifies int // sessions begun
	Refused    int // identifies that began none
	Resumes    int // sessions resumed
	Heartbeats int
}

func newGatewayState() gatewayState {
	return gatewayState{
		sessions: map[string]*session{}, links: map[*link]bool{}, starts: newStarts(), changed: make(chan struct{}),
	}
}

// tailored is a payload that differs by what a session may see. Nil is sent to nobody.
type tailored interface {
	forSession(d *Discord, intents Intents) any
}

// dispatch sends an event to every session that asked for it by one of the intents' bits
// (0: to all). guildID 0 is for what belongs to no guild, as direct messages; with a
// channelID only those sessions get it whose bot can see that channel. The payload is
// marshalled at once. Callers hold Discord.mu.
func (d *Discord) dispatch(guildID, channelID ID, intents Intents, event string, payload any) {
	if guildID != 0 && !d.hears(guildID, event) {
		return
	}
	if ch := d.state.channels[channelID]; ch != nil && !d.permissions(d.state.bot.ID, ch).Has(ViewChannel) {
		return
	}
	for _, s := range d.state.gateway.sessions {
		if (intents == 0 || s.intents&intents != 0) && s.holds(guildID) {
			d.send(s, event, payload)
		}
	}
}

// hears says whether the bot learns of an event in a guild: it must be in it, and an
// unavailable guild tells only of its going.
func (d *Discord) hears(guild ID, event string) bool {
	g := d.state.guilds[guild]
	if g == nil || g.members[d.bot] == nil {
		return false
	}
	return !g.unavailable || event == "GUILD_DELETE"
}

// send gives one session an event.
func (d *Discord) send(s *session, event string, payload any) {
	if t, ok := payload.(tailored); ok {
		if payload = t.forSession(d, s.intents); payload == nil {
			return
		}
	}
	raw, err := json.Marshal(payload)
	if err != nil {
		d.log.Error("sandbox event does not marshal", "event", event, "err", err)
		return
	}
	s.push(event, raw)
}

// serveGateway upgrades a request to a websocket and serves it until it ends.
func (d *Discord) serveGateway(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	if d.state.gateway.closed || d.state.down != upAndRunning {
		d.mu.Unlock()
		breakConnection(w)
		return
	}
	d.served.Add(1)
	d.mu.Unlock()
	defer d.served.Done()
	upgrader := websocket.Upgrader{}
	ws, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // Upgrade has answered
	}
	q := r.URL.Query()
	l := newLink(d, ws)
	if q.Get("encoding") != "json" || q.Get("v") != "10" {
		code := 4002
		if q.Get("v") != "10" {
			code = 4012
		}
		l.end(code)
		return
	}
	if l.packer, err = newPacker(q.Get("compress")); err != nil {
		l.end(4002)
		return
	}
	l.serve()
}

func (d *Discord) gatewayURL() string { return "ws://" + d.listen.Addr().String() + "/gateway" }

func getGateway(d *Discord, _ *call) (any, error) {
	return struct {
		URL string `json:"url"`
	}{d.gatewayURL()}, nil
}

type gatewayBotView struct {
	URL    string       `json:"url"`
	Shards int          `json:"shards"`
	Start  sessionStart `json:"session_start_limit"`
}

type sessionStart struct {
	Total       int `json:"total"`
	Remaining   int `json:"remaining"`
	ResetAfter  int `json:"reset_after"`
	Concurrency int `json:"max_concurrency"`
}

func getGatewayBot(d *Discord, _ *call) (any, error) {
	remaining, after := d.state.gateway.starts.left(d.now())
	return gatewayBotView{d.gatewayURL(), d.cfg.Shards, sessionStart{
		Total: startsADay, Remaining: remaining, ResetAfter: int(after.Milliseconds()), Concurrency: d.cfg.Concurrency,
	}}, nil
}

var gatewayRoutes = []route{
	{pattern: "GET /gateway", auth: noAuth, serve: getGateway},
	{pattern: "GET /gateway/bot", serve: getGatewayBot},
}

// GatewayCounts is what clients did at the gateway so far.
func (d *Discord) GatewayCounts() GatewayCounts {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.state.gateway.counts
}
