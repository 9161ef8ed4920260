package relay

import (
	"fmt"
	"testing"
	"time"

	"troupe/entities"
)

// TestPaceForgets keeps nothing of entities that did nothing of late, and forgets none that did.
func TestPaceForgets(t *testing.T) {
	p, now := newPinPace(), time.Now()
	for i := range 3 * mostPaced {
		if err := p.take(entities.ID(fmt.Sprint("idle ", i)), now); err != nil {
			t.Fatal(err)
		}
	}
	now = now.Add(2 * time.Minute)
	for range PinsPerMinute {
		if err := p.take("busy", now); err != nil {
			t.Fatal(err)
		}
	}
	if len(p.asked) != 1 {
		t.Errorf("%d entities are kept", len(p.asked))
	}
	if err := p.take("busy", now); err == nil {
		t.Error("one more than it may")
	}
}
