package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"troupe/entities"
	"troupe/relay/sandbox"
)

const (
	fewMessages = 1450
	fewMemory   = 96 << 10 // KiB that the program may take after them
	growth      = 1.1      // times: what much more may take
	chatter     = 500      // messages at a time
	readers     = 8        // entities that read at a time
)

// TestMemory lets 1,000 entities hear a conversation, and read it, and looks at the memory of the
// program, which is a process of its own. However long people talk, it stays what it was.
// TEST_FULL=1 makes it a million messages.
func TestMemory(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs /proc, which only Linux has")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Minute)
	defer cancel()
	s, all := startCrowd(ctx, t, sandbox.Config{History: 2000})
	crowdHears := &conversation{stage: s, rows: s.database(t)}

	first := crowdHears.upTo(ctx, t, fewMessages)
	s.read(ctx, t, all[:round(100, crowd)])
	read, err := s.resident(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("after %d messages to %d entities: %.1f MiB, and when they were read %.1f MiB; at most %d MiB are allowed",
		fewMessages, crowd, float64(first)/1024, float64(read)/1024, fewMemory>>10)
	if worst := max(first, read); worst > fewMemory {
		t.Errorf("%d KiB are more than %d KiB", worst, fewMemory)
	}

	// What is kept in memory of the log is full after 20,000 messages.
	many, lots := round(25_000, 100_000), round(40_000, 1_000_000)
	before := crowdHears.upTo(ctx, t, many)
	after := crowdHears.upTo(ctx, t, lots)
	t.Logf("after %d messages %.1f MiB, after %d %.1f MiB", many, float64(before)/1024, lots, float64(after)/1024)
	if float64(after) > growth*float64(before) {
		t.Errorf("after %d messages the program takes %d KiB, after %d only %d KiB", lots, after, many, before)
	}
}

// conversation is what people say in a channel that all entities hear.
type conversation struct {
	stage *stage
	rows  *sql.DB // the program's database, to look into
	said  int
}

// upTo lets people talk until so many messages were said and heard, and gives the memory that
// the program takes afterwards.
func (c *conversation) upTo(ctx context.Context, t *testing.T, messages int) int {
	t.Helper()
	people := []sandbox.ID{c.stage.world.Olivia, c.stage.world.Mia}
	for c.said < messages {
		texts := make([]string, min(chatter, messages-c.said))
		for i := range texts {
			texts[i] = text((c.said + i) % 1000)
		}
		posted, err := c.stage.discord.SayAll(people[c.said/chatter%len(people)], c.stage.world.General, texts...)
		if err != nil {
			t.Fatal(err)
		}
		c.said += len(texts)
		// No further than the program can follow: what waits for it would be memory too.
		if err := c.heard(ctx, posted[len(posted)-1].ID); err != nil {
			t.Fatal(err)
		}
	}
	var noted int
	if err := c.rows.QueryRowContext(ctx, "SELECT count(*) FROM events WHERE kind = 'message'").Scan(&noted); err != nil || noted != messages {
		t.Fatalf("%d of %d messages are in the event log (%v)", noted, messages, err)
	}
	resident, err := c.stage.resident(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return resident
}

// heard waits until a message is in the event log.
func (c *conversation) heard(ctx context.Context, message sandbox.ID) error {
	return within(ctx, func() error {
		var newest int64
		err := c.rows.QueryRowContext(ctx, "SELECT message_id FROM events ORDER BY seq DESC LIMIT 1").Scan(&newest)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if sandbox.ID(newest) != message {
			return fmt.Errorf("message %s is not in the event log", message)
		}
		return nil
	})
}

// database opens the program's database for looking into it.
func (s *stage) database(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(s.folder, "troupe.db")+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// read lets entities take what is new for them.
func (s *stage) read(ctx context.Context, t *testing.T, all []entities.Created) {
	t.Helper()
	var reading sync.WaitGroup
	for part := range slices.Chunk(all, (len(all)+readers-1)/readers) {
		reading.Go(func() {
			for _, who := range part {
				if err := s.readAs(ctx, who); err != nil {
					t.Errorf("%s: %v", who.Entity.Name, err)
					return
				}
			}
		})
	}
	reading.Wait()
}

func (s *stage) readAs(ctx context.Context, who entities.Created) error {
	c := newClient("http://"+s.bot.addr+"/mcp/"+string(who.Entity.ID), who.Key)
	// A connection that is left behind is memory of the program too.
	c.http.Transport = bearer{key: who.Key, next: &http.Transport{DisableKeepAlives: true}}
	if err := c.connect(ctx); err != nil {
		return errors.Join(err, c.close())
	}
	text, failed, err := c.ask(ctx, "wait_for_messages", `{"timeout_s": 1}`)
	if err == nil && (failed || text == "") {
		err = fmt.Errorf("it was told %q", text)
	}
	return errors.Join(err, c.close())
}
