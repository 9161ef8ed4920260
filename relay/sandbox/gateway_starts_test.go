package sandbox_test

import (
	"sync"
	"testing"
	"time"

	"troupe/relay/sandbox"
)

// hours is a clock that only tests move.
type hours struct {
	mu sync.Mutex
	at time.Time
}

func (h *hours) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.at
}

func (h *hours) move(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at = h.at.Add(d)
}

// starts is what GET /gateway/bot says of identifies.
func (s *house) starts() (remaining, resetAfter, concurrency float64) {
	s.t.Helper()
	limit := s.must(200, "GET", "/gateway/bot", "").object().object("session_start_limit")
	number := func(name string) float64 {
		n, ok := limit[name].(float64)
		if !ok {
			s.t.Fatalf("%s of %v", name, limit)
		}
		return n
	}
	if total := number("total"); total != 1000 {
		s.t.Errorf("%v starts in all", total)
	}
	return number("remaining"), number("reset_after"), number("max_concurrency")
}

// begin identifies as a shard and gives what comes first: READY, or op 9.
func (s *house) begin(shard, shards int) (*wire, packet) {
	s.t.Helper()
	w := s.dial("?v=10&encoding=json")
	identity := s.identity(ordinary)
	identity["shard"] = []int{shard, shards}
	w.send(2, identity)
	p, err := w.read()
	if err != nil {
		s.t.Fatal(err)
	}
	return w, p
}

func TestIdentifiesCountDown(t *testing.T) {
	clock := &hours{at: time.Now()}
	s := raise(t, func(c *sandbox.Config) { c.NoIdentifyLimit, c.Now, c.Concurrency = false, clock.now, 2 })
	if remaining, after, concurrency := s.starts(); remaining != 1000 || after != 0 || concurrency != 2 {
		t.Errorf("before the first: %v left, %v ms, %v at once", remaining, after, concurrency)
	}
	for shard, want := range map[int]int{0: 0, 1: 0} {
		if _, p := s.begin(shard, 3); p.Op != want {
			t.Errorf("shard %d got op %d", shard, p.Op)
		}
	}
	if _, p := s.begin(2, 3); p.Op != 9 || string(p.Data) != "false" {
		t.Errorf("a second one of the same key got op %d %s", p.Op, p.Data)
	}
	clock.move(5 * time.Second)
	if _, p := s.begin(2, 3); p.Op != 0 {
		t.Errorf("after five seconds it got op %d", p.Op)
	}
	// What came too soon is an identify too.
	if remaining, after, _ := s.starts(); remaining != 996 || after != 24*3600_000-5000 {
		t.Errorf("%v left for %v ms", remaining, after)
	}
	clock.move(24 * time.Hour)
	if remaining, after, _ := s.starts(); remaining != 1000 || after != 0 {
		t.Errorf("a day later %v left for %v ms", remaining, after)
	}
}

func TestTooManyIdentifiesResetTheToken(t *testing.T) {
	clock := &hours{at: time.Now()}
	s := raise(t, func(c *sandbox.Config) { c.NoIdentifyLimit, c.Now = false, clock.now })
	s.SetStarts(1, time.Hour)
	last, p := s.begin(0, 1)
	if p.Op != 0 {
		t.Fatalf("the last one got op %d", p.Op)
	}
	if remaining, after, _ := s.starts(); remaining != 0 || after != 3600_000 {
		t.Errorf("%v left for %v ms", remaining, after)
	}
	w := s.dial("?v=10&encoding=json")
	w.send(2, s.identity(ordinary))
	w.closes(4004)
	last.closes(4004)
	s.refused(401, 0, "GET", "/gateway/bot", "")
	s.RestoreToken()
	clock.move(time.Hour)
	if _, p := s.begin(0, 1); p.Op != 0 {
		t.Errorf("with a new token and a new day it got op %d", p.Op)
	}
}

func TestRefusedIdentifies(t *testing.T) {
	s := raise(t)
	for _, code := range []int{4004, 4013, 4014} {
		s.RefuseIdentify(code, 2)
		for range 2 {
			w := s.dial("?v=10&encoding=json")
			w.send(2, s.identity(ordinary))
			w.closes(code)
		}
	}
	s.RefuseIdentify(4013, -1)
	s.RefuseIdentify(0, 0)
	s.connect(ordinary)
	if counts := s.GatewayCounts(); counts.Refused != 6 || counts.Identifies != 1 {
		t.Errorf("%+v", counts)
	}
	if remaining, _, _ := s.starts(); remaining != 993 {
		t.Errorf("%v left", remaining)
	}
}

func TestDropForGood(t *testing.T) {
	s := raise(t)
	w, _, _ := s.connect(ordinary)
	s.DropForGood()
	if _, err := w.read(); err == nil {
		t.Error("the link outlived the drop")
	}
	again := s.dial("?v=10&encoding=json")
	again.send(6, map[string]any{"token": s.Token(), "session_id": w.session, "seq": w.seq})
	if p, err := again.read(); err != nil || p.Op != 9 || string(p.Data) != "false" {
		t.Errorf("a resume got op %d %s (%v)", p.Op, p.Data, err)
	}
}
