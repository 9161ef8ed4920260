package mcp_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"troupe/entities"
)

// fuzzed sends a request to the endpoint's own handler and demands an answer that is no failure of
// ours and gives nothing away.
func (s *stage) fuzzed(t *testing.T, who entities.Created, r *http.Request) (int, string) {
	t.Helper()
	r.Host = "127.0.0.1"
	if r.Header.Get("Authorization") == "" {
		r.Header.Set("Authorization", "Bearer "+who.Key)
	}
	w := httptest.NewRecorder()
	s.server.Handler().ServeHTTP(w, r)
	body := w.Body.String()
	if w.Code >= 500 || s.server.Clients().Panics != 0 {
		t.Fatalf("%d %s", w.Code, body)
	}
	if strings.Contains(body, "secret-canary") || strings.Contains(body, who.Key) {
		t.Fatalf("it gives something away: %s", body)
	}
	if w.Code != http.StatusAccepted && strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") && !json.Valid([]byte(body)) {
		t.Fatalf("%d: no JSON: %q", w.Code, body)
	}
	return w.Code, body
}

func posted(path, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/x", strings.NewReader(body))
	r.URL.Path = path
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json, text/event-stream")
	return r
}

// modernHeaders are what a message of the later era needs.
func modernHeaders(r *http.Request, method, name string) {
	r.Header.Set("Mcp-Protocol-Version", "2026-07-28")
	r.Header.Set("Mcp-Method", method)
	if name != "" {
		r.Header.Set("Mcp-Name", name)
	}
}

var someMessages = []string{
	ping, listCall, whoamiCall, initialize,
	`{"jsonrpc":"2.0","method":"notifications/initialized"}`,
	`{"jsonrpc":"2.0","id":1,"result":{}}`,
	`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read_messages","arguments":{"channel":"#general","limit":"3"}}}`,
	`{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"discord://inbox"}}`,
	`{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"discord://channel/18446744073709551615"}}`,
	`{"jsonrpc":"2.0","id":1,"method":"resources/list","params":{"cursor":"x"}}`,
	`{"jsonrpc":"2.0","id":1,"method":"resources/subscribe","params":{"uri":"discord://channel/0"}}`,
	`{"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{"name":"join_conversation","arguments":{"channel":"x"}}}`,
	`{"jsonrpc":"2.0","id":1,"method":"completion/complete","params":{"ref":{"type":"ref/prompt","name":"x"},"argument":{"name":"a","value":"b"}}}`,
	`{"jsonrpc":"2.0","id":1,"method":"tasks/get","params":{"taskId":"x"}}`,
	`{"jsonrpc":"2.0","id":1,"method":"logging/setLevel","params":{"level":"debug"}}`,
	`{"jsonrpc":"2.0","id":1,"METHOD":"tools/call"}`, `[]`, `{`, ``, "\xff",
	`{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{` + metaModern + `}}`,
	`{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{` + metaModern + `,"notifications":{}}}`,
	`{"jsonrpc":"2.0","id":1,"method":"server/discover","params":{` + metaModern + `}}`,
	`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"whoami","_meta":{"progressToken":1e999}}}`,
}

// FuzzMessage posts bodies. What waits is left out: a wait is no failure, but it takes its time.
func FuzzMessage(f *testing.F) {
	s := newStage(f)
	ada := s.entity(f, "Ada", "", s.general)
	for _, message := range someMessages {
		f.Add(message)
	}
	f.Fuzz(func(t *testing.T, body string) {
		if strings.Contains(body, "wait_for") || strings.Contains(body, `\u`) {
			return
		}
		s.fuzzed(t, ada, posted("/mcp/"+string(ada.Entity.ID), body))
	})
}

// FuzzHeaders posts a message of the later era under headers that may say something else: a call
// is done only when they say the same.
func FuzzHeaders(f *testing.F) {
	s := newStage(f)
	ada := s.entity(f, "Ada", "", s.general)
	f.Add("2026-07-28", "tools/call", "whoami", "", "127.0.0.1", "", "", "")
	f.Add("2026-07-28", "tools/list", "whoami", "x", "evil.example", "https://evil.example", "Bearer x", "1.2.3.4")
	f.Add("2025-11-25", "", "=?base64?d2hvYW1p?=", "mcp-session-x", "[::1]:80", "null", "Basic x", "::1, x")
	f.Add("2099-01-01", "TOOLS/CALL", "Whoami", "\x00", "", "http://localhost", "bearer", ",")
	f.Fuzz(func(t *testing.T, version, method, name, session, host, origin, authorization, forwarded string) {
		r := posted("/mcp/"+string(ada.Entity.ID), `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"whoami",`+metaModern+`}}`)
		for header, value := range map[string]string{
			"Mcp-Protocol-Version": version, "Mcp-Method": method, "Mcp-Name": name, "Mcp-Session-Id": session, "Origin": origin,
			"Authorization": authorization, "X-Forwarded-For": forwarded, "X-Forwarded-Host": host,
		} {
			if value != "" {
				r.Header.Set(header, value)
			}
		}
		status, body := s.fuzzed(t, ada, r)
		same := version == "2026-07-28" && method == "tools/call" && (name == "whoami" || strings.HasPrefix(name, "=?"))
		if status == http.StatusOK && strings.Contains(body, "You are Ada") && !same {
			t.Fatalf("it was called by headers that say something else: %q %q %q", version, method, name)
		}
	})
}

// FuzzSSEMessage posts to the first transport, for a session that has a stream and for others.
// What is answered on the stream are whole events of JSON.
func FuzzSSEMessage(f *testing.F) {
	s := newStage(f)
	ada := s.entity(f, "Ada", "", s.general)
	r := s.request(f, http.MethodGet, ada, "")
	r.URL.Path += "/sse"
	r.Header.Set("Accept", "text/event-stream")
	transport := &http.Transport{}
	f.Cleanup(transport.CloseIdleConnections)
	answer, err := transport.RoundTrip(r)
	must(f, err)
	next := events(answer.Body)
	_, own, _ := strings.Cut(next(), "sessionId=")
	var wrong atomic.Value
	var reading sync.WaitGroup
	reading.Go(func() {
		for event := next(); event != ""; event = next() {
			if !json.Valid([]byte(event)) || strings.Contains(event, "secret-canary") {
				wrong.Store(event)
			}
		}
	})
	f.Cleanup(func() {
		_ = answer.Body.Close()
		reading.Wait()
	})
	f.Add(false, ping)
	for _, message := range someMessages {
		f.Add(true, message)
	}
	f.Fuzz(func(t *testing.T, mine bool, body string) {
		if strings.Contains(body, "wait_for") || strings.Contains(body, `\u`) {
			return
		}
		session, want := own, 202
		if !mine {
			session, want = strings.Repeat("a", len(own)), 404
		}
		r := posted("/mcp/"+string(ada.Entity.ID)+"/message", body)
		r.URL.RawQuery = "sessionId=" + session
		if status, answer := s.fuzzed(t, ada, r); status != want && (want == 404 || (status != 400 && status != 413)) {
			t.Fatalf("%d %s", status, answer)
		}
		for s.server.Clients().Running > 0 {
			runtime.Gosched()
		}
		if event := wrong.Load(); event != nil || s.server.Clients().Panics != 0 {
			t.Fatalf("on the stream: %v", event)
		}
	})
}

// FuzzCursor hands in cursors: none but those that were given is taken.
func FuzzCursor(f *testing.F) {
	s := newStage(f)
	ada, bob := s.entity(f, "Ada", "", s.general), s.entity(f, "Bob", "", s.general)
	cursorOf := func(who entities.Created) string {
		_, _, body := send(f, s.request(f, http.MethodPost, who, `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"check_inbox"}}`))
		_, rest, ok := strings.Cut(body, "next_cursor: ")
		if !ok {
			f.Fatal(body)
		}
		return rest[:strings.IndexAny(rest, `\"`)]
	}
	own, foreign := cursorOf(ada), cursorOf(bob)
	f.Add(own)
	f.Add(foreign)
	f.Add("")
	f.Add(own + "A")
	f.Add(strings.ToUpper(own))
	f.Add("AAAA")
	f.Fuzz(func(t *testing.T, cursor string) {
		encoded, err := json.Marshal(cursor)
		must(t, err)
		status, body := s.fuzzed(t, ada, posted("/mcp/"+string(ada.Entity.ID),
			`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"check_inbox","arguments":{"cursor":`+string(encoded)+`}}}`))
		taken := status == http.StatusOK && !strings.Contains(body, `"isError":true`)
		if known := cursor == own || cursor == ""; taken != known && status == http.StatusOK {
			t.Fatalf("%q: %s", cursor, body)
		}
	})
}
