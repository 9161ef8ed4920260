package mcp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"troupe/entities"
	"troupe/relay"
)

// JSON-RPC's codes, and two of our own from the range that it leaves to servers.
const (
	codeParse        = -32700
	codeInvalid      = -32600
	codeParams       = -32602
	codeInternal     = -32603
	codeUnauthorized = -32001
	codeBusy         = -32002
)

// refusal is a no before the MCP server is reached.
type refusal struct {
	status int             // HTTP
	code   int             // JSON-RPC
	text   string          // what is wrong and who can mend it
	pause  int             // seconds after which to try again; 0 = not said
	id     json.RawMessage // of the message that it answers, where that is known
	// challenge is the WWW-Authenticate of a 401.
	challenge string
	data      map[string]string // for programs
}

// json is the refusal as a JSON-RPC error.
func (no *refusal) json() []byte {
	var body struct {
		JSONRPC string          `json:"jsonrpc"`
		ID      json.RawMessage `json:"id"`
		Error   struct {
			Code    int               `json:"code"`
			Message string            `json:"message"`
			Data    map[string]string `json:"data,omitempty"`
		} `json:"error"`
	}
	body.JSONRPC, body.ID = "2.0", no.id
	if body.ID == nil {
		body.ID = json.RawMessage("null")
	}
	body.Error.Code, body.Error.Message, body.Error.Data = no.code, no.text, no.data
	return encode(body)
}

// write answers with the refusal.
func (no *refusal) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	if no.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", no.challenge)
	}
	if no.pause > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(no.pause))
	}
	w.WriteHeader(no.status)
	_, _ = w.Write(append(no.json(), '\n')) // the client is gone; there is nobody to tell
}

// guard is in front of everything: it refuses what no client of ours sends, and answers for what
// breaks behind it.
func (s *Server) guard(next func(*deliverer, *http.Request) *refusal) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Accel-Buffering", "no")
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		written := &deliverer{ResponseWriter: w, each: s.sendTime}
		defer s.recovered(written)
		no := s.strange(r)
		if no == nil {
			no = next(written, r)
		}
		if no != nil {
			if r.ContentLength != 0 {
				// net/http reads on before it answers, so that clients get the answer.
				_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(refusedTime)) // see readBody
			}
			no.write(written)
		}
	}
}

// serve answers at an entity's address.
func (s *Server) serve(w *deliverer, r *http.Request) *refusal {
	switch r.Method {
	case http.MethodPost:
		return s.post(w, r)
	case http.MethodGet, http.MethodHead:
		if WantsPage(r) {
			WritePage(w)
			return nil
		}
		if r.Method == http.MethodGet {
			return s.getStream(w, r)
		}
	case http.MethodDelete:
		return s.deleteSession(w, r)
	}
	return notAllowed(w, r)
}

// notAllowed answers the methods that the era of a request does not have.
func notAllowed(w http.ResponseWriter, r *http.Request) *refusal {
	allowed := "GET, POST, DELETE"
	if modernHeader(r) {
		allowed = http.MethodPost
	}
	w.Header().Set("Allow", allowed)
	return &refusal{status: http.StatusMethodNotAllowed, code: codeInvalid, text: "Only POST is answered here; and GET and DELETE for a session that began with initialize."}
}

// recovered answers for a call that panicked.
func (s *Server) recovered(w *deliverer) {
	broken := recover()
	if broken == nil {
		return
	}
	if err, ok := broken.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(broken)
	}
	no := refusal{status: http.StatusInternalServerError, code: codeInternal, text: s.panicked(broken, "serve")}
	if w.begun {
		panic(http.ErrAbortHandler) // half an answer must not look like a whole one
	}
	no.write(w)
}

// panicked counts and logs a panic and gives the words for the caller. The value itself may
// quote a message, and an error's text too, so only its type and where it happened are logged.
func (s *Server) panicked(broken any, doing string) string {
	s.panics.Add(1)
	ref := s.reference()
	s.log.Error("panic", "ref", ref, "doing", doing, "type", fmt.Sprintf("%T", broken), "stack", string(debug.Stack()))
	return apology(ref)
}

// post lets one message through to the MCP server.
func (s *Server) post(w *deliverer, r *http.Request) *refusal {
	actor, no := s.authenticate(r)
	if no != nil {
		return no
	}
	c := s.newCall(r.Context(), actor)
	defer c.end(nil)
	if err := s.calls.begin(c); err != nil {
		return busy(err)
	}
	leave := sync.OnceFunc(func() { s.calls.done(c) })
	defer leave()
	if no := s.lasts(r, c); no != nil {
		return no
	}
	body, message, no := s.receive(w, r, c)
	if no == nil {
		no = unknownVersion(r)
	}
	if no != nil {
		no.id = message.ID
		return no
	}
	session := ""
	if !message.modern(r) && r.Header.Get(headerSession) != "" {
		if session, no = s.namedSession(c, r); no != nil {
			no.id = message.ID
			return no
		}
		c.openAI = c.openAI || openedByOpenAI(session)
	}
	r = r.WithContext(context.WithValue(r.Context(), callKey{}, c))
	r.Header.Del(headerSession)
	if message.Method == methodListen && message.modern(r) && len(message.ID) > 0 {
		leave() // a stream is counted as one, and not as a call
		return s.listen(w, r, c, message)
	}
	done, no := s.own(w, r, c, session, message)
	if no != nil || done {
		return no
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	s.transport.ServeHTTP(w, r)
	s.relay.Delivered(c.receipt, !w.broken && r.Context().Err() == nil)
	return nil
}

// receive reads a message of a call that has begun.
func (s *Server) receive(w http.ResponseWriter, r *http.Request, c *call) ([]byte, envelope, *refusal) {
	s.seen.note(c.actor.Credential(), s.now())
	body, no := s.readBody(w, r)
	if no != nil {
		return nil, envelope{}, no
	}
	message, no := readEnvelope(body)
	c.lists, c.openAI = message.Method == methodList, c.openAI || fromOpenAI(r, message)
	return body, message, no
}

// deliverer notes whether an answer has begun, and whether it could be written. What mcp-go streams
// has its own time for each write.
type deliverer struct {
	http.ResponseWriter
	each   time.Duration // 0 = the stream sees to that itself
	begun  bool
	broken bool
	stream bool
}

func (d *deliverer) WriteHeader(status int) {
	d.begun = true
	d.stream = d.each > 0 && d.Header().Get("Content-Type") == "text/event-stream"
	d.ResponseWriter.WriteHeader(status)
}

func (d *deliverer) Write(data []byte) (int, error) {
	d.begun = true
	if d.stream {
		_ = http.NewResponseController(d.ResponseWriter).SetWriteDeadline(time.Now().Add(d.each)) // see openEvents
	}
	n, err := d.ResponseWriter.Write(data)
	d.broken = d.broken || err != nil
	return n, err
}

// Flush is what mcp-go looks for before it tells a client something while a tool runs: the answer
// is an event stream then.
func (d *deliverer) Flush() {
	d.begun = true
	_ = http.NewResponseController(d.ResponseWriter).Flush() // the next write tells of a client that is gone
}

// Unwrap is for [http.ResponseController].
func (d *deliverer) Unwrap() http.ResponseWriter { return d.ResponseWriter }

type callKey struct{}

func (s *Server) newCall(ctx context.Context, actor entities.Actor) *call {
	c := &call{server: s, actor: actor}
	ctx, c.receipt = relay.WithReceipt(ctx)
	c.ctx, c.end = context.WithCancelCause(ctx)
	return c
}

// callFrom finds the call that a context belongs to. Nothing reaches the MCP server without.
func callFrom(ctx context.Context) (*call, bool) {
	c, ok := ctx.Value(callKey{}).(*call)
	return c, ok
}

func busy(err error) *refusal {
	switch {
	case errors.Is(err, errTooMany):
		return &refusal{status: http.StatusTooManyRequests, code: codeBusy, pause: 2, text: "Too many calls of this entity are in flight (" + strconv.Itoa(maxCallsPerEntity) + " at once, " + strconv.Itoa(maxWaitsPerEntity) + " of them waiting). Let some end first."}
	case errors.Is(err, errClosing):
		return &refusal{status: http.StatusServiceUnavailable, code: codeBusy, pause: 5, text: closingText}
	default:
		return &refusal{status: http.StatusServiceUnavailable, code: codeBusy, pause: 2, text: "This server is busy. Try again in a moment."}
	}
}

// seconds rounds up, so that nobody comes back too early.
func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }
