package relay

import (
	"fmt"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"troupe/entities"
)

// clockwork drives turns by hand: what begins is noted, and ends when the test says so.
type clockwork struct {
	*turns
	at    time.Time
	begun []*speech
}

func newClockwork() *clockwork {
	c := &clockwork{at: time.Unix(1_800_000_000, 0)}
	c.turns = newTurns(func(s *speech) { c.begun = append(c.begun, s) }, func() time.Time { return c.at })
	return c
}

func lineOf(entity string, number int64) *speech {
	return &speech{line: entities.Line{ID: number, EntityID: entities.ID(entity)}}
}

// over ends a line that Discord took.
func (c *clockwork) over(s *speech) {
	c.answered(true)
	c.leave(s)
}

func (c *clockwork) names() string {
	text := ""
	for _, s := range c.begun {
		text += fmt.Sprintf("%s%d ", s.line.EntityID, s.line.ID)
	}
	return text
}

func TestEntitiesTakeTurns(t *testing.T) {
	c := newClockwork()
	for i := range int64(3) {
		c.join(lineOf("a", i))
	}
	c.join(lineOf("b", 0))
	c.join(lineOf("b", 1))
	if got := c.names(); got != "a0 b0 " {
		t.Fatalf("at once began %s", got)
	}
	for i := 0; i < len(c.begun); i++ {
		c.over(c.begun[i])
	}
	if got := c.names(); got != "a0 b0 a1 b1 a2 " {
		t.Errorf("the order is %s", got)
	}
}

func TestALineThatGoesBackComesFirst(t *testing.T) {
	c := newClockwork()
	c.join(lineOf("a", 0))
	c.join(lineOf("a", 1))
	c.answered(false)
	c.back(c.begun[0], c.at.Add(time.Minute))
	if free, _ := c.free("b"); free || len(c.begun) != 1 {
		t.Errorf("while the channel is closed began %s", c.names())
	}
	c.at = c.at.Add(time.Minute)
	c.pump()
	c.over(c.begun[1])
	if got := c.names(); got != "a0 a0 a1 " {
		t.Errorf("the order is %s", got)
	}
}

// Whatever comes when: an entity has one line on its way, in its order, no more than allowed
// are on their way, none is lost, and nobody is passed over.
func TestTurnsAreFair(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := newClockwork()
		joined, next := map[entities.ID]int64{}, map[entities.ID]int64{}
		var flying []*speech
		seen := 0
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			if len(flying) == 0 || rapid.Bool().Draw(t, "join") {
				id := entities.ID(rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "f"}).Draw(t, "entity"))
				c.join(lineOf(string(id), joined[id]))
				joined[id]++
			} else {
				at := rapid.IntRange(0, len(flying)-1).Draw(t, "which")
				s := flying[at]
				flying = append(flying[:at:at], flying[at+1:]...)
				c.over(s)
			}
			for ; seen < len(c.begun); seen++ {
				s := c.begun[seen]
				if s.line.ID != next[s.line.EntityID] {
					t.Fatalf("%s says line %d before %d", s.line.EntityID, s.line.ID, next[s.line.EntityID])
				}
				next[s.line.EntityID]++
				flying = append(flying, s)
			}
			if len(flying) > mostAtOnce {
				t.Fatalf("%d lines are on their way", len(flying))
			}
		}
		for len(flying) > 0 {
			s := flying[0]
			flying = flying[1:]
			c.over(s)
			for ; seen < len(c.begun); seen++ {
				flying = append(flying, c.begun[seen])
				next[c.begun[seen].line.EntityID]++
			}
		}
		for id, n := range joined {
			if next[id] != n {
				t.Fatalf("%s said %d of %d lines", id, next[id], n)
			}
		}
	})
}

// discordsWindow is the limit as Discord has it: from the first message on, or over the last
// minute.
type discordsWindow struct {
	sliding bool
	at      []time.Time
}

func (w *discordsWindow) take(now time.Time) (wait time.Duration) {
	if w.sliding {
		for len(w.at) > 0 && now.Sub(w.at[0]) >= hiddenWindow {
			w.at = w.at[1:]
		}
	} else if len(w.at) > 0 && now.Sub(w.at[0]) >= hiddenWindow {
		w.at = nil
	}
	if len(w.at) >= hiddenCount {
		return w.at[0].Add(hiddenWindow).Sub(now)
	}
	w.at = append(w.at, now)
	return 0
}

// After one 429 the hidden limit is known: it is used nearly whole, and not passed again.
func TestHiddenLimitIsLearnt(t *testing.T) {
	for _, sliding := range []bool{false, true} {
		t.Run(fmt.Sprint("sliding ", sliding), func(t *testing.T) {
			var h hiddenLimit
			now := time.Unix(1_800_000_000, 0)
			begin, window, sent, refused := now, &discordsWindow{sliding: sliding}, 0, 0
			for now.Sub(begin) < 20*time.Minute {
				if ready, next := h.ready(now); !ready {
					now = next
					continue
				}
				h.take()
				wait := window.take(now.Add(40 * time.Millisecond))
				now = now.Add(80 * time.Millisecond)
				h.answered(wait == 0, now)
				if wait > 0 {
					refused++
					h.learn(wait, now)
					continue
				}
				sent++
			}
			if used := float64(sent) / (20 * hiddenCount); used < 0.95 || refused != 1 {
				t.Errorf("%d messages, %.3f of what fits; %d were refused", sent, used, refused)
			}
		})
	}
}

func TestHiddenLimitWithinBounds(t *testing.T) {
	var h hiddenLimit
	now := time.Unix(1_800_000_000, 0)
	h.learn(time.Duration(math.MaxInt64/4), now)
	if h.window != hiddenWindow {
		t.Errorf("without 30 messages the window is %v", h.window)
	}
	for range hiddenCount {
		h.take()
		h.answered(true, now)
	}
	h.learn(time.Hour, now)
	if h.window != longestHidden {
		t.Errorf("the window is %v", h.window)
	}
}

// Where nobody speaks any more, no line waits.
func TestNobodyWaitsForAClosedChannel(t *testing.T) {
	c := newClockwork()
	first, second, late := lineOf("a", 0), lineOf("a", 1), lineOf("b", 0)
	c.join(first)
	c.join(second)
	if left := c.close(); len(left) != 1 || left[0] != second {
		t.Errorf("%d lines were left waiting", len(left))
	}
	if c.join(late) || c.back(first, c.at) {
		t.Error("a line waits for a channel in which nobody speaks any more")
	}
	c.pump()
	if got := c.names(); got != "a0 " {
		t.Errorf("it went on with %s", got)
	}
}
