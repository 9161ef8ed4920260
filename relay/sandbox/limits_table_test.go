package sandbox_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"troupe/relay/sandbox"
)

func TestBucketNames(t *testing.T) {
	s := raise(t)
	a, b := s.webhook(s.General), s.webhook(s.Ideas)
	m := s.say(s.Mia, s.General, "something to react to")
	mine := s.must(200, "POST", "/channels/%s/messages", `{"content":"mine"}`, s.General)
	at := fmt.Sprintf("/channels/%s/messages/%s", s.General, mine.object().text("id"))
	bucket := func(got answered) string { return got.header.Get("X-RateLimit-Bucket") }
	hooked := s.must(200, "POST", "%s?wait=true", `{"content":"a"}`, a)
	reacted := bucket(s.must(204, "PUT", "/channels/%s/messages/%s/reactions/%%F0%%9F%%91%%8D/@me", "", s.General, m.ID))
	for _, c := range []struct {
		name string
		x, y string
		same bool
	}{
		{"two webhooks of two channels", bucket(hooked), bucket(s.must(204, "POST", "%s", `{"content":"a"}`, b)), true},
		{"posts and edits of a webhook", bucket(hooked), bucket(s.must(200, "PATCH", "%s/messages/%s", `{"content":"b"}`, a, hooked.object().text("id"))), false},
		{"posts and edits of the bot", bucket(mine), bucket(s.must(200, "PATCH", "%s", `{"content":"b"}`, at)), true},
		{"reacting and taking it back", reacted, bucket(s.must(204, "DELETE", "/channels/%s/messages/%s/reactions/%%F0%%9F%%91%%8D/@me", "", s.General, m.ID)), true},
	} {
		if (c.x == c.y) != c.same || c.x == "" {
			t.Errorf("%s: %q and %q, want the same: %t", c.name, c.x, c.y, c.same)
		}
	}
}

func TestReactionsCountTogether(t *testing.T) {
	s, clock := limited(t)
	m := s.say(s.Mia, s.General, "something to react to")
	clock.turn(5 * time.Second)
	s.must(204, "PUT", "/channels/%s/messages/%s/reactions/%%F0%%9F%%91%%8D/@me", "", s.General, m.ID)
	s.must(429, "DELETE", "/channels/%s/messages/%s/reactions/%%F0%%9F%%91%%8D/@me", "", s.General, m.ID)
	clock.turn(250 * time.Millisecond)
	s.must(204, "DELETE", "/channels/%s/messages/%s/reactions/%%F0%%9F%%91%%8D/@me", "", s.General, m.ID)
}

// TestAlikeBucketsCountApart is the trap of discord-api-docs #1442 and #8073.
func TestAlikeBucketsCountApart(t *testing.T) {
	s, clock := limited(t)
	clock.turn(5 * time.Second)
	var last answered
	for range 5 {
		last = s.must(200, "POST", "/channels/%s/messages", `{"content":"a"}`, s.General)
	}
	edit := s.must(200, "PATCH", "/channels/%s/messages/%s", `{"content":"b"}`, s.General, last.object().text("id"))
	if edit.header.Get("X-RateLimit-Remaining") != "4" {
		t.Errorf("headers: %v", edit.header)
	}
	s.must(429, "POST", "/channels/%s/messages", `{"content":"a"}`, s.General)
}

func TestPace(t *testing.T) {
	clock := &handClock{now: time.Now()}
	s := raise(t, func(c *sandbox.Config) { c.NoRateLimits, c.Now, c.Pace = false, clock.Now, 60 })
	hook := s.webhook(s.General)
	for i := range 30 {
		if i%5 == 0 {
			clock.turn(2 * time.Second / 60)
		}
		s.must(204, "POST", "%s", `{"content":"a"}`, hook)
	}
	clock.turn(2 * time.Second / 60)
	late := s.must(429, "POST", "%s", `{"content":"a"}`, hook)
	if wait, _ := late.object()["retry_after"].(float64); wait <= 0.7 || wait > 0.85 {
		t.Errorf("a minute at pace 60 asks for %v: %s", wait, late.raw)
	}
	clock.turn(850 * time.Millisecond)
	s.must(204, "POST", "%s", `{"content":"a"}`, hook)
	if _, err := sandbox.Start(sandbox.Config{Pace: -1}); err == nil {
		t.Error("a negative pace is taken")
	}
}

func TestGlobalLimitsAreApart(t *testing.T) {
	s, clock := limited(t)
	hook := s.webhook(s.General)
	s.must(201, "POST", "/applications/%s/commands", `{"name":"ping","description":"Answers."}`, s.BotID())
	it, err := s.Slash(s.Mia, s.Guild, s.General, "/ping", nil)
	s.ok(err)
	s.must(204, "POST", "/interactions/%s/%s/callback", `{"type":4,"data":{"content":"pong"}}`, it.ID, it.Token)
	clock.turn(time.Second)
	for i := range 50 {
		s.do("GET", "/channels/%d", "", 1000+i)
	}
	s.must(429, "GET", "/users/@me", "")
	anonymous := func(method, path, body string) int {
		got, err := s.ask(method, path, "", body)
		s.ok(err)
		return got.status
	}
	if status := anonymous("POST", hook, `{"content":"a"}`); status != 204 {
		t.Errorf("a webhook without Authorization: status %d while the bot is limited", status)
	}
	for i := range 60 {
		anonymous("GET", fmt.Sprintf("/webhooks/%d/none", 1000+i), "")
	}
	if status := anonymous("GET", hook, ""); status != 429 {
		t.Errorf("status %d after 60 requests of an address", status)
	}
	if status := anonymous("GET", fmt.Sprintf("/webhooks/%s/%s/messages/@original", s.BotID(), it.Token), ""); status != 200 {
		t.Errorf("an interaction's answer: status %d under the global limit of the address", status)
	}
}

func TestRevokedToken(t *testing.T) {
	s := raise(t)
	hook := s.webhook(s.General)
	w, _, _ := s.connect(ordinary)
	s.RevokeToken()
	if _, err := w.read(); err == nil || !strings.Contains(err.Error(), "4004") {
		t.Errorf("the gateway says %v", err)
	}
	s.refused(401, 0, "GET", "/users/@me", "")
	s.refused(401, 0, "POST", "/channels/%s/messages", `{"content":"a"}`, s.General)
	s.must(204, "POST", "%s", `{"content":"a"}`, hook)
	s.refused(401, 50027, "POST", "%sx", `{"content":"a"}`, hook)
	s.Fault(sandbox.On("GET", "/users/@me"), 1, sandbox.Fault{Kind: sandbox.TooMany, Scope: "shared"})
	s.must(429, "GET", "/users/@me", "")
	s.Fault(sandbox.On("GET", "/users/@me"), 1, sandbox.Fault{Kind: sandbox.Refuse, Status: 403})
	s.must(403, "GET", "/users/@me", "")
	if got := s.Refusals(); got != (sandbox.Refusals{Unauthorized: 3, Forbidden: 1, Shared: 1}) || got.Invalid() != 4 {
		t.Errorf("%+v", got)
	}
	s.RestoreToken()
	s.must(200, "GET", "/users/@me", "")
	s.connect(ordinary)
}
