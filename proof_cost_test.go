package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/disgo/rest"
	"github.com/disgoorg/snowflake/v2"

	"troupe/relay/sandbox"
)

const (
	dearest   = 3 // times the bare post
	costRooms = 20
	// costPace is how many lines and posts are begun a second: less than the 45 up to which the
	// program lets them through, and the same for both. A process that is woken for each one
	// uses several times the CPU of one that never rests, so that only equal paces compare.
	costPace  = 40
	costSlice = 10 * costRooms // lines, and then posts
)

// BenchmarkSendMessage measures the CPU of this process, in which the client, the program and
// the stand-in are, for a line through the whole stack and for the bare post.
func BenchmarkSendMessage(b *testing.B) {
	whole, bare := costs(b, b.N)
	b.ReportMetric(0, "ns/op") // the time is that of the limits, and of setting it all up
	b.ReportMetric(float64(whole.Nanoseconds()), "cpu-ns/line")
	b.ReportMetric(float64(bare.Nanoseconds()), "cpu-ns/post")
	b.ReportMetric(float64(whole)/float64(bare), "ratio")
}

// TestCost holds the whole stack to a multiple of the bare post.
func TestCost(t *testing.T) {
	if !full() {
		t.Skip("measures for a while: TEST_FULL=1")
	}
	whole, bare := costs(t, 2000)
	ratio := float64(whole) / float64(bare)
	t.Logf("a line costs %s of CPU, the bare post at the same pace %s: %.2f times as much; at most %d are allowed", whole, bare, ratio, dearest)
	if ratio > dearest {
		t.Errorf("%.2f is more than %d", ratio, dearest)
	}
}

// costs gives what a line and a bare post cost, each over as many of them: some lines, some
// posts and so on, so that both meet the same weather on this machine. The posts go to a stand-in
// of their own, which is set up alike, so that no program is there to hear them.
func costs(t testing.TB, lines int) (whole, bare time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	settings := sandbox.Config{NoRateLimits: true}
	poster := newPoster(ctx, t, gather(t, settings, costRooms, 0))
	c := gather(t, settings, costRooms, 100)
	c.play(t)
	for _, who := range c.cast { // the first line finds out about owners and webhooks
		if got, err := c.send(ctx, who, who.says("hello from "+who.name, "")); err != nil || !got.sent() {
			t.Fatalf("the first line: %v, %v", got, err)
		}
	}
	for from := 0; from < lines; from += costSlice {
		to := min(lines, from+costSlice)
		bare += each(t, from, to, func(room, n int) error { return poster.post(ctx, room, n) })
		whole += each(t, from, to, func(_, n int) error { return c.line(ctx, n) })
	}
	return whole / time.Duration(lines), bare / time.Duration(lines)
}

// line says a line by the entity whose turn it is.
func (c *company) line(ctx context.Context, n int) error {
	who := c.cast[n%len(c.cast)]
	got, err := c.send(ctx, who, who.says(text(n), ""))
	if err == nil && !got.sent() {
		err = fmt.Errorf("line %d: %v", n, got)
	}
	return err
}

func text(n int) string {
	return fmt.Sprintf("line %06d: the quick brown fox jumps over the lazy dog, and then looks back at it.", n)
}

// each does something for the numbers, in step and one after the other in each room, and gives
// the CPU that it took.
func each(t testing.TB, from, to int, do func(room, n int) error) time.Duration {
	t.Helper()
	beat := time.NewTicker(time.Second / costPace)
	defer beat.Stop()
	before := cpu(t)
	var doing sync.WaitGroup
	for room := range costRooms {
		doing.Go(func() {
			for n := from + room; n < to; n += costRooms {
				<-beat.C
				if err := do(room, n); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	doing.Wait()
	return cpu(t) - before
}

// cpu is what this process has used, user and system.
func cpu(t testing.TB) time.Duration {
	t.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		t.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// poster posts through webhooks by disgo alone.
type poster struct {
	webhooks []*discord.IncomingWebhook
	rest     rest.Rest
}

func newPoster(ctx context.Context, t testing.TB, c *company) *poster {
	t.Helper()
	connections := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 2 * costRooms}}
	t.Cleanup(connections.CloseIdleConnections)
	p := &poster{rest: rest.New(rest.NewClient(c.discord.Token(),
		rest.WithURL(c.discord.APIURL()), rest.WithHTTPClient(connections), rest.WithLogger(slog.New(slog.DiscardHandler)),
		rest.WithRateLimiter(rest.NewNoopRateLimiter()),
	))}
	for _, room := range c.rooms {
		webhook, err := p.rest.CreateWebhook(snowflake.ID(room), discord.WebhookCreate{Name: "bare"}, rest.WithCtx(ctx))
		if err != nil {
			t.Fatal(err)
		}
		p.webhooks = append(p.webhooks, webhook)
	}
	return p
}

func (p *poster) post(ctx context.Context, room, n int) error {
	webhook := p.webhooks[room]
	_, err := p.rest.CreateWebhookMessage(webhook.ID(), webhook.Token, discord.WebhookMessageCreate{Content: text(n), Username: "Player"},
		rest.CreateWebhookMessageParams{Wait: true}, rest.WithCtx(ctx))
	return err
}
