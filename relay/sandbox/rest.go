package sandbox

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"
)

// call is one REST request on its way through the stand-in. Path values are read with
// c.PathValue, as with http.ServeMux.
type call struct {
	*http.Request
	route *route
	// body is the JSON body, or a multipart form's payload_json. Empty when there is none.
	body []byte
	// files are a multipart form's parts files[n], by n.
	files map[int]upload
	// bucket is the rate limit that the answer's headers tell of.
	bucket *bucket
	// avatar is what looking at avatar_url gave; nil when there was none.
	avatar *AvatarFetch
}

// id reads a path value that must be a snowflake; 0 never names anything.
func (c *call) id(name string) ID { return parseID(c.PathValue(name)) }

// endpoint answers one call. It runs with Discord.mu held, so it may read and change the
// state but must not wait; a nil result is 204, a *reply has a status of its own, and an
// error that is an *apiError is answered as Discord would answer it.
type endpoint func(d *Discord, c *call) (any, error)

// reply is an answer whose status is neither 200 nor 204.
type reply struct {
	status int
	body   any
}

// route is one line of Discord's REST API: its pattern below /api/v10, whether it needs
// the bot's token, and what answers it.
type route struct {
	pattern string // "GET /channels/{channel}/messages"
	auth    auth
	serve   endpoint
	// before runs before Discord.mu is taken, for what must wait. Nil for most.
	before func(d *Discord, c *call)
	// unlimited routes have no rate limit: answers to interactions.
	unlimited bool
}

type auth int

const (
	botAuth   auth = iota // Authorization: Bot TOKEN, else 401
	tokenAuth             // the token is in the path (webhooks, interactions)
	noAuth                // anybody
)

// apiError is an answer that refuses: Discord's HTTP status, JSON code and words.
type apiError struct {
	Status  int             `json:"-"`
	Message string          `json:"message"`
	Code    int             `json:"code"`
	Errors  json.RawMessage `json:"errors,omitempty"`
}

func (e *apiError) Error() string { return e.Message }

// routes is all of the API that the stand-in serves.
func allRoutes() []route {
	return slices.Concat(gatewayRoutes, userRoutes, guildRoutes, channelRoutes, threadRoutes, messageRoutes, pinRoutes,
		reactionRoutes, searchRoutes, webhookRoutes, executeRoutes,
		interactionRoutes, commandRoutes)
}

const apiPath = "/api/v10"

// handler is the whole HTTP side: the REST API, the gateway's websocket and the CDN.
func (d *Discord) handler() (http.Handler, error) {
	table, err := newRouter(allRoutes())
	if err != nil {
		return nil, err
	}
	d.router = table
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case isCDN(r.URL.Path):
			d.serveCDN(w, r)
		case r.URL.Path == "/gateway" || r.URL.Path == "/gateway/":
			d.serveGateway(w, r)
		case strings.HasPrefix(r.URL.Path, apiPath+"/"):
			d.serveREST(w, r)
		default:
			http.NotFound(w, r)
		}
	}), nil
}

// serveREST takes one request through the ledger, the planned faults and its endpoint.
func (d *Discord) serveREST(w http.ResponseWriter, r *http.Request) {
	c := &call{Request: r}
	wrong := errors.Join(d.router.find(c), c.read())
	fault := d.nextFault(r)
	note, down := d.note(c, fault)
	switch {
	case down == Unreachable:
		breakConnection(w)
		return
	case down == Unavailable:
		d.close(note, http.StatusServiceUnavailable, "")
		writeAnswer(w, http.StatusServiceUnavailable, plainError(http.StatusServiceUnavailable))
		return
	case fault != nil && d.instead(w, fault, note, c.route):
		return
	case fault != nil && fault.Kind == CommitLate:
		d.wait(fault.After)
	}
	var result any
	if wrong == nil {
		result, wrong = d.perform(c)
	}
	d.mu.Lock()
	status, body := d.encode(result, wrong)
	d.mark(w.Header(), c, wrong)
	d.mu.Unlock()
	if fault != nil && d.after(w, r, fault, note, status, body) {
		return
	}
	d.settle(c, note, status, wrong)
	if d.spec != nil { // asking for a route that nobody knows departs from the description too
		d.spec.check(exchange{request: r, body: c.body, status: status, answer: body})
	}
	writeAnswer(w, status, body)
}

// settle enters into the ledger how a request was answered.
func (d *Discord) settle(c *call, note *Request, status int, err error) {
	scope := ""
	if late, ok := errors.AsType[*tooSoon](err); ok {
		scope = late.scope
	}
	if refusal, ok := errors.AsType[*apiError](err); ok {
		d.mu.Lock()
		note.Code = refusal.Code
		if refusal.Code == unknownWebhook {
			d.buried(c)
		}
		d.mu.Unlock()
	}
	d.close(note, status, scope)
}

func writeAnswer(w http.ResponseWriter, status int, body []byte) {
	if len(body) > 0 {
		w.Header().Set("Content-Type", "application/json")
	}
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client may be gone
}

// wait waits, but not longer than the stand-in runs.
func (d *Discord) wait(span time.Duration) {
	timer := time.NewTimer(span)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-d.closed:
	}
}

// perform checks who calls and how often, and has the endpoint answer.
func (d *Discord) perform(c *call) (any, error) {
	d.mu.Lock()
	if c.route.auth == botAuth && (d.state.revoked || c.Header.Get("Authorization") != "Bot "+d.state.token) {
		d.mu.Unlock()
		return nil, fail(http.StatusUnauthorized, 0, "401: Unauthorized")
	}
	err := d.admit(c)
	d.mu.Unlock()
	if err != nil {
		return nil, err
	}
	if err := c.checkIDs(); err != nil {
		return nil, err
	}
	if c.route.before != nil {
		c.route.before(d, c)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return c.route.serve(d, c)
}

// encode is a result or a refusal as it goes over the wire. Callers hold Discord.mu,
// because results point into the state.
func (d *Discord) encode(result any, err error) (int, []byte) {
	if late, ok := errors.AsType[*tooSoon](err); ok {
		raw, _ := json.Marshal(late)
		return http.StatusTooManyRequests, raw
	}
	if err != nil {
		refusal, ok := errors.AsType[*apiError](err)
		if !ok {
			d.log.Error("sandbox endpoint failed", "err", err)
			refusal = fail(http.StatusInternalServerError, 0, "500: Internal Server Error")
		}
		raw, _ := json.Marshal(refusal)
		return refusal.Status, raw
	}
	status := http.StatusOK
	if r, ok := result.(*reply); ok {
		status, result = r.status, r.body
	}
	if result == nil {
		if status == http.StatusOK {
			status = http.StatusNoContent
		}
		return status, nil
	}
	raw, err := json.Marshal(result)
	if err != nil {
		d.log.Error("sandbox answer does not marshal", "err", err)
		return http.StatusInternalServerError, plainError(http.StatusInternalServerError)
	}
	return status, raw
}
