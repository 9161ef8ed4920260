package sandbox

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"
)

// Request is one REST request that came in, with what it got.
type Request struct {
	At     time.Time
	Method string
	Path   string // below /api/v10, without the query
	Query  string
	Route  string // the route's pattern, "" when there is none
	Auth   string // "bot", "none", or "other"
	Body   []byte // JSON, or a form's payload_json; files are not kept
	SHA256 string // of Body, in hex
	Files  int
	Status int    // 0 when the connection broke before an answer
	Code   int    // Discord's JSON error code; 0 when there is none
	Scope  string // X-RateLimit-Scope of a 429
	Fault  string // the fault that hit it
}

// mostRequests bounds the ledger: the oldest go first.
const mostRequests = 20_000

// note enters a call into the ledger as it comes in, and says whether the stand-in is down.
func (d *Discord) note(c *call, fault *Fault) (*Request, Outage) {
	d.mu.Lock()
	defer d.mu.Unlock()
	sum := sha256.Sum256(c.body)
	r := &Request{
		At: d.now(), Method: c.Method, Path: strings.TrimPrefix(c.URL.Path, apiPath), Query: c.URL.RawQuery,
		Body: bytes.Clone(c.body), SHA256: hex.EncodeToString(sum[:]), Files: len(c.files), Auth: "other",
	}
	if fault != nil {
		r.Fault = fault.Kind.String()
	}
	if c.route != nil {
		r.Route = c.route.pattern
	}
	switch c.Header.Get("Authorization") {
	case "":
		r.Auth = "none"
	case "Bot " + d.state.token:
		r.Auth = "bot"
	}
	if len(d.state.ledger) >= mostRequests {
		d.state.ledger = slices.Delete(d.state.ledger, 0, mostRequests/10)
	}
	d.state.ledger = append(d.state.ledger, r)
	return r, d.state.down
}

// Requests are the requests that came in so far, oldest first.
func (d *Discord) Requests() []Request {
	d.mu.Lock()
	defer d.mu.Unlock()
	list := make([]Request, 0, len(d.state.ledger))
	for _, r := range d.state.ledger {
		list = append(list, *r)
	}
	return list
}

// InvalidRequests counts what Discord counts towards its ban: answers 401, 403 and 429,
// without those 429 whose scope is shared.
func (d *Discord) InvalidRequests() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.state.invalid
}

// close enters what a request got.
func (d *Discord) close(r *Request, status int, scope string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	r.Status, r.Scope = status, scope
	if status == 401 || status == 403 || (status == 429 && scope != "shared") {
		d.state.invalid++
	}
}
