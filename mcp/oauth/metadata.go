package oauth

import (
	"net/http"
	"net/url"
	"strings"
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
	at := s.base(r)
	path := strings.TrimPrefix(r.URL.EscapedPath(), "/.well-known/oauth-protected-resource")
	// RFC 9728, 3.1: what stands before our path stands there too, unless a proxy took it off.
	if below, ok := strings.CutPrefix(path, at.path); ok && (below == "" || below[0] == '/') {
		path = below
	}
	if path == "" {
		path = "/mcp"
	}
	if entity := r.URL.Query().Get("entity"); entity != "" {
		path += "?entity=" + url.QueryEscape(entity)
	}
	address := at.url + path
	if _, ok := s.target(address); !ok {
		(&fault{status: http.StatusNotFound, code: "invalid_target", text: "This is no address of an MCP server here."}).write(w)
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"resource": address, "authorization_servers": []string{s.issuer}, "scopes_supported": []string{scope},
		"bearer_methods_supported": []string{"header"}, "resource_name": "troupe",
	})
}
