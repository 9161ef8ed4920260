package mcp

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	mcpgo "github.com/mark3labs/mcp-go/mcp"
)

// heartbeat is how often a stream that is silent shows that it lives: proxies cut what is silent
// for a minute. sendTime is how long a client may take for what it is sent.
const (
	heartbeat = 20 * time.Second
	sendTime  = 10 * time.Second
)

// stream is one open event stream of a client.
type stream struct {
	*listener
	server *Server
	out    *events
	ctx    context.Context // ends with the request, or when the stream is cut
}

// run sends what there is to send until the stream ends, and says why it did.
func (st *stream) run() error {
	silent := time.NewTicker(st.server.heartbeat)
	defer silent.Stop()
	for st.ctx.Err() == nil {
		if err := st.send(); err != nil {
			return err
		}
		select {
		case <-st.bell:
		case <-silent.C:
			// What ended a credential need not have ended its entity's others, so it is asked too.
			if _, err := st.server.registry.Acting(st.ctx, st.actor); err != nil {
				return err
			}
			if err := st.out.send(beat); err != nil {
				return err
			}
		case <-st.ctx.Done():
		}
	}
	return context.Cause(st.ctx)
}

func (st *stream) send() error {
	messages, full := st.take()
	if full {
		return errStalled
	}
	if len(messages) == 0 {
		return nil
	}
	for i, message := range messages {
		messages[i] = event("message", message)
	}
	return st.out.send(messages...)
}

// say sends one message at once.
func (st *stream) say(message []byte) error { return st.out.send(event("message", message)) }

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
	// The credential may have ended since it was looked at, and then nobody cuts this stream.
	if _, err := s.registry.Acting(ctx, c.actor); err != nil {
		return s.challenged(r, wasRefused)
	}
	st := &stream{listener: one, server: s, ctx: ctx}
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

// unblock has a write that hangs fail when the stream is cut, and leaves time for an end in
// order. A program that closes leaves a little more, for the last words. Release it before the
// request ends: the connection may serve another one then.
func (s *Server) unblock(st *stream) (release func()) {
	cut := make(chan struct{})
	stop := context.AfterFunc(st.ctx, func() {
		defer close(cut)
		patience := time.Duration(0)
		if errors.Is(context.Cause(st.ctx), errClosing) {
			patience = time.Second
		}
		st.out.cut(patience)
	})
	return func() {
		if !stop() {
			<-cut
		}
	}
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
	if mcpgo.IsModernProtocol(r.Header.Get(mcpgo.HeaderProtocolVersion)) {
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
