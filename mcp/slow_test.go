package mcp_test

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/mcp"
)

// crowd makes entities, so many that n streams are within each one's limit.
func (s *stage) crowd(t *testing.T, n int) []entities.Created {
	t.Helper()
	var all []entities.Created
	for i := range (n + mcp.MaxStreamsPerEntity - 1) / mcp.MaxStreamsPerEntity {
		all = append(all, s.extra(t, i))
	}
	return all
}

// extra makes an entity whose name is like no other's.
func (s *stage) extra(t testing.TB, n int) entities.Created {
	t.Helper()
	name := "Extra "
	for _, digit := range fmt.Sprintf("%03d", n) {
		name += []string{"ba", "de", "fi", "go", "hu", "ka", "le", "mi", "no", "pu"}[digit-'0']
	}
	return s.entity(t, name, "", s.general)
}

// dial opens a connection and sends the head of a request, and what of its body is given.
func (s *stage) dial(t *testing.T, head string) net.Conn {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(s.url, "http://"))
	must(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	_, err = io.WriteString(conn, strings.ReplaceAll(head, "\n", "\r\n"))
	must(t, err)
	return conn
}

// stalled opens a stream of the first transport, of which nobody reads more than its beginning.
func (s *stage) stalled(t *testing.T, who entities.Created) (session string) {
	t.Helper()
	conn := s.dial(t, fmt.Sprintf("GET /mcp/%s/sse HTTP/1.1\nHost: 127.0.0.1\nAccept: text/event-stream\nAuthorization: Bearer %s\n\n", who.Entity.ID, who.Key))
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		t.Fatalf("%T", conn)
	}
	must(t, tcp.SetReadBuffer(4096))
	lines := bufio.NewReaderSize(conn, 1024)
	for {
		line, err := lines.ReadString('\n')
		must(t, err)
		if _, session, found := strings.Cut(strings.TrimSpace(line), "sessionId="); found {
			return session
		}
	}
}

func memory() (held uint64) {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}

// TestSlowClients has many who do not read what they are sent, and many whose messages do not
// arrive. Memory and goroutines stay bounded, all are let go, and somebody else is served as
// before. TEST_FULL=1 makes it 500 of each.
func TestSlowClients(t *testing.T) {
	each, answers := 48, 40
	if os.Getenv("TEST_FULL") != "" {
		each, answers = 500, 200
	}
	s := newStage(t)
	mcp.HurryStreams(s.server, 2*time.Second)
	mcp.HurryBodies(s.server, 4*time.Second)
	ada := s.entity(t, "Ada", "", s.general)
	session := s.connect(t, ada)
	crowd := s.crowd(t, each)
	before, usual := memory(), s.slowest(t, func() { call(t, session, "whoami", nil) }, 100)

	var stalled []string
	for i := range each {
		stalled = append(stalled, s.stalled(t, crowd[i/mcp.MaxStreamsPerEntity]))
	}
	for i := range each {
		s.dial(t, fmt.Sprintf("POST /mcp/%s HTTP/1.1\nHost: 127.0.0.1\nContent-Type: application/json\nContent-Length: 1000\nAuthorization: Bearer %s\n\n{",
			crowd[i/mcp.MaxStreamsPerEntity].Entity.ID, crowd[i/mcp.MaxStreamsPerEntity].Key))
	}
	await(t, "all to be there", func() bool { c := s.server.Clients(); return c.Streams == each && c.Running == each })
	var asking sync.WaitGroup
	for i := range 8 {
		asking.Go(func() {
			for n := i; n < each; n += 8 {
				s.ask(t, crowd[n/mcp.MaxStreamsPerEntity], stalled[n], answers)
			}
		})
	}
	call(t, session, "whoami", nil)
	most := runtime.NumGoroutine()
	asking.Wait()
	most = max(most, runtime.NumGoroutine())
	held, crowded := memory(), s.slowest(t, func() { call(t, session, "whoami", nil) }, 100)
	t.Logf("%d goroutines, %d KiB more than before; whoami p99 %v, before %v", most, (int64(held)-int64(before))>>10, crowded, usual)
	if most > each*12+300 || held > before+256<<20 {
		t.Errorf("%d goroutines, %d MiB", most, held>>20)
	}
	await(t, "all to be let go", func() bool { c := s.server.Clients(); return c.Streams == 0 && c.Running == 0 })
	// On a machine that does other things too, what takes less than a quarter second is no wait.
	if crowded > max(2*usual, 250*time.Millisecond) {
		t.Errorf("whoami took %v, before %v", crowded, usual)
	}
}

// TestStalledStreamCut ends at once what a client does not read, though a write to it hangs: the
// time that clients have to take what they are sent is for those whose credential stands.
func TestStalledStreamCut(t *testing.T) {
	s := newStage(t)
	ada := s.entity(t, "Ada", "", s.general)
	s.ask(t, ada, s.stalled(t, ada), 30)
	await(t, "the answers to be made", func() bool { return s.server.Clients().Running == 0 })
	rotated := time.Now()
	_, err := s.registry.RotateKey(t.Context(), entities.Member(snowflake.ID(s.owner), snowflake.ID(s.guild), 0), ada.Entity.ID)
	must(t, err)
	await(t, "the stream to be gone", func() bool { return s.server.Clients().Streams == 0 })
	if took := time.Since(rotated); took > 3*time.Second {
		t.Errorf("it ended after %v", took)
	}
}

// ask posts messages whose answers nobody reads, until the stream is gone.
func (s *stage) ask(t *testing.T, who entities.Created, session string, times int) {
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	for range times {
		r := s.request(t, http.MethodPost, who, listCall)
		r.URL.Path += "/message"
		r.URL.RawQuery = "sessionId=" + session
		answer, err := transport.RoundTrip(r)
		if err != nil {
			t.Error(err)
			return
		}
		_ = answer.Body.Close()
		if answer.StatusCode == http.StatusNotFound {
			return
		}
		if answer.StatusCode != http.StatusAccepted && answer.StatusCode != http.StatusTooManyRequests {
			t.Errorf("%d", answer.StatusCode)
		}
	}
}

// slowest is how long 99 of 100 calls take at most.
func (s *stage) slowest(t *testing.T, call func(), times int) time.Duration {
	t.Helper()
	var all []time.Duration
	for range times {
		began := time.Now()
		call()
		all = append(all, time.Since(began))
	}
	slices.Sort(all)
	return all[int(math.Ceil(float64(times)*0.99))-1]
}

// TestIdleEntities has many entities begin a session, list the tools and go: nothing is kept of them
// here, but for what is kept of anybody who called within a few minutes. TEST_FULL=1 makes it 10,000.
func TestIdleEntities(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector needs memory of its own")
	}
	many := 200
	if os.Getenv("TEST_FULL") != "" {
		many = 9_999
	}
	s := newStage(t)
	all := make([]entities.Created, many)
	for i := range all {
		all[i] = s.extra(t, i)
	}
	call := func(who entities.Created) {
		asking(t, who, initialize, s.server.Handler())()
		asking(t, who, listCall, s.server.Handler())()
	}
	call(all[0])
	for _, who := range all { // what the registry remembers of a credential is not meant
		_, err := s.registry.Authenticate(t.Context(), who.Key, who.Entity.ID)
		must(t, err)
	}
	before := living()
	for _, who := range all {
		call(who)
	}
	if held := mcp.Held(s.server); held != 0 {
		t.Errorf("%d things are kept for idle entities", held)
	}
	each := (living() - before) / int64(many)
	t.Logf("%d bytes more for each of %d entities", each, many)
	if each > 128 {
		t.Errorf("%d bytes are kept for each entity", each)
	}
}

// living is the memory of what is in use.
func living() int64 {
	runtime.GC()
	runtime.GC() // what the first one put aside in pools
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestStreamMemory bounds what a live stream takes, and shows that an entity that is idle takes
// nothing here.
func TestStreamMemory(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector needs memory of its own")
	}
	const streams = 160
	s := newStage(t)
	crowd := s.crowd(t, streams)
	for _, who := range crowd {
		s.post(t, who, whoamiCall)
	}
	before := memory()
	for i := range streams {
		who := crowd[i/mcp.MaxStreamsPerEntity]
		head, body := fmt.Sprintf("Host: 127.0.0.1\nAccept: text/event-stream\nAuthorization: Bearer %s\n", who.Key), ""
		switch i % 2 {
		case 0:
			head = fmt.Sprintf("GET /mcp/%s HTTP/1.1\n%sMcp-Session-Id: %s\n\n", who.Entity.ID, head, s.begin(t, who))
		case 1:
			body = `{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{` + metaModern + `,"notifications":{"resourceSubscriptions":["discord://inbox"]}}}`
			head = fmt.Sprintf("POST /mcp/%s HTTP/1.1\n%sContent-Type: application/json\nMcp-Protocol-Version: 2026-07-28\nMcp-Method: subscriptions/listen\nContent-Length: %d\n\n", who.Entity.ID, head, len(body))
		}
		s.dial(t, head+body)
	}
	await(t, "the streams to be open", func() bool { return s.server.Clients().Streams == streams })
	each := (int64(memory()) - int64(before)) / streams
	t.Logf("%d KiB for each stream, with the test's own end of it", each>>10)
	if each > 64<<10 {
		t.Errorf("%d KiB for each stream", each>>10)
	}
	ctx := t.Context()
	must(t, s.server.Close(ctx))
	if held := mcp.Held(s.server); held != 0 {
		t.Errorf("%d things are kept for idle entities", held)
	}
}
