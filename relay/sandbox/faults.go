package sandbox

import (
	"cmp"
	"fmt"
	"math"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Fault is how a request goes wrong.
type Fault struct {
	Kind FaultKind
	// Status is the status of Refuse and of CommitThenRefuse. Default: 500, or that of Code.
	Status int
	// Code is the JSON error code that Refuse, CommitThenRefuse and TooMany give: 200000 for
	// AutoMod, say, or 20028 for a channel's write limit. Default: none.
	Code int
	// After is how long CommitLate waits before it does what was asked.
	After time.Duration
	// RetryAfter is what a 429 says, in seconds. Default: 1.
	RetryAfter float64
	// Scope is X-RateLimit-Scope of a 429: user, global or shared. Default: user.
	Scope string
	// Bucket lets a 429 in JSON tell of its route's bucket, as those of routes do
	// (topics/rate-limits, "Exceeding A Rate Limit"): used up when the scope is user, with
	// requests left when it is shared. A global one never tells of any.
	Bucket bool
	// NoRetryAfter leaves the header Retry-After out of Cloudflare's page.
	NoRetryAfter bool
}

// FaultKind is a way to go wrong.
type FaultKind int

// The ways to go wrong. "Commit" means that what was asked is done, events and all.
const (
	// Refuse answers Status and does nothing.
	Refuse FaultKind = iota
	// CommitThenRefuse does it and answers Status.
	CommitThenRefuse
	// CommitThenReset does it and resets the TCP connection.
	CommitThenReset
	// CommitThenHang does it and never answers: the connection stays open until the client gives up.
	CommitThenHang
	// CommitLate waits After, does it and answers; it is done even when the client has gone.
	CommitLate
	// CommitThenTruncate does it and breaks off in the middle of the answer's body.
	CommitThenTruncate
	// Reset resets the TCP connection and does nothing.
	Reset
	// TooMany answers 429 in JSON with RetryAfter and Scope.
	TooMany
	// Cloudflare answers 429 as Cloudflare does when it bans: HTML, no rate limit headers.
	Cloudflare
)

var faultNames = []string{
	"refuse", "commit then refuse", "commit then reset", "commit then hang", "commit late", "commit then truncate", "reset", "too many", "cloudflare",
}

func (k FaultKind) String() string { return faultNames[k] }

type plannedFault struct {
	match func(*http.Request) bool
	left  int // below 0: for ever
	fault Fault
}

// Fault makes the next times requests that match go wrong, all of them when times is
// below 0. match sees the request with its body already read. The returned function calls
// the fault off.
func (d *Discord) Fault(match func(*http.Request) bool, times int, fault Fault) (cancel func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	p := &plannedFault{match: match, left: times, fault: fault}
	d.state.faults = append(d.state.faults, p)
	return func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		p.left = 0
	}
}

// nextFault is the fault that hits a request; nil for most.
func (d *Discord) nextFault(r *http.Request) *Fault {
	d.mu.Lock()
	d.state.faults = slices.DeleteFunc(d.state.faults, func(p *plannedFault) bool { return p.left == 0 })
	planned, plans := slices.Clone(d.state.faults), slices.Clone(d.state.plans)
	d.mu.Unlock()
	for _, p := range planned {
		if p.match(r) && d.spend(p) {
			return &p.fault
		}
	}
	for _, plan := range plans {
		if fault := (*plan)(r); fault != nil {
			return fault
		}
	}
	return nil
}

// spend uses a planned fault once and says whether it was still there.
func (d *Discord) spend(p *plannedFault) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if p.left == 0 {
		return false
	}
	p.left = max(-1, p.left-1)
	return true
}

// On matches requests by method and by the end of their path, for [Discord.Fault].
func On(method, pathEnd string) func(*http.Request) bool {
	return func(r *http.Request) bool {
		return r.Method == method && strings.HasSuffix(r.URL.Path, pathEnd)
	}
}

// Outage is how the whole stand-in is out of reach.
type Outage int

// The states of the whole stand-in.
const (
	upAndRunning Outage = iota
	// Unreachable resets every connection, REST and gateway.
	Unreachable
	// Unavailable answers 503 to REST and cuts the gateway.
	Unavailable
)

// GoDown takes the whole stand-in out of reach until [Discord.ComeBack].
func (d *Discord) GoDown(how Outage) {
	d.mu.Lock()
	d.state.down = how
	d.mu.Unlock()
	d.Drop()
}

// ComeBack ends what GoDown began. Sessions can be resumed when they are young enough.
func (d *Discord) ComeBack() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.state.down = upAndRunning
}

// breakConnection resets the TCP connection under a request.
func breakConnection(w http.ResponseWriter) {
	hijacker, ok := w.(http.Hijacker)
	if !ok {
		return
	}
	conn, _, err := hijacker.Hijack()
	if err != nil {
		return
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // so that closing sends RST
	}
	_ = conn.Close()
}

const cloudflarePage = `<!DOCTYPE html><html><head><title>Access denied | discord.com used Cloudflare to restrict access</title></head>` +
	`<body><h1>Error 1015</h1><p>You are being rate limited</p></body></html>`

// instead answers a request by a fault that does nothing else, and says whether it did.
func (d *Discord) instead(w http.ResponseWriter, f *Fault, note *Request, route *route) bool {
	switch f.Kind {
	case Reset:
		breakConnection(w)
	case Refuse:
		d.refuseBy(w, f, note)
	case TooMany:
		d.close(note, http.StatusTooManyRequests, f.scope())
		d.tooMany(w, f, route)
	case Cloudflare:
		d.close(note, http.StatusTooManyRequests, "")
		w.Header().Set("Content-Type", "text/html; charset=UTF-8")
		if !f.NoRetryAfter {
			w.Header().Set("Retry-After", fmt.Sprintf("%.0f", math.Ceil(f.retryAfter())))
		}
		w.Header().Set("Server", "cloudflare")
		w.WriteHeader(http.StatusTooManyRequests)
		_, _ = w.Write([]byte(cloudflarePage)) // the client may be gone
	default:
		return false
	}
	return true
}

// tooMany answers 429 in JSON. A route's tells of its bucket when it should.
func (d *Discord) tooMany(w http.ResponseWriter, f *Fault, route *route) {
	late := &tooSoon{Message: tooOften, RetryAfter: f.retryAfter(), Global: f.scope() == "global", Code: f.Code, scope: f.scope()}
	told := &call{route: route}
	if f.Bucket && route != nil {
		l := limitOf(route.pattern)
		told.bucket = &bucket{limit: l, used: l.count, ends: d.now().Add(time.Duration(f.retryAfter() * float64(time.Second)))}
		if f.scope() == "shared" {
			late.Message, told.bucket.used = resourceTooOften, 1
		}
	}
	d.mark(w.Header(), told, late)
	status, body := d.encode(nil, late)
	writeAnswer(w, status, body)
}

// refuseBy answers with a fault's status and code.
func (d *Discord) refuseBy(w http.ResponseWriter, f *Fault, note *Request) {
	status, body := cmp.Or(f.Status, http.StatusInternalServerError), []byte(nil)
	if f.Code != 0 {
		refusal := refusals[f.Code]
		refusal.Code = f.Code
		refusal.Status = cmp.Or(f.Status, refusal.Status, http.StatusBadRequest)
		status, body = d.encode(nil, &refusal)
	} else {
		body = plainError(status)
	}
	d.mu.Lock()
	note.Code = f.Code
	d.mu.Unlock()
	d.close(note, status, "")
	writeAnswer(w, status, body)
}

func (f *Fault) scope() string {
	if f.Scope == "" {
		return "user"
	}
	return f.Scope
}

func (f *Fault) retryAfter() float64 {
	if f.RetryAfter == 0 {
		return 1
	}
	return f.RetryAfter
}

func plainError(status int) []byte {
	return fmt.Appendf(nil, `{"message": "%d: %s", "code": 0}`, status, http.StatusText(status))
}

// after answers a request that was done by a fault, and says whether it did.
func (d *Discord) after(w http.ResponseWriter, r *http.Request, f *Fault, note *Request, status int, body []byte) bool {
	switch f.Kind {
	case CommitThenRefuse:
		d.refuseBy(w, f, note)
	case CommitThenReset:
		breakConnection(w)
	case CommitThenHang:
		select {
		case <-r.Context().Done():
		case <-d.closed:
		}
		breakConnection(w)
	case CommitThenTruncate:
		d.close(note, status, "")
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		w.WriteHeader(status)
		_, _ = w.Write(body[:len(body)/2]) // the client may be gone
		_ = http.NewResponseController(w).Flush()
		breakConnection(w)
	default:
		return false
	}
	return true
}
