package oauth

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"troupe/entities"
)

// base is a URL under which this server is reached from outside.
type base struct {
	url    string // without a slash at the end
	origin string
	host   string // in small letters, without the port
	path   string // "" or what stands before our paths
}

func newBase(address string) (base, error) {
	address = strings.TrimSuffix(address, "/")
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return base{}, fmt.Errorf("%q is not a URL", address)
	}
	return base{url: canonical(address), origin: u.Scheme + "://" + u.Host, host: hostOf(u.Host), path: u.EscapedPath()}, nil
}

// canonical writes an address's scheme and host small, which are the same in any case.
func canonical(address string) string {
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok {
		return address
	}
	host := len(rest)
	if at := strings.IndexAny(rest, "/?#"); at >= 0 {
		host = at
	}
	return strings.ToLower(scheme) + "://" + strings.ToLower(rest[:host]) + rest[host:]
}

// named says whether a host is one of ours.
func (s *Server) named(host string) bool {
	for _, one := range s.bases {
		if one.host == host {
			return true
		}
	}
	return false
}

// base is the one of our own URLs under which a request came.
func (s *Server) base(r *http.Request) base {
	for _, one := range s.bases {
		if one.host == s.host(r) {
			return one
		}
	}
	return s.bases[0]
}

func hostOf(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
}

// target reads an address for which a token is wanted. The entity is "" where the address names
// none: the one-time code does.
func (s *Server) target(address string) (want entities.ID, ours bool) {
	for _, one := range s.bases {
		rest, ok := strings.CutPrefix(address, one.url)
		if !ok {
			continue
		}
		rest = strings.TrimSuffix(rest, "/")
		if rest == "" || rest == "/mcp" {
			return "", true
		}
		id, ok := strings.CutPrefix(rest, "/mcp/")
		if ok {
			id = strings.TrimSuffix(id, "/sse")
		} else {
			id, ok = strings.CutPrefix(rest, "/mcp?entity=")
		}
		if ok && id != "" && len(id) <= 64 && strings.Trim(id, "0123456789abcdefghijklmnopqrstuvwxyz") == "" {
			return entities.ID(id), true
		}
	}
	return "", false
}
