package relay_test

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/disgoorg/snowflake/v2"

	"troupe/relay"
	"troupe/relay/sandbox"
)

// While the database takes nothing, the gateway goes on: every heartbeat is in time, what rights
// depend on is learnt, and what was said meanwhile comes in order once it takes it.
func TestSlowDatabase(t *testing.T) {
	t.Parallel()
	const (
		interval = 200 * time.Millisecond // the stand-in ends who is half of it late
		lines    = 300
	)
	s := setStage(t, sandbox.Config{Heartbeat: interval})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	cursor := s.wait(ada, "", 0).Cursor
	release := s.blockDatabase()
	before := s.disc.GatewayCounts()
	for i := range lines {
		must(s.disc.Say(s.mia, s.general, fmt.Sprintf("line %03d", i)))(t)
	}
	if err := s.disc.ChangeChannel(s.general, func(c *sandbox.Channel) { c.Name = "renamed" }); err != nil {
		t.Fatal(err)
	}
	s.until("the new name is known", func() bool {
		known, ok := s.reg.World().Channel(snowflake.ID(s.general))
		return ok && known.Name == "renamed"
	})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	err := s.disc.WaitCounts(ctx, func(c sandbox.GatewayCounts) bool { return c.Heartbeats >= before.Heartbeats+15 })
	if now := s.disc.GatewayCounts(); err != nil || now.Connects != before.Connects || !s.relay.Status().Ready {
		t.Errorf("%v, %+v, before %+v, status %+v", err, now, before, s.relay.Status())
	}
	release()
	var got []string
	s.until("everything was heard", func() bool {
		news := s.wait(ada, cursor, time.Second)
		cursor = news.Cursor
		for _, m := range news.Messages {
			got = append(got, m.Content)
		}
		return len(got) >= lines
	})
	for i, text := range got {
		if want := fmt.Sprintf("line %03d", i); text != want {
			t.Fatalf("line %d of %d is %q", i, len(got), text)
		}
	}
	if now := s.disc.GatewayCounts(); now.Connects != before.Connects {
		t.Errorf("the connection was lost: %+v", now)
	}
}

// blockDatabase takes the right to write from the relay until release is called, or the test ends:
// a relay that waits for the right would not end.
func (s *stage) blockDatabase() (release func()) {
	s.t.Helper()
	db := must(sql.Open("sqlite", s.database))(s.t)
	conn := must(db.Conn(s.t.Context()))(s.t)
	if _, err := conn.ExecContext(s.t.Context(), "BEGIN IMMEDIATE"); err != nil {
		s.t.Fatal(err)
	}
	release = sync.OnceFunc(func() {
		if _, err := conn.ExecContext(context.Background(), "ROLLBACK"); err != nil {
			s.t.Error(err)
		}
		if err := conn.Close(); err != nil {
			s.t.Error(err)
		}
		if err := db.Close(); err != nil {
			s.t.Error(err)
		}
	})
	s.t.Cleanup(release)
	return release
}

// Whoever waits for news, and however many, holds up nothing: the gateway only hands over.
func TestManyWaiters(t *testing.T) {
	t.Parallel()
	const interval = time.Second // a busy machine holds things up too, but not for so long
	s := setStage(t, sandbox.Config{Heartbeat: interval})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	const waiters = 100
	for range waiters {
		go func() {
			defer func() { done <- struct{}{} }()
			for cursor := ""; ctx.Err() == nil; {
				news, _ := s.relay.Wait(ctx, ada, relay.WaitRequest{Timeout: time.Second, Cursor: cursor}) // what they are does not matter here
				cursor = news.Cursor
			}
		}()
	}
	before := s.disc.GatewayCounts()
	for i := range 200 {
		must(s.disc.Say(s.mia, s.general, fmt.Sprintf("line %d", i)))(t)
	}
	limit, stop := context.WithTimeout(t.Context(), 20*time.Second)
	defer stop()
	err := s.disc.WaitCounts(limit, func(c sandbox.GatewayCounts) bool { return c.Heartbeats >= before.Heartbeats+4 })
	if now := s.disc.GatewayCounts(); err != nil || now.Connects != before.Connects {
		t.Errorf("%v, %+v, before %+v", err, now, before)
	}
	cancel()
	for range waiters {
		<-done
	}
}
