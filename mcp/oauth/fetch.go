package oauth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const maxDocument = 64 << 10 // bytes, of a client's description

var errNotPublic = errors.New("this address is not a public one")

// publicOnly refuses connections into private networks, after names are resolved.
func publicOnly(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil || at.Port() != 443 || !public(at.Addr()) {
		return errNotPublic
	}
	return nil
}

// notPublic are IANA's special-purpose registries of 2025, where netip does not tell them from
// public networks, those too that are reached globally but are nobody's servers.
var notPublic = networks(
	"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.175.48.0/24",
	"198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
	"2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20",
)

// globalIPv6 is all that is given out of IPv6. What hides an IPv4 address is elsewhere, but for
// 6to4 and Teredo, which are among the others.
var globalIPv6 = netip.MustParsePrefix("2000::/3")

func networks(all ...string) []netip.Prefix {
	parsed := make([]netip.Prefix, 0, len(all))
	for _, one := range all {
		parsed = append(parsed, netip.MustParsePrefix(one))
	}
	return parsed
}

func public(ip netip.Addr) bool {
	if ip.Zone() != "" {
		return false
	}
	ip = ip.Unmap()
	if !ip.IsGlobalUnicast() || ip.IsPrivate() || (ip.Is6() && !globalIPv6.Contains(ip)) {
		return false
	}
	for _, network := range notPublic {
		if network.Contains(ip) {
			return false
		}
	}
	return true
}

// fetcher gets descriptions over https from the internet: by no proxy, after no redirect, bounded
// in size and time.
type fetcher struct {
	dialer    *net.Dialer
	transport *http.Transport
	time      time.Duration // for all of it
}

func newFetcher(allowed func(network, address string, _ syscall.RawConn) error) *fetcher {
	f := &fetcher{dialer: &net.Dialer{Timeout: fetchTime, Control: allowed}, time: fetchTime}
	f.transport = &http.Transport{
		DialContext: f.dialer.DialContext, DisableKeepAlives: true, DisableCompression: true,
		TLSHandshakeTimeout: fetchTime, ResponseHeaderTimeout: fetchTime, MaxResponseHeaderBytes: maxDocument, ForceAttemptHTTP2: true,
	}
	return f
}

func (f *fetcher) fetch(ctx context.Context, address string) (raw []byte, life time.Duration, err error) {
	defer f.transport.CloseIdleConnections()
	client := &http.Client{Transport: f.transport, Timeout: f.time, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil) //nolint:gosec // where it may connect to, the dialer decides
	if err != nil {
		return nil, 0, fmt.Errorf("ask for a client's description: %w", err)
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", "troupe")
	response, err := client.Do(request) //nolint:gosec // as above
	if err != nil {
		return nil, 0, fmt.Errorf("fetch a client's description: %w", err)
	}
	defer func() { err = errors.Join(err, response.Body.Close()) }()
	if response.StatusCode != http.StatusOK {
		return nil, 0, fmt.Errorf("fetch a client's description: the answer is %d", response.StatusCode)
	}
	kind, _, err := mime.ParseMediaType(response.Header.Get("Content-Type"))
	sort, subtype, _ := strings.Cut(kind, "/")
	if err != nil || sort != "application" || (subtype != "json" && !strings.HasSuffix(subtype, "+json")) {
		return nil, 0, errors.New("fetch a client's description: the answer is not JSON")
	}
	raw, err = io.ReadAll(io.LimitReader(response.Body, maxDocument+1))
	if err == nil && len(raw) > maxDocument {
		err = errors.New("it is larger than 64 KiB")
	}
	if err != nil {
		return nil, 0, fmt.Errorf("read a client's description: %w", err)
	}
	return raw, lifeOf(response.Header), nil
}

// lifeOf is how long an answer may be kept, as its server says: RFC 9111. What must not be stored
// is 0.
func lifeOf(h http.Header) time.Duration {
	life, said := usualLife, false
	for directive := range strings.SplitSeq(strings.Join(h.Values("Cache-Control"), ","), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		switch strings.ToLower(name) {
		case "no-store", "no-cache":
			return 0
		case "max-age":
			seconds, err := strconv.ParseUint(strings.Trim(value, `"`), 10, 31)
			if err != nil {
				return 0 // as RFC 9111, 4.2.1 wants what cannot be read to be taken
			}
			life, said = time.Duration(seconds)*time.Second, true
		}
	}
	if age, err := strconv.ParseUint(h.Get("Age"), 10, 31); err == nil && said {
		life = max(0, life-time.Duration(age)*time.Second)
	}
	return life
}
