package mcp_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestAmbiguousRequests refuses what a proxy in front and this server could read differently.
func TestAmbiguousRequests(t *testing.T) {
	s := newStage(t)
	ada := s.entity(t, "Ada", "", s.general)
	twice := func(name, first, second string) func(*http.Request) {
		return func(r *http.Request) { r.Header[name] = []string{first, second} }
	}
	query := func(raw string) func(*http.Request) {
		return func(r *http.Request) { r.URL.Path, r.URL.RawQuery = "/mcp", raw }
	}
	for name, c := range map[string]struct {
		change func(*http.Request)
		want   int
	}{
		"two sessions":          {twice("Mcp-Session-Id", "", "abc"), 400},
		"two content types":     {twice("Content-Type", "application/json", "text/plain"), 400},
		"two versions":          {twice("Mcp-Protocol-Version", "2025-11-25", "2026-07-28"), 400},
		"two methods":           {twice("Mcp-Method", "ping", "tools/call"), 400},
		"two names":             {twice("Mcp-Name", "whoami", "send_message"), 400},
		"the same twice":        {twice("Content-Type", "application/json", "application/json"), 200},
		"broken escape":         {query("entity=%zz"), 400},
		"semicolon":             {query("entity=a;b"), 400},
		"compressed":            {func(r *http.Request) { r.Header.Set("Content-Encoding", "gzip") }, 415},
		"not compressed":        {func(r *http.Request) { r.Header.Set("Content-Encoding", "identity") }, 200},
		"version that is not":   {func(r *http.Request) { r.Header.Set("Mcp-Protocol-Version", "1999-01-01") }, 400},
		"version that is known": {func(r *http.Request) { r.Header.Set("Mcp-Protocol-Version", "2025-06-18") }, 200},
	} {
		t.Run(name, func(t *testing.T) {
			r := s.request(t, http.MethodPost, ada, ping)
			c.change(r)
			if status, _, body := send(t, r); status != c.want {
				t.Errorf("%d %s", status, body)
			}
		})
	}
}

// TestUnknownVersion refuses a version that there is not on every way in, and before anything
// is done.
func TestUnknownVersion(t *testing.T) {
	s := newStage(t)
	ada := s.entity(t, "Ada", "", s.general)
	session := s.begin(t, ada)
	subscribe := s.request(t, http.MethodPost, ada, `{"jsonrpc":"2.0","id":5,"method":"resources/subscribe","params":{"uri":"discord://inbox"}}`)
	subscribe.Header.Set("Mcp-Session-Id", session)
	for _, r := range []*http.Request{subscribe, s.get(t, ada, session), s.delete(t, ada, session)} {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second) // a stream would not end
		defer cancel()
		r.Header.Set("Mcp-Protocol-Version", "1999-01-01")
		if status, h, body := send(t, r.WithContext(ctx)); status != 400 || h.Get("Content-Type") != "application/json" {
			t.Errorf("%s: %d %s", r.Method, status, body)
		}
	}
	if status, body := s.inSession(t, ada, session, ping); status != 200 {
		t.Errorf("the session was ended: %d %s", status, body)
	}
}

// TestAllow tells which methods there are, which differ between the eras.
func TestAllow(t *testing.T) {
	s := newStage(t)
	ada := s.entity(t, "Ada", "", s.general)
	for version, want := range map[string]string{"2025-11-25": "GET, POST, DELETE", "2026-07-28": "POST"} {
		r := s.request(t, http.MethodPut, ada, "")
		r.Header.Set("Mcp-Protocol-Version", version)
		if status, h, _ := send(t, r); status != 405 || h.Get("Allow") != want {
			t.Errorf("%s: %d %q", version, status, h.Get("Allow"))
		}
	}
}

// TestUnreadableUnderAnotherName has headers that say something else than the message refused as
// such, also where the message itself is refused.
func TestUnreadableUnderAnotherName(t *testing.T) {
	s := newStage(t)
	ada := s.entity(t, "Ada", "", s.general)
	for name, want := range map[string]string{"discord://channel/1": `"code":-32602`, "discord://inbox": `"code":-32020`, "": `"code":-32020`} {
		r := s.request(t, http.MethodPost, ada, `{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"discord://channel/1",`+metaModern+`}}`)
		r.Header.Set("Mcp-Protocol-Version", "2026-07-28")
		r.Header.Set("Mcp-Method", "resources/read")
		if r.Header.Set("Mcp-Name", name); name == "" {
			r.Header.Del("Mcp-Name")
		}
		if status, _, body := send(t, r); status != 400 || !strings.Contains(body, want) {
			t.Errorf("%q: %d %s", name, status, body)
		}
	}
}
