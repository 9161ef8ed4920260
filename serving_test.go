package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// hasty are limits that a test can wait for.
func hasty() limits {
	l := usualLimits()
	l.header, l.request, l.answer, l.whole = 300*time.Millisecond, 400*time.Millisecond, 300*time.Millisecond, 500*time.Millisecond
	l.connections = 3
	return l
}

// soon is when what hasty limits end must have ended; it is what the tests that wait in vain take.
const soon = 5 * time.Second

// dial opens a raw connection and writes to it. What it reads ends soon.
func dial(t *testing.T, addr, text string) net.Conn {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() }) // again
	if err := conn.SetDeadline(time.Now().Add(soon)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	return conn
}

// hungUp says whether the server ends a connection before the deadline.
func hungUp(conn net.Conn) bool {
	_, err := io.Copy(io.Discard, conn)
	slow, ok := errors.AsType[net.Error](err)
	return !ok || !slow.Timeout()
}

// bound gives a program other limits.
func bound(l limits) func(*program) { return func(p *program) { p.limit(l) } }

// TestUnfinishedRequests lets nobody without a key hold a connection by a request that does
// not end, wherever it goes.
func TestUnfinishedRequests(t *testing.T) {
	t.Parallel()
	l := hasty()
	l.connections = 100
	d := newDemo(t, bound(l))
	var clients sync.WaitGroup
	for _, head := range []string{
		"POST /mcp/nobody HTTP/1.1", "POST /livez HTTP/1.1", "PUT / HTTP/1.1", "POST /avatars/x HTTP/1.1", "GET /readyz HTTP/1.1", "POST /nothing HTTP/1.1",
	} {
		for how, rest := range map[string]string{
			"head":    "X-More",
			"length":  "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
			"chunked": "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",
		} {
			conn := dial(t, d.program.Addr(), head+"\r\nHost: 127.0.0.1\r\n"+rest)
			clients.Go(func() {
				if !hungUp(conn) {
					t.Errorf("%s, unfinished %s: the connection is held", head, how)
				}
			})
		}
	}
	clients.Wait()
}

// serveOn serves a handler until the test ends.
func serveOn(t *testing.T, l limits, handler http.HandlerFunc) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := newServing(handler, l, slog.New(slog.DiscardHandler))
	ended := make(chan error, 1)
	go func() { ended <- s.serve(listener) }()
	t.Cleanup(func() {
		if err := s.http.Close(); err != nil {
			t.Error(err)
		}
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	return listener.Addr().String()
}

// TestReadersWhoNeverRead cuts a client off that asks and does not take the answer.
func TestReadersWhoNeverRead(t *testing.T) {
	t.Parallel()
	written := make(chan error, 1)
	addr := serveOn(t, hasty(), func(w http.ResponseWriter, _ *http.Request) {
		_, err := w.Write(make([]byte, 64<<20)) // more than the kernel takes
		written <- err
	})
	dial(t, addr, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	select {
	case err := <-written:
		if slow, ok := errors.AsType[net.Error](err); !ok || !slow.Timeout() {
			t.Errorf("the answer went out: %v", err)
		}
	case <-time.After(soon):
		t.Error("the handler is held")
	}
}

// TestASlowAnswerIsNoFault lets a handler think for longer than its client may take for the
// request, and for the answer.
func TestASlowAnswerIsNoFault(t *testing.T) {
	t.Parallel()
	addr := serveOn(t, hasty(), func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			t.Error(err)
		}
		select {
		case <-r.Context().Done():
			t.Error("the client seems to have gone")
		case <-time.After(600 * time.Millisecond):
		}
		answer(w, http.StatusOK, "at last")
	})
	conn := dial(t, addr, "")
	reader := bufio.NewReader(conn)
	for range 2 { // the second time, no limit of the first is left
		if _, err := io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx"); err != nil {
			t.Fatal(err)
		}
		resp, err := http.ReadResponse(reader, nil)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		if err = errors.Join(err, resp.Body.Close()); err != nil || !strings.Contains(string(body), "at last") {
			t.Fatalf("%q, %v", body, err)
		}
	}
}

// TestConnectionsAreBounded takes one more connection only after another has ended.
func TestConnectionsAreBounded(t *testing.T) {
	t.Parallel()
	l := hasty()
	l.header, l.request = soon, soon
	addr := serveOn(t, l, func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "here") })
	var silent []net.Conn
	for range l.connections {
		silent = append(silent, dial(t, addr, "GET"))
	}
	waiting := dial(t, addr, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	if err := waiting.SetReadDeadline(time.Now().Add(300 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if n, err := waiting.Read(make([]byte, 1)); n > 0 || err == nil {
		t.Fatal("one connection too many is served")
	}
	if err := errors.Join(silent[0].Close(), waiting.SetReadDeadline(time.Now().Add(soon))); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(waiting); err != nil || !bytes.Contains(got, []byte("here")) {
		t.Errorf("%q, %v", got, err)
	}
}

// TestAvatarsAreBounded keeps only so many pictures in memory at once.
func TestAvatarsAreBounded(t *testing.T) {
	t.Parallel()
	held, free := make(chan struct{}), make(chan struct{})
	addr := serveOn(t, usualLimits(), atOnce(1, func(w http.ResponseWriter, _ *http.Request) {
		close(held)
		<-free
		answer(w, http.StatusOK, "first")
	}))
	first := dial(t, addr, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	<-held
	second := dial(t, addr, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	if got, err := io.ReadAll(second); err != nil || !bytes.Contains(got, []byte(" 503 ")) || !bytes.Contains(got, []byte("Retry-After: 1")) {
		t.Errorf("%q, %v", got, err)
	}
	none := usualLimits()
	none.pictures = 0
	avatar := dial(t, newDemo(t, bound(none)).program.Addr(), "GET /avatars/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	if got, err := io.ReadAll(avatar); err != nil || !bytes.Contains(got, []byte(" 503 ")) {
		t.Errorf("%q, %v", got, err)
	}
	close(free)
	if got, err := io.ReadAll(first); err != nil || !bytes.Contains(got, []byte("first")) {
		t.Errorf("%q, %v", got, err)
	}
}

// TestWaitsOutlastTheRequest keeps a client that waits for messages for longer than its
// request, and its answer, may take to come.
func TestWaitsOutlastTheRequest(t *testing.T) {
	t.Parallel()
	d := newDemo(t, bound(hasty()))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	invitation, err := d.create(ctx)
	if err != nil {
		t.Fatal(err)
	}
	body := `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"wait_for_messages","arguments":{"timeout_s":1}}}`
	_, path, _ := strings.Cut(shownURL.FindString(invitation), "/mcp/")
	conn := dial(t, d.program.Addr(), fmt.Sprintf("POST /mcp/%s HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\n"+
		"Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s",
		path, shownKey.FindString(invitation), len(body), body))
	if got, err := io.ReadAll(conn); err != nil || !bytes.Contains(got, []byte("Nothing new within 1 s.")) {
		t.Errorf("%q, %v", got, err)
	}
}

// TestUsualLimits holds what mcp promises its clients against what the server lets them have.
func TestUsualLimits(t *testing.T) {
	t.Parallel()
	l := usualLimits()
	const body, wait = 15 * time.Second, 50 * time.Second // as mcp has them
	if l.request < l.header+body || l.whole <= body+wait || l.connections <= 1024 {
		t.Errorf("%+v", l)
	}
}
