package mcp

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	mcpgo "github.com/mark3labs/mcp-go/mcp"

	"troupe/entities"
)

// strange refuses what no client of ours sends: another site's page in somebody's browser
// that was led here, and keys where they are seen.
func (s *Server) strange(r *http.Request) *refusal {
	host := s.host(r)
	if !slices.Contains(s.publicHosts, host) && !loopback(host) {
		return &refusal{status: http.StatusForbidden, code: codeInvalid, text: "This server is not known by that name. Use the address that /entity create showed."}
	}
	for _, origin := range r.Header.Values("Origin") {
		u, err := url.Parse(origin)
		if err != nil || u.Host == "" || !s.ours(hostname(u.Host), host) {
			return &refusal{status: http.StatusForbidden, code: codeInvalid, text: "Pages of other sites cannot call this server."}
		}
	}
	for _, name := range single {
		if values := r.Header.Values(name); len(slices.Compact(slices.Clone(values))) > 1 {
			return &refusal{status: http.StatusBadRequest, code: codeInvalid, text: "The header " + name + " says two things. Send it once."}
		}
	}
	if keyInQuery(r.URL) {
		return &refusal{status: http.StatusBadRequest, code: codeInvalid, text: "Keys do not belong into an address, where proxies and histories keep them. Send the header \"Authorization: Bearer …\", and rotate this key with /entity key."}
	}
	return nil
}

// single are the headers of which a proxy could take the first and this server the last.
var single = []string{"Content-Type", headerSession, mcpgo.HeaderProtocolVersion, mcpgo.HeaderMethod, mcpgo.HeaderName}

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

// wanted is the entity that a request names: in the path, in the query, or "" when the
// credential alone says it.
func wanted(r *http.Request) (entities.ID, *refusal) {
	id := r.PathValue("id")
	query, err := url.ParseQuery(r.URL.RawQuery)
	named := query["entity"]
	switch {
	case err != nil:
		return "", &refusal{status: http.StatusBadRequest, code: codeInvalid, text: "What follows the ? of this address cannot be read. Use the address that /entity create showed."}
	case len(named) == 0:
		return entities.ID(id), nil
	case len(named) > 1 || (id != "" && id != named[0]):
		return "", &refusal{status: http.StatusBadRequest, code: codeInvalid, text: "This address names two entities. Use the one that /entity create showed."}
	}
	return entities.ID(named[0]), nil
}

// trusted says whether an address is that of a reverse proxy of ours.
func (s *Server) trusted(ip netip.Addr) bool {
	return slices.ContainsFunc(s.proxies, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// caller is where a request comes from. What proxies of ours say is believed, from the last one
// back to the first that is not ours.
func (s *Server) caller(r *http.Request) netip.Addr {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	ip := from.Addr().Unmap().WithZone("")
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		if !s.trusted(ip) {
			break
		}
		before, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			break
		}
		ip = before.Unmap().WithZone("")
	}
	return ip
}

// host is the name under which a client came here. A proxy of ours may tell it apart.
func (s *Server) host(r *http.Request) string {
	if forwarded := r.Header.Values("X-Forwarded-Host"); len(forwarded) == 1 && len(s.proxies) > 0 {
		if from, err := netip.ParseAddrPort(r.RemoteAddr); err == nil && s.trusted(from.Addr().Unmap().WithZone("")) {
			return hostname(forwarded[0])
		}
	}
	return hostname(r.Host)
}

// network is what failures are counted by: an IPv4 address, or an IPv6 network of 64 bits, of
// which one subscriber has all addresses.
func network(ip netip.Addr) netip.Prefix {
	bits := ip.BitLen()
	if ip.Is6() {
		bits = 64
	}
	prefix, err := ip.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return prefix
}
