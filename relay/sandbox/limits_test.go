package sandbox_test

import (
	"encoding/json"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"troupe/relay/sandbox"
)

// handClock is a clock that tests turn by hand.
type handClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *handClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *handClock) turn(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(by)
}

func limited(t *testing.T) (*house, *handClock) {
	clock := &handClock{now: time.Now()}
	return raise(t, func(c *sandbox.Config) { c.NoRateLimits, c.Now = false, clock.Now }), clock
}

func TestWebhookLimit(t *testing.T) {
	s, clock := limited(t)
	hook := s.webhook(s.General)
	for i := range 5 {
		got := s.must(204, "POST", "%s", `{"content":"a"}`, hook)
		if left := got.header.Get("X-RateLimit-Remaining"); left != strconv.Itoa(4-i) {
			t.Errorf("remaining %s after %d", left, i+1)
		}
		if got.header.Get("X-RateLimit-Bucket") == "" || got.header.Get("X-RateLimit-Limit") != "5" || got.header.Get("Via") != "1.1 google" {
			t.Errorf("headers: %v", got.header)
		}
	}
	clock.turn(1350 * time.Millisecond)
	late := s.do("POST", "%s", `{"content":"a"}`, hook)
	var body struct {
		RetryAfter float64 `json:"retry_after"`
		Global     bool    `json:"global"`
	}
	if err := json.Unmarshal(late.raw, &body); err != nil {
		t.Fatal(err)
	}
	if late.status != 429 || body.RetryAfter != 0.65 || body.Global || late.header.Get("Retry-After") != "1" ||
		late.header.Get("X-RateLimit-Scope") != "user" || late.header.Get("X-RateLimit-Reset-After") != "0.650" {
		t.Errorf("status %d body %s headers %v", late.status, late.raw, late.header)
	}
	clock.turn(650 * time.Millisecond)
	s.must(204, "POST", "%s", `{"content":"a"}`, hook)
	if s.InvalidRequests() != 1 {
		t.Errorf("%d invalid requests, want 1", s.InvalidRequests())
	}
}

func TestHiddenLimitOfChannel(t *testing.T) {
	s, clock := limited(t)
	hooks := []string{s.webhook(s.General), s.webhook(s.General)}
	for i := range 30 {
		s.must(204, "POST", "%s", `{"content":"a"}`, hooks[i%2])
		clock.turn(450 * time.Millisecond)
	}
	late := s.do("POST", "%s", `{"content":"a"}`, hooks[0])
	if late.status != 429 || late.header.Get("X-RateLimit-Remaining") == "0" || late.header.Get("X-RateLimit-Scope") != "shared" {
		t.Errorf("status %d headers %v, want 429 with requests remaining", late.status, late.header)
	}
	if s.InvalidRequests() != 0 {
		t.Error("a shared 429 counts as invalid")
	}
	clock.turn(time.Minute)
	s.must(204, "POST", "%s", `{"content":"a"}`, hooks[0])
}

func TestGlobalLimit(t *testing.T) {
	s, clock := limited(t)
	clock.turn(5 * time.Second)
	for i := range 50 {
		s.do("GET", "/channels/%d", "", 1000+i)
	}
	late := s.do("GET", "/channels/%d", "", 2000)
	if late.status != 429 || late.header.Get("X-RateLimit-Global") != "true" || late.object()["global"] != true || late.header.Get("X-RateLimit-Scope") != "global" {
		t.Errorf("status %d headers %v body %s", late.status, late.header, late.raw)
	}
	clock.turn(time.Second)
	s.must(200, "GET", "/users/@me", "")
}

func TestBucketsAreApart(t *testing.T) {
	s, clock := limited(t)
	clock.turn(5 * time.Second)
	for range 5 {
		s.must(200, "POST", "/channels/%s/messages", `{"content":"a"}`, s.General)
	}
	if got := s.do("POST", "/channels/%s/messages", `{"content":"a"}`, s.General); got.status != 429 {
		t.Errorf("status %d, want 429", got.status)
	}
	s.must(200, "POST", "/channels/%s/messages", `{"content":"a"}`, s.Ideas)
	s.LimitRates(false)
	s.must(200, "POST", "/channels/%s/messages", `{"content":"a"}`, s.General)
}

func TestLedger(t *testing.T) {
	s := raise(t)
	s.do("POST", "/channels/%s/messages?x=1", `{"content":"kept"}`, s.General)
	if _, err := s.ask("GET", "/users/@me", "", ""); err != nil {
		t.Fatal(err)
	}
	all := s.Requests()
	first, second := all[len(all)-2], all[len(all)-1]
	if first.Route != "POST /channels/{channel}/messages" || first.Path != fmt.Sprintf("/channels/%s/messages", s.General) || first.Query != "x=1" ||
		first.Auth != "bot" || first.Status != 200 || string(first.Body) != `{"content":"kept"}` || len(first.SHA256) != 64 {
		t.Errorf("%+v", first)
	}
	if second.Auth != "none" || second.Status != 401 || s.InvalidRequests() != 1 {
		t.Errorf("%+v", second)
	}
}
