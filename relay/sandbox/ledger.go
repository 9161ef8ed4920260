package sandbox

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
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

// Refusals counts answers that Discord would rather not have to give.
type Refusals struct {
	Unauthorized int // 401, to the bot's token or to a webhook's or an interaction's
	Forbidden    int // 403
	TooMany      int // 429 but for the next
	Shared       int // 429 with the scope shared
	// DeadWebhooks are requests to a webhook that had answered 404 before; Discord restricts
	// who goes on with that (topics/rate-limits, "Invalid Request Limit").
	DeadWebhooks int
}

// Invalid is what counts towards a ban, of which Discord takes 10,000 in 10 minutes from
// an address (topics/rate-limits, "Invalid Request Limit"): 401, 403, and 429 but for shared.
func (r Refusals) Invalid() int { return r.Unauthorized + r.Forbidden + r.TooMany }

// Refusals gives the counts since the start.
func (d *Discord) Refusals() Refusals {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.state.refused
}

// InvalidRequests is the sum that counts towards a ban: see [Refusals.Invalid].
func (d *Discord) InvalidRequests() int { return d.Refusals().Invalid() }

// close enters what a request got.
func (d *Discord) close(r *Request, status int, scope string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	r.Status, r.Scope = status, scope
	counts := &d.state.refused
	switch {
	case status == http.StatusUnauthorized:
		counts.Unauthorized++
	case status == http.StatusForbidden:
		counts.Forbidden++
	case status == http.StatusTooManyRequests && scope == "shared":
		counts.Shared++
	case status == http.StatusTooManyRequests:
		counts.TooMany++
	}
}
