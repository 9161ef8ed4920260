package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pelletier/go-toml/v2"

	"troupe/relay/sandbox"
)

// What names the clients that are not ours, as npm installs testdata/foreign, and the built
// program; without the latter it is built.
const (
	foreignVariable = "TEST_FOREIGN"
	binaryVariable  = "TEST_BINARY"
)

// foreignPatience is for one client, from its start to its end.
const foreignPatience = 90 * time.Second

// foreign is where the clients that are not ours are. It skips the test without them.
func foreign(t *testing.T) string {
	t.Helper()
	folder := os.Getenv(foreignVariable)
	if folder == "" {
		t.Skipf("%s names no folder with the clients of testdata/foreign, which docs/development.md tells how to install", foreignVariable)
	}
	return folder
}

// baseline reads a table of testdata/foreign/baseline.toml: what is known to fail, and why.
func baseline(t *testing.T, table string) map[string]string {
	t.Helper()
	data, err := os.ReadFile("testdata/foreign/baseline.toml")
	if err != nil {
		t.Fatal(err)
	}
	var tables map[string]map[string]string
	if err := toml.Unmarshal(data, &tables); err != nil {
		t.Fatal(err)
	}
	for name, reason := range tables[table] {
		if len(reason) < len("not built") {
			t.Errorf("%s: %q has no reason to be there", table, name)
		}
	}
	return tables[table]
}

// openForeignStage starts the built program with the stand-in, and makes an entity.
func openForeignStage(ctx context.Context, t *testing.T, binary, entity string, settings ...string) *stage {
	t.Helper()
	stand, err := sandbox.Start(sandbox.Config{OpenAPI: os.Getenv(openAPIVariable), NoIdentifyLimit: true})
	if err != nil {
		t.Fatal(err)
	}
	world, err := stand.Seed()
	if err != nil {
		t.Fatal(errors.Join(err, stand.Close()))
	}
	s := &stage{discord: stand, world: world, folder: t.TempDir(), token: stand.Token(), clients: map[string]*client{}}
	t.Cleanup(func() {
		if err := s.strike(); err != nil {
			t.Error(err)
		}
	})
	t.Setenv("PATH", filepath.Dir(binary)+string(filepath.ListSeparator)+os.Getenv("PATH"))
	if err := s.start(ctx, settings); err != nil {
		t.Fatal(err)
	}
	if err := s.modal(ctx, []string{"olivia", "/entity create", "name=" + entity, "persona=You are " + entity + ".", "channels=general"}); err != nil {
		t.Fatal(err)
	}
	if err := s.keep(ctx, []string{"ada"}); err != nil {
		t.Fatal(err)
	}
	// All clients together say more in a minute than one does.
	if err := s.modal(ctx, []string{"olivia", "/entity limits entity:" + entity, "minute=30", "hour=300", "day=3000"}); err != nil {
		t.Fatal(err)
	}
	return s
}

// buildForeign gives the program that CI has built, or builds it.
func buildForeign(ctx context.Context, t *testing.T, tags string) string {
	t.Helper()
	if built := os.Getenv(binaryVariable); built != "" && tags == "" {
		return built
	}
	binary := filepath.Join(t.TempDir(), "troupe")
	if out, err := exec.CommandContext(ctx, "go", "build", "-tags", tags, "-ldflags", "-s -w", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return binary
}

// foreignClient is one run of a client that is not ours.
type foreignClient struct {
	name     string
	script   []string                                    // beside package.json
	form     string                                      // of the address, if another than /mcp/$ID
	settings []string                                    // of the program, if it needs some
	goes     func(context.Context, *stage, string) error // in the place of a script, for clients of Go's
	prints   string                                      // what it has to print
	line     string                                      // what stands in #general then
}

var foreignClients = []foreignClient{
	{name: "sdk1 streamable", script: []string{"sdk1.mjs", "streamable"}, line: "hello from sdk1 streamable"},
	{name: "sdk1 session", script: []string{"sdk1.mjs", "session"}},
	{name: "sdk1 oauth", script: []string{"sdk1.mjs", "oauth"}, line: "hello from sdk1 oauth"},
	{name: "sdk1 oauth, /mcp", script: []string{"sdk1.mjs", "oauth", "client_secret_post"}, form: "/mcp", line: "hello from sdk1 oauth"},
	{name: "sdk1 forgotten", script: []string{"sdk1.mjs", "forgotten"}, line: "hello from sdk1 forgotten"},
	{name: "sdk2 initialize", script: []string{"sdk2.mjs", "initialize"}, line: "hello from sdk2 initialize"},
	{name: "sdk2 discover", script: []string{"sdk2.mjs", "discover"}, line: "hello from sdk2 discover"},
	{name: "sdk2 listen", script: []string{"sdk2.mjs", "listen"}},
	{name: "sdk2 document", script: []string{"sdk2.mjs", "document"}, line: "hello from sdk2 document"},
	{name: "sdk2 registered", script: []string{"sdk2.mjs", "registered", "client_secret_basic"}, form: "/mcp?entity=$ID", line: "hello from sdk2 registered"},
	{name: "remote key", script: []string{"remote.mjs", "key"}, line: "hello from mcp-remote key"},
	{name: "remote oauth", script: []string{"remote.mjs", "oauth"}, line: "hello from mcp-remote oauth"},
	{name: "conformance authorization", script: []string{"grant.mjs"}, prints: "Total: 3 passed, 0 failed"},
	{name: "go-sdk registered", goes: goes("", "hello from go-sdk registered"), line: "hello from go-sdk registered"},
	{name: "go-sdk document", goes: goes("https://claude.ai/oauth/claude-code-client-metadata", "hello from go-sdk document"), form: "/mcp", line: "hello from go-sdk document"},
	{name: "inspector list", script: inspector("--method", "tools/list", "--strict"), prints: `"name": "send_message"`},
	{
		name:   "inspector call",
		script: inspector("--method", "tools/call", "--tool-name", "send_message", "--tool-arg", "channel=#general", "content=hello from the inspector"),
		prints: `"status": "sent"`, line: "hello from the inspector",
	},
	{name: "inspector oauth", script: []string{"inspect.mjs"}, line: "hello from the inspector by oauth"},
	{name: "sdk1 sse", script: []string{"sdk1.mjs", "sse"}, settings: []string{"http.legacy_sse = true"}, line: "hello from sdk1 sse"},
	{name: "sdk1 sse oauth", script: []string{"sdk1.mjs", "sse-oauth"}, line: "hello from sdk1 sse-oauth"},
}

// inspector is the command line of the MCP inspector. $URL and $KEY stand for the entity's.
func inspector(args ...string) []string {
	return append([]string{
		"node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js", "--cli",
		"--transport", "http", "--server-url", "$URL", "--header", "Authorization: Bearer $KEY",
	}, args...)
}

// TestForeignClients lets clients that are not ours connect to the built program, call tools,
// wait, and be told.
func TestForeignClients(t *testing.T) {
	folder := foreign(t)
	known := baseline(t, "clients")
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	s := openForeignStage(ctx, t, buildForeign(ctx, t, ""), "Ada")
	for _, c := range foreignClients {
		reason, excused := known[c.name]
		delete(known, c.name)
		begin := time.Now()
		out, err := s.runForeign(ctx, t, folder, c)
		took := time.Since(begin).Round(time.Millisecond)
		switch {
		case excused && err == nil:
			t.Errorf("%s works: take it out of the baseline (%s)", c.name, reason)
		case excused:
			t.Logf("%s: fails within %s, as known: %s", c.name, took, reason)
		case err != nil:
			t.Errorf("%s: %v\n%s", c.name, err, out)
		default:
			t.Logf("%s: works, %s", c.name, took)
		}
	}
	for name := range known {
		t.Errorf("the baseline names %q, which is none of the clients", name)
	}
	s.clients["ada"].http.CloseIdleConnections()
}

// runForeign lets one client do its work, with the program set up as it needs it.
func (s *stage) runForeign(ctx context.Context, t *testing.T, folder string, c foreignClient) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, foreignPatience)
	defer cancel()
	if c.settings != nil {
		if _, unknown, err := decodeSettings("settings", []byte(strings.Join(c.settings, "\n"))); len(unknown) > 0 {
			return "", unknown
		} else if err != nil {
			return "", err
		}
		s.settings = c.settings
		if _, err := s.dayLater(ctx); err != nil {
			return "", err
		}
	}
	out, err := s.converse(ctx, t, folder, c)
	switch {
	case err != nil:
		return out, err
	case !strings.Contains(out, c.prints):
		return out, fmt.Errorf("it did not print %q", c.prints)
	case c.line != "":
		return out, s.stood("#general", "Ada: "+c.line)
	}
	return out, nil
}

// stood says whether a line stands in a channel.
func (s *stage) stood(channel, line string) error {
	id, err := s.channel(channel)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(s.discord.Messages(id), func(m sandbox.Message) bool { return shownName(m.Author)+": "+m.Content == line }) {
		return fmt.Errorf("%q does not stand in %s", line, channel)
	}
	return nil
}
