package mcp_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"troupe/entities"
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
