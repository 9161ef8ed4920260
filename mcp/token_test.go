package mcp_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/mcp"
)

const (
	tokenClient = "a client"
	verifier    = "abcdefghijklmnopqrstuvwxyz0123456789-._~ABCDEFG"
)

// grant has an entity's owner connect an OAuth client for an address of ours.
func (s *stage) grant(t testing.TB, who entities.Created, resource string) entities.Tokens {
	t.Helper()
	program := entities.System("test")
	code, err := s.registry.ConnectCode(t.Context(), entities.Member(who.Entity.OwnerID, snowflake.ID(s.guild), 0), who.Entity.ID)
	must(t, err)
	sum := sha256.Sum256([]byte(verifier))
	const back = "https://client.example/back"
	code, err = s.registry.Consent(t.Context(), program, entities.Consent{
		Code: code, ClientID: tokenClient, ClientName: "n", RedirectURI: back, Resource: resource, Challenge: base64.RawURLEncoding.EncodeToString(sum[:]),
	})
	must(t, err)
	tokens, err := s.registry.Exchange(t.Context(), program, entities.Exchange{Code: code, ClientID: tokenClient, RedirectURI: back, Verifier: verifier, Resource: resource})
	must(t, err)
	return tokens
}

func (s *stage) renew(t testing.TB, tokens entities.Tokens) entities.Tokens {
	t.Helper()
	next, err := s.registry.Refresh(t.Context(), entities.System("test"), entities.Renewal{Refresh: tokens.Refresh, ClientID: tokenClient})
	must(t, err)
	return next
}

// as is an entity that calls with a token in the place of its key.
func as(who entities.Created, tokens entities.Tokens) entities.Created {
	who.Key = tokens.Access
	return who
}

// clock is a registry's time, which tests move on.
type clock struct{ ahead atomic.Int64 }

func (c *clock) set(config *entities.Config) {
	config.Now = func() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }
}

func (c *clock) pass(d time.Duration) { c.ahead.Add(int64(d)) }

// TestTokenAddresses tries tokens for every form of address at every form.
func TestTokenAddresses(t *testing.T) {
	s := newStage(t)
	ada, bob := s.entity(t, "Ada", "", s.general), s.entity(t, "Bob", "", s.general)
	id := string(ada.Entity.ID)
	forms := []string{"/mcp/" + id, "/mcp?entity=" + id, "/mcp", "/", "/mcp/" + id + "/"}
	for resource, wants := range map[string][]int{
		publicURL + "/mcp/" + id:               {200, 200, 401, 200, 200},
		publicURL + "/mcp?entity=" + id:        {200, 200, 401, 200, 200},
		publicURL + "/mcp":                     {200, 200, 200, 200, 200},
		publicURL + "/mcp/":                    {200, 200, 200, 200, 200},
		"https://old.example/troupe/mcp":       {200, 200, 200, 200, 200},
		"https://old.example/troupe/mcp/" + id: {200, 200, 401, 200, 200},
	} {
		token := s.grant(t, ada, resource).Access
		for at, form := range forms {
			r := s.request(t, http.MethodPost, ada, ping)
			r.URL.Path, r.URL.RawQuery, _ = strings.Cut(form, "?")
			r.Header.Set("Authorization", "Bearer "+token)
			status, h, body := send(t, r)
			if status != wants[at] && (status != 429 || wants[at] != 401) { // the eleventh refusal in a minute
				t.Errorf("a token for %s at %s: %d %s", resource, form, status, body)
			}
			if status == 401 && !strings.Contains(h.Get("WWW-Authenticate"), `error="invalid_token"`) {
				t.Errorf("the challenge is %q", h.Get("WWW-Authenticate"))
			}
		}
		r := s.request(t, http.MethodPost, bob, ping)
		r.Header.Set("Authorization", "Bearer "+token)
		if status, _, _ := send(t, r); status != 401 && status != 429 { // the eleventh refusal in a minute
			t.Errorf("a token for %s at another entity's address: %d", resource, status)
		}
	}
}

// TestBeginnersAreNoFailures lets any number of clients ask for the first time from one address,
// as those of a vendor do: all are told where to go.
func TestBeginnersAreNoFailures(t *testing.T) {
	s := newStage(t)
	ada := s.entity(t, "Ada", "", s.general)
	id := string(ada.Entity.ID)
	for range 2 * mcp.MaxFailures {
		for path, want := range map[string]string{"/mcp/" + id: "/mcp/" + id, "/mcp?entity=" + id: "/mcp?entity=" + id, "/mcp": "/mcp", "/mcp/" + id + "/message?sessionId=x": "/mcp/" + id + "/sse"} {
			r := s.request(t, http.MethodPost, ada, ping)
			r.URL.Path, r.URL.RawQuery, _ = strings.Cut(path, "?")
			r.Header.Del("Authorization")
			status, h, _ := send(t, r)
			challenge := h.Get("WWW-Authenticate")
			if status != 401 || !strings.Contains(challenge, `resource_metadata="`+publicURL+"/.well-known/oauth-protected-resource"+want+`"`) || strings.Contains(challenge, "invalid_token") {
				t.Fatalf("%s: %d %s", path, status, challenge)
			}
		}
	}
}

// passing is what differs from call to call.
var passing = regexp.MustCompile(`untrusted-discord-text [0-9a-f]+|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`)

// TestTokensAnswerAsKeysDo compares what is answered by key and by token. Each has read marks of
// its own, and a token that is renewed keeps them.
func TestTokensAnswerAsKeysDo(t *testing.T) {
	var now clock
	s := newStage(t, now.set)
	ada := s.entity(t, "Ada", "", s.general)
	tokens := s.grant(t, ada, publicURL+"/mcp")
	call := func(who entities.Created, tool string) string {
		t.Helper()
		status, h, body := s.post(t, who, `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"`+tool+`","arguments":{}}}`)
		if status != 200 {
			t.Fatalf("%s: %d %s", tool, status, body)
		}
		return passing.ReplaceAllString(h.Get("Content-Type")+body, "N")
	}
	const heard = "a line for both"
	_, err := s.discord.Say(s.sam, s.general, "Ada, "+heard)
	must(t, err)
	await(t, "the line", func() bool { return strings.Contains(call(ada, "check_inbox"), heard) })
	token := as(ada, tokens)
	for _, tool := range []string{"list_channels", "whoami", "list_entities", "check_inbox", "read_dms"} {
		if byKey, byToken := call(ada, tool), call(token, tool); byKey != byToken {
			t.Errorf("%s: by key\n%s\nby token\n%s", tool, byKey, byToken)
		}
	}
	call(token, "ack_inbox")
	if strings.Contains(call(token, "check_inbox"), heard) || !strings.Contains(call(ada, "check_inbox"), heard) {
		t.Error("the token's read marks are the key's")
	}
	session := s.begin(t, token)
	now.pass(entities.AccessLife)
	if status, _, _ := s.post(t, token, ping); status != 401 {
		t.Errorf("a token that ended: %d", status)
	}
	token = as(ada, s.renew(t, tokens))
	if strings.Contains(call(token, "check_inbox"), heard) {
		t.Error("the read marks are lost with the token")
	}
	if status, body := s.inSession(t, token, session, ping); status != 200 {
		t.Errorf("the session of the token before: %d %s", status, body)
	}
	if second := as(ada, s.grant(t, ada, publicURL+"/mcp")); strings.Contains(call(second, "check_inbox"), heard) {
		t.Error("another client begins before where one has read")
	}
}

// TestRefusedNeighbours has every client whose token is over told to renew it, although others at its
// address try what is no credential, as happens where many share a vendor's addresses.
func TestRefusedNeighbours(t *testing.T) {
	var now clock
	s := newStage(t, now.set)
	ada := s.entity(t, "Ada", "", s.general)
	first := s.grant(t, ada, publicURL+"/mcp")
	last := s.renew(t, first)
	now.pass(entities.AccessLife)
	stranger := ada
	stranger.Key = "x"
	for range 2 * mcp.MaxFailures {
		s.post(t, stranger, ping)
	}
	if status, _, _ := s.post(t, stranger, ping); status != 429 {
		t.Errorf("a stranger: %d", status)
	}
	for name, token := range map[string]entities.Tokens{"over": last, "replaced": first} {
		status, h, _ := s.post(t, as(ada, token), ping)
		if status != 401 || !strings.Contains(h.Get("WWW-Authenticate"), `error="invalid_token"`) {
			t.Errorf("%s: %d %v", name, status, h)
		}
	}
	if status, _, _ := s.post(t, as(ada, s.renew(t, last)), ping); status != 200 {
		t.Errorf("renewed: %d", status)
	}
}
