package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
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
	stand, err := sandbox.Start(sandbox.Config{OpenAPI: os.Getenv(openAPIVariable)})
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
	script   []string // beside package.json
	settings []string // of the program, if it needs some
	prints   string   // what it has to print
	line     string   // what stands in #general then
}

var foreignClients = []foreignClient{
	{name: "sdk1 streamable", script: []string{"sdk1.mjs", "streamable"}, line: "hello from sdk1 streamable"},
	{name: "sdk1 session", script: []string{"sdk1.mjs", "session"}},
	{name: "sdk1 oauth", script: []string{"sdk1.mjs", "oauth"}, line: "hello from sdk1 oauth"},
	{name: "sdk2 initialize", script: []string{"sdk2.mjs", "initialize"}, line: "hello from sdk2 initialize"},
	{name: "sdk2 discover", script: []string{"sdk2.mjs", "discover"}, line: "hello from sdk2 discover"},
	{name: "sdk2 listen", script: []string{"sdk2.mjs", "listen"}},
	{name: "sdk2 oauth", script: []string{"sdk2.mjs", "oauth"}, line: "hello from sdk2 oauth"},
	{name: "remote key", script: []string{"remote.mjs", "key"}, line: "hello from mcp-remote key"},
	{name: "remote oauth", script: []string{"remote.mjs", "oauth"}, line: "hello from mcp-remote oauth"},
	{name: "conformance authorization", script: []string{"grant.mjs"}, prints: "0 failed"},
	{name: "inspector list", script: inspector("--method", "tools/list", "--strict"), prints: `"name": "send_message"`},
	{
		name:   "inspector call",
		script: inspector("--method", "tools/call", "--tool-name", "send_message", "--tool-arg", "channel=#general", "content=hello from the inspector"),
		prints: `"status": "sent"`, line: "hello from the inspector",
	},
	{name: "sdk1 sse", script: []string{"sdk1.mjs", "sse"}, settings: []string{"http.legacy_sse = true"}, line: "hello from sdk1 sse"},
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
		if err := s.stop(ctx, nil); err != nil {
			return "", err
		}
		if err := s.start(ctx, c.settings); err != nil {
			return "", err
		}
	}
	out, err := s.converse(ctx, t, folder, c.script)
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

// converse runs a program of node's, and does for it what it asks for. It gives what it wrote.
func (s *stage) converse(ctx context.Context, t *testing.T, folder string, script []string) (string, error) {
	t.Helper()
	ada := s.clients["ada"]
	args := make([]string, len(script))
	for i, arg := range script {
		args[i] = strings.NewReplacer("$URL", ada.url, "$KEY", ada.key).Replace(arg)
	}
	args[0] = filepath.Join(folder, args[0])
	cmd := exec.CommandContext(ctx, nodeIn(folder), args...)
	nowhere := t.TempDir()
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + nowhere, "NO_PROGRAMS=" + nowhere, "NO_COLOR=1", "MCP_URL=" + ada.url, "MCP_KEY=" + ada.key}
	cmd.Dir, cmd.WaitDelay = folder, patience
	var errs bytes.Buffer
	cmd.Stderr = &errs
	in, err := cmd.StdinPipe()
	if err != nil {
		return "", err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	said, asked := s.serveForeign(ctx, out, in)
	err = cmd.Wait()
	return said + errs.String(), errors.Join(asked, err)
}

// nodeIn is the Node.js that npm installed, or that of this machine.
func nodeIn(folder string) string {
	if found, err := filepath.Glob(filepath.Join(folder, "node_modules/node-linux-*/bin/node")); err == nil && len(found) > 0 {
		return found[0]
	}
	return "node"
}

// serveForeign reads what a client writes until it ends, and answers what it asks for.
func (s *stage) serveForeign(ctx context.Context, out io.Reader, in io.Writer) (string, error) {
	var all strings.Builder
	var problem error
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		all.WriteString(lines.Text() + "\n")
		what, asks := strings.CutPrefix(lines.Text(), "ask ")
		if !asks {
			continue
		}
		answer, err := s.oblige(ctx, what)
		if err != nil {
			problem, answer = errors.Join(problem, err), "no"
		}
		if _, err := fmt.Fprintln(in, answer); err != nil {
			problem = errors.Join(problem, err)
		}
	}
	return all.String(), errors.Join(problem, lines.Err())
}

var shownCode = regexp.MustCompile(`\b[A-Z0-9]{4}-?[A-Z0-9]{4}\b`)

// oblige does what only somebody on Discord can do.
func (s *stage) oblige(ctx context.Context, what string) (string, error) {
	if text, says := strings.CutPrefix(what, "say "); says {
		return "said", s.say(ctx, []string{"mia", "#general", text})
	}
	if what != "code" {
		return "", fmt.Errorf("it asks for %q", what)
	}
	if err := s.slash(ctx, []string{"olivia", "/entity connect entity:Ada"}); err != nil {
		return "", err
	}
	code := shownCode.FindString(s.reply.Text())
	if code == "" {
		return "", fmt.Errorf("/entity connect shows no code: %q", s.reply.Text())
	}
	return code, nil
}
