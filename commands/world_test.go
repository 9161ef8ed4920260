package commands_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"image"
	"image/png"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/omit"
	"github.com/disgoorg/snowflake/v2"

	"troupe/commands"
	"troupe/entities"
	"troupe/entities/fresh"
	"troupe/entities/leaktest"
	"troupe/relay"
	"troupe/relay/sandbox"
)

// world is a server with the bot in it and the people of the stories: olga runs the bot, gus
// owns the server, mona has Manage Server, sam is a member, rob is a bot. Eve is a member here
// and owns another server.
type world struct {
	t        *testing.T
	discord  *sandbox.Discord
	registry *entities.Registry
	commands *commands.Commands
	config   commands.Config
	log      *lines
	database string // its path

	olga, gus, mona, sam, eve, rob sandbox.ID
	guild, general, staff, post    sandbox.ID
	other, lobby                   sandbox.ID
	ahead                          atomic.Int64 // how far the program's clock is ahead
	open                           bool         // see startWorld
	line                           int          // the last line that was said
	keys                           []string     // of the entities that talk until they rest
}

// lines is a log that tests read.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

const publicURL = "https://troupe.example"

func newWorld(t *testing.T, admission entities.AdmissionMode) *world {
	t.Helper()
	return startWorld(t, admission, false)
}

// startWorld is newWorld; open says that the server's admins have opened all commands to everybody,
// as they can in Discord's settings, so that Discord itself hides none.
func startWorld(t *testing.T, admission entities.AdmissionMode, open bool) *world {
	t.Helper()
	w := &world{t: t, log: &lines{}, open: open}
	d, err := sandbox.Start(sandbox.Config{OpenAPI: os.Getenv("DISCORD_OPENAPI")})
	if err != nil {
		t.Fatal(err)
	}
	w.discord = d
	t.Cleanup(func() { noError(t, d.Close()) })
	w.people()
	log := slog.New(relay.Redact(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelWarn}), d.Token()))
	now := func() time.Time { return time.Now().Add(time.Duration(w.ahead.Load())) }
	database := filepath.Join(t.TempDir(), "troupe.db")
	w.database = database
	w.registry, err = entities.Open(t.Context(), entities.Config{
		Database: fresh.SQLite(t, database), Admission: entities.Admission{Mode: admission}, World: entities.NewWorld(), Log: log, Now: now,
	})
	noError(t, err)
	t.Cleanup(func() { noError(t, w.registry.Close()) })
	leaktest.Database(t, database, d.Confided)
	r, err := relay.New(relay.Config{Registry: w.registry, Token: d.Token(), APIURL: d.APIURL(), PublicURL: publicURL, Log: log})
	noError(t, err)
	w.config = commands.Config{
		Registry: w.registry, Relay: r, PublicURL: publicURL, Clients: func() int { return 3 }, Log: log,
		Now: now,
	}
	w.commands, err = commands.New(w.config)
	noError(t, err)
	r.WordRests(w.commands.RestPost)
	w.run(r)
	return w
}

// run runs relay and commands until the test ends.
func (w *world) run(r *relay.Relay) {
	w.t.Helper()
	r.Handle(w.commands.Listener(), w.definitions())
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := r.Run(ctx); err != nil {
			w.t.Error(err)
		}
	})
	w.t.Cleanup(func() {
		closing, stop := context.WithTimeout(context.Background(), 5*time.Second)
		defer stop()
		if err := w.commands.Close(closing); err != nil {
			w.t.Error(err)
		}
		cancel()
		running.Wait()
		r.Close(closing)
		for _, d := range w.discord.Departures() {
			if d.Where == "answer" || d.Where == "status" {
				continue // the stand-in's own
			}
			w.t.Errorf("%s: %s departs from Discord's description: %s", d.Route, d.Where, d.Words)
		}
		for _, r := range w.discord.Requests() {
			w.check(r)
		}
	})
	w.until("the bot knows its servers", func() bool { return r.Status().Ready && len(w.registry.World().Guilds()) == 2 })
	w.until("the commands are announced", func() bool {
		_, err := w.discord.Autocomplete(w.ctx(), w.sam, w.guild, w.general, "/entity key", map[string]any{"entity": ""}, "entity")
		return err == nil
	})
}

func (w *world) definitions() []discord.ApplicationCommandCreate {
	definitions := w.commands.Definitions()
	for n, definition := range definitions {
		if command, ok := definition.(discord.SlashCommandCreate); ok && w.open {
			command.DefaultMemberPermissions = omit.Omit[*discord.Permissions]{}
			definitions[n] = command
		}
	}
	return definitions
}

// check looks at a request: Discord must take what is ours, and every message must say itself
// whom it pings, which is nobody but an owner who is told of a new entity.
func (w *world) check(r sandbox.Request) {
	if r.Code != 0 && r.Fault == "" && !strings.HasPrefix(r.Path, "/guilds/") {
		w.t.Errorf("%s %s was refused with %d, %d: %s", r.Method, r.Route, r.Status, r.Code, r.Body)
	}
	type message struct {
		Mentions *struct{ Parse, Roles, Users []string } `json:"allowed_mentions"`
	}
	var body struct {
		message
		Type int
		Data message
	}
	switch {
	case strings.HasPrefix(r.Path, "/interactions/"):
		noError(w.t, json.Unmarshal(r.Body, &body))
		if body.Type != 4 && body.Type != 5 && body.Type != 7 {
			return
		}
		body.message = body.Data
	case strings.HasPrefix(r.Path, "/webhooks/") && len(r.Body) > 0:
		noError(w.t, json.Unmarshal(r.Body, &body))
	default:
		return
	}
	m := body.Mentions
	if m == nil || m.Parse == nil || len(m.Parse)+len(m.Roles) > 0 || (len(m.Users) > 0 && !slices.Equal(m.Users, []string{w.sam.String()})) {
		w.t.Errorf("%s %s pings: %s", r.Method, r.Route, r.Body)
	}
}

func (w *world) people() {
	d := w.discord
	w.olga = d.OwnerID()
	w.gus, w.mona = d.AddUser(sandbox.User{Username: "gus"}), d.AddUser(sandbox.User{Username: "mona"})
	w.sam, w.eve = d.AddUser(sandbox.User{Username: "sam"}), d.AddUser(sandbox.User{Username: "eve"})
	w.rob = d.AddUser(sandbox.User{Username: "rob", Bot: true})
	w.guild = must(d.AddGuild("Home", w.gus))(w.t)
	w.other = must(d.AddGuild("Elsewhere", w.eve))(w.t)
	for _, user := range []sandbox.ID{w.olga, w.mona, w.sam, w.eve, w.rob} {
		noError(w.t, d.AddMember(w.guild, user))
	}
	admin := must(d.AddRole(w.guild, sandbox.Role{Name: "admin", Permissions: sandbox.ManageGuild}))(w.t)
	noError(w.t, d.ChangeMember(w.guild, w.mona, func(m *sandbox.Member) { m.Roles = append(m.Roles, admin) }))
	const bot = sandbox.ViewChannel | sandbox.SendMessages | sandbox.ManageWebhooks | sandbox.ReadMessageHistory | sandbox.AddReactions
	for _, guild := range []sandbox.ID{w.guild, w.other} {
		must(d.AddBot(guild, bot))(w.t)
	}
	w.general = must(d.AddChannel(sandbox.Channel{Type: sandbox.TextChannel, GuildID: w.guild, Name: "general"}))(w.t)
	w.staff = must(d.AddChannel(sandbox.Channel{
		Type: sandbox.TextChannel, GuildID: w.guild, Name: "staff",
		Overwrites: []sandbox.Overwrite{
			{ID: w.guild, Deny: sandbox.ViewChannel}, {ID: w.sam, Type: 1, Allow: sandbox.ViewChannel}, {ID: d.BotID(), Type: 1, Allow: sandbox.ViewChannel},
		},
	}))(w.t)
	w.post = must(d.AddChannel(sandbox.Channel{Type: sandbox.ForumChannel, GuildID: w.guild, Name: "ideas"}))(w.t)
	w.lobby = must(d.AddChannel(sandbox.Channel{Type: sandbox.TextChannel, GuildID: w.other, Name: "lobby"}))(w.t)
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		noError(t, err)
		return v
	}
}

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// ctx ends a wait that would last for ever.
func (w *world) ctx() context.Context {
	ctx, cancel := context.WithTimeout(w.t.Context(), 10*time.Second)
	w.t.Cleanup(cancel)
	return ctx
}

func (w *world) until(what string, done func() bool) {
	w.t.Helper()
	ctx, tick := w.ctx(), time.NewTicker(5*time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			w.t.Fatalf("%s: not within 10 s; log:\n%s", what, w.log)
		}
	}
}

func (w *world) final(it *sandbox.Interaction, err error) sandbox.Reply {
	w.t.Helper()
	noError(w.t, err)
	reply, err := it.WaitFinal(w.ctx())
	if err != nil {
		w.t.Fatalf("%v; log:\n%s", err, w.log)
	}
	return reply
}

// slash gives a command in #general.
func (w *world) slash(user sandbox.ID, line string, options map[string]any) sandbox.Reply {
	w.t.Helper()
	return w.final(w.discord.Slash(user, w.guild, w.general, line, options))
}

func (w *world) click(user sandbox.ID, on sandbox.Reply, button string) sandbox.Reply {
	w.t.Helper()
	return w.final(w.discord.Click(user, on, button))
}

func (w *world) choose(user sandbox.ID, on sandbox.Reply, menu string, value any) sandbox.Reply {
	w.t.Helper()
	return w.final(w.discord.Select(user, on, menu, value))
}

func (w *world) submit(user sandbox.ID, modal sandbox.Reply, values map[string]any) sandbox.Reply {
	w.t.Helper()
	return w.final(w.discord.SubmitModal(user, modal, values))
}

func (w *world) forge(user sandbox.ID, f sandbox.Forgery) sandbox.Reply {
	w.t.Helper()
	return w.final(w.discord.Forge(user, w.guild, w.general, f))
}

// make makes an entity of mona's and gives what she sees.
func (w *world) make(name string) sandbox.Reply {
	w.t.Helper()
	reply := w.submit(w.mona, w.slash(w.mona, "/entity create", nil), map[string]any{"name": name})
	has(w.t, reply, "**"+name+"** is ready")
	return reply
}

// list is who is on the server, as mona sees it.
func (w *world) list() []entities.Entity {
	w.t.Helper()
	var found []entities.Entity
	for _, r := range must(w.registry.List(w.t.Context(), entities.Member(snowflake.ID(w.mona), snowflake.ID(w.guild), 0)))(w.t) {
		found = append(found, r.Entity)
	}
	return found
}

// key is the key that a reply shows.
func key(t *testing.T, reply sandbox.Reply) string {
	t.Helper()
	at := strings.Index(reply.Text(), "troupe_")
	if at < 0 {
		t.Fatalf("no key in:\n%s", reply.Text())
	}
	return strings.Fields(reply.Text()[at:])[0]
}

func (w *world) opens(key string) bool {
	_, err := w.registry.Authenticate(w.t.Context(), key, "")
	return err == nil
}

func has(t *testing.T, reply sandbox.Reply, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(reply.Text(), text) {
			t.Errorf("no %q in:\n%s", text, reply.Text())
		}
	}
}

// whispers checks that only the one who acted sees the reply, and that it has no key.
func whispers(t *testing.T, reply sandbox.Reply, text string) {
	t.Helper()
	has(t, reply, text)
	if !reply.Ephemeral {
		t.Errorf("everybody sees: %s", reply.Text())
	}
	if strings.Contains(reply.Text(), "troupe_") {
		t.Errorf("there is a key in: %s", reply.Text())
	}
}

func picture(t *testing.T, width, height int) sandbox.File {
	t.Helper()
	var buf bytes.Buffer
	noError(t, png.Encode(&buf, image.NewNRGBA(image.Rect(0, 0, width, height))))
	return sandbox.File{Name: "face.png", Data: buf.Bytes()}
}

// bomb is a small file that claims to be a huge picture.
func bomb(t *testing.T) sandbox.File {
	t.Helper()
	file := picture(t, 1, 1)
	header := file.Data[12:29] // IHDR, width, height, …; then its checksum
	binary.BigEndian.PutUint32(header[4:], 16_000)
	binary.BigEndian.PutUint32(header[8:], 16_000)
	binary.BigEndian.PutUint32(file.Data[29:], crc32.ChecksumIEEE(header))
	return file
}
