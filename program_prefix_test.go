package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestPathOfPublicURL serves under the path of public_url, and of former ones, whether or not a
// proxy takes it off.
func TestPathOfPublicURL(t *testing.T) {
	t.Parallel()
	p := &program{addresses: []string{"https://host.example/troupe", "https://old.example/a/b", "https://older.example", "https://odd.example/mcp"}}
	h := p.unprefixed(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = fmt.Fprint(w, r.URL.Path) }))
	for path, want := range map[string]string{
		"/troupe/mcp/x": "/mcp/x", "/mcp/x": "/mcp/x", "/a/b/oauth/token": "/oauth/token", "/a/b": "/a/b", "/troupe/": "/", "/troupes/mcp": "/troupes/mcp",
		"/.well-known/oauth-protected-resource/troupe/mcp": "/.well-known/oauth-protected-resource/troupe/mcp", "/": "/",
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "https://host.example"+path, nil))
		if w.Body.String() != want {
			t.Errorf("%s: %q, want %q", path, w.Body, want)
		}
	}
}

// TestRoot answers MCP at /, for clients that leave the path out. What people see there is with
// the other routes.
func TestRoot(t *testing.T) {
	t.Parallel()
	d, transport := newDemo(t), &http.Transport{}
	defer transport.CloseIdleConnections()
	ask := func(method, authorization string) (int, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, "http://"+d.program.Addr()+"/", strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"ping"}`))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Accept", "application/json, text/event-stream")
		if authorization != "" {
			r.Header.Set("Authorization", authorization)
		}
		answer, err := transport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := answer.Body.Close(); err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, answer.Header.Get("WWW-Authenticate")
	}
	for _, method := range []string{http.MethodPost, http.MethodGet, http.MethodDelete} {
		if status, challenge := ask(method, "Bearer x"); status != http.StatusUnauthorized || !strings.Contains(challenge, `/.well-known/oauth-protected-resource/"`) {
			t.Errorf("%s with a wrong key: %d %s", method, status, challenge)
		}
	}
	for _, method := range []string{http.MethodPost, http.MethodGet} {
		if status, challenge := ask(method, ""); status != http.StatusUnauthorized || strings.Contains(challenge, "invalid_token") {
			t.Errorf("%s of a client that begins: %d %s", method, status, challenge)
		}
	}
}
