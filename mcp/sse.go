package mcp

import (
	"context"
	"encoding/json"
	"net/http"

	mcpgo "github.com/mark3labs/mcp-go/mcp"
)

// sse is the protocol's first transport: one stream that begins with the address to which the
// client posts its messages, and on which all answers come.
func (s *Server) sse(w *deliverer, r *http.Request) *refusal {
	if r.Method != http.MethodGet {
		w.Header().Set("Allow", http.MethodGet)
		return &refusal{status: http.StatusMethodNotAllowed, code: codeInvalid, text: "A GET opens the stream here. For Streamable HTTP leave /sse out of the address."}
	}
	if WantsPage(r) {
		WritePage(w)
		return nil
	}
	c, no := s.enter(r)
	if no != nil {
		return no
	}
	defer c.end(nil)
	c.openAI = isOpenAI(r.UserAgent())
	session, err := s.openSession(r.Context(), c)
	if err != nil {
		return &refusal{status: http.StatusServiceUnavailable, code: codeInternal, text: c.words("open a session", err), pause: 1}
	}
	defer s.streams.endSession(session)
	return s.open(w, r, c, session, func(st *stream) error {
		// Relative to this address: a proxy may have put something before it.
		return st.out.send(event("endpoint", []byte("message?sessionId="+session)))
	}, func(st *stream) error { return st.send() })
}

// sseMessage takes a message of the first transport. It is answered on the session's stream.
func (s *Server) sseMessage(w *deliverer, r *http.Request) *refusal {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return &refusal{status: http.StatusMethodNotAllowed, code: codeInvalid, text: "Messages are posted here."}
	}
	actor, no := s.authenticate(r)
	if no != nil {
		return no
	}
	session := r.URL.Query().Get("sessionId")
	c := s.newCall(context.WithoutCancel(r.Context()), actor) // it outlasts this request
	if no := s.checkSession(c.ctx, c, session); no != nil {
		c.end(nil)
		return no
	}
	if err := s.calls.begin(c); err != nil {
		c.end(nil)
		return busy(err)
	}
	taken := false
	defer func() {
		if !taken {
			c.end(nil)
			s.calls.done(c)
		}
	}()
	if no := s.lasts(r, c); no != nil {
		return no
	}
	l, life, open := s.streams.attached(session)
	if !open {
		return noSession
	}
	c.openAI = l.openAI.Load() || openedByOpenAI(session)
	body, message, no := s.receive(w, r, c)
	if no != nil {
		return no
	}
	l.openAI.Store(c.openAI)
	if message.Method == methodCall && s.waiting[message.Params.Name] {
		if err := s.calls.wait(c); err != nil {
			return busy(err)
		}
	}
	taken = true
	w.WriteHeader(http.StatusAccepted)
	go s.answerOn(life, l, c, message, body, message.modern(r))
	return nil
}

// answerOn answers a message on a stream. Whoever waits for the calls in flight waits for it.
func (s *Server) answerOn(life context.Context, l *listener, c *call, message envelope, body []byte, modern bool) {
	defer s.calls.done(c)
	defer c.end(nil)
	stop := context.AfterFunc(life, func() { c.end(context.Cause(life)) })
	defer stop()
	taken := true
	if answer := s.sseAnswer(l, c, message, body, modern); len(message.ID) > 0 && answer != nil {
		taken = l.queue(answer)
	}
	s.relay.Delivered(c.receipt, taken && life.Err() == nil)
}

func (s *Server) sseAnswer(l *listener, c *call, message envelope, body []byte, modern bool) (answer []byte) {
	defer func() {
		if broken := recover(); broken != nil {
			answer = encode(mcpgo.NewJSONRPCError(mcpgo.NewRequestId(message.ID), codeInternal, s.panicked(broken, "serve"), nil))
		}
	}()
	switch message.Method {
	case "":
		return nil // see own
	case methodCancelled:
		if len(message.ID) == 0 {
			return nil // see own
		}
	case methodSubscribe, methodUnsubscribe:
		if no := s.subscribe(c, l.session, message); no != nil {
			return no.json()
		}
		return acknowledgement(message.ID)
	case methodRead:
		if err := s.readable(c, message.Params.URI); err != nil {
			return c.noResource(message, err).json()
		}
	}
	if modern {
		no := mcpgo.UnsupportedProtocolVersionError{Version: mcpgo.ProtocolVersion20260728, Supported: []string{mcpgo.LATEST_LEGACY_PROTOCOL_VERSION}}.JSONRPCError()
		return encode(map[string]any{"jsonrpc": "2.0", "id": message.ID, "error": no.Error})
	}
	given := s.core.HandleMessage(context.WithValue(c.ctx, callKey{}, c), json.RawMessage(body))
	if given == nil {
		return nil
	}
	return encode(given)
}
