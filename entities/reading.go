package entities

import (
	"maps"
	"slices"

	"github.com/disgoorg/snowflake/v2"
)

// Stage is how far the event log was read.
type Stage struct {
	// Seq is the position up to which everything was given that was news.
	Seq int64
	// Who reads a long log page by page reads it as it was when they began: messages after From
	// were given, or left out, with all their changes up to Until. Both are 0 when Seq is past Until.
	From, Until int64
}

// Reading is how far a scope of the event log was read. That is the same everywhere, but for
// servers of which it could not be decided just then what is news.
type Reading struct {
	Stage
	Behind map[snowflake.ID]Stage // by guild
}

// ReadTo is the reading of everything up to a position.
func ReadTo(position int64) Reading { return Reading{Stage: Stage{Seq: position}} }

// of is how far was read of what happened in a guild, or with 0 in direct messages.
func (r Reading) of(guild snowflake.ID) Stage {
	if stage, ok := r.Behind[guild]; ok {
		return stage
	}
	return r.Stage
}

// lowest is the position up to which everything was read, but for what happened in some guilds.
func (r Reading) lowest(but map[snowflake.ID]int64) int64 {
	lowest := r.Seq
	for guild, stage := range r.Behind {
		if _, left := but[guild]; !left {
			lowest = min(lowest, stage.Seq)
		}
	}
	return lowest
}

// and is what was read in one or the other reading.
func (r Reading) and(other Reading) Reading {
	both := Reading{Stage: r.Stage.and(other.Stage), Behind: map[snowflake.ID]Stage{}}
	for _, one := range []Reading{r, other} {
		for guild := range one.Behind {
			both.put(guild, r.of(guild).and(other.of(guild)))
		}
	}
	return both
}

// and is the stage of who has read up to one and up to another. What only one of them had passed
// before it began was not given since.
func (s Stage) and(other Stage) Stage {
	if other.Seq > s.Seq {
		s, other = other, s
	}
	if s.Until > s.Seq {
		s.From = max(s.From, other.before(s.Until))
	}
	return s
}

// before is up to where was read when the reading up to an end began.
func (s Stage) before(end int64) int64 {
	if s.Until == end && s.Until > s.Seq {
		return s.From
	}
	return s.Seq
}

// put notes a guild's stage, unless it is the same as everywhere.
func (r *Reading) put(guild snowflake.ID, stage Stage) {
	if stage != r.Stage {
		r.Behind[guild] = stage
	}
}

func (r Reading) same(other Reading) bool {
	return r.Stage == other.Stage && maps.Equal(r.Behind, other.Behind)
}

// horizon are the ends of what is being read page by page in any scope, in order, and the log's own
// end. Whoever begins to read where another scope is being read reads the log as it was when that
// began: so whichever of them gave a message, it was told with the same changes.
type horizon struct {
	open []int64
	end  int64
}

// after is up to where changes are taken into account by who reads on from a position.
func (h horizon) after(position int64) int64 {
	for _, end := range h.open {
		if end > position {
			return end
		}
	}
	return max(position, h.end)
}

// horizon is that of a reader who goes on from a reading, when the log ends at end.
func (m readMarks) horizon(from Reading, end int64) horizon {
	h := horizon{end: end}
	note := func(s Stage) {
		if s.Until > s.Seq {
			h.open = append(h.open, s.Until)
		}
	}
	noteAll := func(r Reading) {
		note(r.Stage)
		for _, stage := range r.Behind {
			note(stage)
		}
	}
	noteAll(from)
	for _, reading := range m {
		noteAll(reading)
	}
	slices.Sort(h.open)
	return h
}

// begin is a reading from which is read on: who has given all that there was when they began takes
// later changes into account.
func (r Reading) begin(h horizon) Reading {
	begin := func(s Stage) Stage {
		if s.Seq >= s.Until {
			return Stage{Seq: s.Seq, From: s.Seq, Until: h.after(s.Seq)}
		}
		return s
	}
	begun := Reading{Stage: begin(r.Stage), Behind: make(map[snowflake.ID]Stage, len(r.Behind))}
	for guild, stage := range r.Behind {
		begun.Behind[guild] = begin(stage)
	}
	return begun
}

// reach is a begun reading after everything up to a position was looked at, but for guilds that
// stopped before, each at its own.
func (r Reading) reach(position int64, h horizon, stopped map[snowflake.ID]int64) Reading {
	reach := func(s Stage, position int64) Stage {
		s.Seq = max(s.Seq, position)
		if s = s.at(s.Seq+1, h); s.Seq >= s.Until {
			return Stage{Seq: s.Seq}
		}
		return s
	}
	reached := Reading{Stage: reach(r.Stage, position), Behind: map[snowflake.ID]Stage{}}
	for guild := range r.Behind {
		if _, ok := stopped[guild]; !ok {
			reached.put(guild, reach(r.of(guild), position))
		}
	}
	for guild, at := range stopped {
		reached.put(guild, reach(r.of(guild), min(at, position)))
	}
	return reached
}

// at is a begun stage as it is for a message at a position: who has come past Until takes the changes
// until the next end into account.
func (s Stage) at(position int64, h horizon) Stage {
	for position > s.Until {
		next := h.after(s.Until)
		s.From = s.Until
		if next == s.Until {
			break
		}
		s.Until = next
	}
	return s
}

// upTo is a reading in a log that ends at a position.
func (r Reading) upTo(end int64) Reading {
	cut := func(s Stage) Stage {
		if s.Seq > end {
			return Stage{Seq: end}
		}
		return s
	}
	within := Reading{Stage: cut(r.Stage), Behind: map[snowflake.ID]Stage{}}
	for guild, stage := range r.Behind {
		within.put(guild, cut(stage))
	}
	return within
}

func (r Reading) guilds() []snowflake.ID { return slices.Sorted(maps.Keys(r.Behind)) }
