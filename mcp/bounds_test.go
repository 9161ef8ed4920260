package mcp_test

import (
	"encoding/binary"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"troupe/entities"
	"troupe/mcp"
)

// TestLimitsOfAll bounds what all entities together can have, whatever each of them may: who comes
// when all places are taken is told to come again.
func TestLimitsOfAll(t *testing.T) {
	s := newStage(t)
	mcp.Narrow(s.server, 3, 4, 5)
	ada, bob := s.entity(t, "Ada", "", s.general), s.entity(t, "Bob", "", s.general)
	full := func(what string, status int, h http.Header, body string) {
		t.Helper()
		if status != 503 || h.Get("Retry-After") == "" || !strings.Contains(body, "This server is busy") {
			t.Errorf("%s: %d %v %s", what, status, h, body)
		}
	}
	try := func(what string, r *http.Request) {
		t.Helper()
		status, h, body := send(t, r)
		full(what, status, h, body)
	}

	answers := s.waiters(t, ada, 3)
	try("one call more", s.request(t, http.MethodPost, bob, ping))
	_, err := s.discord.Say(s.sam, s.general, "enough")
	must(t, err)
	answers()

	for _, who := range []entities.Created{ada, ada, ada, bob} {
		s.streamOf(t, who, s.begin(t, who))
	}
	try("one stream more", s.get(t, bob, s.begin(t, bob)))
	try("one stream more of the later era", s.listening(t, bob, `"discord://inbox"`))

	const subscribe = `{"jsonrpc":"2.0","id":1,"method":"resources/subscribe","params":{"uri":"discord://inbox"}}`
	if status, body := s.inSession(t, bob, s.begin(t, bob), subscribe); status != 200 || !strings.Contains(body, `"result":{}`) {
		t.Errorf("the last subscriber: %d %s", status, body)
	}
	r := s.request(t, http.MethodPost, bob, subscribe)
	r.Header.Set("Mcp-Session-Id", s.begin(t, bob))
	try("one subscriber more", r)
}

// TestSubscribersOfOneEntity bounds how many sessions of an entity are told of something.
func TestSubscribersOfOneEntity(t *testing.T) {
	s := newStage(t)
	ada := s.entity(t, "Ada", "", s.general)
	subscribe := func() int {
		status, _ := s.inSession(t, ada, s.begin(t, ada), `{"jsonrpc":"2.0","id":1,"method":"resources/subscribe","params":{"uri":"discord://inbox"}}`)
		return status
	}
	for n := range mcp.MaxSubscribersEach {
		if got := subscribe(); got != 200 {
			t.Fatalf("session %d: %d", n, got)
		}
	}
	if got := subscribe(); got != 429 {
		t.Errorf("one session more: %d", got)
	}
}

// TestFailuresAreForgotten gives an address a new start after its minute, and remembers no more
// addresses than there is room for.
func TestFailuresAreForgotten(t *testing.T) {
	note, size := mcp.Failures()
	now := time.Now()
	from := netip.MustParsePrefix("192.0.2.1/32")
	for n := range mcp.MaxFailures {
		if pause, reached := note(from, now); pause != 0 || reached {
			t.Fatalf("failure %d: %v %v", n, pause, reached)
		}
	}
	if pause, reached := note(from, now.Add(20*time.Second)); pause != 40*time.Second || !reached {
		t.Errorf("one more: %v %v", pause, reached)
	}
	if pause, reached := note(from, now.Add(59*time.Second)); pause != time.Second || reached {
		t.Errorf("it is told once: %v %v", pause, reached)
	}
	for n := range mcp.MaxFailures {
		if pause, reached := note(from, now.Add(time.Minute)); pause != 0 || reached {
			t.Errorf("failure %d of another minute: %v %v", n, pause, reached)
		}
	}
	if pause, reached := note(from, now.Add(time.Minute)); pause != time.Minute || !reached {
		t.Errorf("one more in another minute: %v %v", pause, reached)
	}
	for n := range uint32(3 * mcp.MaxAddresses) {
		note(netip.PrefixFrom(netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, n))), 32), now)
		if size() > mcp.MaxAddresses {
			t.Fatalf("%d addresses are remembered", size())
		}
	}
}

// TestEndedSessionsAreBounded remembers the latest sessions that ended, and no more.
func TestEndedSessionsAreBounded(t *testing.T) {
	add, has, size := mcp.Ended()
	for n := range 2*mcp.MostEnded + 7 {
		add(strconv.Itoa(n))
	}
	if size() != mcp.MostEnded {
		t.Errorf("%d are remembered", size())
	}
	for n, want := range map[int]bool{mcp.MostEnded + 6: false, mcp.MostEnded + 7: true, 2*mcp.MostEnded + 6: true} {
		if has(strconv.Itoa(n)) != want {
			t.Errorf("%d: %v", n, !want)
		}
	}
}

// TestQueueIsBounded ends the stream of somebody who does not read: by how many answers wait, and by
// how long they are together.
func TestQueueIsBounded(t *testing.T) {
	for name, c := range map[string]struct{ size, fit int }{"many": {1, mcp.MaxQueued}, "long": {mcp.MaxQueuedBytes / 4, 4}} {
		t.Run(name, func(t *testing.T) {
			put, take := mcp.Queue()
			for range c.fit {
				put(make([]byte, c.size))
			}
			if messages, full := take(); len(messages) != c.fit || full {
				t.Errorf("%d are there, full: %v", len(messages), full)
			}
			for range c.fit + 1 {
				put(make([]byte, c.size))
			}
			put([]byte("x"))
			if messages, full := take(); len(messages) != 0 || !full {
				t.Errorf("%d are there, full: %v", len(messages), full)
			}
		})
	}
}

// TestSubscriptionsOfOneSession bounds them.
func TestSubscriptionsOfOneSession(t *testing.T) {
	s := newStage(t)
	ada := s.entity(t, "Ada", "", s.general)
	session := s.begin(t, ada)
	subscribe := func(uri string) string {
		status, body := s.inSession(t, ada, session, `{"jsonrpc":"2.0","id":1,"method":"resources/subscribe","params":{"uri":"`+uri+`"}}`)
		if status != http.StatusOK {
			t.Fatal(status)
		}
		return body
	}
	subscribe("discord://inbox")
	must(t, mcp.FillSubscriptions(s.server, session, mcp.MaxSubscriptions-1))
	if body := subscribe("discord://inbox"); !strings.Contains(body, `"result":{}`) {
		t.Errorf("the same once more: %s", body)
	}
	if body := subscribe("discord://channel/" + s.general.String()); !strings.Contains(body, "50 resources at once") {
		t.Errorf("one more: %s", body)
	}
}
