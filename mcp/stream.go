package mcp

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// heartbeat is how often a stream that is silent shows that it lives: proxies cut what is silent
// for a minute. sendTime is how long a client may take for what it is sent.
const (
	heartbeat = 20 * time.Second
	sendTime  = 10 * time.Second
)

// events writes an event stream. Each write has its own time, so that a client that does not
// read holds nothing for long.
type events struct {
	w    io.Writer
	wire *http.ResponseController
	time time.Duration
}

// openEvents begins an event stream.
func (s *Server) openEvents(w http.ResponseWriter) (*events, error) {
	e := &events{w: w, wire: http.NewResponseController(w), time: s.sendTime}
	// The limits of ordinary requests do not hold for a stream. Where they cannot be lifted there
	// is no connection behind it.
	_ = e.wire.SetReadDeadline(time.Time{})
	w.Header().Set("Content-Type", "text/event-stream")
	w.WriteHeader(http.StatusOK)
	return e, e.wire.Flush()
}

func (e *events) begin() { _ = e.wire.SetWriteDeadline(time.Now().Add(e.time)) } // see openEvents

// message sends one message of JSON.
func (e *events) message(data []byte) error { return e.event("message", data) }

func (e *events) event(name string, data []byte) error {
	e.begin()
	_, err := e.w.Write(slices.Concat([]byte("event: "+name+"\ndata: "), data, []byte("\n\n")))
	return err
}

// beat sends a line that clients skip.
func (e *events) beat() error {
	e.begin()
	if _, err := e.w.Write([]byte(":\n\n")); err != nil {
		return err
	}
	return e.wire.Flush()
}

// stream is one open event stream of a client.
type stream struct {
	*listener
	server *Server
	out    *events
	ctx    context.Context // ends with the request, or when the stream is cut
	key    string          // that opened it
}

// run sends what there is to send until the stream ends, and says why it did.
func (st *stream) run() error {
	beat := time.NewTicker(st.server.heartbeat)
	defer beat.Stop()
	for st.ctx.Err() == nil {
		if err := st.send(); err != nil {
			return err
		}
		select {
		case <-st.bell:
		case <-beat.C:
			if err := st.allowed(); err != nil { // a token may have run out
				return err
			}
			if err := st.out.beat(); err != nil {
				return err
			}
		case <-st.ctx.Done():
		}
	}
	return context.Cause(st.ctx)
}

// allowed says whether the credential that opened the stream still holds.
func (st *stream) allowed() error {
	_, err := st.server.registry.Authenticate(st.ctx, st.key, st.actor.EntityID())
	return err
}

func (st *stream) send() error {
	messages, full := st.take()
	if full {
		return errStalled
	}
	for _, message := range messages {
		if err := st.out.message(message); err != nil {
			return err
		}
	}
	if len(messages) == 0 {
		return nil
	}
	return st.out.wire.Flush()
}

// say sends one message at once.
func (st *stream) say(message []byte) error {
	if err := st.out.message(message); err != nil {
		return err
	}
	return st.out.wire.Flush()
}

// open gives a client its stream and runs it: begin sends what comes first and end what comes
// last. It returns when the stream has ended, or says why there is none.
func (s *Server) open(w *deliverer, r *http.Request, c *call, session string, begin, end func(*stream) error) *refusal {
	ctx, cut := context.WithCancelCause(r.Context())
	defer cut(nil)
	one, turn, err := s.streams.attach(ctx, cut, c.actor, session, s.now())
	if err != nil {
		return tooManyStreams(err)
	}
	defer func() { s.streams.detach(one, turn, s.now()) }()
	st := &stream{listener: one, server: s, ctx: ctx, key: bearer(r)}
	// The credential may have ended since it was looked at, and then nobody cuts this stream.
	if st.allowed() != nil {
		return s.challenged(r)
	}
	if st.out, err = s.openEvents(w); err != nil {
		return nil // the client is gone
	}
	defer s.unblock(st)()
	if err = begin(st); err == nil {
		err = st.run()
	}
	if errors.Is(err, errClosing) || errors.Is(err, errNothing) {
		_ = end(st) // the client may be gone
	}
	s.log.Debug("stream ended", "entity", string(c.actor.EntityID()), "why", err)
	return nil
}

// unblock has a write that hangs fail when the stream is cut. A program that closes leaves a
// little time for the last words.
func (s *Server) unblock(st *stream) (stop func() bool) {
	return context.AfterFunc(st.ctx, func() {
		grace := time.Duration(0)
		if errors.Is(context.Cause(st.ctx), errClosing) {
			grace = time.Second
		}
		_ = st.out.wire.SetWriteDeadline(time.Now().Add(grace)) // see openEvents
	})
}

func nothingMore(*stream) error { return nil }

func tooManyStreams(err error) *refusal {
	if errors.Is(err, errTooMany) {
		return &refusal{status: http.StatusTooManyRequests, code: codeBusy, pause: 30, text: "This entity has too many streams open (" + strconv.Itoa(maxStreamsPerEntity) + " at once). Let one end first."}
	}
	return busy(err)
}

// getStream is where a session of the protocol's earlier era hears what it subscribed to.
func (s *Server) getStream(w *deliverer, r *http.Request) *refusal {
	if modernHeader(r) {
		return notAllowed(w, r)
	}
	if !wantsEvents(r) {
		return &refusal{status: http.StatusNotAcceptable, code: codeInvalid, text: "A GET gives an event stream. Send the header \"Accept: text/event-stream\"."}
	}
	c, no := s.enter(r)
	if no != nil {
		return no
	}
	defer c.end(nil)
	session, no := s.namedSession(c, r)
	if no == nil && !s.ofThisRun(session) {
		no = noSession // its subscriptions are gone, so it must begin anew
	}
	if no != nil {
		return no
	}
	// mcp-go would echo the id; clients of the SDKs do not need it.
	return s.open(w, r, c, session, nothingMore, nothingMore)
}

func wantsEvents(r *http.Request) bool {
	accept := strings.Join(r.Header.Values("Accept"), ",")
	return strings.Contains(accept, "text/event-stream") || strings.Contains(accept, "*/*")
}

// enter lets a request without a body in.
func (s *Server) enter(r *http.Request) (*call, *refusal) {
	actor, no := s.authenticate(r)
	if no != nil {
		return nil, no
	}
	s.seen.note(actor.Credential(), s.now())
	return s.newCall(r.Context(), actor), nil
}
