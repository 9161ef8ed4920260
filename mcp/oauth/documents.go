package oauth

import (
	"context"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	fetchTime        = 5 * time.Second
	maxFetches       = 8              // at once
	maxDocuments     = 256            // remembered at once
	shortestLife     = time.Minute    // of what was fetched, whatever its server says; and of a failure
	longestLife      = 24 * time.Hour // likewise
	usualLife        = time.Hour      // where it says nothing
	maxDocumentLinks = 50             // redirect_uris of a description
)

// pinned are descriptions that vendors' servers often refuse to give to a data centre, as
// publicly reported in autumn 2026. They go before what could be fetched.
var pinned = map[string]description{
	"https://claude.ai/oauth/mcp-oauth-client-metadata":   {ClientName: "Claude", RedirectURIs: []string{"https://claude.ai/api/mcp/auth_callback", "https://claude.com/api/mcp/auth_callback"}},
	"https://claude.ai/oauth/claude-code-client-metadata": {ClientName: "Claude Code", RedirectURIs: []string{"http://localhost/callback", "http://127.0.0.1/callback"}},
	"https://chatgpt.com/oauth/client.json":               {ClientName: "ChatGPT", RedirectURIs: []string{"https://chatgpt.com/connector_platform_oauth_redirect"}},
}

// perConnector is the other form of ChatGPT's, one for every connector.
var perConnector = regexp.MustCompile(`^https://chatgpt\.com/oauth/([A-Za-z0-9_-]{1,128})/client\.json$`)

// documents are the descriptions that were fetched of late, and those that could not be had.
type documents struct {
	slots chan struct{} // one for each fetch that runs

	mu    sync.Mutex
	known map[string]document
	going map[string]*flight
}

type document struct {
	description
	no   *fault
	ends time.Time
}

// flight is a fetch that runs, for everybody who wants the same description.
type flight struct {
	done chan struct{} // closed when got is there
	got  document
}

func newDocuments() *documents {
	return &documents{slots: make(chan struct{}, maxFetches), known: map[string]document{}, going: map[string]*flight{}}
}

// of gives what is known, joins a fetch that runs, or runs one. A fetch outlasts the request that
// began it, as others may wait for it.
func (d *documents) of(ctx context.Context, id string, now time.Time, may func() *fault, fetch func(context.Context) document) (description, *fault) {
	d.mu.Lock()
	if found, ok := d.known[id]; ok && now.Before(found.ends) {
		d.mu.Unlock()
		return found.description, found.no
	}
	if running, ok := d.going[id]; ok {
		d.mu.Unlock()
		select {
		case <-running.done:
			return running.got.description, running.got.no
		case <-ctx.Done():
			return description{}, errCrowded
		}
	}
	no := may()
	if no == nil {
		select {
		case d.slots <- struct{}{}:
		default:
			no = errCrowded
		}
	}
	if no != nil {
		d.mu.Unlock()
		return description{}, no
	}
	mine := &flight{done: make(chan struct{}), got: document{no: errUnfetched, ends: now.Add(shortestLife)}}
	d.going[id] = mine
	d.mu.Unlock()
	defer func() { // whatever happens: nobody must wait for ever
		d.put(id, mine.got)
		close(mine.done)
		<-d.slots
	}()
	life, cancel := context.WithTimeout(context.WithoutCancel(ctx), fetchTime)
	defer cancel()
	mine.got = fetch(life)
	return mine.got.description, mine.got.no
}

var (
	errCrowded   = &fault{status: http.StatusServiceUnavailable, code: "temporarily_unavailable", text: "Many clients are being looked up just now. Try again in a moment.", pause: fetchTime}
	errUnfetched = bad("invalid_client", "The client's description could not be fetched from its address.")
)

func (d *documents) put(id string, got document) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.going, id)
	if _, ok := d.known[id]; !ok && len(d.known) >= maxDocuments {
		first := ""
		for other, known := range d.known {
			if first == "" || known.ends.Before(d.known[first].ends) {
				first = other
			}
		}
		delete(d.known, first)
	}
	d.known[id] = got
}

// described is a client whose id is the address of its description.
func (s *Server) described(ctx context.Context, id string, from netip.Prefix) (client, *fault) {
	if !describable(id) {
		return client{}, bad("invalid_client", "This client_id is not the address of a client's description.")
	}
	d, known := pinned[id]
	if part := perConnector.FindStringSubmatch(id); !known && part != nil && part[1] != "codex" {
		d, known = description{ClientName: "ChatGPT", RedirectURIs: []string{"https://chatgpt.com/connector/oauth/" + part[1]}}, true
	}
	name := plainName(d.ClientName, id)
	if !known {
		var no *fault
		if d, no = s.documents.of(ctx, id, s.now(), func() *fault { return s.mayFetch(from) }, func(ctx context.Context) document { return s.fetched(ctx, id) }); no != nil {
			return client{}, no
		}
		name = plainName(d.ClientName, id)
		// The name is what it says; the host is what is known.
		if u, err := url.Parse(id); err == nil && name != u.Host {
			name += " (" + u.Host + ")"
		}
	}
	c := client{id: id, name: name, verified: known, redirects: d.RedirectURIs}
	c.kept.AuthMethod = "none"
	return c, nil
}

// mayFetch bounds what one address can have fetched.
func (s *Server) mayFetch(from netip.Prefix) *fault {
	if pause := s.fetches.take(from, s.now()); pause > 0 {
		return &fault{status: http.StatusTooManyRequests, code: "temporarily_unavailable", text: "Too many clients were looked up from your address.", pause: pause}
	}
	return nil
}

func (s *Server) fetched(ctx context.Context, id string) document {
	raw, life, err := s.fetch(ctx, id)
	got := document{ends: s.now().Add(min(max(life, shortestLife), longestLife))}
	if err == nil {
		got.description, got.no = readDocument(raw, id)
	} else {
		s.log.Info("a client's description cannot be had", "err", err)
		got.no = errUnfetched
	}
	if got.no != nil {
		got.ends = s.now().Add(shortestLife)
	}
	return got
}

// readDocument reads what a client's server says of it. Redirects of kinds that are not taken
// here may be among them, for other servers; secrets may not be.
func readDocument(raw []byte, id string) (description, *fault) {
	no := bad("invalid_client", "The client's description is not valid, or is that of another client_id.")
	d, fault := readDescription(raw)
	if fault != nil || d.ClientID != id || d.Secret != nil || len(d.RedirectURIs) > maxDocumentLinks {
		return description{}, no
	}
	if !slices.Contains([]string{"", "none", "private_key_jwt"}, d.AuthMethod) {
		return description{}, no
	}
	d.RedirectURIs = slices.DeleteFunc(d.RedirectURIs, func(uri string) bool { return !redirectable(uri) })
	if d.check(maxDocumentLinks) != nil {
		return description{}, no
	}
	return d, nil
}

// describable says whether a client id can be the address of a description.
func describable(id string) bool {
	u, err := url.Parse(id)
	if err != nil || len(id) > 500 || u.Scheme != "https" || u.User != nil || u.Port() != "" || u.Path == "" || u.Path == "/" || strings.ContainsAny(id, "?#\\% ") {
		return false
	}
	host := u.Hostname()
	_, err = netip.ParseAddr(host)
	// A name that ends in digits is an IP address to some resolvers.
	last := host[strings.LastIndex(host, ".")+1:]
	named := err != nil && redirectHosts.MatchString(u.Host) && strings.Contains(host, ".") && last[0] > '9'
	straight := !slices.ContainsFunc(strings.Split(strings.Trim(u.Path, "/"), "/"), func(part string) bool { return part == "" || part == "." || part == ".." })
	return named && straight
}
