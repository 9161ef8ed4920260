package mcp_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/mcp"
)

const waitCall = `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"wait_for_messages","arguments":{"timeout_s":50}}}`

// waiters starts n long-polls and returns when they wait. answers gives what they end with.
func (s *stage) waiters(t *testing.T, who entities.Created, n int) (answers func() []string) {
	t.Helper()
	before := s.server.Clients().Waiting
	got := make([]string, n)
	var running sync.WaitGroup
	for i := range n {
		r := s.request(t, http.MethodPost, who, waitCall)
		running.Go(func() {
			_, _, got[i] = send(t, r)
		})
	}
	await(t, "the calls to wait", func() bool { return s.server.Clients().Waiting == before+n })
	return func() []string {
		running.Wait()
		return got
	}
}

// TestRotation cuts what runs and leaves others alone.
func TestRotation(t *testing.T) {
	s := newStage(t)
	ada := s.entity(t, "Ada", "", s.general)
	bob := s.entity(t, "Bob", "", s.general)
	answers := s.waiters(t, ada, 3)
	others := s.waiters(t, bob, 1)
	owner := entities.Member(snowflake.ID(s.owner), snowflake.ID(s.guild), 0)
	fresh, err := s.registry.RotateKey(t.Context(), owner, ada.Entity.ID)
	must(t, err)
	rotated := time.Now()
	for _, answer := range answers() {
		var result struct {
			ID     int
			Result struct {
				IsError bool `json:"isError"`
				Content []struct{ Text string }
			}
		}
		must(t, json.Unmarshal([]byte(answer), &result))
		if result.ID != 7 || !result.Result.IsError || result.Result.Content[0].Text != mcp.RevokedText {
			t.Errorf("%s\n%s", answer, s.log)
		}
	}
	if took := time.Since(rotated); took > 5*time.Second {
		t.Errorf("the calls ended after %s", took)
	}
	if s.server.Clients().Waiting != 1 {
		t.Error("the other entity's call was cut too")
	}
	if status, _, _ := s.post(t, ada, ping); status != 401 {
		t.Errorf("the old key: %d", status)
	}
	if status, _, _ := s.post(t, fresh, ping); status != 200 {
		t.Errorf("the new key: %d", status)
	}
	_, err = s.discord.Say(s.sam, s.general, "enough")
	must(t, err)
	if answer := others()[0]; !strings.Contains(answer, "enough") {
		t.Errorf("%s", answer)
	}
}

// TestClose ends those who wait and lets nobody begin.
func TestClose(t *testing.T) {
	s := newStage(t)
	ada := s.entity(t, "Ada", "", s.general)
	answers := s.waiters(t, ada, 2)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	must(t, s.server.Close(ctx))
	for _, answer := range answers() {
		if !strings.Contains(answer, `"isError":true`) || !strings.Contains(answer, "restarting") {
			t.Errorf("%s", answer)
		}
	}
	status, h, _ := s.post(t, ada, ping)
	if status != 503 || h.Get("Retry-After") == "" {
		t.Errorf("%d %v", status, h)
	}
	if got := s.server.Clients(); got.Running != 0 || got.Waiting != 0 || got.Recent != 1 || got.Panics != 0 {
		t.Errorf("%+v", got)
	}
}

// TestWaits bounds how many wait at once, without standing in the way of other calls.
func TestWaits(t *testing.T) {
	s := newStage(t)
	ada := s.entity(t, "Ada", "", s.general)
	bob := s.entity(t, "Bob", "", s.general)
	answers := s.waiters(t, ada, mcp.MaxWaitsPerEntity)
	status, h, body := s.post(t, ada, waitCall)
	if status != 429 || h.Get("Retry-After") == "" {
		t.Errorf("%d %v %s", status, h, body)
	}
	if status, _, _ := s.post(t, ada, ping); status != 200 {
		t.Errorf("a call that does not wait: %d", status)
	}
	more := s.waiters(t, bob, 1)
	_, err := s.discord.Say(s.sam, s.general, "hello")
	must(t, err)
	for _, answer := range append(answers(), more()...) {
		if !strings.Contains(answer, "hello") {
			t.Errorf("%s", answer)
		}
	}
}

// TestCancelled shows that nobody ends another's call by its number. Without sessions all
// clients share one space of numbers.
func TestCancelled(t *testing.T) {
	s := newStage(t)
	ada := s.entity(t, "Ada", "", s.general)
	bob := s.entity(t, "Bob", "", s.general)
	answers := s.waiters(t, ada, 1)
	for _, who := range []entities.Created{bob, ada} {
		status, _, body := s.post(t, who, `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}}`)
		if status != 202 || body != "" {
			t.Errorf("%d %s", status, body)
		}
	}
	modern := s.request(t, http.MethodPost, bob, `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7,"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}`)
	modern.Header.Set("Mcp-Protocol-Version", "2026-07-28")
	modern.Header.Set("Mcp-Method", "notifications/cancelled")
	if status, _, _ := send(t, modern); status != 202 {
		t.Error(status)
	}
	_, err := s.discord.Say(s.sam, s.general, "still there?")
	must(t, err)
	if answer := answers()[0]; !strings.Contains(answer, "still there?") {
		t.Errorf("%s", answer)
	}
}

// TestHangUp shows that a client that hangs up gives its place free.
func TestHangUp(t *testing.T) {
	s := newStage(t)
	ada := s.entity(t, "Ada", "", s.general)
	ctx, hangUp := context.WithCancel(t.Context())
	r := s.request(t, http.MethodPost, ada, waitCall).WithContext(ctx)
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	ended := make(chan error, 1)
	go func() {
		answer, err := transport.RoundTrip(r)
		if err == nil {
			err = fmt.Errorf("answered: %w", answer.Body.Close())
		}
		ended <- err
	}()
	await(t, "the call to wait", func() bool { return s.server.Clients().Waiting == 1 })
	hangUp()
	if err := <-ended; !strings.Contains(err.Error(), "canceled") {
		t.Error(err)
	}
	await(t, "the place to be free", func() bool { return s.server.Clients().Running == 0 })
}

// TestServerInfo gives every entity a server name of its own in both eras of the protocol.
func TestServerInfo(t *testing.T) {
	s := newStage(t)
	ada := s.entity(t, "Ada", "Be brief.", s.general)
	name := "troupe-ada-" + string(ada.Entity.ID[:4])
	_, _, body := s.post(t, ada, `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`)
	if !strings.Contains(body, `"serverInfo":{"name":"`+name+`","version":"1.2.3","title":"Ada"}`) || !strings.Contains(body, "Be brief.") {
		t.Errorf("%s", body)
	}
	meta := `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"t","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}`
	for method, params := range map[string]string{
		"server/discover": meta, "tools/list": meta, "tools/call": `"name":"whoami",` + meta,
	} {
		r := s.request(t, http.MethodPost, ada, `{"jsonrpc":"2.0","id":1,"method":"`+method+`","params":{`+params+`}}`)
		r.Header.Set("Mcp-Protocol-Version", "2026-07-28")
		r.Header.Set("Mcp-Method", method)
		if method == "tools/call" {
			r.Header.Set("Mcp-Name", "whoami")
		}
		status, _, body := send(t, r)
		var answer struct {
			Result struct {
				Instructions string
				Meta         map[string]struct{ Name, Title string } `json:"_meta"`
			}
		}
		must(t, json.Unmarshal([]byte(body), &answer))
		if got := answer.Result.Meta["io.modelcontextprotocol/serverInfo"]; status != 200 || got.Name != name || got.Title != "Ada" {
			t.Errorf("%s: %d %s", method, status, body)
		}
		if method == "server/discover" && !strings.Contains(answer.Result.Instructions, "Be brief.") {
			t.Errorf("%s", body)
		}
	}
}
