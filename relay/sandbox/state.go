package sandbox

import (
	"encoding/base64"
	"time"
)

// state is the whole world. Discord.mu guards it.
type state struct {
	lastID   ID
	token    string
	revoked  bool // the token
	app      application
	bot      *User
	users    map[ID]*User
	guilds   map[ID]*guild
	channels map[ID]*Channel   // channels, threads and DMs
	messages map[ID][]*Message // by channel, oldest first
	webhooks map[ID]*Webhook
	said     map[string]struct{} // texts of messages
	faces    faces
	pings    []Ping
	// closedDMs are users who take no direct messages.
	closedDMs map[ID]bool
	listeners map[*listener]bool

	ledger  []*Request
	refused Refusals
	dead    map[ID]bool // webhooks that answered 404
	faults  []*plannedFault
	plans   []*FaultPlan
	down    Outage
	rates   rates

	gateway      gatewayState
	interactions interactionState
}

// application is the one application whose bot talks to the stand-in.
type application struct {
	id    ID
	name  string
	owner ID
	team  []ID
	// intents are the privileged ones that are switched on in the portal.
	intents Intents
}

// guild is a server with what belongs to it.
type guild struct {
	id          ID
	name        string
	ownerID     ID
	roles       map[ID]*Role
	members     map[ID]*Member
	emojis      []GuildEmoji
	index       index
	unavailable bool
}

func newState(now time.Time) state {
	s := state{
		users:        map[ID]*User{},
		guilds:       map[ID]*guild{},
		channels:     map[ID]*Channel{},
		messages:     map[ID][]*Message{},
		webhooks:     map[ID]*Webhook{},
		dead:         map[ID]bool{},
		said:         map[string]struct{}{},
		closedDMs:    map[ID]bool{},
		listeners:    map[*listener]bool{},
		rates:        rates{buckets: map[string]*bucket{}},
		gateway:      newGatewayState(),
		interactions: newInteractionState(),
	}
	owner := &User{ID: s.nextID(now), Username: "olivia", GlobalName: new("Olivia"), Discriminator: "0"}
	s.users[owner.ID] = owner
	// A bot's user id is its application's id in every application made since 2016.
	s.bot = &User{ID: s.nextID(now), Username: "troupe", Discriminator: "0001", Bot: true}
	s.users[s.bot.ID] = s.bot
	s.app = application{
		id: s.bot.ID, name: "troupe", owner: owner.ID,
		intents: IntentGuildMembers | IntentMessageContent,
	}
	s.token = base64.RawStdEncoding.EncodeToString([]byte(s.bot.ID.String())) + ".sandbx." + randomText(38)
	return s
}
