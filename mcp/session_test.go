package mcp_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/mcp"
)

// TestSubscribeRefused shows that what an entity may not hear cannot be subscribed to, and says
// no more of it than of what there is not.
func TestSubscribeRefused(t *testing.T) {
	s := newStage(t)
	ada := s.entity(t, "Ada", "", s.general)
	session := s.begin(t, ada)
	words := map[string]bool{}
	for _, uri := range []string{"discord://channel/" + s.secret.String(), "discord://channel/123456789012345678"} {
		status, body := s.inSession(t, ada, session, `{"jsonrpc":"2.0","id":5,"method":"resources/subscribe","params":{"uri":"`+uri+`"}}`)
		if status != 200 || !strings.Contains(body, `"error":{"code":-32002`) || !strings.Contains(body, `"id":5`) {
			t.Errorf("%d %s", status, body)
		}
		// It names what was asked for, and nothing else differs.
		if !strings.Contains(body, `"data":{"uri":"`+uri+`"}`) {
			t.Error(body)
		}
		words[strings.ReplaceAll(body, uri, "")] = true
	}
	if len(words) != 1 {
		t.Errorf("the answers differ: %v", words)
	}
	status, body := s.inSession(t, ada, "", `{"jsonrpc":"2.0","id":5,"method":"resources/subscribe","params":{"uri":"discord://inbox"}}`)
	if status != 200 || !strings.Contains(body, "Mcp-Session-Id") {
		t.Errorf("%d %s", status, body)
	}
}

// begin begins a session of the earlier era and gives its id.
func (s *stage) begin(t *testing.T, who entities.Created) string {
	t.Helper()
	_, h, body := s.post(t, who, initialize)
	id := h.Get("Mcp-Session-Id")
	if id == "" {
		t.Fatalf("there is no session: %s", body)
	}
	return id
}

const initialize = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`

// inSession posts a message of a session.
func (s *stage) inSession(t *testing.T, who entities.Created, session, body string) (int, string) {
	t.Helper()
	r := s.request(t, http.MethodPost, who, body)
	if session != "" {
		r.Header.Set("Mcp-Session-Id", session)
	}
	status, _, answer := send(t, r)
	return status, answer
}

// streamOf opens a session's stream.
func (s *stage) streamOf(t *testing.T, who entities.Created, session string) *http.Response {
	t.Helper()
	return s.opens(t, s.get(t, who, session))
}

func (s *stage) get(t *testing.T, who entities.Created, session string) *http.Request {
	t.Helper()
	r := s.request(t, http.MethodGet, who, "")
	r.Header.Set("Accept", "text/event-stream")
	r.Header.Set("Mcp-Session-Id", session)
	return r
}

// opens sends a request whose answer is a stream.
func (s *stage) opens(t *testing.T, r *http.Request) *http.Response {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	answer, err := transport.RoundTrip(r)
	must(t, err)
	t.Cleanup(func() { _ = answer.Body.Close() })
	if answer.StatusCode != 200 || answer.Header.Get("Content-Type") != "text/event-stream" || answer.Header.Get("X-Accel-Buffering") != "no" {
		t.Fatalf("%d %v", answer.StatusCode, answer.Header)
	}
	return answer
}

// TestSessions tries each way in with sessions of others, ended ones and made up ones.
func TestSessions(t *testing.T) {
	s := newStage(t)
	ada, bob := s.entity(t, "Ada", "", s.general), s.entity(t, "Bob", "", s.general)
	own, foreign, over := s.begin(t, ada), s.begin(t, bob), s.begin(t, ada)
	if status, _, _ := send(t, s.delete(t, ada, over)); status != 204 {
		t.Fatalf("DELETE: %d", status)
	}
	for name, c := range map[string]struct {
		session string
		want    bool
	}{
		"own": {own, true}, "of another entity": {foreign, false}, "ended": {over, false}, "made up": {strings.Repeat("a", len(own)), false},
		"short": {"x", false}, "changed": {own[:len(own)-1] + string('0'+(own[len(own)-1]+1)%8), false},
		"nonce of another": {foreign[:48] + own[48:], false}, "longer": {own + "0", false}, "default of mcp-go": {"mcp-session-6f8e5a9c-9d5e-4c39-8d38-1f3e2f4d5a6b", false},
	} {
		t.Run(name, func(t *testing.T) {
			status, body := s.inSession(t, ada, c.session, ping)
			if (status == 200) != c.want || (status != 200 && status != 404) {
				t.Errorf("POST: %d %s", status, body)
			}
			if c.want {
				return
			}
			for _, r := range []*http.Request{s.get(t, ada, c.session), s.delete(t, ada, c.session)} {
				if status, _, body := send(t, r); status != 404 || !strings.Contains(body, `"error"`) {
					t.Errorf("%s: %d %s", r.Method, status, body)
				}
			}
			r := s.request(t, http.MethodPost, ada, ping)
			r.URL.Path += "/message"
			r.URL.RawQuery = "sessionId=" + c.session
			if status, _, body := send(t, r); status != 404 {
				t.Errorf("SSE message: %d %s", status, body)
			}
		})
	}
	// Bob's own session still is his: nobody ended it.
	if status, body := s.inSession(t, bob, foreign, ping); status != 200 {
		t.Errorf("%d %s", status, body)
	}
	owner := entities.Member(snowflake.ID(s.owner), snowflake.ID(s.guild), 0)
	key, err := s.registry.RotateKey(t.Context(), owner, ada.Entity.ID)
	must(t, err)
	if status, _ := s.inSession(t, key, own, ping); status != 404 {
		t.Errorf("a session of the key before: %d", status)
	}
}

func (s *stage) delete(t *testing.T, who entities.Created, session string) *http.Request {
	t.Helper()
	r := s.request(t, http.MethodDelete, who, "")
	r.Header.Set("Mcp-Session-Id", session)
	return r
}

// TestSessionAfterRestart goes on with calls in a session of the program's last run. What that had
// subscribed to is not known any more, so its stream has to begin anew.
func TestSessionAfterRestart(t *testing.T) {
	s := newStage(t)
	ada := s.entity(t, "Ada", "", s.general)
	session := s.begin(t, ada)
	again, err := mcp.New(mcp.Config{Registry: s.registry, Relay: s.relay, PublicURL: publicURL, Version: "1.2.4", Log: slog.New(slog.DiscardHandler)})
	must(t, err)
	served := httptest.NewServer(again.Handler())
	defer served.Close()
	s.url = served.URL
	if status, body := s.inSession(t, ada, session, ping); status != 200 {
		t.Errorf("a call: %d %s", status, body)
	}
	if status, _, body := send(t, s.get(t, ada, session)); status != 404 {
		t.Errorf("the stream: %d %s", status, body)
	}
	if status, _, _ := send(t, s.delete(t, ada, session)); status != 204 {
		t.Errorf("the end: %d", status)
	}
}

// TestSubscribedAlone forgets what a session subscribed to that opens no stream to be told on.
func TestSubscribedAlone(t *testing.T) {
	s := newStage(t)
	now := time.Now()
	ada := s.entity(t, "Ada", "", s.general)
	patient, err := mcp.New(mcp.Config{
		Registry: s.registry, Relay: s.relay, PublicURL: publicURL, Version: "1.2.4", Log: slog.New(slog.DiscardHandler),
		Now: func() time.Time { return now },
	})
	must(t, err)
	served := httptest.NewServer(patient.Handler())
	defer served.Close()
	s.url = served.URL
	session := s.begin(t, ada)
	if status, body := s.inSession(t, ada, session, `{"jsonrpc":"2.0","id":1,"method":"resources/subscribe","params":{"uri":"discord://inbox"}}`); status != 200 || !strings.Contains(body, `"result":{}`) {
		t.Fatalf("%d %s", status, body)
	}
	kept := func() bool {
		patient.Clients()
		return mcp.Held(patient) > 0
	}
	if now = now.Add(5 * time.Minute); !kept() {
		t.Error("it was forgotten at once")
	}
	if now = now.Add(6 * time.Minute); kept() {
		t.Error("it is kept for ever")
	}
	if status, _ := s.inSession(t, ada, session, ping); status != 200 {
		t.Errorf("the session itself: %d", status)
	}
}
