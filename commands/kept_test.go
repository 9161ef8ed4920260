package commands_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/disgoorg/snowflake/v2"

	"troupe/commands"
	"troupe/entities"
)

var (
	sam       = entities.Member(1, 10, 0)
	eve       = entities.Member(2, 10, 0)
	elsewhere = entities.Member(1, 11, 0)
)

func TestPendingIsForOnePersonInOneGuildOnce(t *testing.T) {
	now := noon
	p := commands.NewPending(func() time.Time { return now }, rand.Reader)
	token, err := p.Put(sam, "draft")
	if err != nil {
		t.Fatal(err)
	}
	for name, actor := range map[string]entities.Actor{"another user": eve, "another guild": elsewhere, "nobody": {}} {
		if _, err := p.Take(actor, token); !entities.IsRefusal(err, entities.NotFound) {
			t.Errorf("%s: err = %v", name, err)
		}
	}
	for _, wrong := range []string{"", token + "x", token[1:], strings.ToUpper(token)} {
		if _, err := p.Take(sam, wrong); !entities.IsRefusal(err, entities.NotFound) {
			t.Errorf("token %q: err = %v", wrong, err)
		}
	}
	if got, err := p.Look(sam, token); err != nil || got != "draft" {
		t.Errorf("look: %q, %v", got, err)
	}
	if got, err := p.Take(sam, token); err != nil || got != "draft" {
		t.Errorf("take: %q, %v", got, err)
	}
	if _, err := p.Take(sam, token); !entities.IsRefusal(err, entities.NotFound) {
		t.Errorf("taken twice: err = %v", err)
	}
}

func TestPendingEnds(t *testing.T) {
	now := noon
	p := commands.NewPending(func() time.Time { return now }, rand.Reader)
	early, err := p.Put(sam, "early")
	if err != nil {
		t.Fatal(err)
	}
	now = now.Add(commands.PendingTime - time.Second)
	if _, err := p.Look(sam, early); err != nil {
		t.Errorf("just in time: %v", err)
	}
	now = now.Add(time.Second)
	if _, err := p.Take(sam, early); !entities.IsRefusal(err, entities.NotFound) {
		t.Errorf("too late: err = %v", err)
	}
	if _, err := p.Put(eve, "late"); err != nil {
		t.Fatal(err)
	}
	if p.Len() != 1 {
		t.Errorf("%d are kept", p.Len())
	}
	dropped, err := p.Put(sam, "dropped")
	if err != nil {
		t.Fatal(err)
	}
	p.Drop("")
	p.Drop(dropped)
	if _, err := p.Look(sam, dropped); err == nil || p.Len() != 1 {
		t.Errorf("dropped: err = %v, %d are kept", err, p.Len())
	}
}

func TestPendingIsBounded(t *testing.T) {
	p := commands.NewPending(func() time.Time { return noon }, rand.Reader)
	first, err := p.Put(eve, "eve's")
	if err != nil {
		t.Fatal(err)
	}
	var tokens []string
	for range 3 * commands.MostPendingEach {
		token, err := p.Put(sam, "sam's")
		if err != nil {
			t.Fatal(err)
		}
		tokens = append(tokens, token)
	}
	if p.Len() != commands.MostPendingEach+1 {
		t.Errorf("%d are kept", p.Len())
	}
	if _, err := p.Look(eve, first); err != nil {
		t.Errorf("one person's forms drove out another's: %v", err)
	}
	if _, err := p.Look(sam, tokens[len(tokens)-1]); err != nil {
		t.Errorf("the newest is gone: %v", err)
	}
	for i := range 2 * commands.MostPending {
		if _, err := p.Put(entities.Member(snowflake.ID(1000+i), 10, 0), "x"); err != nil {
			t.Fatal(err)
		}
	}
	if p.Len() != commands.MostPending {
		t.Errorf("%d are kept", p.Len())
	}
}

func TestPendingWithoutRandomness(t *testing.T) {
	p := commands.NewPending(time.Now, &bytes.Buffer{})
	if token, err := p.Put(sam, "x"); err == nil {
		t.Errorf("a token was made of nothing: %q", token)
	}
}

func TestKeysGoInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keys := commands.NewShownKeys(slog.New(slog.DiscardHandler))
		var gone []string
		hide := func(name string) func(context.Context, bool) error {
			return func(ctx context.Context, ending bool) error {
				gone = append(gone, fmt.Sprint(name, " ", ending))
				return ctx.Err()
			}
		}
		keys.Add(1, commands.KeyShownFor, hide("first"))
		keys.Add(2, commands.KeyShownFor, hide("saved"))
		keys.Add(3, 2*commands.KeyShownFor, hide("second"))
		keys.Add(4, -time.Second, hide("late"))
		keys.Forget(2)
		keys.Forget(99)
		time.Sleep(commands.KeyShownFor + time.Second)
		synctest.Wait()
		if want := "[late false first false]"; fmt.Sprint(gone) != want {
			t.Errorf("gone are %v, want %s", gone, want)
		}
		if err := keys.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if want := "[late false first false second true]"; fmt.Sprint(gone) != want {
			t.Errorf("at the end, gone are %v, want %s", gone, want)
		}
	})
}

func TestKeysGoAtOnceWhenTooManyAreShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keys := commands.NewShownKeys(slog.New(slog.DiscardHandler))
		var gone atomic.Int64
		hide := func(context.Context, bool) error { gone.Add(1); return nil }
		for i := range commands.MostShown {
			keys.Add(snowflake.ID(1+i), time.Hour, hide)
		}
		synctest.Wait()
		if gone.Load() != 0 {
			t.Fatalf("%d went before their time", gone.Load())
		}
		keys.Add(commands.MostShown+1, time.Hour, hide)
		synctest.Wait()
		if gone.Load() != 1 {
			t.Errorf("%d went, want the one too many", gone.Load())
		}
		if err := keys.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if gone.Load() != commands.MostShown+1 {
			t.Errorf("%d went in all", gone.Load())
		}
	})
}

func TestTakingAKeyAwayIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keys := commands.NewShownKeys(slog.New(slog.DiscardHandler))
		var tries, hopeless int
		keys.Add(1, time.Minute, func(context.Context, bool) error {
			if tries++; tries < commands.HidingTries {
				return errors.New("Discord is away")
			}
			return nil
		})
		keys.Add(2, time.Minute, func(context.Context, bool) error { hopeless++; return errors.New("Discord is away") })
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		if tries != commands.HidingTries || hopeless != commands.HidingTries {
			t.Errorf("tried %d and %d times", tries, hopeless)
		}
		var last bool
		keys.Add(3, 0, func(_ context.Context, ending bool) error {
			if last = ending; ending {
				return nil
			}
			return errors.New("Discord is away")
		})
		synctest.Wait()
		start := time.Now()
		if err := keys.Close(t.Context()); err != nil || time.Since(start) > 0 || !last {
			t.Errorf("closed after %v with %v; hidden at last: %v", time.Since(start), err, last)
		}
	})
}

func TestClosingKeysObeysItsTime(t *testing.T) {
	keys := commands.NewShownKeys(slog.New(slog.DiscardHandler))
	keys.Add(1, time.Hour, func(ctx context.Context, _ bool) error { <-ctx.Done(); return ctx.Err() })
	keys.Add(2, time.Hour, func(ctx context.Context, _ bool) error { <-ctx.Done(); return ctx.Err() })
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := keys.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("err = %v", err)
	}
}

func TestWorkIsBoundedAndWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := commands.NewWork()
		var ended atomic.Int64
		for range commands.MostRunning {
			if err := w.Start(func(ctx context.Context) { <-ctx.Done(); ended.Add(1) }); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Start(func(context.Context) {}); err == nil {
			t.Error("there was room for one too many")
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := w.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("err = %v", err)
		}
		if ended.Load() != commands.MostRunning {
			t.Errorf("%d had ended when close returned", ended.Load())
		}
		if err := w.Start(func(context.Context) {}); err == nil {
			t.Error("work began after close")
		}
	})
}

func TestWorkEndsByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := commands.NewWork()
		if err := w.Start(func(ctx context.Context) { <-ctx.Done() }); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(t.Context()); err != nil {
			t.Errorf("err = %v", err)
		}
	})
}

func TestSeenRemembersTheNewest(t *testing.T) {
	s := commands.NewSeen()
	if s.Before(1) {
		t.Error("seen before the first time")
	}
	if !s.Before(1) {
		t.Error("not known the second time")
	}
	for i := range commands.Remembered {
		if s.Before(snowflake.ID(10 + i)) {
			t.Fatalf("%d was seen before", 10+i)
		}
	}
	if !s.Before(commands.Remembered + 9) {
		t.Error("the newest is forgotten")
	}
	if s.Before(1) {
		t.Error("the oldest is remembered for ever")
	}
}
