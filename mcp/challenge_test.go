package mcp_test

import (
	"bufio"
	"net/http"
	"strings"
	"testing"
	"time"

	"troupe/mcp"
)

// TestNoKeyIsNoFailure tells everybody who comes without a key how to get one, however many
// come from one address: clients that sign in with OAuth all begin like that, and the vendors'
// come from few addresses. What is limited are keys that are wrong.
func TestNoKeyIsNoFailure(t *testing.T) {
	s := newStage(t)
	ada := s.entity(t, "Ada", "", s.general)
	ask := func(key string) (int, string) {
		r := s.request(t, http.MethodPost, ada, ping)
		r.Header.Set("Authorization", "Bearer "+key)
		if key == "" {
			r.Header.Del("Authorization")
		}
		status, h, _ := send(t, r)
		return status, h.Get("WWW-Authenticate")
	}
	for range 2 * mcp.MaxFailures {
		if status, challenge := ask(""); status != 401 || !strings.Contains(challenge, "resource_metadata=") {
			t.Fatalf("%d %q", status, challenge)
		}
	}
	for i := range mcp.MaxFailures + 1 {
		if status, _ := ask("wrong"); (status == 429) != (i == mcp.MaxFailures) {
			t.Errorf("wrong key %d: %d", i+1, status)
		}
	}
	if status, challenge := ask(""); status != 401 || challenge == "" {
		t.Errorf("without a key, after wrong ones: %d %q", status, challenge)
	}
}

// TestRefusedBeforeTheBody answers a refused request without waiting for what it goes on to send.
func TestRefusedBeforeTheBody(t *testing.T) {
	s := newStage(t)
	ada := s.entity(t, "Ada", "", s.general)
	for name, head := range map[string]string{
		"no key":       "Content-Length: 1000\n",
		"wrong key":    "Content-Length: 1000\nAuthorization: Bearer x\n",
		"no end":       "Transfer-Encoding: chunked\nAuthorization: Bearer x\n",
		"foreign host": "Content-Length: 1000\nX-Forwarded-Host: x\nOrigin: https://evil.example\n",
	} {
		conn := s.dial(t, "POST /mcp/"+string(ada.Entity.ID)+" HTTP/1.1\nHost: 127.0.0.1\nContent-Type: application/json\n"+head+"\n5\n{\"jso")
		must(t, conn.SetReadDeadline(time.Now().Add(5*time.Second)))
		if answer, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.Contains(answer, " 40") {
			t.Errorf("%s: %q %v", name, answer, err)
		}
	}
}

// TestChallengeIsOneWord quotes the address in a challenge so that it ends where it should.
func TestChallengeIsOneWord(t *testing.T) {
	s := newStage(t)
	ada := s.entity(t, "Ada", "", s.general)
	for _, query := range []string{`x=\`, `x=\"`, `x="`, `x=\\`} {
		r := s.request(t, http.MethodPost, ada, ping)
		r.Header.Del("Authorization")
		r.URL.RawQuery = query
		_, h, _ := send(t, r)
		if challenge := h.Get("WWW-Authenticate"); strings.Contains(challenge, `\`) || strings.Count(challenge, `"`) != 6 || !strings.HasSuffix(challenge, `, scope="discord"`) {
			t.Errorf("%s: %s", query, challenge)
		}
	}
}
