// Package oauth is the authorization server of the MCP endpoint: OAuth 2.1 with what MCP asks for
// besides. It reads requests and words answers; every code and token is made, checked and ended
// in entities.
package oauth

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"troupe/entities"
)

// Config is what a [Server] needs.
type Config struct {
	// Registry keeps clients, codes and grants. Required.
	Registry *entities.Registry
	// PublicURL is where this instance is reached from outside; it is the issuer. Required.
	PublicURL string
	// FormerURLs are earlier ones, whose addresses are granted for too.
	FormerURLs []string
	// Log is where to log. Required.
	Log *slog.Logger
	// Address says where a request comes from, for limits. Default: the connection's other end,
	// which behind a proxy is the proxy.
	Address func(*http.Request) netip.Prefix
	// Host is the name under which a request came, in small letters and without a port. Default:
	// the Host header's.
	Host func(*http.Request) string
	// Fetch gets a client's own description from its address. Default: over https from public
	// addresses only.
	Fetch func(ctx context.Context, address string) (document []byte, life time.Duration, err error)
	// Now is the clock. Default: time.Now.
	Now func() time.Time
	// Random is where the tokens of consent pages come from. Default: crypto/rand.
	Random io.Reader
}

// Server is the authorization server. It is safe for concurrent use.
type Server struct {
	registry *entities.Registry
	issuer   string
	bases    []base // of addresses of ours, the issuer first
	secure   bool   // the issuer is https
	origins  *http.CrossOriginProtection
	log      *slog.Logger
	address  func(*http.Request) netip.Prefix
	host     func(*http.Request) string
	fetch    func(ctx context.Context, address string) ([]byte, time.Duration, error)
	now      func() time.Time
	random   io.Reader

	consents  *consents
	guesses   limiter // of short one-time codes, by address
	registers limiter // by address
	fetches   limiter // by address
	documents *documents
}

var actor = entities.System("oauth")

// New makes a server. It starts nothing.
func New(cfg Config) (*Server, error) {
	if cfg.Registry == nil || cfg.Log == nil || cfg.PublicURL == "" {
		return nil, errors.New("oauth: Registry, PublicURL and Log are required")
	}
	s := &Server{
		registry: cfg.Registry, log: cfg.Log, address: cfg.Address, host: cfg.Host, fetch: cfg.Fetch, now: cfg.Now, random: cfg.Random,
		guesses: newLimiter(5, time.Minute), registers: newLimiter(10, time.Hour), fetches: newLimiter(30, time.Hour),
		origins: http.NewCrossOriginProtection(), documents: newDocuments(),
	}
	s.fill()
	for _, address := range append([]string{cfg.PublicURL}, cfg.FormerURLs...) {
		one, err := newBase(address)
		if err == nil {
			err = s.origins.AddTrustedOrigin(one.origin)
		}
		if err != nil {
			return nil, fmt.Errorf("oauth: %w", err)
		}
		s.bases = append(s.bases, one)
	}
	s.issuer = s.bases[0].url
	s.secure = strings.HasPrefix(s.issuer, "https://")
	var err error
	s.consents, err = newConsents(s.random)
	return s, err
}

// fill gives what is left out its default.
func (s *Server) fill() {
	if s.address == nil {
		s.address = peer
	}
	if s.host == nil {
		s.host = func(r *http.Request) string { return hostOf(r.Host) }
	}
	if s.fetch == nil {
		s.fetch = newFetcher(publicOnly).fetch
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.random == nil {
		s.random = rand.Reader
	}
}

// Mount adds the server's addresses to a mux.
func (s *Server) Mount(mux *http.ServeMux) {
	handle := func(path string, h http.HandlerFunc) { mux.HandleFunc(path, s.guarded(h)) }
	for _, path := range []string{"/oauth/authorize", "/authorize"} {
		handle("GET "+path, s.authorize)
		handle("POST "+path, s.answer)
	}
	for _, root := range []string{"/oauth", ""} {
		handle(root+"/token", s.token)
		handle(root+"/register", s.register)
	}
	handle("/oauth/revoke", s.revoke)
	for _, name := range []string{"oauth-authorization-server", "openid-configuration"} {
		handle("/.well-known/"+name, s.metadata)
		handle("/.well-known/"+name+"/{path...}", s.metadata)
	}
	handle("/mcp/{id}/.well-known/openid-configuration", s.metadata)
	handle("/mcp/.well-known/openid-configuration", s.metadata)
	handle("/.well-known/oauth-protected-resource", s.resource)
	handle("/.well-known/oauth-protected-resource/{path...}", s.resource)
}

// guarded sets what every answer has, and refuses names that are not ours: a page of another site
// whose name leads here would be of one origin with what it gets.
func (s *Server) guarded(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		if host := s.host(r); !s.named(host) && !loopbackHost(host) {
			no := &fault{status: http.StatusForbidden, code: "invalid_request", text: "This server is not known by that name."}
			if strings.HasSuffix(r.URL.Path, "/authorize") {
				s.refuse(w, no)
			} else {
				no.write(w)
			}
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		next(w, r)
	}
}

const maxBody = 16 << 10 // bytes

// fault is an error of OAuth: a code from its standards, and a sentence.
type fault struct {
	status int
	code   string
	text   string
	pause  time.Duration // after which to try again; 0 = not said
}

func (f *fault) write(w http.ResponseWriter) {
	if f.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Basic realm="troupe"`)
	}
	f.after(w)
	writeJSON(w, f.status, map[string]string{"error": f.code, "error_description": f.text})
}

func (f *fault) after(w http.ResponseWriter) {
	if f.pause > 0 {
		w.Header().Set("Retry-After", fmt.Sprint(int(f.pause.Seconds())+1))
	}
}

func bad(code, text string) *fault {
	return &fault{status: http.StatusBadRequest, code: code, text: text}
}

// broke logs what went wrong on our side. The client learns nothing of it.
func (s *Server) broke(err error, doing string) *fault {
	s.log.Error("authorization server", "doing", doing, "err", err)
	return &fault{status: http.StatusInternalServerError, code: "server_error", text: "Something broke on our side. Try again in a moment."}
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value) // the client is gone; there is nobody to tell
}

// open lets scripts of other sites read what is public, or what takes a secret of theirs.
func open(w http.ResponseWriter, r *http.Request, methods string) (done bool) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	if r.Method == http.MethodOptions {
		w.Header().Set("Access-Control-Allow-Methods", methods)
		w.Header().Set("Access-Control-Allow-Headers", "Authorization, Content-Type, MCP-Protocol-Version")
		w.WriteHeader(http.StatusNoContent)
		return true
	}
	for method := range strings.SplitSeq(methods, ", ") {
		if r.Method == method || (r.Method == http.MethodHead && method == http.MethodGet) {
			return false
		}
	}
	w.Header().Set("Allow", methods)
	(&fault{status: http.StatusMethodNotAllowed, code: "invalid_request", text: "This address takes " + methods + " only."}).write(w)
	return true
}
