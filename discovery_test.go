package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// step is one request of a client that finds out how to sign in.
type step struct {
	method, path string
	status       int
	want         string // of the body; $BASE and $FORM stand for the server and the address that was typed
}

// TestDiscovery answers whatever clients try on their way to the authorization server, in the order in
// which they do, for every form of address that people type.
func TestDiscovery(t *testing.T) {
	t.Parallel()
	d := newDemo(t)
	base := "http://" + d.program.Addr()
	way := &http.Client{Transport: &http.Transport{}}
	defer way.CloseIdleConnections()
	ask := func(method, address string) (int, http.Header, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		answer, err := way.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		if err != nil || answer.Body.Close() != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, answer.Header, string(body)
	}
	metadata := regexp.MustCompile(`resource_metadata="([^"]+)"`)
	for _, form := range []string{"/mcp/0123456789abcdefghjkmnpqrs", "/mcp?entity=0123456789abcdefghjkmnpqrs", "/mcp"} {
		status, h, _ := ask(http.MethodPost, base+form)
		told := metadata.FindStringSubmatch(h.Get("WWW-Authenticate"))
		if status != 401 || told == nil || told[1] != base+"/.well-known/oauth-protected-resource"+form {
			t.Fatalf("%s: %d %v", form, status, h)
		}
		path := strings.Split(form, "?")[0]
		for _, s := range []step{
			{"GET", strings.TrimPrefix(told[1], base), 200, `"resource":"$BASE$FORM"`},
			{"GET", "/.well-known/oauth-protected-resource", 200, `"authorization_servers":["$BASE"]`},
			{"GET", "/.well-known/oauth-authorization-server", 200, `"issuer":"$BASE"`},
			{"GET", "/.well-known/oauth-authorization-server" + path, 200, `"issuer":"$BASE"`},
			{"GET", "/.well-known/openid-configuration", 200, `"issuer":"$BASE"`},
			{"GET", "/.well-known/openid-configuration" + path, 200, `"issuer":"$BASE"`},
			{"GET", path + "/.well-known/openid-configuration", 200, `"issuer":"$BASE"`},
			// Clients that find no metadata, or do not look for any, make these up.
			{"POST", "/register", 400, `"invalid_`},
			{"GET", "/authorize", 400, "<h1>"},
			{"POST", "/token", 400, `"invalid_request"`},
		} {
			status, _, body := ask(s.method, base+s.path)
			if want := strings.NewReplacer("$BASE", base, "$FORM", form).Replace(s.want); status != s.status || !strings.Contains(body, want) {
				t.Errorf("%s: %s %s: %d %s, not %d %s", form, s.method, s.path, status, body, s.status, want)
			}
		}
	}
	_, _, body := ask(http.MethodGet, base+"/.well-known/oauth-authorization-server")
	var found map[string]any
	if err := json.Unmarshal([]byte(body), &found); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"authorization_endpoint", "token_endpoint", "revocation_endpoint", "registration_endpoint"} {
		endpoint, _ := found[name].(string)
		if at, err := url.Parse(endpoint); err != nil || !strings.HasPrefix(endpoint, base) {
			t.Errorf("%s is %v", name, found[name])
		} else if status, _, _ := ask(http.MethodPut, at.String()); status != 405 {
			t.Errorf("%s is not there: %d", endpoint, status)
		}
	}
}

// TestSessionsWithoutAPath has a client that leaves the path out begin a session, open its stream, and
// end it.
func TestSessionsWithoutAPath(t *testing.T) {
	t.Parallel()
	d := newDemo(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	invitation, err := d.create(ctx)
	if err != nil {
		t.Fatal(err)
	}
	way := &http.Transport{DisableKeepAlives: true}
	session := ""
	for _, c := range []struct {
		method, accept, body string
		status               int
		kind                 string
	}{
		{"POST", "application/json, text/event-stream", `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`, 200, "application/json"},
		{"GET", "text/event-stream", "", 200, "text/event-stream"},
		{"DELETE", "", "", 204, ""},
		{"GET", "text/event-stream", "", 404, "application/json"},
		{"PUT", "", "", 405, "text/plain; charset=utf-8"},
	} {
		r, err := http.NewRequestWithContext(ctx, c.method, "http://"+d.program.Addr()+"/", strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+shownKey.FindString(invitation))
		for name, value := range map[string]string{"Accept": c.accept, "Mcp-Session-Id": session} {
			if value != "" {
				r.Header.Set(name, value)
			}
		}
		if c.body != "" {
			r.Header.Set("Content-Type", "application/json")
		}
		answer, err := way.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		if answer.StatusCode != c.status || answer.Header.Get("Content-Type") != c.kind {
			t.Errorf("%s for %q: %d %v", c.method, c.accept, answer.StatusCode, answer.Header)
		}
		if opened := answer.Header.Get("Mcp-Session-Id"); opened != "" {
			session = opened
		}
		if err := answer.Body.Close(); err != nil {
			t.Error(err)
		}
	}
}
