package oauth_test

import (
	"net/url"
	"strings"
	"testing"
)

// unset stands for a parameter that is left out.
const unset = "\x00"

// wrong is one request that is refused: what is changed in a good one, the code for it, and what
// its description has, so that it is refused for that reason and no other.
type wrong struct{ name, key, value, code, text string }

func (n wrong) in(good url.Values) string {
	values := url.Values{}
	for name, all := range good {
		values[name] = all
	}
	switch {
	case n.value == unset:
		values.Del(n.key)
	case strings.HasPrefix(n.value, "twice:"):
		values[n.key] = []string{strings.TrimPrefix(n.value, "twice:"), "x"}
	default:
		values.Set(n.key, n.value)
	}
	return values.Encode()
}

// page stands instead of a code: an error page, and no way from it to anywhere. Why it is shown:
const (
	page         = "page"
	silent       = "did not say who it is"
	unregistered = "not registered here"
	undescribed  = "not the address of a client"
	unfetched    = "could not be fetched"
	notOwn       = "not registered as its own"
)

var wrongAuthorizations = []wrong{
	{"no client", "client_id", unset, page, silent},
	{"empty client", "client_id", "", page, unregistered},
	{"unknown client", "client_id", "0123456789abcdefghjkmnpqrs", page, unregistered},
	{"two clients", "client_id", "twice:a", page, silent},
	{"client in capitals", "client_id", "ABCDEFGHJKMNPQRSTVWXYZ0123", page, unregistered},
	{"SQL as client", "client_id", "' OR 1=1 --", page, unregistered},
	{"zero byte in client", "client_id", "a\x01", page, unregistered},
	{"http client", "client_id", "http://client.example/c.json", page, unregistered},
	{"described by IPv4", "client_id", "https://127.0.0.1/c.json", page, undescribed},
	{"described by IPv6", "client_id", "https://[::1]/c.json", page, undescribed},
	{"described by localhost", "client_id", "https://localhost/c.json", page, undescribed},
	{"described by a number", "client_id", "https://2130706433/c.json", page, undescribed},
	{"described by short IPv4", "client_id", "https://127.1/c.json", page, undescribed},
	{"described by hex IPv4", "client_id", "https://0x7f.0.0.1/c.json", page, undescribed},
	{"described at a port", "client_id", "https://client.example:8443/c.json", page, undescribed},
	{"described at port 443", "client_id", "https://client.example:443/c.json", page, undescribed},
	{"described without path", "client_id", "https://client.example", page, undescribed},
	{"described at the root", "client_id", "https://client.example/", page, undescribed},
	{"described with query", "client_id", "https://client.example/c.json?a=b", page, undescribed},
	{"described with fragment", "client_id", "https://client.example/c.json#a", page, undescribed},
	{"described with user", "client_id", "https://a@client.example/c.json", page, undescribed},
	{"described with password", "client_id", "https://a:b@client.example/c.json", page, undescribed},
	{"described with dots", "client_id", "https://client.example/a/../c.json", page, undescribed},
	{"described with a dot", "client_id", "https://client.example/./c.json", page, undescribed},
	{"described with percent", "client_id", "https://client.example/%2e%2e/c.json", page, undescribed},
	{"described with backslash", "client_id", `https://client.example\@evil.example/c`, page, undescribed},
	{"described too long", "client_id", "https://client.example/" + strings.Repeat("a", 600), page, undescribed},
	{"cannot be fetched", "client_id", "https://client.example/c.json", page, unfetched},
	{"pinned, foreign redirect", "client_id", "https://claude.ai/oauth/mcp-oauth-client-metadata", page, notOwn},
	{"per connector, foreign redirect", "client_id", "https://chatgpt.com/oauth/abc/client.json", page, notOwn},
	{"two redirects", "redirect_uri", "twice:https://client.example/back", page, silent},
	{"other host", "redirect_uri", "https://evil.example/back", page, notOwn},
	{"subdomain", "redirect_uri", "https://a.client.example/back", page, notOwn},
	{"suffix host", "redirect_uri", "https://client.example.evil.example/back", page, notOwn},
	{"other path", "redirect_uri", "https://client.example/other", page, notOwn},
	{"longer path", "redirect_uri", callback + "/more", page, notOwn},
	{"trailing slash", "redirect_uri", callback + "/", page, notOwn},
	{"added query", "redirect_uri", callback + "?a=b", page, notOwn},
	{"added fragment", "redirect_uri", callback + "#a", page, notOwn},
	{"empty fragment", "redirect_uri", callback + "#", page, notOwn},
	{"http", "redirect_uri", "http://client.example/back", page, notOwn},
	{"other port", "redirect_uri", "https://client.example:444/back", page, notOwn},
	{"default port", "redirect_uri", "https://client.example:443/back", page, notOwn},
	{"capitals in host", "redirect_uri", "https://CLIENT.example/back", page, notOwn},
	{"capitals in path", "redirect_uri", "https://client.example/BACK", page, notOwn},
	{"user", "redirect_uri", "https://a@client.example/back", page, notOwn},
	{"user trick", "redirect_uri", "https://client.example@evil.example/back", page, notOwn},
	{"javascript", "redirect_uri", "javascript:alert(1)", page, notOwn},
	{"data", "redirect_uri", "data:text/html,x", page, notOwn},
	{"file", "redirect_uri", "file:///etc/passwd", page, notOwn},
	{"own scheme", "redirect_uri", "app://back", page, notOwn},
	{"relative", "redirect_uri", "/back", page, notOwn},
	{"no scheme", "redirect_uri", "//client.example/back", page, notOwn},
	{"dots", "redirect_uri", "https://client.example/a/../back", page, notOwn},
	{"percent", "redirect_uri", "https://client.example/%62ack", page, notOwn},
	{"backslash", "redirect_uri", `https://client.example\back`, page, notOwn},
	{"line break", "redirect_uri", callback + "\r\nX: y", page, notOwn},
	{"space", "redirect_uri", callback + " ", page, notOwn},
	{"tab", "redirect_uri", callback + "\t", page, notOwn},
	{"loopback, not registered", "redirect_uri", "http://127.0.0.1:1/back", page, notOwn},
	{"localhost, not registered", "redirect_uri", "http://localhost/back", page, notOwn},
	{"wildcard", "redirect_uri", "https://*/back", page, notOwn},
	{"too long", "redirect_uri", callback + strings.Repeat("a", 2000), page, notOwn},
	{"no response type", "response_type", unset, "invalid_request", "response_type"},
	{"empty response type", "response_type", "", "invalid_request", "response_type"},
	{"implicit", "response_type", "token", "unsupported_response_type", "response_type"},
	{"hybrid", "response_type", "code token", "unsupported_response_type", "response_type"},
	{"id token", "response_type", "id_token", "unsupported_response_type", "response_type"},
	{"none", "response_type", "none", "unsupported_response_type", "response_type"},
	{"response type in capitals", "response_type", "CODE", "unsupported_response_type", "response_type"},
	{"two response types", "response_type", "twice:code", "invalid_request", "twice"},
	{"fragment mode", "response_mode", "fragment", "invalid_request", "response_mode"},
	{"form mode", "response_mode", "form_post", "invalid_request", "response_mode"},
	{"empty mode", "response_mode", "", "invalid_request", "response_mode"},
	{"unknown mode", "response_mode", "x", "invalid_request", "response_mode"},
	{"request object", "request", "e30.e30.", "request_not_supported", "Request objects"},
	{"request address", "request_uri", "https://evil.example/r", "request_not_supported", "Request objects"},
	{"no challenge", "code_challenge", unset, "invalid_request", "PKCE"},
	{"empty challenge", "code_challenge", "", "invalid_request", "PKCE"},
	{"short challenge", "code_challenge", strings.Repeat("a", 42), "invalid_request", "PKCE"},
	{"long challenge", "code_challenge", strings.Repeat("a", 44), "invalid_request", "PKCE"},
	{"padded challenge", "code_challenge", strings.Repeat("a", 42) + "=", "invalid_request", "PKCE"},
	{"challenge in base 64", "code_challenge", strings.Repeat("a", 42) + "+", "invalid_request", "PKCE"},
	{"two challenges", "code_challenge", "twice:a", "invalid_request", "twice"},
	{"no method", "code_challenge_method", unset, "invalid_request", "PKCE"},
	{"empty method", "code_challenge_method", "", "invalid_request", "PKCE"},
	{"plain", "code_challenge_method", "plain", "invalid_request", "PKCE"},
	{"small method", "code_challenge_method", "s256", "invalid_request", "PKCE"},
	{"S512", "code_challenge_method", "S512", "invalid_request", "PKCE"},
	{"two methods", "code_challenge_method", "twice:S256", "invalid_request", "twice"},
	{"other host's resource", "resource", "https://evil.example/mcp", "invalid_target", "no address"},
	{"host with suffix", "resource", issuer + ".evil.example/mcp", "invalid_target", "no address"},
	{"other path's resource", "resource", issuer + "/other", "invalid_target", "no address"},
	{"deeper resource", "resource", issuer + "/mcp/a/b", "invalid_target", "no address"},
	{"no entity", "resource", issuer + "/mcp?entity=", "invalid_target", "no address"},
	{"other query", "resource", issuer + "/mcp?e=a", "invalid_target", "no address"},
	{"two queries", "resource", issuer + "/mcp?entity=a&b=c", "invalid_target", "no address"},
	{"resource with fragment", "resource", issuer + "/mcp#a", "invalid_target", "no address"},
	{"https resource", "resource", "https://troupe.example/mcp", "invalid_target", "no address"},
	{"relative resource", "resource", "/mcp", "invalid_target", "no address"},
	{"resource with user", "resource", "http://a@troupe.example/mcp", "invalid_target", "no address"},
	{"resource in capitals", "resource", issuer + "/MCP", "invalid_target", "no address"},
	{"resource with dots", "resource", issuer + "/mcp/../x", "invalid_target", "no address"},
	{"long entity", "resource", issuer + "/mcp/" + strings.Repeat("a", 65), "invalid_target", "no address"},
	{"two resources", "resource", "twice:" + issuer + "/mcp", "invalid_target", "One resource"},
	{"long state", "state", strings.Repeat("a", 5000), "invalid_request", "state is too long"},
	{"two states", "state", "twice:a", "invalid_request", "twice"},
	{"silent", "prompt", "none", "interaction_required", "A person"},
	{"two scopes", "scope", "twice:discord", "invalid_request", "twice"},
}

func TestWrongAuthorizations(t *testing.T) {
	s := newStage(t)
	for _, n := range wrongAuthorizations {
		t.Run(n.name, func(t *testing.T) {
			w := s.do("GET", "/oauth/authorize?"+n.in(s.request()), "", "")
			if n.code == page {
				body := w.Body.String()
				if w.Code != 400 || w.Header().Get("Location") != "" || strings.Contains(body, "<form") || strings.Contains(body, "<a ") || !strings.Contains(body, n.text) {
					t.Errorf("%d to %q: %s", w.Code, w.Header().Get("Location"), body)
				}
				return
			}
			if got := s.reported(w); got.Get("error") != n.code || got.Has("code") || !strings.Contains(got.Get("error_description"), n.text) {
				t.Errorf("%v", got)
			}
		})
	}
}
