package mcp_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/mcp"
)

// held is a credential with everything that it can hold open: a session, its stream, and a call
// that waits.
type held struct {
	who     entities.Created
	session string
	streams []*http.Response
	answers func() []string
}

func (s *stage) hold(t *testing.T, who entities.Created) held {
	t.Helper()
	h := held{who: who, session: s.begin(t, who)}
	if status, body := s.inSession(t, who, h.session, `{"jsonrpc":"2.0","id":2,"method":"resources/subscribe","params":{"uri":"discord://inbox"}}`); status != 200 {
		t.Fatalf("subscribe: %d %s", status, body)
	}
	listens := s.opens(t, s.listening(t, who, `"discord://inbox"`))
	if got := events(listens.Body)(); !strings.Contains(got, "acknowledged") {
		t.Fatal(got)
	}
	h.streams = []*http.Response{s.streamOf(t, who, h.session), listens}
	h.answers = s.waiters(t, who, 1)
	return h
}

// TestOneGrantEnds shows that what ends one grant cuts what that grant holds open, at once, and
// nothing else: not what the entity's key holds, and not what another client does.
func TestOneGrantEnds(t *testing.T) {
	program := entities.System("test")
	for name, end := range map[string]func(*testing.T, *stage, entities.Created, entities.Tokens, *clock){
		"disconnected": func(t *testing.T, s *stage, who entities.Created, _ entities.Tokens, _ *clock) {
			owner := entities.Member(snowflake.ID(s.owner), snowflake.ID(s.guild), 0)
			connections, err := s.registry.Connections(t.Context(), owner, who.Entity.ID)
			must(t, err)
			must(t, s.registry.Disconnect(t.Context(), owner, who.Entity.ID, connections[0].ID))
		},
		"revoked": func(t *testing.T, s *stage, _ entities.Created, tokens entities.Tokens, _ *clock) {
			must(t, s.registry.Revoke(t.Context(), program, tokens.Refresh, tokenClient))
		},
		"reused": func(t *testing.T, s *stage, _ entities.Created, tokens entities.Tokens, now *clock) {
			s.renew(t, tokens)
			now.pass(time.Minute)
			if _, err := s.registry.Refresh(t.Context(), program, entities.Renewal{Refresh: tokens.Refresh, ClientID: tokenClient}); err == nil {
				t.Error("a refresh token is good twice")
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			var now clock
			s := newStage(t, now.set)
			ada := s.entity(t, "Ada", "", s.general)
			tokens := s.grant(t, ada, publicURL+"/mcp")
			first, byKey := s.hold(t, as(ada, tokens)), s.hold(t, ada)
			second := s.hold(t, as(ada, s.grant(t, ada, publicURL+"/mcp")))
			first.streams = append(first.streams, s.sseStream(t, first.who))
			before := s.server.Clients()
			end(t, s, ada, tokens, &now)
			if got := first.answers()[0]; !strings.Contains(got, mcp.EndedText) {
				t.Errorf("the call that waited: %s", got)
			}
			for _, stream := range first.streams {
				_, _ = io.Copy(io.Discard, stream.Body) // until it ends, in whatever way
			}
			await(t, "the streams to be counted out", func() bool { return s.server.Clients().Streams == before.Streams-3 })
			if now := s.server.Clients(); now.Waiting != before.Waiting-1 {
				t.Errorf("%d wait of %d", now.Waiting, before.Waiting)
			}
			if status, body := s.inSession(t, first.who, first.session, ping); status != 401 {
				t.Errorf("its session: %d %s", status, body)
			}
			for _, other := range []held{byKey, second} {
				if status, body := s.inSession(t, other.who, other.session, ping); status != 200 {
					t.Errorf("another session: %d %s", status, body)
				}
			}
			_, err := s.discord.Say(s.sam, s.general, "still there?")
			must(t, err)
			for _, other := range []held{byKey, second} {
				if got := other.answers()[0]; !strings.Contains(got, "still there?") {
					t.Errorf("another's call: %s", got)
				}
				for _, stream := range other.streams {
					if got := events(stream.Body)(); !strings.Contains(got, "discord://inbox") {
						t.Errorf("another's stream: %q", got)
					}
				}
			}
		})
	}
}
