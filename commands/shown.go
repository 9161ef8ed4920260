package commands

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/disgoorg/snowflake/v2"
)

const (
	// keyShownFor is how long a key stays in its message. Discord lets the message be changed
	// for 15 minutes after the interaction, of which making the key may take longestWork.
	keyShownFor = 14*time.Minute - longestWork
	// hidingTries and hidingPause are how often, and how far apart, taking a key away is
	// tried within that time.
	hidingTries = 4
	hidingPause = 10 * time.Second
	// mostShown bounds how many keys are shown at once; past it the next goes at once.
	mostShown = 1000
)

// shownKeys takes every key out of its message in time. It owns the goroutines that do so.
type shownKeys struct {
	log    *slog.Logger
	ctx    context.Context // of the goroutines, ended by close
	cancel context.CancelFunc
	mu     sync.Mutex
	keys   map[snowflake.ID]shownKey // by message
	hiding sync.WaitGroup
}

// shownKey is one message with a key.
type shownKey struct {
	timer *time.Timer
	// hide changes the message; ending says that it is not for its time, but because the
	// program ends.
	hide func(ctx context.Context, ending bool) error
}

func newShownKeys(log *slog.Logger) shownKeys {
	ctx, cancel := context.WithCancel(context.Background())
	return shownKeys{log: log, ctx: ctx, cancel: cancel, keys: map[snowflake.ID]shownKey{}}
}

// add has a message's key hidden after a while. It is not called any more once close is.
func (s *shownKeys) add(id snowflake.ID, after time.Duration, hide func(ctx context.Context, ending bool) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.keys) >= mostShown {
		after = 0
	}
	s.hiding.Add(1)
	s.keys[id] = shownKey{hide: hide, timer: time.AfterFunc(after, func() { s.expire(id) })}
}

// forget is for a message whose key was taken out.
func (s *shownKeys) forget(id snowflake.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if key, ok := s.keys[id]; ok {
		s.stop(key)
		delete(s.keys, id)
	}
}

// stop stops a timer; when it is too late, expire finds nothing to do.
func (s *shownKeys) stop(key shownKey) {
	if key.timer.Stop() {
		s.hiding.Done()
	}
}

// expire hides a key. When the program ends meanwhile, the key is left for close.
func (s *shownKeys) expire(id snowflake.ID) {
	defer s.hiding.Done()
	s.mu.Lock()
	key, ok := s.keys[id]
	s.mu.Unlock()
	if !ok {
		return
	}
	err := s.hide(key)
	if s.ctx.Err() != nil {
		return
	}
	if err != nil {
		s.log.Error("take a key out of its message", "err", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.keys, id)
}

func (s *shownKeys) hide(key shownKey) error {
	var err error
	for try := range hidingTries {
		if try > 0 && !s.pause() {
			return err
		}
		if err = key.hide(s.ctx, false); err == nil {
			return nil
		}
	}
	return err
}

// pause waits before the next try; it says false when the program ends.
func (s *shownKeys) pause() bool {
	timer := time.NewTimer(hidingPause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-s.ctx.Done():
		return false
	}
}

// close hides every key that is still shown, as far as ctx allows, and waits.
func (s *shownKeys) close(ctx context.Context) error {
	s.cancel()
	s.mu.Lock()
	for _, key := range s.keys {
		s.stop(key)
	}
	s.mu.Unlock()
	s.hiding.Wait()
	var errs []error
	for id, key := range s.keys {
		if ctx.Err() != nil {
			errs = append(errs, context.Cause(ctx))
			break
		}
		errs = append(errs, key.hide(ctx, true))
		delete(s.keys, id)
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("take the keys out of their messages: %w", err)
	}
	return nil
}
