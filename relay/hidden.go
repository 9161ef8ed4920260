package relay

import (
	"time"
)

// Discord takes 30 webhook messages a minute into one channel, which no header announces
// (observed; discord-api-docs #367, #1454). It is taken into account once a 429 has shown it.
const (
	hiddenCount  = 30
	hiddenWindow = time.Minute
	// The window is learnt within these bounds.
	shortestHidden = time.Second
	longestHidden  = 2 * time.Minute
)

// hiddenLimit counts the messages of one channel against the limit that Discord does not tell.
type hiddenLimit struct {
	window time.Duration // 0 until a 429 has shown it
	taken  [hiddenCount]time.Time
	at     int       // where the oldest of taken stands
	flying int       // messages on their way
	closed time.Time // nothing goes out before it
}

// ready says whether one more message may go out now, or when to look again.
func (h *hiddenLimit) ready(now time.Time) (bool, time.Time) {
	if now.Before(h.closed) {
		return false, h.closed
	}
	if h.window == 0 {
		// Past the 30th within a minute, one message finds out whether there is room.
		first := h.taken[(h.at+min(h.flying, hiddenCount))%hiddenCount]
		return h.flying == 0 || first.IsZero() || now.Sub(first) >= hiddenWindow, time.Time{}
	}
	// Those on their way will stand among the last ones taken.
	if h.flying >= hiddenCount {
		return false, now.Add(h.window)
	}
	if free := h.taken[(h.at+h.flying)%hiddenCount].Add(h.window); now.Before(free) {
		return false, free
	}
	return true, time.Time{}
}

func (h *hiddenLimit) take() { h.flying++ }

// answered counts a message at the time of its answer: Discord counted it earlier, so that we
// are never too fast.
func (h *hiddenLimit) answered(taken bool, now time.Time) {
	h.flying = max(0, h.flying-1)
	if taken {
		h.taken[h.at] = now
		h.at = (h.at + 1) % hiddenCount
	}
}

// close lets nothing go out before a time.
func (h *hiddenLimit) close(until time.Time) {
	if until.After(h.closed) {
		h.closed = until
	}
}

// learn takes from a 429 how long the window is: from the first of the last 30 messages until
// there is room again.
func (h *hiddenLimit) learn(wait time.Duration, now time.Time) {
	h.close(now.Add(wait))
	window := hiddenWindow
	if first := h.taken[h.at]; !first.IsZero() && now.Sub(first) < hiddenWindow {
		window = now.Sub(first) + wait
		window += window / 100 // answers take their time
	}
	h.window = max(h.window, min(max(window, shortestHidden), longestHidden))
}
