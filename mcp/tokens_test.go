package mcp_test

import (
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
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

// TestStreamOutlivesNoToken ends a stream with the token that opened it, also when nothing else of
// its entity ends.
func TestStreamOutlivesNoToken(t *testing.T) {
	var later atomic.Int64 // nanoseconds by which the registry's clock is ahead
	s := newStage(t, func(c *entities.Config) {
		c.Now = func() time.Time { return time.Now().Add(time.Duration(later.Load())) }
	})
	ada := s.entity(t, "Ada", "", s.general)
	mcp.HurryBeats(s.server, 10*time.Millisecond)
	byToken := ada
	byToken.Key = s.token(t, ada, publicURL+"/mcp").Access
	dying := []*http.Response{s.streamOf(t, byToken, s.begin(t, byToken)), s.opens(t, s.listening(t, byToken, `"discord://inbox"`)), s.sseStream(t, byToken)}
	kept := s.opens(t, s.listening(t, ada, `"discord://inbox"`))
	await(t, "the streams to be open", func() bool { return s.server.Clients().Streams == 4 })
	later.Store(int64(entities.AccessLife + time.Minute))
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
