package relay

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/disgoorg/disgo/rest"

	"troupe/entities"
)

// asks has an entity ask so often at one moment, and says how often it could and what refused it.
func (p *readPace) asks(t *testing.T, id entities.ID, times int, now time.Time) (passed int, refused error) {
	t.Helper()
	ctx := withReader(t.Context(), id)
	for range times {
		if _, err := p.pass(ctx, rest.GetMessages.Compile(nil, 1), now); err != nil {
			refused = err
		} else {
			passed++
		}
	}
	return passed, refused
}

func TestOneReaderHasItsShareOfAMinute(t *testing.T) {
	p, now := newReadPace(), time.Unix(1_800_000_000, 0)
	passed, refused := p.asks(t, "ada", 500, now)
	if passed != ReadsPerMinute || !entities.IsRefusal(refused, entities.Unavailable) || !strings.Contains(refused.Error(), "Go on in 1m1s") {
		t.Errorf("%d passed; then: %v", passed, refused)
	}
	if passed, _ := p.asks(t, "", 500, now); passed != 500 {
		t.Errorf("%d of our own passed", passed)
	}
	if _, err := p.pass(withReader(t.Context(), "ada"), rest.CreateMessage.Compile(nil, 1), now); err != nil {
		t.Errorf("what is no reading: %v", err)
	}
	if passed, _ := p.asks(t, "ada", 500, now.Add(59*time.Second)); passed != 0 {
		t.Errorf("%d passed too early", passed)
	}
	if passed, _ := p.asks(t, "ada", 500, now.Add(time.Minute)); passed != ReadsPerMinute {
		t.Errorf("%d passed a minute later", passed)
	}
	if len(p.asked) != ReadsPerMinute || len(p.minute) != 1 || len(p.lately) != 1 {
		t.Errorf("%d are remembered, of %d and %d entities", len(p.asked), len(p.minute), len(p.lately))
	}
}

// However many ask for as much as they can, Discord is asked a bounded number of times, and who
// comes later has a share.
func TestReadersShare(t *testing.T) {
	p, now := newReadPace(), time.Unix(1_800_000_000, 0)
	all := 0
	for n := range 5 {
		passed, refused := p.asks(t, entities.ID(fmt.Sprint("greedy ", n)), 100, now)
		if all += passed; n < 2 && refused != nil {
			t.Errorf("while there is room: %v", refused)
		}
	}
	if all < readsAtOnce || all > 2*readsAtOnce {
		t.Errorf("Discord was asked %d times", all)
	}
	passed, refused := p.asks(t, "late", 100, now.Add(time.Second))
	if share := readsAtOnce / 6; passed < share-1 || passed > share+1 || !strings.Contains(refused.Error(), "your share. Go on in 11s") {
		t.Errorf("who came later got %d; then: %v", passed, refused)
	}
	all += passed
	for n := range 2000 {
		one, _ := p.asks(t, entities.ID(fmt.Sprint("one of many ", n)), 1, now.Add(2*time.Second))
		all += one
	}
	if all != 2*readsAtOnce {
		t.Errorf("Discord was asked %d times", all)
	}
	if passed, _ := p.asks(t, "late", 30, now.Add(12*time.Second)); passed != 30 {
		t.Errorf("%d passed when it was over", passed)
	}
	p.age(now.Add(time.Hour))
	if len(p.asked)+len(p.minute)+len(p.lately)+p.late != 0 {
		t.Errorf("after an hour: %d, %d, %d, %d", len(p.asked), len(p.minute), len(p.lately), p.late)
	}
}

// A call waits for room that comes soon, when it has the time, and is refused at once when not.
func TestReadersWaitALittle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newReadPace()
		get := rest.GetMessages.Compile(nil, 1)
		for n := range 3 {
			_, _ = p.asks(t, entities.ID(fmt.Sprint("greedy ", n)), 100, time.Now()) // until refused
		}
		ctx, begin := withReader(t.Context(), "greedy 0"), time.Now()
		hasty, cancel := context.WithTimeout(ctx, readsTime)
		defer cancel()
		if err := p.wait(hasty, get, time.Now); err == nil || time.Since(begin) != 0 {
			t.Errorf("without the time it waits %s: %v", time.Since(begin), err)
		}
		if err := p.wait(ctx, get, time.Now); err != nil || time.Since(begin) < readsTime || time.Since(begin) > 2*readsTime {
			t.Errorf("with all the time it waits %s: %v", time.Since(begin), err)
		}
		_, _ = p.asks(t, "greedy 0", ReadsPerMinute, time.Now())
		begin = time.Now()
		if err := p.wait(ctx, get, time.Now); err == nil || time.Since(begin) != 0 {
			t.Errorf("for room that comes late it waits %s: %v", time.Since(begin), err)
		}
	})
}
