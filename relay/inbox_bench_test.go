package relay_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"troupe/entities"
	"troupe/relay"
	"troupe/relay/sandbox"
)

const (
	benchPace = 5 * time.Millisecond // 200 messages a second
	benchFor  = 5 * time.Second
)

// BenchmarkWait measures the time from a message at the stand-in to the answer of a client that
// waits for it, at 200 messages a second: with one client that hears all of them, with 100 in
// channels of their own, and with 100 who all hear all of them.
func BenchmarkWait(b *testing.B) {
	for name, c := range map[string]struct{ clients, channels int }{
		"1 client": {1, 1}, "100 clients, 100 channels": {100, 100}, "100 clients, 1 channel": {100, 1},
	} {
		b.Run(name, func(b *testing.B) {
			var took []time.Duration
			for b.Loop() {
				took = append(took, answerTimes(b, c.clients, c.channels)...)
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
			b.ReportMetric(float64(len(took)), "answers")
		})
	}
}

// answerTimes is how long it took until each message was given to each client that hears it.
func answerTimes(b *testing.B, clients, channels int) []time.Duration {
	s := setStage(b, sandbox.Config{NoRateLimits: true})
	var rooms []sandbox.ID
	for i := range channels {
		rooms = append(rooms, must(s.disc.AddChannel(sandbox.Channel{GuildID: s.guild, Name: fmt.Sprint("room-", i), Type: sandbox.TextChannel}))(b))
	}
	s.play()
	ctx, stop := context.WithCancel(context.Background())
	var (
		said    sync.Map // when a message was said, by its text
		mu      sync.Mutex
		took    []time.Duration
		waiting sync.WaitGroup
	)
	for i := range clients {
		_, actor := s.entity(fmt.Sprintf("Client %c%c", 'A'+i/26, 'a'+i%26), nil, rooms[i%channels])
		waiting.Go(func() {
			for cursor := ""; ctx.Err() == nil; {
				found, err := s.relay.Wait(ctx, actor, relay.WaitRequest{Scope: entities.ScopeAll, Cursor: cursor, Timeout: relay.MaxWait})
				if err != nil {
					return // stopped
				}
				cursor = found.Cursor
				mu.Lock()
				for _, m := range found.Messages() {
					at, _ := said.Load(m.Content)
					if when, ok := at.(time.Time); ok {
						took = append(took, time.Since(when))
					}
				}
				mu.Unlock()
			}
		})
	}
	tick := time.NewTicker(benchPace)
	defer tick.Stop()
	total := int(benchFor / benchPace)
	for i := range total {
		<-tick.C
		content := fmt.Sprint("message ", i)
		said.Store(content, time.Now())
		must(s.disc.Say(s.mia, rooms[i%channels], content))(b)
	}
	s.until("all are answered", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(took) >= total*clients/channels
	})
	stop()
	waiting.Wait()
	s.halt()
	return took
}
