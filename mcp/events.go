package mcp

import (
	"io"
	"net/http"
	"slices"
	"sync"
	"time"
)

// farewell is how long the end of a stream that is cut may take. It is a few bytes, which wait
// only for a client that does not read.
const farewell = 250 * time.Millisecond

// events writes an event stream. Each write has its own time, so that a client that does not
// read holds nothing for long.
type events struct {
	w    io.Writer
	wire *http.ResponseController
	time time.Duration

	mu    sync.Mutex
	busy  bool      // something is being written
	until time.Time // of a stream that was cut: no write may take longer
}

// openEvents begins an event stream.
func (s *Server) openEvents(w *deliverer) (*events, error) {
	w.each = 0 // see begin
	e := &events{w: w, wire: http.NewResponseController(w), time: s.sendTime}
	// The limits of ordinary requests do not hold for a stream. Where they cannot be lifted there
	// is no connection behind it.
	_ = e.wire.SetReadDeadline(time.Time{})
	w.Header().Set("Content-Type", "text/event-stream")
	w.WriteHeader(http.StatusOK)
	return e, e.send()
}

// event words one event.
func event(name string, data []byte) []byte {
	return slices.Concat([]byte("event: "+name+"\ndata: "), data, []byte("\n\n"))
}

// beat is a line that clients skip.
var beat = []byte(":\n\n")

// send writes whole events and sees that they leave.
func (e *events) send(all ...[]byte) error {
	defer e.rest()
	for _, one := range all {
		e.begin()
		if _, err := e.w.Write(one); err != nil {
			return err
		}
	}
	e.begin()
	return e.wire.Flush()
}

func (e *events) begin() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.busy = true
	until := time.Now().Add(e.time)
	if !e.until.IsZero() && e.until.Before(until) {
		until = e.until
	}
	e.limit(until)
}

func (e *events) rest() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.busy = false
	if !e.until.IsZero() {
		e.limit(e.until)
	}
}

// cut leaves a stream time for its end. A write that hangs is given up after patience.
func (e *events) cut(patience time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := time.Now()
	e.until = now.Add(max(patience, farewell))
	if e.busy {
		e.limit(now.Add(patience))
	} else {
		e.limit(e.until)
	}
}

func (e *events) limit(until time.Time) { _ = e.wire.SetWriteDeadline(until) } // see openEvents
