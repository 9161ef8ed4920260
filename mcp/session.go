package mcp

import (
	"context"
	"crypto/subtle"
	"net/http"
	"strconv"
	"strings"
	"sync"

	mcpgo "github.com/mark3labs/mcp-go/mcp"
)

// A session's id is a nonce of this program's run and of chance, and the registry's proof that
// the caller's entity, credential and generation opened it. So nothing is kept of a session that
// does nothing, and nobody can use, guess or make one up.
const (
	runBytes    = 4
	chanceBytes = 16
	nonceLength = 2 * (runBytes + chanceBytes)
)

const headerSession = "Mcp-Session-Id"

// codeSession is what the clients' SDKs know for a session that is over.
const codeSession = -32001

var (
	noSession   = &refusal{status: http.StatusNotFound, code: codeSession, text: "This session is over or not yours. Begin a new one with initialize."}
	sessionless = &refusal{status: http.StatusBadRequest, code: codeInvalid, text: "This needs the header Mcp-Session-Id, which the answer to initialize gave."}
)

// openSession gives the id of a new session.
func (s *Server) openSession(ctx context.Context, c *call) (string, error) {
	nonce := s.run + s.token(chanceBytes)
	if c.openAI {
		nonce = nonce[:nonceLength-len(openAIMark)] + openAIMark
	}
	proof, err := s.registry.SignSession(ctx, c.actor, nonce)
	return nonce + proof, err
}

// checkSession refuses a session that the caller did not open, or that has ended.
func (s *Server) checkSession(ctx context.Context, c *call, id string) *refusal {
	if len(id) <= nonceLength {
		return noSession
	}
	nonce, given := id[:nonceLength], id[nonceLength:]
	proof, err := s.registry.SignSession(ctx, c.actor, nonce)
	if err != nil {
		return &refusal{status: http.StatusServiceUnavailable, code: codeInternal, text: c.words("check the session", err), pause: 1}
	}
	if subtle.ConstantTimeCompare([]byte(given), []byte(proof)) != 1 || s.ended.has(id) {
		return noSession
	}
	return nil
}

// ofThisRun says whether a session that was checked began since the program started. What an
// older one had subscribed to is not known any more.
func (s *Server) ofThisRun(session string) bool { return strings.HasPrefix(session, s.run) }

// modernHeader says whether a request without a body is of the protocol's later era, which has
// neither sessions nor their streams.
func modernHeader(r *http.Request) bool {
	return mcpgo.IsModernProtocol(r.Header.Get(mcpgo.HeaderProtocolVersion))
}

// unknownVersion refuses a version of the earlier era that there never was, before anything is
// done. Of the later era's mcp-go tells which there are.
func unknownVersion(r *http.Request) *refusal {
	version := r.Header.Get(mcpgo.HeaderProtocolVersion)
	if version == "" || mcpgo.IsModernProtocol(version) || mcpgo.IsValidProtocolVersion(version) {
		return nil
	}
	return &refusal{status: http.StatusBadRequest, code: codeInvalid, text: "There is no version " + strconv.Quote(clip(version, 20)) + " of MCP. Send in Mcp-Protocol-Version what the answer to initialize said."}
}

// namedSession checks the session that a request without a body names.
func (s *Server) namedSession(c *call, r *http.Request) (string, *refusal) {
	if no := unknownVersion(r); no != nil {
		return "", no
	}
	id := r.Header.Get(headerSession)
	if id == "" {
		return "", sessionless
	}
	return id, s.checkSession(r.Context(), c, id)
}

// deleteSession ends a session and its stream.
func (s *Server) deleteSession(w *deliverer, r *http.Request) *refusal {
	if modernHeader(r) {
		return notAllowed(w, r)
	}
	c, no := s.enter(r)
	if no != nil {
		return no
	}
	defer c.end(nil)
	id, no := s.namedSession(c, r)
	if no != nil {
		return no
	}
	s.ended.add(id)
	s.streams.endSession(id)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// mostEnded is how many ended sessions are remembered. One that is forgotten opens nothing to
// anybody but its own entity with its own credential.
const mostEnded = 10_000

// ended are the sessions that their clients ended.
type ended struct {
	mu    sync.Mutex
	known map[string]struct{}
	order []string
	next  int
}

func newEnded() ended { return ended{known: map[string]struct{}{}} }

func (e *ended) add(id string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if _, known := e.known[id]; known {
		return
	}
	e.known[id] = struct{}{}
	if len(e.order) < mostEnded {
		e.order = append(e.order, id)
		return
	}
	delete(e.known, e.order[e.next])
	e.order[e.next] = id
	e.next = (e.next + 1) % mostEnded
}

func (e *ended) has(id string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	_, known := e.known[id]
	return known
}
