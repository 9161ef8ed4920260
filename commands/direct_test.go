package commands_test

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/disgo/events"
	"github.com/disgoorg/disgo/rest"

	"troupe/commands"
	"troupe/entities"
	"troupe/entities/fresh"
	"troupe/relay"
)

// direct hands interactions to the commands without a Discord: what an honest Discord would
// not send.
type direct struct {
	t        *testing.T
	commands *commands.Commands
	log      *lines

	mu      sync.Mutex
	answers []string // JSON
}

func newDirect(t *testing.T, random io.Reader) *direct {
	t.Helper()
	d := &direct{t: t, log: &lines{}}
	log := slog.New(slog.NewTextHandler(d.log, nil))
	world := entities.NewWorld()
	world.PutGuild(entities.Guild{ID: 10, Name: "Home", Available: true}, nil, entities.Membership{UserID: 5}, nil)
	registry, err := entities.Open(t.Context(), entities.Config{
		Database: fresh.SQLite(t, filepath.Join(t.TempDir(), "troupe.db")), Admission: entities.Admission{Mode: entities.AdmitAll}, World: world, Log: log,
	})
	noError(t, err)
	t.Cleanup(func() { noError(t, registry.Close()) })
	r, err := relay.New(relay.Config{Registry: registry, Token: "MTIzNDU2Nzg5MDEyMzQ1Njc4.x.y", APIURL: "http://127.0.0.1:1/api/v10", PublicURL: publicURL, Log: log})
	noError(t, err)
	t.Cleanup(func() { r.Close(t.Context()) })
	d.commands, err = commands.New(commands.Config{Registry: registry, Relay: r, PublicURL: publicURL, Clients: func() int { return 0 }, Log: log, Random: random})
	noError(t, err)
	return d
}

// give hands over an interaction, written as the part of its JSON that differs.
func (d *direct) give(part string) {
	d.t.Helper()
	raw := `{"id": "9", "application_id": "5", "token": "t", "version": 1, "entitlements": [], "locale": "en-US",
		"channel": {"id": "11", "type": 0, "guild_id": "10", "name": "general", "permissions": "1024"}, ` + part + `}`
	in, err := discord.UnmarshalInteraction([]byte(raw))
	noError(d.t, err)
	d.commands.Listener().OnEvent(&events.InteractionCreate{
		GenericEvent: events.NewGenericEvent(nil, 1, 0), Interaction: in,
		Respond: func(kind discord.InteractionResponseType, data discord.InteractionResponseData, _ ...rest.RequestOpt) error {
			answer, err := json.Marshal(discord.InteractionResponse{Type: kind, Data: data})
			d.mu.Lock()
			defer d.mu.Unlock()
			d.answers = append(d.answers, string(answer))
			return err
		},
	})
}

// done waits until all is answered and gives the answers.
func (d *direct) done() []string {
	d.t.Helper()
	noError(d.t, d.commands.Close(d.t.Context()))
	return d.answers
}

const (
	mona   = `"guild_id": "10", "member": {"user": {"id": "1", "username": "mona"}, "roles": [], "permissions": "32", "joined_at": "2020-01-01T00:00:00Z"}`
	create = `"type": 2, "data": {"id": "3", "type": 1, "name": "entity", "options": [{"type": 1, "name": "create", "options": [%s]}]}`
)

func TestTheSameInteractionTwice(t *testing.T) {
	d := newDirect(t, rand.Reader)
	for range 3 {
		d.give(fmt.Sprintf(create, "") + ", " + mona)
	}
	if answers := d.done(); len(answers) != 1 || !strings.HasPrefix(answers[0], `{"type":9,`) {
		t.Errorf("answers are %v", answers)
	}
}

func TestOptionsOfTheWrongType(t *testing.T) {
	for name, option := range map[string]string{
		"a number for a user":    `{"type": 6, "name": "owner", "value": {"x": 1}}`,
		"an unknown attachment":  `{"type": 11, "name": "avatar", "value": "77"}`,
		"a text for an upload":   `{"type": 11, "name": "avatar", "value": "face.png"}`,
		"a list for an upload":   `{"type": 11, "name": "avatar", "value": []}`,
		"a user who is not here": `{"type": 6, "name": "owner", "value": "88"}`,
	} {
		d := newDirect(t, rand.Reader)
		d.give(fmt.Sprintf(create, option) + ", " + mona)
		answers := d.done()
		if len(answers) != 1 || !strings.HasPrefix(answers[0], `{"type":4,`) || !strings.Contains(answers[0], `"flags":64`) {
			t.Errorf("%s: answers are %v", name, answers)
		}
		if strings.Contains(d.log.String(), "ERROR") {
			t.Errorf("%s: log:\n%s", name, d.log)
		}
	}
}

func TestACommandInDirectMessages(t *testing.T) {
	d := newDirect(t, rand.Reader)
	d.give(fmt.Sprintf(create, "") + `, "user": {"id": "1", "username": "mona"}`)
	if answers := d.done(); len(answers) != 1 || !strings.Contains(answers[0], "This works on a server only") {
		t.Errorf("answers are %v", answers)
	}
}

func TestAutocompleteOutsideServersOffersNothing(t *testing.T) {
	d := newDirect(t, rand.Reader)
	d.give(`"type": 4, "data": {"id": "3", "type": 1, "name": "entity", "options": [{"type": 1, "name": "key", "options": [{"type": 3, "name": "entity", "value": {}, "focused": true}]}]}, "user": {"id": "1", "username": "mona"}`)
	if answers := d.done(); len(answers) != 1 || answers[0] != `{"type":8,"data":{"choices":[]}}` {
		t.Errorf("answers are %v", answers)
	}
}

func TestAnInteractionOfNobody(t *testing.T) {
	d := newDirect(t, rand.Reader)
	d.give(fmt.Sprintf(create, ""))
	if answers := d.done(); len(answers) != 0 {
		t.Errorf("answers are %v", answers)
	}
	if n := strings.Count(d.log.String(), "an interaction panicked"); n != 1 || !strings.Contains(d.log.String(), "panic with a ") {
		t.Errorf("logged %d times:\n%s", n, d.log)
	}
}

// explosive panics at its first uses.
type explosive struct {
	with any
	left atomic.Int32
}

func (e *explosive) Read(p []byte) (int, error) {
	if e.left.Add(-1) >= 0 {
		panic(e.with)
	}
	return rand.Read(p)
}

// canary is what a panic's value may quote: a persona, or a message.
const canary = "You are canary, a secret persona"

// TestAPanicIsSaidAndLoggedOnce logs of a panic where it happened, and not its value.
func TestAPanicIsSaidAndLoggedOnce(t *testing.T) {
	for kind, with := range map[string]any{"string": canary, "*errors.errorString": errors.New(canary)} {
		for _, panics := range []int32{1, 2} { // in the handler, and again while it is put into words
			e := &explosive{with: with}
			e.left.Store(panics)
			d := newDirect(t, e)
			d.give(fmt.Sprintf(create, "") + ", " + mona)
			answers, log := d.done(), d.log.String()
			if panics == 1 && (len(answers) != 1 || !strings.Contains(answers[0], "Something broke on our side (ref ") || strings.Contains(answers[0], "canary")) {
				t.Errorf("answers are %v", answers)
			}
			if n := strings.Count(log, "panic with a "+kind); n != 1 || strings.Contains(log, "canary") || !strings.Contains(log, "direct_test.go") {
				t.Errorf("logged %d times:\n%s", n, log)
			}
		}
	}
}

func TestNothingIsTakenAfterClose(t *testing.T) {
	d := newDirect(t, rand.Reader)
	noError(t, d.commands.Close(t.Context()))
	d.give(fmt.Sprintf(create, "") + ", " + mona)
	if answers := d.done(); len(answers) != 0 {
		t.Errorf("answers are %v", answers)
	}
}

func TestConfigIsChecked(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	good := w.config
	for name, spoil := range map[string]func(*commands.Config){
		"no registry":     func(c *commands.Config) { c.Registry = nil },
		"no relay":        func(c *commands.Config) { c.Relay = nil },
		"no public URL":   func(c *commands.Config) { c.PublicURL = "" },
		"a too long one":  func(c *commands.Config) { c.PublicURL = "https://" + strings.Repeat("x", 200) },
		"no client count": func(c *commands.Config) { c.Clients = nil },
		"no log":          func(c *commands.Config) { c.Log = nil },
	} {
		bad := good
		spoil(&bad)
		if _, err := commands.New(bad); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if _, err := commands.New(good); err != nil {
		t.Error(err)
	}
}
