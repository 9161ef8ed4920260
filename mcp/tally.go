package mcp

import (
	"sync/atomic"
	"time"

	"troupe/entities/measure"
)

// tally counts the calls of one tool since the start.
type tally struct {
	fine, refused atomic.Int64
	times         measure.Times
}

func (t *tally) note(refused bool, took time.Duration) {
	if refused {
		t.refused.Add(1)
	} else {
		t.fine.Add(1)
	}
	t.times.Note(took)
}

// Tally is how often a tool was called since the start, and how long the calls took.
type Tally struct {
	Tool          string
	Fine, Refused int64
	Times         *measure.Times // goes on changing
}

// Tallies are those of all tools, in their order.
func (s *Server) Tallies() []Tally {
	all := make([]Tally, 0, len(tools))
	for _, t := range tools {
		own := s.tallies[t.declaration.Name]
		all = append(all, Tally{Tool: t.declaration.Name, Fine: own.fine.Load(), Refused: own.refused.Load(), Times: &own.times})
	}
	return all
}
