package mcp

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"troupe/entities"
)

// grantedFor says whether an OAuth token was granted for the address at which it came; a key is
// for all. Addresses that name an entity take what was granted for that entity at any form of
// ours, and / too, since clients come there that leave the path out. At plain /mcp the token alone
// says who calls, so it has to be one for plain /mcp.
func (s *Server) grantedFor(r *http.Request, want entities.ID, resource string) bool {
	if resource == "" {
		return true
	}
	for _, base := range s.publicURLs {
		rest, ours := strings.CutPrefix(resource, base)
		switch rest = strings.TrimSuffix(rest, "/"); {
		case !ours:
		case rest == "/mcp":
			return true
		case rest == "", strings.HasPrefix(rest, "/mcp/"), strings.HasPrefix(rest, "/mcp?"):
			if want != "" || r.URL.Path == "/" {
				return true
			}
		}
	}
	return false
}

// lasts looks again at the grant of a call that has begun: what ended it just before then did not
// find the call to end it.
func (s *Server) lasts(r *http.Request, c *call) *refusal {
	if c.actor.Resource() == "" {
		return nil // every act of a key asks whether it holds
	}
	if _, err := s.registry.Acting(r.Context(), c.actor); err != nil {
		return s.challenged(r, wasRefused)
	}
	return nil
}

// challenged tells OAuth clients where the address that they called is described: RFC 9728.
func (s *Server) challenged(r *http.Request, refused string) *refusal {
	no := *unauthorized
	no.challenge = `Bearer realm="troupe", ` + refused + `resource_metadata="` + s.descriptionOf(r) + `", scope="discord"`
	return &no
}

// descriptionOf is where the address that was called is described. RFC 9728, 3.1: the well-known
// part goes between the host and the path.
func (s *Server) descriptionOf(r *http.Request) string {
	var base *url.URL
	for _, known := range s.publicURLs {
		u, err := url.Parse(known)
		if err == nil && (base == nil || hostname(u.Host) == s.host(r) && hostname(base.Host) != s.host(r)) {
			base = u
		}
	}
	path := r.URL.EscapedPath()
	if stream, ok := strings.CutSuffix(path, "/message"); ok {
		path = stream + "/sse" // what a person typed, and what a token is for
	}
	if entity := r.URL.Query().Get("entity"); entity != "" {
		path += "?entity=" + url.QueryEscape(entity)
	}
	return base.Scheme + "://" + base.Host + "/.well-known/oauth-protected-resource" + base.EscapedPath() + path
}

// Caller is where a request comes from, for limits: an IPv4 address, or an IPv6 network of 64
// bits. What trusted proxies say of it is believed.
func (s *Server) Caller(r *http.Request) netip.Prefix { return network(s.caller(r)) }

// Host is the name under which a client came here, in small letters and without a port. What
// trusted proxies say of it is believed.
func (s *Server) Host(r *http.Request) string { return s.host(r) }
