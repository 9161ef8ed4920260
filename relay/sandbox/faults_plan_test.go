package sandbox_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"troupe/relay/sandbox"
)

func TestFormsOfTooMany(t *testing.T) {
	for _, c := range []struct {
		name                                 string
		fault                                sandbox.Fault
		bucket                               bool
		retryAfter, remaining, scope, global string
	}{
		{"route", sandbox.Fault{Kind: sandbox.TooMany, RetryAfter: 0.65, Bucket: true}, true, "1", "0", "user", ""},
		{"route without bucket", sandbox.Fault{Kind: sandbox.TooMany}, false, "1", "", "user", ""},
		{"shared", sandbox.Fault{Kind: sandbox.TooMany, RetryAfter: 43.2, Scope: "shared", Bucket: true}, true, "44", "4", "shared", ""},
		{"global tells of no bucket", sandbox.Fault{Kind: sandbox.TooMany, Scope: "global", Bucket: true}, false, "1", "", "global", "true"},
		{"Cloudflare", sandbox.Fault{Kind: sandbox.Cloudflare, RetryAfter: 2.1}, false, "3", "", "", ""},
		{"Cloudflare without a time", sandbox.Fault{Kind: sandbox.Cloudflare, NoRetryAfter: true}, false, "", "", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := raise(t)
			hook := s.webhook(s.General)
			s.Fault(sandbox.On("POST", hook), 1, c.fault)
			h := s.must(429, "POST", "%s", `{"content":"a"}`, hook).header
			if got := h.Get("X-RateLimit-Bucket") != ""; got != c.bucket {
				t.Errorf("bucket %t, want %t", got, c.bucket)
			}
			for name, want := range map[string]string{
				"Retry-After": c.retryAfter, "X-RateLimit-Remaining": c.remaining, "X-RateLimit-Scope": c.scope, "X-RateLimit-Global": c.global,
			} {
				if got := h.Get(name); got != want {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
		})
	}
}

func TestFaultsWithCodes(t *testing.T) {
	s := raise(t)
	hook := s.webhook(s.General)
	for _, c := range []struct {
		fault        sandbox.Fault
		status, code int
	}{
		{sandbox.Fault{Kind: sandbox.Refuse, Code: 200000}, 400, 200000},
		{sandbox.Fault{Kind: sandbox.Refuse, Code: 50013}, 403, 50013},
		{sandbox.Fault{Kind: sandbox.Refuse, Code: 40005, Status: 413}, 413, 40005},
		{sandbox.Fault{Kind: sandbox.TooMany, Code: 20028}, 429, 20028},
	} {
		s.Fault(sandbox.On("POST", hook), 1, c.fault)
		s.refused(c.status, c.code, "POST", "%s", `{"content":"a"}`, hook)
	}
	if got := s.Refusals(); got != (sandbox.Refusals{Forbidden: 1, TooMany: 1}) {
		t.Errorf("%+v", got)
	}
}

func TestDeadWebhooks(t *testing.T) {
	s := raise(t)
	hook := s.webhook(s.General)
	s.must(204, "DELETE", "%s", "", hook)
	for range 3 {
		s.refused(404, 10015, "POST", "%s", `{"content":"a"}`, hook)
	}
	if got := s.Refusals(); got.DeadWebhooks != 2 || got.Invalid() != 0 {
		t.Errorf("%+v", got)
	}
}

func TestRandomFaults(t *testing.T) {
	s := raise(t)
	hook := s.webhook(s.General)
	plan := sandbox.Randomly(7, 0.3, sandbox.On("POST", hook), sandbox.Fault{Kind: sandbox.Refuse}, sandbox.Fault{Kind: sandbox.CommitThenRefuse})
	again := sandbox.Randomly(7, 0.3, sandbox.On("POST", hook), sandbox.Fault{Kind: sandbox.Refuse}, sandbox.Fault{Kind: sandbox.CommitThenRefuse})
	cancel := s.FaultPlan(plan)
	const posts = 300
	before := len(s.Lines(s.General))
	lost, doubtful := 0, 0
	for i := range posts {
		got := s.do("POST", "%s?wait=true", `{"content":"line `+strconv.Itoa(i)+`"}`, hook)
		same := again(&http.Request{Method: "POST", URL: s.address(hook)})
		switch {
		case got.status == 200 && same == nil:
		case got.status != 500 || same == nil:
			t.Fatalf("post %d: status %d, the same seed says %v", i, got.status, same)
		case same.Kind == sandbox.Refuse:
			lost++
		default:
			doubtful++
		}
	}
	if n := len(s.Lines(s.General)) - before; n != posts-lost || lost < 20 || doubtful < 20 {
		t.Errorf("%d lines of %d, %d refused, %d in doubt", n, posts, lost, doubtful)
	}
	cancel()
	for range 50 {
		s.must(200, "POST", "%s?wait=true", `{"content":"calm"}`, hook)
	}
}

func TestCommitLateWithoutItsClient(t *testing.T) {
	s := raise(t)
	hook := s.webhook(s.General)
	heard := make(chan sandbox.Message, 1)
	defer s.OnMessage(func(m sandbox.Message) { heard <- m })()
	began := make(chan struct{})
	s.FaultPlan(func(r *http.Request) *sandbox.Fault {
		if r.Method != "POST" {
			return nil
		}
		close(began)
		return &sandbox.Fault{Kind: sandbox.CommitLate, After: 50 * time.Millisecond}
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := s.askWith(ctx, "POST", hook+"?wait=true", "", `{"content":"late"}`)
		ended <- err
	}()
	<-began
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
	if m := <-heard; m.Content != "late" {
		t.Errorf("heard %q", m.Content)
	}
}

// TestManyPosts keeps tests with ten thousand lines affordable: the time of a post must not
// grow with what was said before.
func TestManyPosts(t *testing.T) {
	s := raise(t)
	hook := s.webhook(s.General)
	s.FaultPlan(sandbox.Randomly(1, 0, func(*http.Request) bool { return true }, sandbox.Fault{}))
	posts, voices := 10_000, 20
	if testing.Short() {
		posts = 1_000
	}
	before := len(s.Lines(s.General))
	began := time.Now()
	var speaking sync.WaitGroup
	for voice := range voices {
		speaking.Go(func() {
			for i := range posts / voices {
				got, err := s.ask("POST", hook+"?wait=true", "", fmt.Sprintf(`{"content":"line %d","username":"voice %d","allowed_mentions":{"parse":[]}}`, i, voice))
				if err != nil || got.status != 200 {
					t.Errorf("voice %d line %d: status %d (%v)", voice, i, got.status, err)
					return
				}
			}
		})
	}
	speaking.Wait()
	took := time.Since(began)
	t.Logf("%d posts in %s", posts, took)
	if took > 30*time.Second { // less than a second on two free cores
		t.Errorf("%d posts took %s", posts, took)
	}
	lines, seen := s.Lines(s.General)[before:], map[string]int{}
	for _, line := range lines {
		seen[line.Author+line.Content]++
	}
	if len(seen) != posts || len(lines) != posts {
		t.Errorf("%d different lines of %d, want %d", len(seen), len(lines), posts)
	}
}
