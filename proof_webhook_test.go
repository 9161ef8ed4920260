package main

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"troupe/relay/sandbox"
)

// healTime is within what a line goes out again after somebody has deleted the webhook.
const healTime = 2 * time.Second

const talkers = 4 // at once

// TestWebhookDeletedUnderLoad deletes a room's webhook while entities speak there, again and
// again: each time the next line stands soon, and none is lost. TEST_FULL=1 makes it 100 times.
func TestWebhookDeletedUnderLoad(t *testing.T) {
	t.Parallel()
	times := round(5, 100)
	// Waiting for a limit of Discord's is not what is measured: it is told of, but short.
	c := gather(t, sandbox.Config{NoRateLimits: true, Pace: 10}, 1, round(24, 120))
	c.play(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Duration(round(1, 10))*time.Minute)
	defer cancel()
	heard := make(chan sandbox.Message, 64)
	deaf := c.discord.OnMessage(func(m sandbox.Message) {
		if m.WebhookID == 0 {
			return // a person
		}
		select {
		case heard <- m:
		default: // nobody waits for one
		}
	})
	defer deaf()
	chat := c.chat(ctx, talkers)
	var slowest time.Duration
	for n := range times {
		webhook := next(ctx, t, heard, func(sandbox.Message) bool { return true }).WebhookID
		// While people are about, entities may go on talking.
		if _, err := c.discord.Say(c.discord.OwnerID(), c.rooms[0], fmt.Sprintf("Sorry for deletion %d.", n)); err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		c.deleteWebhook(t, webhook)
		healed := func(m sandbox.Message) bool { return m.WebhookID != webhook }
		next(ctx, t, heard, healed)
		took := time.Since(begin)
		slowest = max(slowest, took)
		if took > healTime {
			t.Errorf("deletion %d: the next line stands after %s", n, took)
		}
		// Nobody is still busy with the webhook before: a line that loses two is told so.
		for range 2 * talkers {
			next(ctx, t, heard, healed)
		}
	}
	said := chat.end(t)
	standing := c.standing()
	wrong := &complaints{t: t}
	defer wrong.close()
	for _, f := range said {
		if !f.answer.sent() || len(standing[f.line.Content]) != 1 {
			wrong.add("%q stands %d times and was answered with %v", f.line.Content, len(standing[f.line.Content]), f.answer)
		}
	}
	t.Logf("%d deletions under %d lines: the next line stood after %s at the latest", times, len(said), slowest.Round(time.Millisecond))
}

// next waits for a message.
func next(ctx context.Context, t *testing.T, heard <-chan sandbox.Message, wanted func(sandbox.Message) bool) sandbox.Message {
	t.Helper()
	for {
		select {
		case m := <-heard:
			if wanted(m) {
				return m
			}
		case <-ctx.Done():
			t.Fatal("no line comes")
		}
	}
}

// chat is a load of lines that are said once each. Who is refused one says no more.
type chat struct {
	stop    chan struct{}
	talking sync.WaitGroup
	mu      sync.Mutex
	said    []fate
	errs    []error
}

func (c *company) chat(ctx context.Context, talkers int) *chat {
	h := &chat{stop: make(chan struct{})}
	for n := range talkers {
		h.talking.Go(func() {
			for i := n; ; i += talkers {
				select {
				case <-h.stop:
					return
				default:
				}
				who := c.cast[i%len(c.cast)]
				f := fate{who: who, line: who.says(fmt.Sprintf("chat line %05d", i), "")}
				var err error
				f.answer, err = c.send(ctx, who, f.line)
				h.mu.Lock()
				if h.said = append(h.said, f); err != nil {
					h.errs = append(h.errs, err)
				}
				h.mu.Unlock()
				if err != nil || f.answer.refusal != "" {
					return
				}
			}
		})
	}
	return h
}

// end ends the chat after what is under way.
func (h *chat) end(t *testing.T) []fate {
	t.Helper()
	close(h.stop)
	h.talking.Wait()
	for _, err := range h.errs {
		t.Error(err)
	}
	return h.said
}

// deleteWebhook deletes a webhook as an admin of the server does.
func (c *company) deleteWebhook(t *testing.T, id sandbox.ID) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, c.discord.APIURL()+"/webhooks/"+id.String(), http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bot "+c.discord.Token())
	resp, err := c.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil || resp.StatusCode != http.StatusNoContent {
		t.Fatal(resp.Status, err)
	}
}
