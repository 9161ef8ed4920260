package oauth_test

import (
	"net/http"
	"strings"
	"testing"

	"troupe/mcp/oauth"
)

// TestMetadataBelowAPath serves a public_url with a path, whether or not a proxy takes the path
// off, and former ones at their own hosts.
func TestMetadataBelowAPath(t *testing.T) {
	const below = issuer + "/troupe"
	s := newStage(t, func(c *oauth.Config) {
		c.PublicURL, c.FormerURLs = below+"/", []string{"http://old.example/x", "http://older.example"}
	})
	for _, path := range []string{"/.well-known/oauth-authorization-server/troupe", "/.well-known/oauth-authorization-server", "/.well-known/openid-configuration/troupe", "/.well-known/openid-configuration", "/mcp/.well-known/openid-configuration", "/mcp/x/.well-known/openid-configuration"} {
		got := answer(t, s.do("GET", path, "", ""))
		if got["issuer"] != below || got["authorization_endpoint"] != below+"/oauth/authorize" || got["token_endpoint"] != below+"/oauth/token" || got["registration_endpoint"] != below+"/oauth/register" || got["revocation_endpoint"] != below+"/oauth/revoke" {
			t.Errorf("%s: %v", path, got)
		}
	}
	for _, c := range []struct{ host, path, want string }{
		{"", "/troupe/mcp/abc", below + "/mcp/abc"},
		{"", "/mcp/abc", below + "/mcp/abc"},
		{"", "/troupe/mcp", below + "/mcp"},
		{"", "/troupe/mcp/", below + "/mcp/"},
		{"", "/troupe/mcp?entity=abc", below + "/mcp?entity=abc"},
		{"", "/troupe/mcp/abc/sse", below + "/mcp/abc/sse"},
		{"", "/troupe/", below + "/"},
		{"", "/troupe", below + "/mcp"},
		{"", "", below + "/mcp"},
		{"", "/troupe/mcp?entity=abc&utm=1", below + "/mcp?entity=abc"},
		{"TROUPE.example:443", "/troupe/mcp", below + "/mcp"},
		{"old.example", "/x/mcp/abc", "http://old.example/x/mcp/abc"},
		{"older.example", "/mcp/abc", "http://older.example/mcp/abc"},
		{"127.0.0.1", "/mcp/abc", below + "/mcp/abc"},
		{"", "/other/mcp", ""},
		{"", "/troupes/mcp", ""},
		{"", "/troupe/mcp/a/b", ""},
		{"", "/troupe/sse", ""},
		{"", "/troupe/mcp/A", ""},
		{"", "/troupe/mcp/a%2fb", ""},
		{"", "/troupe/mcp?entity=A", ""},
		{"", "/troupe/mcp/abc/", below + "/mcp/abc/"},
	} {
		s.host = c.host
		w := s.do("GET", "/.well-known/oauth-protected-resource"+c.path, "", "")
		got := answer(t, w)
		if c.want == "" {
			if w.Code != http.StatusNotFound || got["error"] != "invalid_target" {
				t.Errorf("%s: %d %v", c.path, w.Code, got)
			}
			continue
		}
		if servers, _ := got["authorization_servers"].([]any); got["resource"] != c.want || len(servers) != 1 || servers[0] != below {
			t.Errorf("%s%s: %v", c.host, c.path, got)
		}
	}
	s.host = ""
	q := s.request()
	q.Set("resource", "HTTP://Troupe.Example/troupe/mcp")
	w := s.do("GET", "/oauth/authorize?"+q.Encode(), "", "")
	if !strings.Contains(w.Body.String(), `action="authorize"`) || !strings.Contains(w.Header().Get("Content-Security-Policy"), "form-action 'self'") || w.Result().Cookies()[0].Path != "/" {
		t.Errorf("the page: %d %v", w.Code, w.Header())
	}
	s.cookie = w.Result().Cookies()[0]
	w = s.do("POST", "/oauth/authorize", urlencoded, "deny=1&request="+hidden.FindStringSubmatch(w.Body.String())[1])
	if to := w.Header().Get("Location"); !strings.Contains(to, "iss=http%3A%2F%2Ftroupe.example%2Ftroupe&") {
		t.Errorf("sent to %s", to)
	}
}

// What everybody may read answers reading only, and by our own name only.
func TestWhoMayReadMetadata(t *testing.T) {
	s := newStage(t)
	for _, path := range []string{"/.well-known/oauth-authorization-server", "/.well-known/oauth-protected-resource/mcp"} {
		if w := s.do("GET", path, "", ""); w.Code != 200 || w.Header().Get("Access-Control-Allow-Origin") != "*" || w.Header().Get("Content-Type") != "application/json" || w.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %d %v", path, w.Code, w.Header())
		}
		if w := s.do("OPTIONS", path, "", ""); w.Code != http.StatusNoContent || w.Header().Get("Access-Control-Allow-Methods") != "GET" {
			t.Errorf("OPTIONS %s: %d", path, w.Code)
		}
		for _, method := range []string{"POST", "PUT", "DELETE", "PATCH"} {
			if w := s.do(method, path, "", ""); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET" {
				t.Errorf("%s %s: %d", method, path, w.Code)
			}
		}
	}
	for _, path := range []string{"/.well-known/oauth-authorization-server", "/.well-known/oauth-protected-resource/mcp", "/oauth/authorize", "/oauth/token", "/oauth/register", "/oauth/revoke", "/token"} {
		for _, host := range []string{"evil.example", "troupe.example.evil.example", "xtroupe.example", "169.254.169.254", "[::2]"} {
			s.host = host
			method := "POST"
			if strings.HasPrefix(path, "/.well-known") {
				method = "GET"
			}
			if w := s.do(method, path, "", ""); w.Code != http.StatusForbidden || strings.Contains(w.Body.String(), host) {
				t.Errorf("%s as %s: %d", path, host, w.Code)
			}
		}
	}
	for _, method := range []string{"PUT", "DELETE", "PATCH", "OPTIONS"} {
		s.host = ""
		if w := s.do(method, "/oauth/authorize", "", ""); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s on the consent page: %d", method, w.Code)
		}
	}
}
