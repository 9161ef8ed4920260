package mcp_test

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/disgoorg/snowflake/v2"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"troupe/entities"
	"troupe/mcp"
)

// eras are the ways in which a client can speak with the endpoint, by the official SDK.
var eras = []struct {
	name    string
	version string
	path    string // after the server's own URL; %s stands for the entity
	sse     bool
}{
	{name: "2026-07-28", version: "2026-07-28", path: "/mcp/ID"},
	{name: "2026-07-28, entity in the query", version: "2026-07-28", path: "/mcp?entity=ID"},
	{name: "2026-07-28, entity by its key", version: "2026-07-28", path: "/mcp"},
	{name: "2025-11-25", version: "2025-11-25", path: "/mcp/ID"},
	{name: "2025-11-25, entity in the query", version: "2025-11-25", path: "/mcp?entity=ID"},
	{name: "2025-11-25, entity by its key", version: "2025-11-25", path: "/mcp"},
	{name: "2025-06-18", version: "2025-06-18", path: "/mcp/ID"},
	{name: "2025-03-26, no path", version: "2025-03-26", path: "/"},
	{name: "SSE", version: "2025-11-25", path: "/mcp/ID/sse", sse: true},
}

// era connects by one of the eras. updated gets the URIs of resources that changed.
func (s *stage) era(t *testing.T, n int, who entities.Created, updated chan<- string) *sdk.ClientSession {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	address := s.url + strings.ReplaceAll(eras[n].path, "ID", string(who.Entity.ID))
	hc := &http.Client{Transport: withKey{who.Key, transport}}
	client := sdk.NewClient(&sdk.Implementation{Name: "tests", Version: "1"}, &sdk.ClientOptions{
		ResourceUpdatedHandler: func(_ context.Context, r *sdk.ResourceUpdatedNotificationRequest) { updated <- r.Params.URI },
	})
	var by sdk.Transport = &sdk.StreamableClientTransport{Endpoint: address, HTTPClient: hc, MaxRetries: -1}
	if eras[n].sse {
		by = &sdk.SSEClientTransport{Endpoint: address, HTTPClient: hc}
	}
	session, err := client.Connect(t.Context(), by, &sdk.ClientSessionOptions{ProtocolVersion: eras[n].version})
	must(t, err)
	t.Cleanup(func() { _ = session.Close() }) // the key may be gone by then
	return session
}

// hears has somebody speak until the client is told of a resource. The SDK does not say when its
// stream is open.
func (s *stage) hears(t *testing.T, updated <-chan string, uri string) {
	t.Helper()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	limit := time.After(10 * time.Second)
	for {
		select {
		case got := <-updated:
			if got != uri {
				t.Fatalf("%s changed, not %s", got, uri)
			}
			return
		case <-again.C:
			_, err := s.discord.Say(s.sam, s.general, "hello?")
			must(t, err)
		case <-limit:
			t.Fatalf("nobody told of %s", uri)
		}
	}
}

// TestEras has the official SDK do everything in every era: what it is told, tools, the prompt,
// resources, and subscriptions that notify.
func TestEras(t *testing.T) {
	s := newStage(t)
	for n, era := range eras {
		t.Run(era.name, func(t *testing.T) {
			name := []string{"Ada", "Bea", "Cleo", "Dora", "Edda", "Fay", "Gil", "Hanna", "Ida"}[n]
			ada := s.entity(t, name, "Be brief.", s.general, s.quiet)
			updated := make(chan string, 100)
			session := s.era(t, n, ada, updated)
			told := session.InitializeResult()
			if told.ProtocolVersion != era.version || told.ServerInfo.Name != "troupe-"+strings.ToLower(name)+"-"+string(ada.Entity.ID[:4]) || !strings.Contains(told.Instructions, "Be brief.") {
				t.Errorf("%+v", told)
			}
			if told.Capabilities.Resources == nil || !told.Capabilities.Resources.Subscribe || told.Capabilities.Prompts == nil || told.Capabilities.Tools == nil {
				t.Errorf("%+v", told.Capabilities)
			}
			if who := text(call(t, session, "whoami", nil)); !strings.Contains(who, "You are "+name) {
				t.Error(who)
			}
			s.usesPrompt(t, session)
			s.usesResources(t, session, updated)
		})
	}
}

func (s *stage) usesPrompt(t *testing.T, session *sdk.ClientSession) {
	t.Helper()
	prompts, err := session.ListPrompts(t.Context(), nil)
	must(t, err)
	if len(prompts.Prompts) != 1 || prompts.Prompts[0].Name != "join_conversation" {
		t.Fatalf("%+v", prompts.Prompts)
	}
	got, err := session.GetPrompt(t.Context(), &sdk.GetPromptParams{Name: "join_conversation", Arguments: map[string]string{"channel": "#general\nevil"}})
	must(t, err)
	content, ok := got.Messages[0].Content.(*sdk.TextContent)
	if !ok || !strings.Contains(content.Text, "wait_for_messages with channel") || !strings.Contains(content.Text, `#general\u{a}evil`) {
		t.Errorf("%+v", got.Messages[0].Content)
	}
}

func (s *stage) usesResources(t *testing.T, session *sdk.ClientSession, updated <-chan string) {
	t.Helper()
	const inbox = "discord://inbox"
	general := "discord://channel/" + s.general.String()
	listed, err := session.ListResources(t.Context(), nil)
	must(t, err)
	var uris []string
	for _, one := range listed.Resources {
		uris = append(uris, one.URI)
	}
	if want := []string{inbox, general, "discord://channel/" + s.quiet.String()}; !slices.Equal(uris, want) {
		t.Errorf("%q, want %q", uris, want)
	}
	templates, err := session.ListResourceTemplates(t.Context(), nil)
	must(t, err)
	if len(templates.ResourceTemplates) != 1 || templates.ResourceTemplates[0].URITemplate != "discord://channel/{id}" {
		t.Errorf("%+v", templates.ResourceTemplates)
	}
	call(t, session, "ack_inbox", nil)
	must(t, session.Subscribe(t.Context(), &sdk.SubscribeParams{URI: inbox}))
	s.hears(t, updated, inbox)
	for uri, has := range map[string]string{inbox: "#general", general: "hello?"} {
		read, err := session.ReadResource(t.Context(), &sdk.ReadResourceParams{URI: uri})
		must(t, err)
		if len(read.Contents) != 1 || read.Contents[0].MIMEType != "text/plain" || read.Contents[0].URI != uri || !strings.Contains(read.Contents[0].Text, has) {
			t.Errorf("%s: %+v", uri, read.Contents[0])
		}
	}
	for _, uri := range []string{"discord://channel/" + s.secret.String(), "discord://channel/1", "discord://channel/x", "discord://x", "file:///etc/passwd"} {
		if read, err := session.ReadResource(t.Context(), &sdk.ReadResourceParams{URI: uri}); err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %+v, %v", uri, read, err)
		}
	}
	must(t, session.Unsubscribe(t.Context(), &sdk.UnsubscribeParams{URI: inbox}))
}

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
		words[body] = true
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

// TestStreamsCut rotates a key: every stream of the entity ends at once, no other does.
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
		if _, err := io.ReadAll(one.Body); err != nil && !strings.Contains(err.Error(), "EOF") {
			t.Error(err)
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
	s.streamOf(t, ada, session)
	if _, err := io.ReadAll(first.Body); err != nil && !strings.Contains(err.Error(), "EOF") {
		t.Error(err)
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
	await(t, "the ended session's stream to end", func() bool { return s.server.Clients().Streams == mcp.MaxStreamsPerEntity-1 })
}

// TestHeartbeat shows that a silent stream lives, and that one whose credential has ended does not.
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
