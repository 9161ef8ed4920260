package commands

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/disgoorg/disgo/handler"
	"github.com/disgoorg/snowflake/v2"
)

const (
	// mostRunning bounds how many interactions are worked on at once.
	mostRunning = 128
	// longestWork is how long one interaction may take.
	longestWork = 30 * time.Second
	// remembered is how many interactions are known again when they come twice.
	remembered = 4096
)

// work owns the goroutines that answer interactions.
type work struct {
	ctx     context.Context
	cancel  context.CancelFunc
	slots   chan struct{}
	mu      sync.Mutex
	closed  bool
	running sync.WaitGroup
}

func newWork() work {
	ctx, cancel := context.WithCancel(context.Background())
	return work{ctx: ctx, cancel: cancel, slots: make(chan struct{}, mostRunning)}
}

var (
	errBusy   = errors.New("too many interactions at once")
	errClosed = errors.New("the program is ending")
)

// start runs fn on a goroutine of its own, if there is room.
func (w *work) start(fn func(context.Context)) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return errClosed
	}
	select {
	case w.slots <- struct{}{}:
	default:
		return errBusy
	}
	w.running.Go(func() {
		defer func() { <-w.slots }()
		ctx, cancel := context.WithTimeout(w.ctx, longestWork)
		defer cancel()
		fn(ctx)
	})
	return nil
}

// close takes no more work and waits for what runs; when ctx ends it is told to stop.
func (w *work) close(ctx context.Context) error {
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	stop := context.AfterFunc(ctx, w.cancel)
	w.running.Wait()
	w.cancel()
	if !stop() {
		return fmt.Errorf("wait for interactions: %w", context.Cause(ctx))
	}
	return nil
}

// own takes an interaction off the gateway's goroutine, which has no time to wait, and drops
// one that came before: a resumed connection may deliver it twice.
func (c *Commands) own(next handler.Handler) handler.Handler {
	return func(e *handler.InteractionEvent) error {
		if c.seen.before(e.ID()) {
			return nil
		}
		err := c.work.start(func(ctx context.Context) {
			defer func() {
				if p := recover(); p != nil {
					c.log.Error("an interaction panicked", "err", broken(p))
				}
			}()
			e.Ctx = ctx
			if err := next(e); err != nil {
				c.log.Error("answer an interaction", "err", err)
			}
		})
		if err != nil {
			c.log.Warn("an interaction was dropped", "err", err)
		}
		return nil
	}
}

// seen remembers the newest interactions.
type seen struct {
	mu   sync.Mutex
	ids  map[snowflake.ID]struct{}
	ring []snowflake.ID
	next int
}

func newSeen() seen {
	return seen{ids: make(map[snowflake.ID]struct{}, remembered), ring: make([]snowflake.ID, remembered)}
}

// before says whether id was seen before, and remembers it.
func (s *seen) before(id snowflake.ID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.ids[id]; ok {
		return true
	}
	delete(s.ids, s.ring[s.next])
	s.ids[id] = struct{}{}
	s.ring[s.next] = id
	s.next = (s.next + 1) % len(s.ring)
	return false
}
