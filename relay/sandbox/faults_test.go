package sandbox_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"testing"
	"time"

	"troupe/relay/sandbox"
)

func TestFaults(t *testing.T) {
	for _, c := range []struct {
		fault     sandbox.Fault
		committed bool
		status    int // 0: the connection breaks
		is        error
	}{
		{sandbox.Fault{Kind: sandbox.Refuse}, false, 500, nil},
		{sandbox.Fault{Kind: sandbox.Refuse, Status: 502}, false, 502, nil},
		{sandbox.Fault{Kind: sandbox.CommitThenRefuse}, true, 500, nil},
		{sandbox.Fault{Kind: sandbox.CommitThenReset}, true, 0, syscall.ECONNRESET},
		{sandbox.Fault{Kind: sandbox.CommitThenTruncate}, true, 200, io.ErrUnexpectedEOF},
		{sandbox.Fault{Kind: sandbox.CommitLate, After: 10 * time.Millisecond}, true, 200, nil},
		{sandbox.Fault{Kind: sandbox.Reset}, false, 0, syscall.ECONNRESET},
		{sandbox.Fault{Kind: sandbox.TooMany, RetryAfter: 2.5, Scope: "shared"}, false, 429, nil},
		{sandbox.Fault{Kind: sandbox.Cloudflare}, false, 429, nil},
	} {
		t.Run(c.fault.Kind.String(), func(t *testing.T) {
			s := raise(t)
			hook := s.webhook(s.General)
			before := len(s.Messages(s.General))
			s.Fault(sandbox.On("POST", hook), 1, c.fault)
			got, err := s.ask("POST", hook+"?wait=true", "", `{"content":"a"}`)
			if got.status != c.status || (c.is != nil && err == nil) || (c.is == nil && err != nil) {
				t.Errorf("status %d (%v), want %d (%v)", got.status, err, c.status, c.is)
			}
			if done := len(s.Messages(s.General)) == before+1; done != c.committed {
				t.Errorf("committed: %t, want %t", done, c.committed)
			}
			all := s.Requests()
			if all[len(all)-1].Fault != c.fault.Kind.String() {
				t.Errorf("ledger: %+v", all[len(all)-1])
			}
			s.must(200, "POST", "%s?wait=true", `{"content":"b"}`, hook)
		})
	}
}

func TestCommitThenHang(t *testing.T) {
	s := raise(t)
	cancelFault := s.Fault(sandbox.On("POST", "/messages"), -1, sandbox.Fault{Kind: sandbox.CommitThenHang})
	heard := make(chan sandbox.Message, 1)
	defer s.OnMessage(func(m sandbox.Message) { heard <- m })()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := s.askWith(ctx, "POST", fmt.Sprintf("/channels/%s/messages", s.General), "Bot "+s.Token(), `{"content":"hangs"}`)
		ended <- err
	}()
	if m := <-heard; m.Content != "hangs" {
		t.Errorf("heard %q", m.Content)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
	cancelFault()
	s.must(200, "POST", "/channels/%s/messages", `{"content":"answers"}`, s.General)
}

func TestTooManyFault(t *testing.T) {
	s := raise(t)
	s.Fault(sandbox.On("GET", "/users/@me"), 1, sandbox.Fault{Kind: sandbox.TooMany, RetryAfter: 2.5, Scope: "global"})
	got := s.do("GET", "/users/@me", "")
	if got.object()["retry_after"] != 2.5 || got.object()["global"] != true || got.header.Get("Retry-After") != "3" || got.header.Get("X-RateLimit-Bucket") != "" {
		t.Errorf("body %s headers %v", got.raw, got.header)
	}
	s.Fault(sandbox.On("GET", "/users/@me"), 1, sandbox.Fault{Kind: sandbox.Cloudflare})
	got = s.do("GET", "/users/@me", "")
	if !strings.HasPrefix(got.header.Get("Content-Type"), "text/html") || got.header.Get("Via") != "" {
		t.Errorf("headers %v", got.header)
	}
	if s.InvalidRequests() != 2 {
		t.Errorf("%d invalid requests, want 2", s.InvalidRequests())
	}
}

func TestDown(t *testing.T) {
	s := raise(t)
	w, _, _ := s.connect(ordinary)
	s.GoDown(sandbox.Unreachable)
	if _, err := w.read(); err == nil {
		t.Error("the gateway outlived the outage")
	}
	if _, err := s.ask("GET", "/users/@me", "", ""); err == nil {
		t.Error("REST answers while unreachable")
	}
	s.GoDown(sandbox.Unavailable)
	if got := s.do("GET", "/users/@me", ""); got.status != 503 {
		t.Errorf("status %d, want 503", got.status)
	}
	s.ComeBack()
	s.must(200, "GET", "/users/@me", "")
	w.resume().next("RESUMED")
}
