package entities

import (
	"cmp"
	"fmt"
	"time"
)

// Loop bounds how long entities talk without a person; 0 = what applies otherwise.
type Loop struct {
	Pair  int // turns that the same two take in a row
	Alone int // turns of all entities in a channel within half an hour
}

// UsualLoop applies where nobody has set another.
func UsualLoop() Loop { return Loop{Pair: 8, Alone: 20} }

// Bounds of a [Loop] that is set, and of a channel's own budget.
const (
	LeastTurns = 2
	MostTurns  = 1000
	MostHourly = 500
)

// or lays a loop's bounds over others: 0 means the others' number.
func (l Loop) or(others Loop) Loop {
	return Loop{Pair: cmp.Or(l.Pair, others.Pair), Alone: cmp.Or(l.Alone, others.Alone)}
}

func (l Loop) check() error {
	for _, number := range []struct {
		name  string
		given int
	}{{"Turns of two", l.Pair}, {"Turns of all", l.Alone}} {
		if number.given != 0 && (number.given < LeastTurns || number.given > MostTurns) {
			return Refuse(Invalid, "%s: write a number from %d to %d, or nothing for the usual one.", number.name, LeastTurns, MostTurns)
		}
	}
	return nil
}

// loopSpan is over what turns are counted, and how long entities rest at most.
const loopSpan = 30 * time.Minute

// spoken is a line of an entity, as far as the guard wants to know of it.
type spoken struct {
	entity ID
	at     time.Time
}

// turns are who took a turn, the first one first: lines in a row of one entity are one.
func turns(said []*spoken, after time.Time) []ID {
	var taken []ID
	for _, s := range said {
		if s.at.After(after) && (len(taken) == 0 || taken[len(taken)-1] != s.entity) {
			taken = append(taken, s.entity)
		}
	}
	return taken
}

// LoopRule is what entities have come up against.
type LoopRule string

// The rules of the loop guard.
const (
	PairRule  LoopRule = "pair"  // two took so many turns in a row
	AloneRule LoopRule = "alone" // all together took so many without a person
)

// full says which rule does not let an entity take the next turn; "" when both do. Whoever has
// the word may go on: how much one says alone is for the limits to bound.
func (l Loop) full(taken []ID, next ID) LoopRule {
	n := len(taken)
	switch {
	case n > 0 && taken[n-1] == next:
		return ""
	case alternated(taken, next) >= l.Pair:
		return PairRule
	case n >= l.Alone:
		return AloneRule
	default:
		return ""
	}
}

// alternated counts the turns at the end that the next one and whoever has the word took by turns.
func alternated(taken []ID, next ID) int {
	count := 0
	for i := len(taken) - 1; i >= 0; i-- {
		expected := taken[len(taken)-1]
		if count%2 == 1 {
			expected = next
		}
		if taken[i] != expected {
			break
		}
		count++
	}
	return count
}

// words say what is the matter, to an entity.
func (rule LoopRule) words(l Loop) string {
	switch rule {
	case PairRule:
		return fmt.Sprintf("two of you have taken %d turns in a row without anybody else", l.Pair)
	case AloneRule:
		return fmt.Sprintf("you have taken %d turns among yourselves within half an hour without a person", l.Alone)
	default:
		return "you have talked long enough among yourselves without a person"
	}
}
