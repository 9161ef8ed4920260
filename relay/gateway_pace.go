package relay

import (
	"context"
	"sync"
	"time"

	"github.com/disgoorg/disgo/discord"
)

const (
	// commandLimit is Discord's: 120 commands in 60 s on one connection.
	commandLimit  = 120
	commandWindow = time.Minute
	// commandReserve is the part kept for heartbeats, identify and resume.
	commandReserve = 6
)

// commandPace keeps one connection's commands within Discord's limit.
type commandPace struct {
	mu   sync.Mutex
	sent []time.Time // of the last window, oldest first
}

// wait blocks until one more command may be sent. Urgent ones may use the reserve too.
func (p *commandPace) wait(ctx context.Context, quit <-chan struct{}, urgent bool) error {
	for {
		pause := p.take(time.Now(), urgent)
		if pause <= 0 {
			return nil
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-quit:
			timer.Stop()
			return discord.ErrShardNotReady
		}
	}
}

// take takes a place, or tells how long there is none.
func (p *commandPace) take(now time.Time, urgent bool) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	gone := 0
	for gone < len(p.sent) && now.Sub(p.sent[gone]) >= commandWindow {
		gone++
	}
	p.sent = p.sent[gone:]
	limit := commandLimit
	if !urgent {
		limit -= commandReserve
	}
	if len(p.sent) < limit {
		p.sent = append(p.sent, now)
		return 0
	}
	return p.sent[len(p.sent)-limit].Add(commandWindow).Sub(now)
}
