package relay

import (
	"slices"
	"sync"
	"time"

	"troupe/entities"
)

const (
	// mostAtOnce are how many lines of different entities are on their way to one channel. One
	// alone would make the channel as slow as Discord's slowest answer.
	mostAtOnce = 4
	// mostWaiting bounds how many lines wait for one channel.
	mostWaiting = 500
)

// turns lets entities take turns in one channel. Lines of one entity keep their order: the next
// one begins when the one before has ended.
type turns struct {
	begin func(*speech) // says a line, on a goroutine of its own

	mu      sync.Mutex
	waiting map[entities.ID][]*speech
	order   []entities.ID        // who has lines waiting, the next one first
	busy    map[entities.ID]bool // who has a line on its way
	flying  int
	held    int  // how many lines wait
	closed  bool // nobody speaks here any more
	hidden  hiddenLimit
	alarm   *time.Timer
	now     func() time.Time
}

func newTurns(begin func(*speech), now func() time.Time) *turns {
	return &turns{begin: begin, waiting: map[entities.ID][]*speech{}, busy: map[entities.ID]bool{}, now: now}
}

// free says whether an entity's line would be said at once; full, that no more may wait.
func (t *turns) free(entity entities.ID) (free, full bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	ready, _ := t.hidden.ready(t.now())
	return ready && t.flying < mostAtOnce && len(t.order) == 0 && !t.busy[entity], t.held >= mostWaiting
}

// join puts a line behind those that its entity says already; it says false when nobody speaks
// there any more.
func (t *turns) join(s *speech) (joined bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return false
	}
	t.wait(s, false)
	t.pump()
	return true
}

// back puts a line in front again that Discord does not take before a time.
func (t *turns) back(s *speech, until time.Time) (joined bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return false
	}
	t.hidden.close(until)
	t.release(s)
	t.wait(s, true)
	t.pump()
	return true
}

func (t *turns) wait(s *speech, first bool) {
	id := s.line.EntityID
	if len(t.waiting[id]) == 0 {
		if first {
			t.order = slices.Insert(t.order, 0, id)
		} else {
			t.order = append(t.order, id)
		}
	}
	if first {
		t.waiting[id] = slices.Insert(t.waiting[id], 0, s)
	} else {
		t.waiting[id] = append(t.waiting[id], s)
	}
	t.held++
}

// lend lets others speak while a line that was said waits to learn its outcome.
func (t *turns) lend(s *speech) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s.flying {
		s.flying = false
		t.flying--
	}
	t.pump()
}

// leave ends a line's turn.
func (t *turns) leave(s *speech) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.release(s)
	t.pump()
}

func (t *turns) release(s *speech) {
	if s.begun {
		s.begun = false
		delete(t.busy, s.line.EntityID)
	}
	if s.flying {
		s.flying = false
		t.flying--
	}
}

// pump begins what may begin now. Callers hold t.mu.
func (t *turns) pump() {
	for !t.closed && t.flying < mostAtOnce {
		at := slices.IndexFunc(t.order, func(id entities.ID) bool { return !t.busy[id] })
		if at < 0 {
			return
		}
		ready, next := t.hidden.ready(t.now())
		if !ready {
			if !next.IsZero() {
				t.wake(next)
			}
			return
		}
		id := t.order[at]
		t.order = slices.Delete(t.order, at, at+1)
		s := t.waiting[id][0]
		if t.waiting[id] = t.waiting[id][1:]; len(t.waiting[id]) > 0 {
			t.order = append(t.order, id)
		} else {
			delete(t.waiting, id)
		}
		t.held--
		t.flying++
		t.busy[id], s.begun, s.flying = true, true, true
		t.hidden.take()
		s.room = true
		t.begin(s)
	}
}

// wake pumps again at a time.
func (t *turns) wake(at time.Time) {
	wait := at.Sub(t.now())
	if t.alarm == nil {
		t.alarm = time.AfterFunc(wait, func() {
			t.mu.Lock()
			defer t.mu.Unlock()
			t.pump()
		})
		return
	}
	t.alarm.Reset(wait)
}

// clear takes out all that wait, and lets nobody speak any more.
func (t *turns) close() []*speech {
	t.mu.Lock()
	defer t.mu.Unlock()
	var all []*speech
	for _, id := range t.order {
		all = append(all, t.waiting[id]...)
	}
	t.waiting, t.order, t.held, t.closed = map[entities.ID][]*speech{}, nil, 0, true
	if t.alarm != nil {
		t.alarm.Stop()
	}
	return all
}

// another waits for room for one more message of a line whose turn it is: until when.
func (t *turns) another() (until time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	ready, next := t.hidden.ready(t.now())
	if !ready && next.IsZero() {
		next = t.now().Add(time.Second / 10) // one that is on its way finds out
	}
	if !ready {
		return next
	}
	t.hidden.take()
	return time.Time{}
}

// answered counts what Discord took, or gives back the room of what it did not.
func (t *turns) answered(taken bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.hidden.answered(taken, t.now())
	t.pump()
}

// slowed learns from a 429 that no header had announced.
func (t *turns) slowed(wait time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.hidden.learn(wait, t.now())
}
