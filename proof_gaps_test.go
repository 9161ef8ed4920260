package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"troupe/relay/sandbox"
)

// mostShare is a fifth of the 50 requests that Discord allows a bot in a second.
const mostShare = 10

// mostPatience is how long a proof of gaps may take before it is called stuck. A machine with much
// to do needs most of it for the building of the program.
const mostPatience = 6 * time.Minute

// deafened is the real program with readers, which misses what is said while it is away.
type deafened struct {
	*company
	*mortal
	readers []*reader
}

// deafen starts the program on a server with rooms, in each of which an entity reads.
func deafen(ctx context.Context, t *testing.T, rooms int) *deafened {
	t.Helper()
	d := &deafened{company: gather(t, sandbox.Config{}, rooms, rooms)}
	d.mortal = newMortal(ctx, t, d.company)
	d.live(ctx, t)
	d.readers = d.company.readers(ctx, t)
	return d
}

// live starts the program, and waits until it is connected too.
func (d *deafened) live(ctx context.Context, t *testing.T) {
	t.Helper()
	d.mortal.live(ctx, t)
	d.connected(ctx, t)
}

// connected waits until there is a session: before, nothing can be lost.
func (d *deafened) connected(ctx context.Context, t *testing.T) {
	t.Helper()
	if err := d.discord.WaitReady(ctx); err != nil {
		t.Fatalf("%v; %+v\n%s", err, d.discord.GatewayCounts(), d.process.log.tail())
	}
}

// kill ends the program as kill -9 does.
func (d *deafened) kill(t *testing.T) {
	t.Helper()
	if err := d.process.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-d.process.done
}

// TestMissed has much said in twelve rooms while the program does not run. When it runs again all
// of that is heard once and in order, at no more than a fifth of what Discord allows a bot.
// TEST_FULL=1 makes it 12,000 messages.
func TestMissed(t *testing.T) {
	t.Parallel()
	const rooms = 12
	ctx, cancel := context.WithTimeout(t.Context(), time.Duration(round(1, 3))*mostPatience)
	defer cancel()
	d := deafen(ctx, t, rooms)
	d.end(t)
	missed := round(120, 1000)
	d.gossip(t, missed)
	begin, before := time.Now(), len(d.discord.Requests())
	d.live(ctx, t)
	hearAll(ctx, t, d.readers, missed)
	took := time.Since(begin)
	reads := 0
	for _, r := range d.discord.Requests()[before:] {
		if r.Method == http.MethodGet && strings.HasSuffix(r.Path, "/messages") {
			reads++
		}
	}
	t.Logf("%d messages in %d rooms are back after %s, with %d requests for messages: %.1f a second", rooms*missed, rooms, took.Round(time.Millisecond), reads, float64(reads)/took.Seconds())
	if most := int(mostShare*took.Seconds()) + mostShare; took > 90*time.Second || reads > most {
		t.Errorf("it took %s and %d requests, at most %d are allowed", took, reads, most)
	}
	d.end(t)
}

// TestMissedInRestarts ends the program again and again while people talk. TEST_FULL=1 makes it
// 50 times.
func TestMissedInRestarts(t *testing.T) {
	t.Parallel()
	restarts := round(3, 50)
	ctx, cancel := context.WithTimeout(t.Context(), time.Duration(round(1, 3))*mostPatience)
	defer cancel()
	d := deafen(ctx, t, 3)
	for n := range restarts {
		d.gossip(t, 7)
		if n%2 == 0 {
			d.end(t)
		} else {
			d.kill(t)
		}
		d.gossip(t, 30)
		d.live(ctx, t)
		d.gossip(t, 5)
		hearAll(ctx, t, d.readers, (n+1)*42)
	}
	d.end(t)
	t.Logf("%d restarts, %d messages in each of %d rooms", restarts, restarts*42, len(d.rooms))
}

// TestMissedInDrops ends sessions for good again and again while people talk. TEST_FULL=1 makes
// it 50 times.
func TestMissedInDrops(t *testing.T) {
	t.Parallel()
	drops := round(2, 50)
	ctx, cancel := context.WithTimeout(t.Context(), time.Duration(round(1, 3))*mostPatience)
	defer cancel()
	d := deafen(ctx, t, 3)
	for range drops {
		d.gossip(t, 5)
		before := d.discord.GatewayCounts().Identifies
		d.discord.CloseCode(4009)
		d.gossip(t, 30)
		if err := d.discord.WaitCounts(ctx, func(counts sandbox.GatewayCounts) bool { return counts.Identifies > before }); err != nil {
			t.Fatal(err)
		}
		d.gossip(t, 5)
	}
	hearAll(ctx, t, d.readers, drops*40)
	d.end(t)
	t.Logf("%d sessions lost, %d messages in each of %d rooms", drops, drops*40, len(d.rooms))
}

// gossip has a person say some lines in every room, which are numbered room by room.
func (c *company) gossip(t *testing.T, lines int) {
	t.Helper()
	for _, room := range c.rooms {
		said := len(c.discord.Messages(room))
		texts := make([]string, 0, lines)
		for n := range lines {
			texts = append(texts, fmt.Sprintf("spoken %05d", said+n))
		}
		if _, err := c.discord.SayAll(c.discord.OwnerID(), room, texts...); err != nil {
			t.Fatal(err)
		}
	}
}

// reader is a client that waits for what is said in its entity's room.
type reader struct {
	company *company
	who     *speaker
	cursor  string
	heard   int
}

// readers begin to read, each in its own room.
func (c *company) readers(ctx context.Context, t *testing.T) []*reader {
	t.Helper()
	var all []*reader
	for _, who := range c.cast {
		r := &reader{company: c, who: who}
		if err := r.read(ctx, 0); err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

// hearAll lets the readers read on until each has heard as many messages, and then once more.
func hearAll(ctx context.Context, t *testing.T, readers []*reader, messages int) {
	t.Helper()
	var reading sync.WaitGroup
	for _, r := range readers {
		reading.Go(func() {
			for r.heard < messages {
				if err := r.read(ctx, 20); err != nil {
					t.Errorf("after %d of %d messages in %s: %v", r.heard, messages, r.who.room, err)
					return
				}
			}
			if err := r.read(ctx, 0); err != nil || r.heard != messages {
				t.Errorf("%d of %d messages in %s: %v", r.heard, messages, r.who.room, err)
			}
		})
	}
	reading.Wait()
}

// read waits for news once, and wants the next lines of its room in order.
func (r *reader) read(ctx context.Context, seconds int) error {
	arguments := map[string]any{"timeout_s": seconds}
	if r.cursor != "" {
		arguments["cursor"] = r.cursor
	}
	got, err := r.company.call(ctx, r.who, "wait_for_messages", arguments)
	if err == nil && got.failed {
		err = errors.New(got.text)
	}
	if err != nil {
		return err
	}
	var news struct {
		Items []struct {
			Kind    string `json:"kind"`
			Message struct {
				Content string `json:"content"`
			} `json:"message"`
		} `json:"items"`
		Cursor string `json:"next_cursor"`
	}
	if err := json.Unmarshal(got.structured, &news); err != nil {
		return fmt.Errorf("%q: %w", got.text, err)
	}
	if seconds > 0 && len(news.Items) == 0 {
		return errors.New("nothing came any more")
	}
	for _, item := range news.Items {
		if want := fmt.Sprintf("spoken %05d", r.heard); item.Kind != "message" || item.Message.Content != want {
			return fmt.Errorf("a %s %q came, not %q", item.Kind, item.Message.Content, want)
		}
		r.heard++
	}
	r.cursor = news.Cursor
	return nil
}
