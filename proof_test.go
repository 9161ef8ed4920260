package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay/sandbox"
)

// full says whether the proofs play their whole length: TEST_FULL=1.
func full() bool { return os.Getenv("TEST_FULL") != "" }

// round is how much of something a proof does: a little always, all of it in the full round.
func round(short, whole int) int {
	if full() {
		return whole
	}
	return short
}

// company is a server with many entities, each with a room to speak in and a key.
type company struct {
	discord  *sandbox.Discord
	guild    sandbox.ID
	rooms    []sandbox.ID
	cast     []*speaker
	database string
	http     *http.Client

	mu      sync.Mutex
	addr    string // where the program listens
	journal journal
	program *program // nil while it is a process of its own
}

// speaker is one entity with its key.
type speaker struct {
	id   entities.ID
	name string
	key  string
	room sandbox.ID
}

// gather builds a server with rooms and entities, who live in the rooms by turns. They may say
// as much as can be allowed, and for as long among themselves.
func gather(t testing.TB, cfg sandbox.Config, rooms, cast int) *company {
	t.Helper()
	cfg.NoIdentifyLimit = true
	stand, err := sandbox.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stand.Close(); err != nil {
			t.Error(err)
		}
	})
	c := &company{
		discord: stand, database: filepath.Join(t.TempDir(), "troupe.db"),
		http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1100}},
	}
	t.Cleanup(c.http.CloseIdleConnections)
	if c.guild, err = stand.AddGuild("Company", stand.OwnerID()); err != nil {
		t.Fatal(err)
	}
	if _, err = stand.AddBot(c.guild, sandbox.BotPermissions); err != nil {
		t.Fatal(err)
	}
	for n := range rooms {
		room, err := stand.AddChannel(sandbox.Channel{GuildID: c.guild, Type: sandbox.TextChannel, Name: fmt.Sprintf("room-%02d", n)})
		if err != nil {
			t.Fatal(err)
		}
		c.rooms = append(c.rooms, room)
	}
	if err := c.recruit(t.Context(), cast); err != nil {
		t.Fatal(err)
	}
	return c
}

// recruit writes the entities into the database before the program has it.
func (c *company) recruit(ctx context.Context, cast int) (err error) {
	guild, owner := snowflake.ID(c.guild), snowflake.ID(c.discord.OwnerID())
	var channels []entities.Channel
	for _, room := range c.rooms {
		channels = append(channels, entities.Channel{ID: snowflake.ID(room), GuildID: guild, Type: discord.ChannelTypeGuildText, Name: room.String()})
	}
	registry, err := c.open(ctx, entities.Guild{ID: guild, OwnerID: owner, Available: true}, channels)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, registry.Close()) }()
	rights := discord.PermissionManageGuild | discord.PermissionViewChannel
	actor := entities.Member(owner, guild, rights)
	_, err = registry.SetSettings(ctx, actor, func(s *entities.Settings) error {
		s.Limits, s.Loop = entities.MaxLimits(), entities.Loop{Pair: 1000, Alone: 1000}
		return nil
	})
	if err != nil {
		return err
	}
	for n := range cast {
		room := c.rooms[n%len(c.rooms)]
		name := fmt.Sprintf("Player %03d", n)
		made, err := registry.Create(ctx, actor, entities.NewEntity{Name: name, Here: entities.ChosenChannel{ID: snowflake.ID(room), Permissions: rights}})
		if err != nil {
			return err
		}
		c.cast = append(c.cast, &speaker{id: made.Entity.ID, name: name, key: made.Key, room: room})
	}
	return nil
}

// open opens the registry while the program does not run.
func (c *company) open(ctx context.Context, guild entities.Guild, channels []entities.Channel) (*entities.Registry, error) {
	known := entities.NewWorld()
	known.PutGuild(guild, nil, entities.Membership{}, channels)
	return entities.Open(ctx, entities.Config{
		Database: "sqlite:" + c.database, Admission: entities.Admission{Mode: entities.AdmitAll}, World: known, Log: slog.New(slog.DiscardHandler),
	})
}

// play runs the program in this process until the test ends.
func (c *company) play(t testing.TB) {
	t.Helper()
	cfg := config{
		Token: c.discord.Token(), APIURL: c.discord.APIURL(), Admission: entities.Admission{Mode: entities.AdmitAll},
		Listen: "127.0.0.1:0", Database: "sqlite:" + c.database, LogLevel: slog.LevelWarn,
	}
	var err error
	if c.program, err = newProgram(t.Context(), cfg, newLog(&c.journal, cfg)); err != nil {
		t.Fatal(err)
	}
	c.moved(c.program.Addr())
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- c.program.Run(ctx) }()
	t.Cleanup(func() {
		c.http.CloseIdleConnections()
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the program's end: %v", err)
		}
		if t.Failed() {
			t.Logf("the end of the program's log:\n%s", c.journal.tail())
		}
	})
	c.ready(t)
}

// ready waits until an entity is served.
func (c *company) ready(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	err := within(ctx, func() error {
		got, err := c.call(ctx, c.cast[0], "list_channels", struct{}{})
		if err == nil && (got.failed || !strings.Contains(got.text, "room-00")) {
			err = errors.New(got.text)
		}
		return err
	})
	if err != nil {
		t.Fatalf("the program is not ready: %v\n%s", err, c.journal.tail())
	}
}

// moved notes where the program listens now.
func (c *company) moved(addr string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.addr = addr
}

func (c *company) where() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.addr
}

// standing gives the messages that stand on Discord, by their text.
func (c *company) standing() map[string][]sandbox.ID {
	lines := map[string][]sandbox.ID{}
	for _, room := range c.rooms {
		for _, m := range c.discord.Messages(room) {
			lines[m.Content] = append(lines[m.Content], m.ID)
		}
	}
	return lines
}

// doubled says how many lines stand more than once, and logs the first of them.
func doubled(t testing.TB, standing map[string][]sandbox.ID) int {
	t.Helper()
	doubles := 0
	for text, ids := range standing {
		if len(ids) < 2 {
			continue
		}
		if doubles++; doubles <= 5 {
			t.Logf("stands %d times: %q", len(ids), text)
		}
	}
	return doubles
}

// tail is the end of what was written.
func (j *journal) tail() string {
	text := j.text()
	return text[max(0, len(text)-1500):]
}

// watch looks again and again for as long as a time lasts; the first complaint ends it.
func watch(ctx context.Context, length time.Duration, look func() error) error {
	over := time.NewTimer(length)
	defer over.Stop()
	again := time.NewTicker(length / 10)
	defer again.Stop()
	for {
		if err := look(); err != nil {
			return err
		}
		select {
		case <-again.C:
		case <-over.C:
			return look()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// complaints are what a proof finds wrong, of which it says the first ones: a broken promise
// breaks thousands of times.
type complaints struct {
	t  testing.TB
	mu sync.Mutex
	n  int
}

const mostComplaints = 10

func (c *complaints) add(format string, args ...any) {
	c.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n++; c.n <= mostComplaints {
		c.t.Errorf(format, args...)
	}
}

// close tells how many there were.
func (c *complaints) close() {
	c.t.Helper()
	if c.n > mostComplaints {
		c.t.Errorf("… and %d more", c.n-mostComplaints)
	}
}
