package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/disgoorg/disgo/discord"

	"troupe/commands"
	"troupe/entities"
	"troupe/relay"
	"troupe/relay/sandbox"
)

// newDemo runs the program in this process against a stand-in until the test ends, changed before it
// begins where a test needs that.
func newDemo(t *testing.T, change ...func(*program)) *demo {
	t.Helper()
	stand, err := sandbox.Start(sandbox.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stand.Close(); err != nil {
			t.Error(err)
		}
	})
	d := &demo{discord: stand, out: screen{to: io.Discard}}
	if d.world, err = stand.Seed(); err != nil {
		t.Fatal(err)
	}
	d.program, err = newProgram(t.Context(), config{
		Token: stand.Token(), APIURL: stand.APIURL(), Admission: entities.Admission{Mode: entities.AdmitAll},
		Listen: "127.0.0.1:0", Metrics: "127.0.0.1:0", Database: "sqlite:" + filepath.Join(t.TempDir(), "troupe.db"),
	}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range change {
		c(d.program)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- d.program.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the program's end: %v", err)
		}
	})
	return d
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	d := newDemo(t)
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	for _, test := range []struct {
		method, path string
		status       int
		text         string
	}{
		{"GET", "/", 200, "troupe server"},
		{"GET", "/livez", 200, "alive"},
		{"POST", "/livez", 405, ""},
		{"GET", "/nothing", 404, ""},
		{"GET", "/avatars/" + strings.Repeat("0", 64) + ".png", 404, ""},
		{"GET", "/avatars/../troupe.db", 404, ""},
		{"GET", "/mcp/", 404, ""},
		{"POST", "/mcp/nobody", 401, ""},
	} {
		req, err := http.NewRequestWithContext(t.Context(), test.method, "http://"+d.program.Addr()+test.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		if err := resp.Body.Close(); err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != test.status || !strings.Contains(string(body), test.text) {
			t.Errorf("%s %s: %d %q, want %d %q", test.method, test.path, resp.StatusCode, body, test.status, test.text)
		}
	}
}

// TestReadme holds the tables of the README to what the program has. That of the tools is made by
// package mcp.
func TestReadme(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(string(readme), "\n"); lines >= 250 {
		t.Errorf("the README has %d lines; 250 are too many to read", lines)
	}
	text := strings.Join(strings.Fields(string(readme)), " ")
	for permission := range strings.SplitSeq(entities.PermissionNames(relay.Permissions), ", ") {
		if !strings.Contains(text, permission) {
			t.Errorf("the README does not name the permission %s, which the invite link asks for", permission)
		}
	}
	d := newDemo(t)
	for table, have := range map[string][]string{
		"configuration": keysOf(reflect.TypeFor[settings](), ""),
		"commands":      commandLines(d.program.commands.Definitions()),
	} {
		if written := readmeTable(string(readme), table); !slices.Equal(slices.Sorted(slices.Values(written)), slices.Sorted(slices.Values(have))) {
			t.Errorf("the README's table of %s has %q, the program has %q", table, written, have)
		}
	}
}

// TestSetUpTexts holds the page at an MCP URL and the guides to the lines that the program
// prints.
func TestSetUpTexts(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	clients, err := os.ReadFile("docs/clients.md")
	if err != nil {
		t.Fatal(err)
	}
	d := newDemo(t)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+d.program.Addr()+"/mcp/any", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", "text/html")
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	page, err := io.ReadAll(resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		t.Fatal(err)
	}
	const address = "https://troupe.example.org/mcp/…"
	for _, place := range []struct{ what, text, want string }{
		{"page", string(page), commands.ClaudeCode("NAME", "ADDRESS", "KEY")},
		{"page", string(page), commands.ClientJSON("NAME", "ADDRESS", "KEY")},
		{"README", string(readme), commands.ClaudeCode("ada", address, "troupe_…")},
		{"guide to clients", string(clients), commands.ClientJSON("ada", address, "troupe_…")},
	} {
		if !strings.Contains(place.text, place.want) {
			t.Errorf("the %s does not have\n%s", place.what, place.want)
		}
	}
}

var firstCell = regexp.MustCompile("(?m)^\\| `([^`]+)`")

// readmeTable gives the first column of the table between two marks.
func readmeTable(readme, name string) []string {
	_, rest, _ := strings.Cut(readme, "<!-- "+name+" -->")
	table, _, _ := strings.Cut(rest, "<!-- end -->")
	var cells []string
	for _, match := range firstCell.FindAllStringSubmatch(table, -1) {
		cells = append(cells, match[1])
	}
	return cells
}

// commandLines words commands as people type them, options in brackets when they may be left
// out.
func commandLines(definitions []discord.ApplicationCommandCreate) []string {
	var lines []string
	for _, definition := range definitions {
		if menu, ok := definition.(discord.MessageCommandCreate); ok {
			lines = append(lines, menu.Name)
		}
		command, ok := definition.(discord.SlashCommandCreate)
		if !ok {
			continue
		}
		line := "/" + command.Name
		var options []discord.ApplicationCommandOption
		for _, option := range command.Options {
			if sub, ok := option.(discord.ApplicationCommandOptionSubCommand); ok {
				lines = append(lines, line+" "+sub.Name+optionWords(sub.Options))
				continue
			}
			options = append(options, option)
		}
		if len(options) > 0 || len(command.Options) == 0 {
			lines = append(lines, line+optionWords(options))
		}
	}
	return lines
}

func optionWords(options []discord.ApplicationCommandOption) string {
	var words strings.Builder
	for _, option := range options {
		name := option.OptionName()
		if required := reflect.ValueOf(option).FieldByName("Required"); !required.Bool() {
			name = "[" + name + "]"
		}
		words.WriteString(" " + name)
	}
	return words.String()
}
