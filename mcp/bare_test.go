package mcp_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"troupe/entities"
	"troupe/mcp"
)

const (
	listCall     = `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`
	channelsCall = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_channels"}}`
	whoamiCall   = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"whoami"}}`
)

// asking gives a function that has an entity send a message to a handler, and wants an answer.
func asking(t testing.TB, who entities.Created, message string, handler http.Handler) func() {
	return func() {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://127.0.0.1/mcp/"+string(who.Entity.ID), strings.NewReader(message))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+who.Key)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if body, err := io.ReadAll(w.Body); w.Code != http.StatusOK || err != nil || !strings.Contains(string(body), `"result"`) {
			t.Fatalf("%d %s %v", w.Code, body, err)
		}
	}
}

// rivals gives functions that answer a message: with everything in front, and as mcp-go alone.
func rivals(t testing.TB, message string) (ours, bare func()) {
	t.Helper()
	s := newStage(t)
	ada := s.entity(t, "Ada", "Be kind.", s.general)
	alone, err := mcp.Bare(s.server, ada.Key, ada.Entity.ID)
	must(t, err)
	return asking(t, ada, message, s.server.Handler()), asking(t, ada, message, alone)
}

// credentials gives functions that list an entity's channels: by a token, and by its key.
func credentials(t testing.TB) (token, key func()) {
	t.Helper()
	s := newStage(t)
	ada := s.entity(t, "Ada", "Be kind.", s.general)
	granted := s.grant(t, ada, publicURL+"/mcp/"+string(ada.Entity.ID))
	return asking(t, as(ada, granted), channelsCall, s.server.Handler()), asking(t, ada, channelsCall, s.server.Handler())
}

// ratio is how many times as long one takes as the other. Both run by turns, so that a busy machine
// slows both, and the best of several rounds counts; there are more when it is above most, should
// the machine have been busy with something else.
func ratio(t *testing.T, one, other func(), most float64) float64 {
	t.Helper()
	round := func(call func()) time.Duration {
		began := time.Now()
		for range 40 {
			call()
		}
		return time.Since(began)
	}
	round(one)
	round(other)
	times := 0.0
	for range 3 {
		var first, second []time.Duration
		for range 15 {
			first, second = append(first, round(one)), append(second, round(other))
		}
		times = float64(slices.Min(first)) / float64(slices.Min(second))
		t.Logf("%v against %v: %.2f times", slices.Min(first)/40, slices.Min(second)/40, times)
		if times <= most {
			break
		}
	}
	return times
}

// TestAgainstBare bounds what the guards cost.
func TestAgainstBare(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector slows both by different factors")
	}
	for name, c := range map[string]struct {
		message string
		most    float64
	}{"tools/list": {listCall, 1.2}, "whoami": {whoamiCall, 2}} {
		t.Run(name, func(t *testing.T) {
			ours, bare := rivals(t, c.message)
			if times := ratio(t, ours, bare, c.most); times > c.most {
				t.Errorf("%.2f times what mcp-go takes alone, more than %.1f", times, c.most)
			}
		})
	}
}

// TestTokensCostWhatKeysDo lists channels by an OAuth token and by a key.
func TestTokensCostWhatKeysDo(t *testing.T) {
	if raceEnabled {
		t.Skip("this is about time, which the race detector takes; it runs without")
	}
	const most = 1.15
	token, key := credentials(t)
	if times := ratio(t, token, key, most); times > most {
		t.Errorf("%.2f times what it takes by a key", times)
	}
}

func BenchmarkCalls(b *testing.B) {
	for name, message := range map[string]string{"tools_list": listCall, "whoami": whoamiCall} {
		ours, bare := rivals(b, message)
		turns(b, name+"/ours", ours)
		turns(b, name+"/bare", bare)
	}
}

func BenchmarkListChannels(b *testing.B) {
	token, key := credentials(b)
	turns(b, "token", token)
	turns(b, "key", key)
}

func turns(b *testing.B, name string, call func()) {
	b.Helper()
	b.Run(name, func(b *testing.B) {
		for b.Loop() {
			call()
		}
	})
}
