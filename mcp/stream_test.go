package mcp_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/mcp"
)

const metaModern = `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"t","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}`

// listening is a request for a stream of the later era.
func (s *stage) listening(t *testing.T, who entities.Created, uris string) *http.Request {
	t.Helper()
	r := s.request(t, http.MethodPost, who, `{"jsonrpc":"2.0","id":"L1","method":"subscriptions/listen","params":{`+metaModern+`,"notifications":{"resourceSubscriptions":[`+uris+`]}}}`)
	r.Header.Set("Mcp-Protocol-Version", "2026-07-28")
	r.Header.Set("Mcp-Method", "subscriptions/listen")
	return r
}

func (s *stage) sseStream(t *testing.T, who entities.Created) *http.Response {
	t.Helper()
	r := s.get(t, who, "")
	r.URL.Path += "/sse"
	return s.opens(t, r)
}

// TestListen shows what is acknowledged, how what is heard is tagged, and how the stream ends.
func TestListen(t *testing.T) {
	s := newStage(t)
	ada := s.entity(t, "Ada", "", s.general)
	answer := s.opens(t, s.listening(t, ada, `"discord://inbox","discord://channel/`+s.secret.String()+`","x"`))
	next := events(answer.Body)
	if got := next(); got != `{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":"L1"},"notifications":{"resourceSubscriptions":["discord://inbox"]}}}` {
		t.Error(got)
	}
	_, err := s.discord.Say(s.sam, s.secret, "not for Ada")
	must(t, err)
	_, err = s.discord.Say(s.sam, s.general, "for all")
	must(t, err)
	if got := next(); got != `{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":"L1"},"uri":"discord://inbox"}}` {
		t.Error(got)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	must(t, s.server.Close(ctx))
	if got := next(); !strings.Contains(got, `"id":"L1"`) || !strings.Contains(got, `"resultType":"complete"`) {
		t.Error(got)
	}
	if got := next(); got != "" {
		t.Error(got)
	}
}

// events gives the data of one event after the other, and "" at the stream's end.
func events(from io.Reader) func() string {
	var read []byte
	return func() string {
		for {
			if at := strings.Index(string(read), "\n\n"); at >= 0 {
				event := string(read[:at])
				read = read[at+2:]
				if _, data, ok := strings.Cut(event, "data: "); ok {
					return data
				}
				continue
			}
			more := make([]byte, 4096)
			n, err := from.Read(more)
			read = append(read, more[:n]...)
			if err != nil && n == 0 {
				return ""
			}
		}
	}
}

// TestListenJudged has the headers of a stream's request checked as those of every other.
func TestListenJudged(t *testing.T) {
	s := newStage(t)
	ada := s.entity(t, "Ada", "", s.general)
	for name, c := range map[string]struct {
		change func(*http.Request)
		status int
		code   string
	}{
		"method missing":    {func(r *http.Request) { r.Header.Del("Mcp-Method") }, 400, "-32020"},
		"another method":    {func(r *http.Request) { r.Header.Set("Mcp-Method", "tools/list") }, 400, "-32020"},
		"version missing":   {func(r *http.Request) { r.Header.Del("Mcp-Protocol-Version") }, 400, "-32020"},
		"another version":   {func(r *http.Request) { r.Header.Set("Mcp-Protocol-Version", "2025-11-25") }, 400, "-32020"},
		"version not known": {func(r *http.Request) { r.Header.Set("Mcp-Protocol-Version", "2099-01-01") }, 400, "-32020"},
	} {
		t.Run(name, func(t *testing.T) {
			r := s.listening(t, ada, `"discord://inbox"`)
			c.change(r)
			status, _, body := send(t, r)
			if status != c.status || !strings.Contains(body, `"code":`+c.code) || !strings.Contains(body, `"L1"`) {
				t.Errorf("%d %s", status, body)
			}
		})
	}
	if status, _, body := send(t, s.listening(t, ada, "")); status != 200 || !strings.Contains(body, "acknowledged") || !strings.Contains(body, `"result"`) {
		t.Errorf("asking for nothing: %d %s", status, body)
	}
	if s.server.Clients().Streams != 0 {
		t.Error("a stream was opened")
	}
}

// TestStreamsCut rotates a key: every stream of the entity ends at once and in order, no other does.
func TestStreamsCut(t *testing.T) {
	s := newStage(t)
	ada, bob := s.entity(t, "Ada", "", s.general), s.entity(t, "Bob", "", s.general)
	open := func(who entities.Created) []*http.Response {
		return []*http.Response{s.streamOf(t, who, s.begin(t, who)), s.opens(t, s.listening(t, who, `"discord://inbox"`)), s.sseStream(t, who)}
	}
	cut, kept := open(ada), open(bob)
	await(t, "the streams to be open", func() bool { return s.server.Clients().Streams == 6 })
	owner := entities.Member(snowflake.ID(s.owner), snowflake.ID(s.guild), 0)
	rotated := time.Now()
	_, err := s.registry.RotateKey(t.Context(), owner, ada.Entity.ID)
	must(t, err)
	for _, one := range cut {
		if _, err := io.ReadAll(one.Body); err != nil {
			t.Errorf("it does not end in order: %v", err)
		}
	}
	if took := time.Since(rotated); took > time.Second {
		t.Errorf("the streams ended after %s", took)
	}
	await(t, "three streams to be left", func() bool { return s.server.Clients().Streams == 3 })
	_, err = s.discord.Say(s.sam, s.general, "hello")
	must(t, err)
	next := events(kept[1].Body)
	if got := next() + next(); !strings.Contains(got, "resources/updated") {
		t.Error(got)
	}
}

// TestStreamLimits bounds an entity's streams, and takes a session's second one for its first.
func TestStreamLimits(t *testing.T) {
	s := newStage(t)
	ada := s.entity(t, "Ada", "", s.general)
	session := s.begin(t, ada)
	first := s.streamOf(t, ada, session)
	second := s.streamOf(t, ada, session)
	if _, err := io.ReadAll(first.Body); err != nil {
		t.Errorf("it does not end in order: %v", err)
	}
	for range mcp.MaxStreamsPerEntity - 1 {
		s.streamOf(t, ada, s.begin(t, ada))
	}
	await(t, "the first to end", func() bool { return s.server.Clients().Streams == mcp.MaxStreamsPerEntity })
	status, h, body := send(t, s.get(t, ada, s.begin(t, ada)))
	if status != 429 || h.Get("Retry-After") == "" {
		t.Errorf("%d %s", status, body)
	}
	status, _, body = send(t, s.listening(t, ada, `"discord://inbox"`))
	if status != 429 {
		t.Errorf("%d %s", status, body)
	}
	if status, _ := s.inSession(t, ada, session, ping); status != 200 {
		t.Errorf("a call: %d", status)
	}
	if status, _, _ := send(t, s.delete(t, ada, session)); status != 204 {
		t.Error(status)
	}
	if _, err := io.ReadAll(second.Body); err != nil {
		t.Errorf("it does not end in order: %v", err)
	}
	await(t, "the ended session's stream to end", func() bool { return s.server.Clients().Streams == mcp.MaxStreamsPerEntity-1 })
}

// TestHeartbeat shows that a silent stream lives.
func TestHeartbeat(t *testing.T) {
	s := newStage(t)
	mcp.HurryBeats(s.server, 10*time.Millisecond)
	ada := s.entity(t, "Ada", "", s.general)
	for _, answer := range []*http.Response{s.streamOf(t, ada, s.begin(t, ada)), s.opens(t, s.listening(t, ada, `"discord://inbox"`)), s.sseStream(t, ada)} {
		var read []byte
		for strings.Count(string(read), ":\n\n") < 3 {
			more := make([]byte, 512)
			n, err := answer.Body.Read(more)
			must(t, err)
			read = append(read, more[:n]...)
		}
	}
}

// TestStreamsEndWithTheirToken lets a token's day pass: nobody ends it, so its streams look
// themselves. Those of the entity's key go on.
func TestStreamsEndWithTheirToken(t *testing.T) {
	var now clock
	s := newStage(t, now.set)
	mcp.HurryBeats(s.server, 10*time.Millisecond)
	ada := s.entity(t, "Ada", "", s.general)
	tokens := s.grant(t, ada, publicURL+"/mcp/"+string(ada.Entity.ID))
	granted := as(ada, tokens)
	ending := []*http.Response{s.streamOf(t, granted, s.begin(t, granted)), s.opens(t, s.listening(t, granted, `"discord://inbox"`)), s.sseStream(t, granted)}
	s.streamOf(t, ada, s.begin(t, ada))
	await(t, "the streams to be open", func() bool { return s.server.Clients().Streams == 4 })
	now.pass(tokens.Life + time.Second)
	for _, one := range ending {
		if _, err := io.ReadAll(one.Body); err != nil {
			t.Errorf("it does not end in order: %v", err)
		}
	}
	await(t, "the key's stream to be left", func() bool { return s.server.Clients().Streams == 1 })
}

// TestStreamOutlivesRequests has a server whose requests must come and be answered soon: that does
// not hold for streams.
func TestStreamOutlivesRequests(t *testing.T) {
	s := newStage(t)
	mcp.HurryBeats(s.server, 50*time.Millisecond)
	ada := s.entity(t, "Ada", "", s.general)
	strict := httptest.NewUnstartedServer(s.server.Handler())
	strict.Config.ReadTimeout, strict.Config.WriteTimeout = 100*time.Millisecond, 150*time.Millisecond
	strict.Start()
	t.Cleanup(strict.Close)
	s.url = strict.URL
	for _, answer := range []*http.Response{s.streamOf(t, ada, s.begin(t, ada)), s.opens(t, s.listening(t, ada, `"discord://inbox"`)), s.sseStream(t, ada)} {
		for beats := 0; beats < 8; { // 400 ms
			more := make([]byte, 512)
			n, err := answer.Body.Read(more)
			must(t, err)
			beats += strings.Count(string(more[:n]), ":\n\n")
		}
		must(t, answer.Body.Close())
	}
}

// wire is a connection that keeps the deadlines that it is given.
type wire struct {
	*httptest.ResponseRecorder
	deadlines []time.Time
}

func (w *wire) SetWriteDeadline(at time.Time) error {
	w.deadlines = append(w.deadlines, at)
	return nil
}

// TestStreamedAnswers gives every write of an answer that is streamed its own time, from then on, and
// lets mcp-go send what it has. Other answers keep the time that the HTTP server gives them.
func TestStreamedAnswers(t *testing.T) {
	for kind, writes := range map[string]int{"text/event-stream": 2, "application/json": 0} {
		w := &wire{ResponseRecorder: httptest.NewRecorder()}
		out := mcp.Delivering(w, time.Minute)
		out.Header().Set("Content-Type", kind)
		out.WriteHeader(http.StatusOK)
		began := time.Now()
		for range 2 {
			_, err := io.WriteString(out, "x")
			must(t, err)
		}
		flusher, can := out.(http.Flusher)
		if !can {
			t.Fatal("mcp-go cannot stream")
		}
		flusher.Flush()
		if len(w.deadlines) != writes || !w.Flushed || w.Body.String() != "xx" {
			t.Errorf("%s: %d deadlines, flushed %t", kind, len(w.deadlines), w.Flushed)
		}
		for _, at := range w.deadlines {
			if at.Before(began.Add(time.Minute)) || at.After(time.Now().Add(time.Minute)) {
				t.Errorf("the deadline is %s", at)
			}
		}
	}
}
