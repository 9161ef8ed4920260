package entities

import (
	"sync"
	"time"
)

// A one-time code of 8 letters and digits is one of 2^40, and good for one window. At most 500
// wrong ones are looked at in a window, from wherever they come, so at most 1,000 while one code
// lives: it is found with a chance of 1 in a thousand million (1,000 / 2^40). Past 500, codes of
// that length are not taken at all. Nobody is kept out by that: from 20 wrong ones on, /entity
// connect gives codes of twice the length, which are always taken.
const (
	manyGuesses = 20
	mostGuesses = 500
	guessWindow = ConnectLife
)

// guesses counts short one-time codes that were wrong.
type guesses struct {
	mu     sync.Mutex
	since  time.Time // when the window began
	wrong  int       // in it
	before int       // in the window before it
}

// turn begins another window when one is over.
func (g *guesses) turn(now time.Time) {
	past := now.Sub(g.since)
	if past < guessWindow {
		return
	}
	g.before = 0
	if past < 2*guessWindow {
		g.before = g.wrong
	}
	g.since, g.wrong = now, 0
}

// admit counts a code before it is looked at, so that many at once are not too many. It says
// whether it may be.
func (g *guesses) admit(now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.turn(now)
	if g.wrong >= mostGuesses {
		return false
	}
	g.wrong++
	return true
}

// right takes one back that was no guess.
func (g *guesses) right() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.wrong = max(0, g.wrong-1)
}

// many says whether somebody seems to guess.
func (g *guesses) many(now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.turn(now)
	return g.wrong+g.before >= manyGuesses
}
