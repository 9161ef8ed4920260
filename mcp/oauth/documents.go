package oauth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	maxDocument  = 64 << 10 // bytes
	fetchTime    = 5 * time.Second
	maxDocuments = 256 // remembered at once
	documentLife = time.Hour
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

// documents are the descriptions that were fetched of late.
type documents struct {
	mu    *sync.Mutex
	known map[string]document
}

type document struct {
	description
	ends time.Time
}

func newDocuments() documents { return documents{mu: &sync.Mutex{}, known: map[string]document{}} }

func (d documents) get(id string, now time.Time) (description, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	found, ok := d.known[id]
	return found.description, ok && now.Before(found.ends)
}

func (d documents) put(id string, of description, ends time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.known) >= maxDocuments {
		clear(d.known)
	}
	d.known[id] = document{of, ends}
}

// described is a client whose id is the address of its description.
func (s *Server) described(ctx context.Context, id string, from netip.Prefix) (client, *fault) {
	if !describable(id) {
		return client{}, bad("invalid_client", "This client_id is not the address of a client's description.")
	}
	d, ok := pinned[id]
	if part := perConnector.FindStringSubmatch(id); !ok && part != nil && part[1] != "codex" {
		d, ok = description{ClientName: "ChatGPT", RedirectURIs: []string{"https://chatgpt.com/connector/oauth/" + part[1]}}, true
	}
	if !ok {
		d, ok = s.documents.get(id, s.now())
	}
	if !ok {
		var no *fault
		if d, no = s.fetched(ctx, id, from); no != nil {
			return client{}, no
		}
	}
	c := client{id: id, name: plainName(d.ClientName, id), verified: true, redirects: d.RedirectURIs}
	c.kept.AuthMethod = "none"
	return c, nil
}

func (s *Server) fetched(ctx context.Context, id string, from netip.Prefix) (description, *fault) {
	if pause := s.fetches.full(from, s.now()); pause > 0 {
		return description{}, &fault{status: http.StatusTooManyRequests, code: "temporarily_unavailable", text: "Too many clients were looked up from your address.", pause: pause}
	}
	s.fetches.note(from, s.now())
	ctx, cancel := context.WithTimeout(ctx, fetchTime)
	defer cancel()
	raw, life, err := s.fetch(ctx, id)
	if err != nil {
		s.log.Info("a client's description cannot be had", "err", err)
		return description{}, bad("invalid_client", "The client's description could not be fetched from its address.")
	}
	d, no := readDescription(raw)
	if no != nil || d.ClientID != id {
		return description{}, bad("invalid_client", "The client's description is not valid, or is that of another client_id.")
	}
	s.documents.put(id, d, s.now().Add(min(max(life, time.Minute), 24*time.Hour)))
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
	return err != nil && strings.Contains(host, ".") && last != "" && last[0] > '9' && path.Clean(u.Path) == u.Path
}

var errNotPublic = errors.New("this address is not a public one")

// publicOnly refuses connections into private networks, after names are resolved.
func publicOnly(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil || at.Port() != 443 || !public(at.Addr()) {
		return errNotPublic
	}
	return nil
}

// notPublic are networks that netip does not tell from public ones: IANA's special-purpose
// registries.
var notPublic = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"), netip.MustParsePrefix("192.0.2.0/24"),
	netip.MustParsePrefix("192.88.99.0/24"), netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("240.0.0.0/4"), netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("100::/64"),
	netip.MustParsePrefix("2001::/23"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("3fff::/20"), netip.MustParsePrefix("5f00::/16"),
	netip.MustParsePrefix("::/96"), netip.MustParsePrefix("fec0::/10"),
}

func public(ip netip.Addr) bool {
	ip = ip.Unmap()
	if !ip.IsGlobalUnicast() || ip.IsPrivate() || ip.Zone() != "" {
		return false
	}
	for _, network := range notPublic {
		if network.Contains(ip) {
			return false
		}
	}
	return true
}

// fetchPublic gets a document over https from the internet: no proxy, no redirect, bounded.
func fetchPublic(ctx context.Context, address string) (raw []byte, life time.Duration, err error) {
	transport := &http.Transport{
		DialContext: (&net.Dialer{Timeout: fetchTime, Control: publicOnly}).DialContext, DisableKeepAlives: true,
		TLSHandshakeTimeout: fetchTime, MaxResponseHeaderBytes: maxDocument, ForceAttemptHTTP2: true,
	}
	defer transport.CloseIdleConnections()
	fetcher := &http.Client{Transport: transport, Timeout: fetchTime, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, 0, fmt.Errorf("ask for a client's description: %w", err)
	}
	request.Header.Set("Accept", "application/json")
	response, err := fetcher.Do(request)
	if err != nil {
		return nil, 0, fmt.Errorf("fetch a client's description: %w", err)
	}
	defer func() { err = errors.Join(err, response.Body.Close()) }()
	if response.StatusCode != http.StatusOK {
		return nil, 0, fmt.Errorf("fetch a client's description: the answer is %d", response.StatusCode)
	}
	raw, err = io.ReadAll(io.LimitReader(response.Body, maxDocument+1))
	if err == nil && len(raw) > maxDocument {
		err = errors.New("it is larger than 64 KiB")
	}
	if err != nil {
		return nil, 0, fmt.Errorf("read a client's description: %w", err)
	}
	return raw, documentLife, nil
}
