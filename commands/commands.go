// Package commands is what people do with the bot inside Discord: slash commands, forms,
// buttons and autocomplete. It has no rule of its own: it asks entities with the person as
// the actor, at every single interaction, and words the answer.
package commands

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/disgoorg/disgo/bot"
	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/disgo/handler"

	"troupe/entities"
	"troupe/relay"
)

// longestPublicURL keeps every answer with a key within Discord's 1,024 characters a field.
const longestPublicURL = 200

// Config is what [Commands] need.
type Config struct {
	// Registry decides who may do what. Required.
	Registry *entities.Registry
	// Relay is the connection to Discord: its state and what people upload there. Required.
	Relay *relay.Relay
	// PublicURL is where this instance's HTTP is reached from outside, without a trailing
	// slash; at most 200 bytes. Required.
	PublicURL string
	// Clients says how many MCP clients are connected. Required.
	Clients func() int
	// Reach says what is wrong with PublicURL, as seen from outside, or ""; it may take some
	// seconds. Optional.
	Reach func(context.Context) string
	// Log is where to log. Required.
	Log *slog.Logger
	// Now is the clock. Default: time.Now.
	Now func() time.Time
	// Random is where the tokens of forms and buttons come from. Default: crypto/rand.
	Random io.Reader
}

// Commands answers interactions. It is safe for concurrent use.
type Commands struct {
	registry  *entities.Registry
	relay     *relay.Relay
	publicURL string
	clients   func() int
	reach     func(context.Context) string
	log       *slog.Logger
	now       func() time.Time
	random    io.Reader

	mux       *handler.Mux
	work      work
	seen      seen
	drafts    pending[draft]    // what a form or a "Fix it" button goes on with
	decisions pending[decision] // what a yes to a question does
	keys      shownKeys
	shownFor  time.Duration // how long a key is shown
	resting   sync.Mutex    // held while a post about a rest is read and written
	choosing  sync.Mutex    // held while somebody's choices about themselves are read and written
}

// New makes the commands. They answer once their [Commands.Listener] is told of interactions.
func New(cfg Config) (*Commands, error) {
	if cfg.Registry == nil || cfg.Relay == nil || cfg.Clients == nil || cfg.Log == nil || cfg.PublicURL == "" {
		return nil, errors.New("commands: Registry, Relay, PublicURL, Clients and Log are required")
	}
	if len(cfg.PublicURL) > longestPublicURL {
		return nil, errors.New("commands: PublicURL is longer than 200 bytes")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Random == nil {
		cfg.Random = rand.Reader
	}
	c := &Commands{
		registry: cfg.Registry, relay: cfg.Relay, publicURL: strings.TrimSuffix(cfg.PublicURL, "/"), clients: cfg.Clients, reach: cfg.Reach,
		log: cfg.Log, now: cfg.Now, random: cfg.Random,
		work: newWork(), seen: newSeen(), keys: newShownKeys(cfg.Log), shownFor: keyShownFor,
		drafts: newPending[draft](cfg.Now, cfg.Random), decisions: newPending[decision](cfg.Now, cfg.Random),
	}
	c.mux = c.route(list, messageMenus)
	return c, nil
}

// Listener is told of every interaction. It returns at once and works on its own goroutines.
func (c *Commands) Listener() bot.EventListener { return c.mux }

// Definitions are the commands as Discord wants to know them.
func (c *Commands) Definitions() []discord.ApplicationCommandCreate {
	definitions := make([]discord.ApplicationCommandCreate, 0, len(list)+len(messageMenus))
	for _, command := range list {
		definitions = append(definitions, command.definition)
	}
	for _, menu := range messageMenus {
		definitions = append(definitions, menu.definition())
	}
	return definitions
}

// Close takes no more interactions, waits for those that are being answered, and takes the
// keys that are still shown out of their messages, since nobody could do that later: relay
// must still be there. What is not done when ctx ends is told to stop, and waited for.
func (c *Commands) Close(ctx context.Context) error {
	err := c.work.close(ctx)
	return errors.Join(err, c.keys.close(ctx))
}
