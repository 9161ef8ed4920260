package mcp_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"troupe/entities"
	"troupe/mcp"
)

const ping = `{"jsonrpc":"2.0","id":1,"method":"ping"}`

// send sends a request as it is and gives what came back.
func send(t testing.TB, r *http.Request) (int, http.Header, string) {
	t.Helper()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	answer, err := transport.RoundTrip(r)
	must(t, err)
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	must(t, err)
	return answer.StatusCode, answer.Header, string(body)
}

func (s *stage) request(t testing.TB, method string, who entities.Created, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.address(who.Entity.ID), strings.NewReader(body))
	must(t, err)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json, text/event-stream")
	r.Header.Set("Authorization", "Bearer "+who.Key)
	return r
}

func (s *stage) post(t *testing.T, who entities.Created, body string) (int, http.Header, string) {
	t.Helper()
	return send(t, s.request(t, http.MethodPost, who, body))
}

func TestGuard(t *testing.T) {
	s := newStage(t)
	ada := s.entity(t, "Ada", "", s.general)
	bob := s.entity(t, "Bob", "", s.general)
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	host := func(name string) func(*http.Request) { return func(r *http.Request) { r.Host = name } }
	body := func(text string) func(*http.Request) {
		return func(r *http.Request) {
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader(text)), int64(len(text))
		}
	}
	stream := func(text string) func(*http.Request) {
		return func(r *http.Request) { r.Body, r.ContentLength = io.NopCloser(strings.NewReader(text)), -1 }
	}
	method := func(name string) func(*http.Request) { return func(r *http.Request) { r.Method = name } }
	query := func(raw string) func(*http.Request) { return func(r *http.Request) { r.URL.RawQuery = raw } }
	large := `{"jsonrpc":"2.0","id":1,"method":"ping","params":{"_meta":{"x":"` + strings.Repeat("x", 1<<20) + `"}}}`
	for name, c := range map[string]struct {
		change func(*http.Request)
		want   int
	}{
		"as it should be":            {func(*http.Request) {}, 200},
		"charset":                    {header("Content-Type", "application/json; charset=utf-8"), 200},
		"scheme in small letters":    {header("Authorization", "bearer "+ada.Key), 200},
		"public host":                {host("troupe.example"), 200},
		"public host with port":      {host("TROUPE.example:443"), 200},
		"former host":                {host("old.example"), 200},
		"former origin":              {header("Origin", "https://old.example"), 200},
		"localhost":                  {host("localhost:8080"), 200},
		"IPv6 loopback":              {host("[::1]:8080"), 200},
		"foreign host":               {host("evil.example"), 403},
		"host that begins like ours": {host("troupe.example.evil.example"), 403},
		"no host":                    {host("127.0.0.2.evil.example"), 403},
		"public origin":              {header("Origin", "https://troupe.example"), 200},
		"loopback origin":            {header("Origin", "http://localhost:6274"), 200},
		"foreign origin":             {header("Origin", "https://evil.example"), 403},
		"null origin":                {header("Origin", "null"), 403},
		"origin like ours":           {header("Origin", "https://troupe.example.evil.example"), 403},
		"no key":                     {func(r *http.Request) { r.Header.Del("Authorization") }, 401},
		"basic":                      {header("Authorization", "Basic "+ada.Key), 401},
		"key alone":                  {header("Authorization", ada.Key), 401},
		"two keys":                   {func(r *http.Request) { r.Header.Add("Authorization", "Bearer "+bob.Key) }, 401},
		"foreign key":                {header("Authorization", "Bearer "+bob.Key), 401},
		"unknown entity":             {func(r *http.Request) { r.URL.Path = "/mcp/00000000000000000000000000" }, 401},
		"entity in the query":        {func(r *http.Request) { r.URL.Path, r.URL.RawQuery = "/mcp", "entity="+string(ada.Entity.ID) }, 200},
		"entity by its key":          {func(r *http.Request) { r.URL.Path = "/mcp" }, 200},
		"no path":                    {func(r *http.Request) { r.URL.Path = "/" }, 200},
		"other entity in the query":  {func(r *http.Request) { r.URL.Path, r.URL.RawQuery = "/mcp", "entity="+string(bob.Entity.ID) }, 401},
		"two entities":               {query("entity=" + string(bob.Entity.ID)), 400},
		"the same entity twice":      {query("entity=" + string(ada.Entity.ID)), 200},
		"key in the query":           {query("key=" + ada.Key), 400},
		"token in the query":         {query("access_token=x"), 400},
		"key under another name":     {query("x=" + ada.Key), 400},
		"other query":                {query("x=1"), 200},
		"text/plain":                 {header("Content-Type", "text/plain"), 415},
		"no content type":            {func(r *http.Request) { r.Header.Del("Content-Type") }, 415},
		"too large":                  {body(large), 413},
		"too large, length not said": {stream(large), 413},
		"not JSON":                   {body("{"), 400},
		"empty":                      {body(""), 400},
		"batch":                      {body("[" + ping + "]"), 400},
		"answer to nothing":          {body(`{"jsonrpc":"2.0","id":1,"result":{"x":1}}`), 400},
		"case-folded key":            {body(`{"jsonrpc":"2.0","id":1,"METHOD":"ping"}`), 400},
		"session of nobody":          {header("Mcp-Session-Id", "mcp-session-x"), 404},
		"GET for a stream":           {func(r *http.Request) { r.Method = http.MethodGet; r.Header.Set("Accept", "text/event-stream") }, 400},
		"DELETE":                     {method(http.MethodDelete), 400},
		"PUT":                        {method(http.MethodPut), 405},
		"OPTIONS":                    {method(http.MethodOptions), 405},
		"unknown protocol in 2025":   {header("Mcp-Protocol-Version", "2019-01-01"), 400},
		"no entity":                  {func(r *http.Request) { r.URL.Path = "/mcp/" }, 404},
		"further below":              {func(r *http.Request) { r.URL.Path += "/x" }, 404},
	} {
		t.Run(name, func(t *testing.T) {
			r := s.request(t, http.MethodPost, ada, ping)
			c.change(r)
			status, h, answer := send(t, r)
			if status != c.want {
				t.Fatalf("%d, not %d: %s", status, c.want, answer)
			}
			if status == 404 && name != "session of nobody" {
				return
			}
			if h.Get("X-Accel-Buffering") != "no" || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Cache-Control") != "no-store" {
				t.Errorf("headers: %v", h)
			}
			if status == 405 && h.Get("Allow") != "GET, POST, DELETE" {
				t.Errorf("Allow: %q", h.Get("Allow"))
			}
			if h.Get("Mcp-Session-Id") != "" || strings.Contains(answer, "troupe_0") || strings.Contains(answer, ada.Key) {
				t.Errorf("it gives something away: %v %s", h, answer)
			}
			var shape struct {
				JSONRPC string
				Error   *struct {
					Code    int
					Message string
				}
			}
			if err := json.Unmarshal([]byte(answer), &shape); c.want != 200 && name != "unknown protocol in 2025" && (err != nil || shape.JSONRPC != "2.0" || shape.Error == nil) {
				t.Errorf("not a JSON-RPC error: %s", answer)
			}
		})
	}
}

// TestUnauthorized demands one answer for all that is wrong with a key.
func TestUnauthorized(t *testing.T) {
	s := newStage(t)
	ada := s.entity(t, "Ada", "", s.general)
	bob := s.entity(t, "Bob", "", s.general)
	type answer struct {
		status             int
		body, authenticate string
	}
	seen := map[answer]bool{}
	for _, c := range []struct{ id, key string }{
		{string(ada.Entity.ID), ""},
		{string(ada.Entity.ID), "troupe_x"},
		{string(ada.Entity.ID), bob.Key},
		{string(ada.Entity.ID), ada.Key + "0"},
		{"00000000000000000000000000", ada.Key},
		{"nobody", "x"},
	} {
		r := s.request(t, http.MethodPost, ada, ping)
		r.URL.Path = "/mcp/" + c.id
		r.Header.Set("Authorization", "Bearer "+c.key)
		status, h, body := send(t, r)
		// It names the address that was called, and says of a key that it was refused.
		challenge := h.Get("WWW-Authenticate")
		if !strings.HasPrefix(challenge, `Bearer realm="troupe", `) || !strings.Contains(challenge, `resource_metadata="`+publicURL+"/.well-known/oauth-protected-resource/mcp/") {
			t.Errorf("the challenge is %q", challenge)
		}
		seen[answer{status, body, "Bearer"}] = true
	}
	if len(seen) != 1 {
		t.Errorf("the answers differ: %v", seen)
	}
	for a := range seen {
		if a.status != 401 || !strings.HasPrefix(a.authenticate, "Bearer") {
			t.Errorf("%+v", a)
		}
	}
}

// TestFailures shows that refused keys are limited and that a right one never is.
func TestFailures(t *testing.T) {
	s := newStage(t)
	ada := s.entity(t, "Ada", "", s.general)
	try := func(key, from string) int {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, s.address(ada.Entity.ID), strings.NewReader(ping))
		r.RemoteAddr = from
		r.Host = "troupe.example"
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+key)
		w := httptest.NewRecorder()
		s.server.Handler().ServeHTTP(w, r)
		if w.Code == 429 && w.Header().Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
		return w.Code
	}
	for range mcp.MaxFailures {
		if got := try("x", "[2001:db8::1]:5"); got != 401 {
			t.Fatal(got)
		}
	}
	for from, want := range map[string]int{"[2001:db8::1]:5": 429, "[2001:db8::2]:6": 429, "[2001:db8:1::1]:5": 401, "192.0.2.1:5": 401} {
		if got := try("x", from); got != want {
			t.Errorf("%s: %d, not %d", from, got, want)
		}
	}
	if got := try(ada.Key, "[2001:db8::1]:5"); got != 200 {
		t.Errorf("the right key: %d", got)
	}
	if got := s.server.Clients().Refused; got != mcp.MaxFailures+4 {
		t.Errorf("%d refused keys were counted", got)
	}
}

func TestPage(t *testing.T) {
	s := newStage(t)
	ada := s.entity(t, "Ada", "", s.general)
	get := func(path string) (int, http.Header, string) {
		r := s.request(t, http.MethodGet, ada, "")
		r.URL.Path = path
		r.Header.Del("Authorization")
		r.Header.Set("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
		return send(t, r)
	}
	status, h, page := get("/mcp/" + string(ada.Entity.ID))
	_, _, other := get("/mcp/nobody")
	for _, form := range []string{"/mcp", "/", "/mcp/nobody/sse"} {
		if status, _, same := get(form); status != 200 || same != page {
			t.Errorf("%s: %d", form, status)
		}
	}
	if status != 200 || !strings.HasPrefix(h.Get("Content-Type"), "text/html") || !strings.Contains(h.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("%d %v", status, h)
	}
	if page != other || strings.Contains(page, "Ada") || strings.Contains(page, string(ada.Entity.ID)) {
		t.Error("the page tells what exists")
	}
	if !strings.Contains(page, "claude mcp add --transport http") {
		t.Error("the page does not tell how to connect")
	}
}

// TestCallsAtOnce fills an entity's places with messages that never end.
func TestCallsAtOnce(t *testing.T) {
	s := newStage(t)
	ada := s.entity(t, "Ada", "", s.general)
	bob := s.entity(t, "Bob", "", s.general)
	var sending sync.WaitGroup
	defer sending.Wait()
	for range mcp.MaxCallsPerEntity {
		r := s.request(t, http.MethodPost, ada, "")
		body, more := io.Pipe()
		r.Body, r.ContentLength = body, -1
		sending.Go(func() {
			transport := &http.Transport{}
			defer transport.CloseIdleConnections()
			if answer, err := transport.RoundTrip(r); err == nil {
				_ = answer.Body.Close()
			}
		})
		defer func() { _ = more.CloseWithError(io.ErrUnexpectedEOF) }()
	}
	await(t, "the calls to run", func() bool { return s.server.Clients().Running == mcp.MaxCallsPerEntity })
	status, h, body := s.post(t, ada, ping)
	if status != 429 || h.Get("Retry-After") == "" {
		t.Errorf("%d %v %s", status, h, body)
	}
	if status, _, _ := s.post(t, bob, ping); status != 200 {
		t.Errorf("another entity: %d", status)
	}
}

// TestTooLargeAtOnce refuses a message that says how large it is before any of it has come.
func TestTooLargeAtOnce(t *testing.T) {
	s := newStage(t)
	ada := s.entity(t, "Ada", "", s.general)
	conn := s.dial(t, fmt.Sprintf("POST /mcp/%s HTTP/1.1\nHost: 127.0.0.1\nContent-Type: application/json\nExpect: 100-continue\nContent-Length: %d\nAuthorization: Bearer %s\n\n",
		ada.Entity.ID, 1<<20+1, ada.Key))
	must(t, conn.SetDeadline(time.Now().Add(5*time.Second)))
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "HTTP/1.1 413") {
		t.Errorf("%q %v", line, err)
	}
}

// TestUnfinishedBody answers somebody whose message does not arrive, and lets them go. net/http
// reads what is left of a body before it answers.
func TestUnfinishedBody(t *testing.T) {
	s := newStage(t)
	mcp.HurryBodies(s.server, 100*time.Millisecond)
	ada := s.entity(t, "Ada", "", s.general)
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(s.url, "http://"))
	must(t, err)
	defer func() { _ = conn.Close() }()
	must(t, conn.SetDeadline(time.Now().Add(5*time.Second)))
	_, err = fmt.Fprintf(conn, "POST /mcp/%s HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
		ada.Entity.ID, ada.Key)
	must(t, err)
	answer, err := io.ReadAll(conn)
	if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 400") || !strings.Contains(string(answer), "did not arrive whole") {
		t.Errorf("%q, %v", answer, err)
	}
	await(t, "the place to be free", func() bool { return s.server.Clients().Running == 0 })
}

// TestPanic shows what is told of a call that breaks: a reference, and a count for operators.
// What it broke with may quote somebody, so it is neither told nor logged, error or not.
func TestPanic(t *testing.T) {
	s := newStage(t)
	ada := s.entity(t, "Ada", "", s.general)
	const canary = "canary of a message"
	for _, with := range []any{canary, errors.New(canary)} {
		mcp.AddBroken(s.server, with)
		status, _, body := s.post(t, ada, `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"broken"}}`)
		if status != 200 || !strings.Contains(body, `"isError":true`) || !strings.Contains(body, "Something broke on our side (ref ") || strings.Contains(body, "canary") {
			t.Errorf("%d %s", status, body)
		}
		mcp.BreakTransport(s.server, with)
		status, _, body = s.post(t, ada, ping)
		if status != 500 || !strings.Contains(body, "Something broke on our side (ref ") || strings.Contains(body, "canary") {
			t.Errorf("%d %s", status, body)
		}
	}
	if got := s.server.Clients(); got.Panics != 4 || got.Running != 0 {
		t.Errorf("%+v", got)
	}
	log := s.log.String()
	if strings.Contains(log, "canary") || strings.Count(log, "msg=panic") != 4 || !strings.Contains(log, "type=*errors.errorString") || !strings.Contains(log, "type=string") || !strings.Contains(log, "export_test.go") {
		t.Errorf("%s", log)
	}
}
