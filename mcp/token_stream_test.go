package mcp_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"troupe/entities"
	"troupe/mcp"
)

// TestStreamOutlivesNoToken ends a stream with the token that opened it, also when nothing else of
// its entity ends.
func TestStreamOutlivesNoToken(t *testing.T) {
	s := newStage(t)
	ada := s.entity(t, "Ada", "", s.general)
	mcp.HurryBeats(s.server, 10*time.Millisecond)
	byToken := ada
	byToken.Key = s.grant(t, ada, publicURL+"/mcp").Access
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
