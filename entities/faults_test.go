package entities_test

import (
	"context"
	"maps"
	"slices"
	"testing"

	"troupe/entities"
)

// Whatever statement fails, the error is no refusal, nothing half done remains on the disk or
// in memory, and the next call works.
func TestEveryStatementMayFail(t *testing.T) {
	table := calls(t)
	table["Authenticate"] = call{do: func(ctx context.Context, s *stage, _ entities.Actor) error {
		return errOf(s.Authenticate(ctx, s.key, ""))
	}}
	var (
		s      *stage
		faults *entities.Faults
	)
	for _, name := range slices.Sorted(maps.Keys(table)) {
		if s == nil {
			s = newStage(t)
			var err error
			if faults, err = entities.NewFaults(s.Registry); err != nil {
				t.Fatal(err)
			}
		}
		before := dump(t, s.Registry)
		t.Run(name, func(t *testing.T) { failEach(t, s, faults, table[name]) })
		if dump(t, s.Registry) != before {
			s = nil // it was played
		}
	}
}

func failEach(t *testing.T, s *stage, faults *entities.Faults, c call) {
	actor, before := c.by(s), dump(t, s.Registry)
	for n := 1; ; n++ {
		faults.Arm(n)
		err := c.do(t.Context(), s, actor)
		if !faults.Struck() {
			if err != nil {
				t.Fatalf("after %d faults: %v", n-1, err)
			}
			remembers(t, s.Registry)
			return
		}
		if !entities.Injected(err) {
			t.Errorf("fault %d: got %v", n, err)
		}
		if _, ok := entities.AsRefusal(err); ok {
			t.Errorf("fault %d is a refusal: %v", n, err)
		}
		if after := dump(t, s.Registry); after != before && !c.steps {
			t.Fatalf("fault %d left\n%s", n, difference(before, after))
		}
		remembers(t, s.Registry)
		if memory, rows, err := s.LogEnd(t.Context()); err != nil || memory != rows {
			t.Errorf("fault %d: the log's end is %d in memory and %d on disk, %v", n, memory, rows, err)
		}
	}
}
