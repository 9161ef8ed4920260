package mcp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"troupe/entities"
	"troupe/relay"
)

const (
	maxBody  = 1 << 20          // bytes
	bodyTime = 15 * time.Second // the HTTP server's own limit for a whole request is longer
)

// JSON-RPC's codes, and two of our own from the range that it leaves to servers.
const (
	codeParse        = -32700
	codeInvalid      = -32600
	codeInternal     = -32603
	codeUnauthorized = -32001
	codeBusy         = -32002
)

// refusal is a no before the MCP server is reached.
type refusal struct {
	status int    // HTTP
	code   int    // JSON-RPC
	text   string // what is wrong and who can mend it
	// challenge is the WWW-Authenticate of a 401.
	challenge string
	pause     int // seconds after which to try again; 0 = not said
}

// write answers with the refusal, shaped as a JSON-RPC error.
func (no *refusal) write(w http.ResponseWriter) {
	var body struct {
		JSONRPC string          `json:"jsonrpc"`
		ID      json.RawMessage `json:"id"`
		Error   struct {
			Code    int    `json:"code"`
			Message string `json:"message"`
		} `json:"error"`
	}
	body.JSONRPC, body.ID = "2.0", json.RawMessage("null")
	body.Error.Code, body.Error.Message = no.code, no.text
	w.Header().Set("Content-Type", "application/json")
	if no.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", no.challenge)
	}
	if no.pause > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(no.pause))
	}
	w.WriteHeader(no.status)
	_ = json.NewEncoder(w).Encode(body) // the client is gone; there is nobody to tell
}

// serve is in front of everything at /mcp/{id}.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Accel-Buffering", "no")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	defer s.recovered(w)
	if no := s.strange(r); no != nil {
		no.write(w)
		return
	}
	switch r.Method {
	case http.MethodPost:
		if no := s.post(w, r); no != nil {
			no.write(w)
		}
	case http.MethodGet, http.MethodHead:
		if !wantsPage(r) {
			notAllowed(w)
			return
		}
		writePage(w)
	default:
		notAllowed(w)
	}
}

// notAllowed answers other methods: there are no sessions to end and no streams to open.
func notAllowed(w http.ResponseWriter) {
	w.Header().Set("Allow", http.MethodPost)
	no := refusal{status: http.StatusMethodNotAllowed, code: codeInvalid, text: "Only POST is answered here. There are no sessions and no streams."}
	no.write(w)
}

// recovered answers for a call that panicked.
func (s *Server) recovered(w http.ResponseWriter) {
	broken := recover()
	if broken == nil {
		return
	}
	if err, ok := broken.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(broken)
	}
	no := refusal{status: http.StatusInternalServerError, code: codeInternal, text: s.panicked(broken, "serve")}
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

// strange refuses what no client of ours sends: another site's page in somebody's browser
// that was led here, and keys where they are seen.
func (s *Server) strange(r *http.Request) *refusal {
	host := hostname(r.Host)
	if !slices.Contains(s.publicHosts, host) && !loopback(host) {
		return &refusal{status: http.StatusForbidden, code: codeInvalid, text: "This server is not known by that name. Use the address that /entity create showed."}
	}
	for _, origin := range r.Header.Values("Origin") {
		u, err := url.Parse(origin)
		if err != nil || u.Host == "" || !s.ours(hostname(u.Host), host) {
			return &refusal{status: http.StatusForbidden, code: codeInvalid, text: "Pages of other sites cannot call this server."}
		}
	}
	if keyInQuery(r.URL) {
		return &refusal{status: http.StatusBadRequest, code: codeInvalid, text: "Keys do not belong into an address, where proxies and histories keep them. Send the header \"Authorization: Bearer …\", and rotate this key with /entity key."}
	}
	return nil
}

func (s *Server) ours(origin, host string) bool {
	return origin == host || slices.Contains(s.publicHosts, origin) || loopback(origin)
}

// hostname is a Host header's name without its port, in small letters.
func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && ip.Unmap().IsLoopback())
}

// post lets one message through to the MCP server.
func (s *Server) post(w http.ResponseWriter, r *http.Request) *refusal {
	actor, no := s.authenticate(r)
	if no != nil {
		return no
	}
	ctx, receipt := relay.WithReceipt(r.Context())
	c := s.newCall(ctx, actor)
	defer c.end(nil)
	if err := s.calls.begin(c); err != nil {
		return busy(err)
	}
	defer s.calls.done(c)
	s.seen.note(actor.Credential(), s.now())
	body, no := s.readBody(w, r)
	if no != nil {
		return no
	}
	message, no := readEnvelope(body)
	if no != nil {
		return no
	}
	switch message.Method {
	case "":
		return &refusal{status: http.StatusBadRequest, code: codeInvalid, text: "This message has no method. This server asks clients nothing, so there is nothing to answer either."}
	case "notifications/cancelled":
		// Without sessions the id in it may be that of another client of the same entity, and
		// mcp-go would even take it for another entity's. A client that hangs up ends its call.
		w.WriteHeader(http.StatusAccepted)
		return nil
	case "tools/call":
		if !s.waiting[message.Params.Name] {
			break
		}
		if err := s.calls.wait(c); err != nil {
			return busy(err)
		}
	}
	forwarded := r.Clone(context.WithValue(r.Context(), callKey{}, c))
	forwarded.Body = io.NopCloser(bytes.NewReader(body))
	forwarded.Header.Del("Mcp-Session-Id")
	written := &deliverer{ResponseWriter: w}
	s.transport.ServeHTTP(written, forwarded)
	s.relay.Delivered(receipt, !written.broken && r.Context().Err() == nil)
	return nil
}

// deliverer notes whether an answer could be written.
type deliverer struct {
	http.ResponseWriter
	broken bool
}

func (d *deliverer) Write(data []byte) (int, error) {
	n, err := d.ResponseWriter.Write(data)
	d.broken = d.broken || err != nil
	return n, err
}

// Unwrap is for [http.ResponseController].
func (d *deliverer) Unwrap() http.ResponseWriter { return d.ResponseWriter }

type callKey struct{}

func (s *Server) newCall(ctx context.Context, actor entities.Actor) *call {
	c := &call{server: s, actor: actor}
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

// readBody reads a JSON body of bounded size in bounded time.
func (s *Server) readBody(w http.ResponseWriter, r *http.Request) ([]byte, *refusal) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return nil, &refusal{status: http.StatusUnsupportedMediaType, code: codeInvalid, text: "Send JSON: Content-Type: application/json."}
	}
	if r.ContentLength > maxBody {
		return nil, tooLarge
	}
	// At the end of the body net/http lifts the deadline. Without that end it stays: net/http
	// reads on before it answers, and would wait for ever.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(s.bodyTime)) // where it is not supported there is no connection to guard
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return nil, tooLarge
	}
	if err != nil {
		return nil, &refusal{status: http.StatusBadRequest, code: codeParse, text: "The body did not arrive whole."}
	}
	return body, nil
}

var tooLarge = &refusal{status: http.StatusRequestEntityTooLarge, code: codeInvalid, text: "A message has at most 1 MiB."}

// seconds rounds up, so that nobody comes back too early.
func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }
