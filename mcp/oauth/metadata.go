package oauth

import (
	"net"
	"net/http"
	"net/url"
	"strings"

	"troupe/entities"
)

const scope = "discord"

// metadata describes the authorization server: RFC 8414, at the root and for every path.
func (s *Server) metadata(w http.ResponseWriter, r *http.Request) {
	if open(w, r, "GET") {
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=3600")
	writeJSON(w, http.StatusOK, map[string]any{
		"issuer":                                         s.issuer,
		"authorization_endpoint":                         s.issuer + "/oauth/authorize",
		"token_endpoint":                                 s.issuer + "/oauth/token",
		"revocation_endpoint":                            s.issuer + "/oauth/revoke",
		"registration_endpoint":                          s.issuer + "/oauth/register",
		"response_types_supported":                       []string{"code"},
		"response_modes_supported":                       []string{"query"},
		"grant_types_supported":                          []string{"authorization_code", "refresh_token"},
		"token_endpoint_auth_methods_supported":          methods,
		"revocation_endpoint_auth_methods_supported":     methods,
		"code_challenge_methods_supported":               []string{"S256"},
		"scopes_supported":                               []string{scope, "offline_access"},
		"authorization_response_iss_parameter_supported": true,
		"client_id_metadata_document_supported":          true,
	})
}

// resource describes an address of ours: RFC 9728. Addresses of entities that do not exist are
// described alike.
func (s *Server) resource(w http.ResponseWriter, r *http.Request) {
	if open(w, r, "GET") {
		return
	}
	path := strings.TrimPrefix(r.URL.EscapedPath(), "/.well-known/oauth-protected-resource")
	if path == "" || path == "/" {
		path = "/mcp"
	}
	if r.URL.RawQuery != "" {
		path += "?" + r.URL.RawQuery
	}
	address := s.base(r) + path
	if _, ok := s.target(address); !ok {
		(&fault{status: http.StatusNotFound, code: "invalid_target", text: "This is no address of an MCP server here."}).write(w)
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"resource": address, "authorization_servers": []string{s.issuer}, "scopes_supported": []string{scope},
		"bearer_methods_supported": []string{"header"}, "resource_name": "troupe",
	})
}

// base is the one of our own URLs under which a request came.
func (s *Server) base(r *http.Request) string {
	for _, base := range s.bases {
		if u, err := url.Parse(base); err == nil && strings.EqualFold(hostOf(u.Host), hostOf(r.Host)) {
			return base
		}
	}
	return s.issuer
}

func hostOf(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return host
}

// target reads an address for which a token is wanted. The entity is "" where the address names
// none: the one-time code does.
func (s *Server) target(address string) (want entities.ID, ours bool) {
	for _, base := range s.bases {
		rest, ok := strings.CutPrefix(address, base)
		if !ok {
			continue
		}
		rest = strings.TrimSuffix(strings.TrimSuffix(rest, "/"), "/sse")
		if rest == "" || rest == "/mcp" {
			return "", true
		}
		id, ok := strings.CutPrefix(rest, "/mcp/")
		if !ok {
			id, ok = strings.CutPrefix(rest, "/mcp?entity=")
		}
		if ok && id != "" && len(id) <= 64 && strings.Trim(id, "0123456789abcdefghijklmnopqrstuvwxyz") == "" {
			return entities.ID(id), true
		}
	}
	return "", false
}
