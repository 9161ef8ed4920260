package mcp_test

import (
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/mcp"
)

// token gives an OAuth client's token for an entity, as for the address that it typed.
func (s *stage) token(t *testing.T, of entities.Created, resource string) entities.Tokens {
	t.Helper()
	const verifier, callback = "abcdefghijklmnopqrstuvwxyz0123456789-._~ABCDEFG", "https://client.example/back"
	owner := entities.Member(snowflake.ID(s.owner), snowflake.ID(s.guild), 0)
	typed, err := s.registry.ConnectCode(t.Context(), owner, of.Entity.ID)
	must(t, err)
	sum := sha256.Sum256([]byte(verifier))
	code, err := s.registry.Consent(t.Context(), entities.System("oauth"), entities.Consent{
		Code: typed, ClientID: "c", ClientName: "n", RedirectURI: callback, Resource: resource, Challenge: base64.RawURLEncoding.EncodeToString(sum[:]),
	})
	must(t, err)
	tokens, err := s.registry.Exchange(t.Context(), entities.System("oauth"), entities.Exchange{Code: code, ClientID: "c", RedirectURI: callback, Verifier: verifier, Resource: resource})
	must(t, err)
	return tokens
}

// TestTokensAudience takes a token at the addresses for which it was given.
func TestTokensAudience(t *testing.T) {
	s := newStage(t)
	ada := s.entity(t, "Ada", "", s.general)
	named := "/mcp/" + string(ada.Entity.ID)
	forms := []string{"/mcp", named, "/mcp?entity=" + string(ada.Entity.ID), "/", "/mcp/00000000000000000000000000"}
	for resource, want := range map[string][]int{
		publicURL + "/mcp":               {200, 200, 200, 200, 401},
		publicURL + "/mcp/":              {200, 200, 200, 200, 401},
		publicURL:                        {200, 200, 200, 200, 401},
		"https://old.example/troupe/mcp": {200, 200, 200, 200, 401},
		publicURL + named:                {401, 200, 200, 200, 401},
		publicURL + "/mcp?entity=" + string(ada.Entity.ID): {401, 200, 200, 200, 401},
	} {
		bearer := s.token(t, ada, resource).Access
		for i, form := range forms {
			r := s.request(t, http.MethodPost, ada, ping)
			r.URL.Path, r.URL.RawQuery, _ = strings.Cut(form, "?")
			r.Header.Set("Authorization", "Bearer "+bearer)
			status, h, body := send(t, r)
			if status != want[i] || (status == 401) != strings.Contains(h.Get("WWW-Authenticate"), "invalid_token") {
				t.Errorf("a token for %s at %s: %d %s", resource, form, status, body)
			}
		}
	}
}

// TestStreamOutlivesNoToken ends a stream with the token that opened it, also when nothing else of
// its entity ends.
func TestStreamOutlivesNoToken(t *testing.T) {
	s := newStage(t)
	ada := s.entity(t, "Ada", "", s.general)
	mcp.HurryBeats(s.server, 10*time.Millisecond)
	byToken := ada
	byToken.Key = s.token(t, ada, publicURL+"/mcp").Access
	dying := []*http.Response{s.streamOf(t, byToken, s.begin(t, byToken)), s.opens(t, s.listening(t, byToken, `"discord://inbox"`)), s.sseStream(t, byToken)}
	kept := s.opens(t, s.listening(t, ada, `"discord://inbox"`))
	await(t, "the streams to be open", func() bool { return s.server.Clients().Streams == 4 })
	s.later.Store(int64(entities.AccessLife + time.Minute))
	await(t, "the streams of the token to end", func() bool { return s.server.Clients().Streams == 1 })
	for _, one := range dying {
		if _, err := io.ReadAll(one.Body); err != nil && !strings.Contains(err.Error(), "EOF") {
			t.Error(err)
		}
	}
	_, err := s.discord.Say(s.sam, s.general, "hello")
	must(t, err)
	next := events(kept.Body)
	if got := next() + next(); !strings.Contains(got, "resources/updated") {
		t.Error(got)
	}
}
