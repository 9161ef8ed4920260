package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// fixtureEntity is the name of the entity that has the suite's fixtures, in a program that is
// built with the tag conformance.
const fixtureEntity = "Conformance"

var conformanceSums = regexp.MustCompile(`(?m)^(Total: .*|Not scored for .*)$`)

// TestConformance runs the official conformance suite against a program with the fixtures that it
// wants.
func TestConformance(t *testing.T) {
	folder := foreign(t)
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	s := openForeignStage(ctx, t, buildForeign(ctx, t, "conformance"), fixtureEntity)
	defer s.clients["ada"].http.CloseIdleConnections()
	keyed := addKey(t, s.clients["ada"])
	for _, revision := range []string{"2025-11-25", "2026-07-28"} {
		t.Run(revision, func(t *testing.T) {
			known := baseline(t, revision)
			for _, name := range slices.Sorted(maps.Keys(known)) {
				t.Logf("%s: fails, as known: %s", name, known[name])
			}
			cmd := exec.CommandContext(ctx, nodeIn(folder), filepath.Join(folder, "node_modules/@modelcontextprotocol/conformance/dist/index.js"),
				"server", "--url", keyed, "--requirements", revision, "--timeout", "3000", "--expected-failures", writeBaseline(t, known))
			cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "NO_COLOR=1"}
			cmd.Dir = t.TempDir()
			cmd.Args = append(cmd.Args, "--output-dir", cmd.Dir)
			var out bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &out
			if err := cmd.Run(); err != nil {
				t.Fatalf("%v\n%s\n%s", err, out.String(), strings.Join(suiteFaults(t, cmd.Dir), "\n"))
			}
			for _, sum := range conformanceSums.FindAllString(out.String(), -1) {
				t.Logf("%s: %s", revision, sum)
			}
		})
	}
}

// TestFixturesAreOneEntitys looks at what another entity has, in a program with the fixtures.
func TestFixturesAreOneEntitys(t *testing.T) {
	foreign(t) // it takes a build of its own, as TestConformance does
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	s := openForeignStage(ctx, t, buildForeign(ctx, t, "conformance"), fixtureEntity)
	if err := s.modal(ctx, []string{"olivia", "/entity create", "name=Bea", "persona=You are Bea.", "channels=general"}); err != nil {
		t.Fatal(err)
	}
	if err := s.keep(ctx, []string{"bea"}); err != nil {
		t.Fatal(err)
	}
	for who, fixtures := range map[string]bool{"ada": true, "bea": false} {
		c := s.clients[who]
		if err := c.connect(ctx); err != nil {
			t.Fatal(err)
		}
		tools, err := c.session.ListTools(ctx, nil)
		if err != nil || len(tools.Tools) == 0 {
			t.Fatalf("%s: %v", who, err)
		}
		for _, tool := range tools.Tools {
			if strings.HasPrefix(tool.Name, "test_") != fixtures && tool.Name != "json_schema_2020_12_tool" {
				t.Errorf("%s has the tool %s", who, tool.Name)
			}
		}
		if _, _, err := c.ask(ctx, "test_simple_text", "{}"); (err == nil) != fixtures {
			t.Errorf("%s calls a fixture: %v", who, err)
		}
		_, err = c.session.ReadResource(ctx, &mcp.ReadResourceParams{URI: "test://static-text"})
		if (err == nil) != fixtures {
			t.Errorf("%s reads a fixture: %v", who, err)
		}
		prompts, err := c.session.ListPrompts(ctx, nil)
		if err != nil || slices.ContainsFunc(prompts.Prompts, func(p *mcp.Prompt) bool { return strings.HasPrefix(p.Name, "test_") }) != fixtures {
			t.Errorf("%s: %v %+v", who, err, prompts)
		}
	}
}

// suiteFaults are what the suite found wrong, from the files that it wrote.
func suiteFaults(t *testing.T, folder string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*", "checks.json"))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var checks []struct{ ID, Status, ErrorMessage string }
		if err := json.Unmarshal(data, &checks); err != nil {
			t.Fatal(err)
		}
		for _, c := range checks {
			if c.Status == "FAILURE" || c.Status == "WARNING" {
				found = append(found, filepath.Base(filepath.Dir(file))+": "+c.ID+": "+c.ErrorMessage)
			}
		}
	}
	return found
}

// writeBaseline writes what is known to fail as the suite wants it. When one of these passes, or
// another fails, the suite says so and fails.
func writeBaseline(t *testing.T, known map[string]string) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("server:\n")
	for name := range known {
		fmt.Fprintf(&b, "  - %q\n", name)
	}
	if len(known) == 0 {
		return os.DevNull
	}
	path := filepath.Join(t.TempDir(), "baseline.yml")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// addKey gives an address at which a client that sends no key speaks as an entity: the suite has
// no place for one. All else goes through as it is, the names of hosts too.
func addKey(t *testing.T, as *client) string {
	t.Helper()
	to, err := url.Parse(as.url)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL, r.Out.Host = to, r.In.Host
			r.Out.Header.Set("Authorization", "Bearer "+as.key)
			// All of it, since a body that is read on while the answer goes out ends the answer.
			body, err := io.ReadAll(r.In.Body)
			if err != nil {
				return // the suite is gone
			}
			r.Out.Body = io.NopCloser(bytes.NewReader(body))
		},
		Transport: &http.Transport{}, FlushInterval: -1,
		ErrorLog: log.New(io.Discard, "", 0), // the suite hangs up, and says itself what it missed
	})
	t.Cleanup(proxy.Close)
	return proxy.URL + "/mcp"
}
