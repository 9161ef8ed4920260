package entities_test

import (
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// spend says n lines, and how many of them were refused.
func (p *play) spend(t *testing.T, n int) (refused int) {
	t.Helper()
	permit, err := p.Authorize(t.Context(), p.ada, entities.Post, general)
	require(t, err)
	for range n {
		_, err := speak(t, p.Registry, p.ada, permit, "", "hello")
		switch {
		case entities.IsRefusal(err, entities.Unavailable):
			refused++
		case err != nil:
			t.Fatal(err)
		}
	}
	return refused
}

func (p *play) limit(t *testing.T, l entities.Limits) {
	t.Helper()
	require(t, p.SetLimits(t.Context(), admin(olivia), p.id, just(l)))
}

func TestSpend(t *testing.T) {
	p := begun(t)
	p.limit(t, entities.Limits{Minute: 2, Hour: 3, Day: 4})
	for i, step := range []struct {
		wait         time.Duration
		say, refused int
	}{
		{0, 3, 1},                               // the minute is full
		{59 * time.Second, 1, 1},                // still
		{time.Second, 2, 1},                     // the minute is over; the hour is full with 3
		{58*time.Minute + 59*time.Second, 1, 1}, // an hour after the first but a second
		{time.Second, 2, 1},                     // the first two left the hour; the day is full with 4
		{22*time.Hour + 59*time.Minute + 59*time.Second, 1, 1},
		{time.Second, 3, 1}, // a day after the first two
	} {
		p.now = p.now.Add(step.wait)
		if got := p.spend(t, step.say); got != step.refused {
			t.Errorf("step %d: %d refused, want %d", i+1, got, step.refused)
		}
	}
}

func TestSpendSaysWhenThereIsRoom(t *testing.T) {
	p := begun(t)
	p.limit(t, entities.Limits{Minute: 1})
	permit, err := p.Authorize(t.Context(), p.ada, entities.Post, general)
	require(t, err)
	require(t, errOf(speak(t, p.Registry, p.ada, permit, "", "hello")))
	p.now = p.now.Add(20 * time.Second)
	_, err = speak(t, p.Registry, p.ada, permit, "", "hello")
	if err == nil || !strings.Contains(err.Error(), "1 line a minute") || !strings.Contains(err.Error(), "room again in 41s") || !strings.Contains(err.Error(), "/entity limits") {
		t.Errorf("it reads %v", err)
	}
	p.limit(t, entities.Limits{Minute: 1, Hour: 1})
	if _, err := speak(t, p.Registry, p.ada, permit, "", "hello"); err == nil || !strings.Contains(err.Error(), "room again in 59m41s") {
		t.Errorf("of two full windows the longer wait counts: %v", err)
	}
}

func TestGiveBack(t *testing.T) {
	p := begun(t)
	p.limit(t, entities.Limits{Minute: 1})
	permit, err := p.Authorize(t.Context(), p.ada, entities.Post, general)
	require(t, err)
	line, err := speak(t, p.Registry, p.ada, permit, "", "hello")
	require(t, err)
	require(t, p.Settle(t.Context(), program, line.Line.ID, entities.LineFailed))
	if p.spend(t, 1) != 0 {
		t.Error("what was given back is not there")
	}
	if p.spend(t, 1) != 1 {
		t.Error("more was given back than was spent")
	}
}

// A guild's limits apply where a presence has none, and each guild counts for itself.
func TestLimitsOfAGuild(t *testing.T) {
	p := begun(t)
	require(t, errOf(p.SetSettings(t.Context(), admin(olivia), becoming(entities.Settings{Limits: entities.Limits{Minute: 2}}))))
	if got := p.spend(t, 3); got != 1 {
		t.Errorf("%d of 3 refused", got)
	}
	p.limit(t, entities.Limits{Minute: 4})
	if got := p.spend(t, 3); got != 1 {
		t.Errorf("with limits of its own %d of 3 refused", got)
	}
	p.limit(t, entities.Limits{})
	_, homes, err := p.Self(t.Context(), p.ada)
	if err != nil || homes[0].Limits != (entities.Limits{Minute: 2, Hour: 120, Day: 600}) || homes[0].Left != (entities.Limits{Minute: 0, Hour: 116, Day: 596}) {
		t.Errorf("it learns %+v, %v", homes, err)
	}
}

// A restart forgives nothing that was said.
func TestSpentLinesSurviveARestart(t *testing.T) {
	path, now := filepath.Join(t.TempDir(), "troupe.db"), at(0)
	clock := func(c *entities.Config) { c.Now = func() time.Time { return now } }
	p := &play{Registry: open(t, path, newWorld(), clock)}
	p.begin(t, "Ada", general)
	p.limit(t, entities.Limits{Minute: 3})
	permit, err := p.Authorize(t.Context(), p.ada, entities.Post, general)
	require(t, err)
	for i := range 2 {
		line, err := speak(t, p.Registry, p.ada, permit, "", "hello")
		require(t, err)
		require(t, p.Land(t.Context(), program, line.Line, 0, general, snowflake.ID(i+1)))
		require(t, p.Answered(t.Context(), program, []int64{line.Line.ID}))
	}
	p.Registry = open(t, path, p.World(), clock)
	if got := p.spend(t, 3); got != 2 {
		t.Errorf("after a restart %d of 3 refused", got)
	}
	now = now.Add(25 * time.Hour)
	p.Registry = open(t, path, p.World(), clock)
	if got := p.spend(t, 3); got != 0 {
		t.Errorf("a day later %d of 3 refused", got)
	}
}

func TestNeverMoreThanTheLimit(t *testing.T) {
	p := begun(t)
	p.limit(t, entities.Limits{Minute: 7})
	permit, err := p.Authorize(t.Context(), p.ada, entities.Post, general)
	require(t, err)
	var (
		all  sync.WaitGroup
		said atomic.Int64
	)
	for range 100 {
		all.Go(func() {
			if _, err := speak(t, p.Registry, p.ada, permit, "", "hello"); err == nil {
				said.Add(1)
			} else if !entities.IsRefusal(err, entities.Unavailable) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if said.Load() != 7 {
		t.Errorf("%d lines of 7 were said", said.Load())
	}
}
