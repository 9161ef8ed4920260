package commands

import (
	"context"
	"io"
	"log/slog"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/disgo/handler"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay"
)

// RouteInfo is a route as tests see it.
type RouteInfo struct {
	Type discord.InteractionType
	Path string
}

// Routes are the routes of every command, by the command's name, in their order.
func Routes() map[string][]RouteInfo {
	types := map[kind]discord.InteractionType{
		slash: discord.InteractionTypeApplicationCommand, autocomplete: discord.InteractionTypeAutocomplete,
		button: discord.InteractionTypeComponent, menu: discord.InteractionTypeComponent, form: discord.InteractionTypeModalSubmit,
		picking: discord.InteractionTypeApplicationCommand,
	}
	routes := map[string][]RouteInfo{}
	for name, all := range routed() {
		for _, r := range all {
			routes[name] = append(routes[name], RouteInfo{types[r.kind], r.path})
		}
	}
	return routes
}

// routed are the routes of commands and message menus by name.
func routed() map[string][]route {
	routes := map[string][]route{}
	for _, command := range list {
		routes[command.definition.Name] = command.routes
	}
	for _, menu := range messageMenus {
		routes[menu.name] = menu.routes
	}
	return routes
}

// Matched is the path of the first route that an interaction would take.
func Matched(kindOf discord.InteractionType, path string) string {
	parts := map[discord.InteractionType][]int{
		discord.InteractionTypeApplicationCommand: {int(discord.ApplicationCommandTypeSlash), int(discord.ApplicationCommandTypeMessage)},
		discord.InteractionTypeComponent:          {int(discord.ComponentTypeButton), int(discord.ComponentTypeStringSelectMenu)},
		discord.InteractionTypeAutocomplete:       {0}, discord.InteractionTypeModalSubmit: {0},
	}
	for _, all := range routed() {
		for _, r := range all {
			mux := handler.New()
			(&Commands{}).mount(mux, r)
			for _, part := range parts[kindOf] {
				if mux.Match(path, kindOf, part) {
					return r.path
				}
			}
		}
	}
	return ""
}

// Definitions are the commands' definitions.
func Definitions() []discord.ApplicationCommandCreate { return (&Commands{}).Definitions() }

// Shown is a message as it is rendered.
type Shown = discord.MessageCreate

// Card renders what an owner is shown: with the key, after its time, when the program ends,
// and after "I saved it".
func Card(e entities.Entity, key, publicURL, picture string, isNew bool, places []entities.Place, ends time.Time) (shown, hidden, ending, saved Shown) {
	c := card{entity: e, key: key, url: publicURL + "/mcp/" + string(e.ID), picture: picture, new: isNew, places: places, ends: ends}
	return c.shown().create(0), c.hidden(false).create(0), c.hidden(true).create(0), c.saved().create(0)
}

// Roster renders a page of /entities.
func Roster(found []entities.Resident, page int, admin bool) Shown {
	return roster(found, page, admin).create(0)
}

// Health renders /status.
func Health(s relay.Status, counts entities.Counts, stopped entities.Switches, database string, clients int, now time.Time) Shown {
	return health{relay: s, counts: counts, stopped: stopped, database: database, clients: clients, now: now}.message().create(0)
}

// Form renders the form of /entity create.
func Form(ownerName, name, persona, picture string, channels []snowflake.ID) discord.ModalCreate {
	d := draft{ownerName: ownerName, typed: typed{name: name, persona: persona, picture: upload{name: picture}, channels: channels}}
	if ownerName != "" {
		d.owner.ID = 1
	}
	return createForm("/create/form/token", d)
}

// Plain is what names and texts of strangers go through.
var Plain = plain

// Bounds of what is kept.
const (
	PendingTime     = pendingTime
	MostPending     = mostPending
	MostPendingEach = mostPendingEach
	KeyShownFor     = keyShownFor
	HidingTries     = hidingTries
	MostShown       = mostShown
	MostRunning     = mostRunning
	Remembered      = remembered
)

// Pending is a table of forms and questions.
type Pending struct{ pending[string] }

// NewPending makes a table.
func NewPending(now func() time.Time, random io.Reader) *Pending {
	return &Pending{newPending[string](now, random)}
}

// Put, Look, Take and Drop are the table's methods.
func (p *Pending) Put(a entities.Actor, v string) (string, error)      { return p.put(a, v) }
func (p *Pending) Look(a entities.Actor, token string) (string, error) { return p.look(a, token) }
func (p *Pending) Take(a entities.Actor, token string) (string, error) { return p.take(a, token) }
func (p *Pending) Drop(token string)                                   { p.drop(token) }

// Len is how many are kept.
func (p *Pending) Len() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.kept)
}

// ShownKeys takes keys out of their messages.
type ShownKeys struct{ shownKeys }

// NewShownKeys makes an empty one.
func NewShownKeys(log *slog.Logger) *ShownKeys { return &ShownKeys{newShownKeys(log)} }

// Add, Forget and Close are its methods.
func (s *ShownKeys) Add(id snowflake.ID, after time.Duration, hide func(context.Context, bool) error) {
	s.add(id, after, hide)
}
func (s *ShownKeys) Forget(id snowflake.ID)          { s.forget(id) }
func (s *ShownKeys) Close(ctx context.Context) error { return s.close(ctx) }

// ShowKeysFor changes how long keys are shown from now on.
func (c *Commands) ShowKeysFor(d time.Duration) { c.shownFor = d }

// KeysShown is how many keys wait to be taken out of their messages.
func (c *Commands) KeysShown() int {
	c.keys.mu.Lock()
	defer c.keys.mu.Unlock()
	return len(c.keys.keys)
}

// Work owns goroutines.
type Work struct{ work }

// NewWork makes an empty one.
func NewWork() *Work { return &Work{newWork()} }

// Start and Close are its methods.
func (w *Work) Start(fn func(context.Context)) error { return w.start(fn) }
func (w *Work) Close(ctx context.Context) error      { return w.close(ctx) }

// Seen remembers interactions.
type Seen struct{ seen }

// NewSeen makes an empty one.
func NewSeen() *Seen { return &Seen{newSeen()} }

// Before is its method.
func (s *Seen) Before(id snowflake.ID) bool { return s.before(id) }
