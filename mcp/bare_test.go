package mcp_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"troupe/mcp"
)

const (
	listCall   = `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`
	whoamiCall = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"whoami"}}`
)

// rivals gives functions that answer a message: with everything in front, and as mcp-go alone.
func rivals(t testing.TB, message string) (ours, bare func()) {
	t.Helper()
	s := newStage(t)
	ada := s.entity(t, "Ada", "Be kind.", s.general)
	alone, err := mcp.Bare(s.server, ada.Key, ada.Entity.ID)
	must(t, err)
	by := func(handler http.Handler) func() {
		return func() {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://127.0.0.1/mcp/"+string(ada.Entity.ID), strings.NewReader(message))
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Authorization", "Bearer "+ada.Key)
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			if body, err := io.ReadAll(w.Body); w.Code != http.StatusOK || err != nil || !strings.Contains(string(body), `"result"`) {
				t.Fatalf("%d %s %v", w.Code, body, err)
			}
		}
	}
	return by(s.server.Handler()), by(alone)
}

// TestAgainstBare bounds what the guards cost. Both run by turns, so that a busy machine slows
// both, and the best of several rounds counts.
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
			round := func(call func()) time.Duration {
				began := time.Now()
				for range 40 {
					call()
				}
				return time.Since(began)
			}
			round(ours)
			round(bare)
			ratio := 0.0
			for range 3 { // another look, should the machine have been busy with something else
				var with, without []time.Duration
				for range 15 {
					with, without = append(with, round(ours)), append(without, round(bare))
				}
				ratio = float64(slices.Min(with)) / float64(slices.Min(without))
				t.Logf("with guards %v, bare %v: %.2f times", slices.Min(with)/40, slices.Min(without)/40, ratio)
				if ratio <= c.most {
					return
				}
			}
			t.Errorf("%.2f times what mcp-go takes alone, more than %.1f", ratio, c.most)
		})
	}
}

func BenchmarkCalls(b *testing.B) {
	for name, message := range map[string]string{"tools_list": listCall, "whoami": whoamiCall} {
		ours, bare := rivals(b, message)
		b.Run(name+"/ours", func(b *testing.B) {
			for b.Loop() {
				ours()
			}
		})
		b.Run(name+"/bare", func(b *testing.B) {
			for b.Loop() {
				bare()
			}
		})
	}
}
