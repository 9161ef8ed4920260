package mcp_test

import (
	"encoding/binary"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"troupe/mcp"
)

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
	if pause, _ := note(from, now.Add(time.Minute)); pause != 0 {
		t.Errorf("a minute later: %v", pause)
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
	mcp.FillSubscriptions(s.server, session, mcp.MaxSubscriptions-1)
	if body := subscribe("discord://inbox"); !strings.Contains(body, `"result":{}`) {
		t.Errorf("the same once more: %s", body)
	}
	if body := subscribe("discord://channel/" + s.general.String()); !strings.Contains(body, "50 resources at once") {
		t.Errorf("one more: %s", body)
	}
}
