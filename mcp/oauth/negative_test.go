package oauth_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// unset stands for a parameter that is left out.
const unset = "\x00"

// wrong is one request that is refused: what is changed in a good one, and the code for it.
type wrong struct{ name, key, value, code string }

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

const page = "page" // instead of a code: an error page, and nobody is sent anywhere

var wrongAuthorizations = []wrong{
	{"no client", "client_id", unset, page},
	{"empty client", "client_id", "", page},
	{"unknown client", "client_id", "0123456789abcdefghjkmnpqrs", page},
	{"two clients", "client_id", "twice:a", page},
	{"client in capitals", "client_id", "ABCDEFGHJKMNPQRSTVWXYZ0123", page},
	{"SQL as client", "client_id", "' OR 1=1 --", page},
	{"zero byte in client", "client_id", "a\x01", page},
	{"http client", "client_id", "http://client.example/c.json", page},
	{"described by IPv4", "client_id", "https://127.0.0.1/c.json", page},
	{"described by IPv6", "client_id", "https://[::1]/c.json", page},
	{"described by localhost", "client_id", "https://localhost/c.json", page},
	{"described by a number", "client_id", "https://2130706433/c.json", page},
	{"described by short IPv4", "client_id", "https://127.1/c.json", page},
	{"described by hex IPv4", "client_id", "https://0x7f.0.0.1/c.json", page},
	{"described at a port", "client_id", "https://client.example:8443/c.json", page},
	{"described at port 443", "client_id", "https://client.example:443/c.json", page},
	{"described without path", "client_id", "https://client.example", page},
	{"described at the root", "client_id", "https://client.example/", page},
	{"described with query", "client_id", "https://client.example/c.json?a=b", page},
	{"described with fragment", "client_id", "https://client.example/c.json#a", page},
	{"described with user", "client_id", "https://a@client.example/c.json", page},
	{"described with password", "client_id", "https://a:b@client.example/c.json", page},
	{"described with dots", "client_id", "https://client.example/a/../c.json", page},
	{"described with a dot", "client_id", "https://client.example/./c.json", page},
	{"described with percent", "client_id", "https://client.example/%2e%2e/c.json", page},
	{"described with backslash", "client_id", `https://client.example\@evil.example/c`, page},
	{"described too long", "client_id", "https://client.example/" + strings.Repeat("a", 600), page},
	{"cannot be fetched", "client_id", "https://client.example/c.json", page},
	{"pinned, foreign redirect", "client_id", "https://claude.ai/oauth/mcp-oauth-client-metadata", page},
	{"per connector, foreign redirect", "client_id", "https://chatgpt.com/oauth/abc/client.json", page},

	{"two redirects", "redirect_uri", "twice:https://client.example/back", page},
	{"other host", "redirect_uri", "https://evil.example/back", page},
	{"subdomain", "redirect_uri", "https://a.client.example/back", page},
	{"suffix host", "redirect_uri", "https://client.example.evil.example/back", page},
	{"other path", "redirect_uri", "https://client.example/other", page},
	{"longer path", "redirect_uri", callback + "/more", page},
	{"trailing slash", "redirect_uri", callback + "/", page},
	{"added query", "redirect_uri", callback + "?a=b", page},
	{"added fragment", "redirect_uri", callback + "#a", page},
	{"empty fragment", "redirect_uri", callback + "#", page},
	{"http", "redirect_uri", "http://client.example/back", page},
	{"other port", "redirect_uri", "https://client.example:444/back", page},
	{"default port", "redirect_uri", "https://client.example:443/back", page},
	{"capitals in host", "redirect_uri", "https://CLIENT.example/back", page},
	{"capitals in path", "redirect_uri", "https://client.example/BACK", page},
	{"user", "redirect_uri", "https://a@client.example/back", page},
	{"user trick", "redirect_uri", "https://client.example@evil.example/back", page},
	{"javascript", "redirect_uri", "javascript:alert(1)", page},
	{"data", "redirect_uri", "data:text/html,x", page},
	{"file", "redirect_uri", "file:///etc/passwd", page},
	{"own scheme", "redirect_uri", "app://back", page},
	{"relative", "redirect_uri", "/back", page},
	{"no scheme", "redirect_uri", "//client.example/back", page},
	{"dots", "redirect_uri", "https://client.example/a/../back", page},
	{"percent", "redirect_uri", "https://client.example/%62ack", page},
	{"backslash", "redirect_uri", `https://client.example\back`, page},
	{"line break", "redirect_uri", callback + "\r\nX: y", page},
	{"space", "redirect_uri", callback + " ", page},
	{"tab", "redirect_uri", callback + "\t", page},
	{"loopback, not registered", "redirect_uri", "http://127.0.0.1:1/back", page},
	{"localhost, not registered", "redirect_uri", "http://localhost/back", page},
	{"wildcard", "redirect_uri", "https://*/back", page},
	{"too long", "redirect_uri", callback + strings.Repeat("a", 2000), page},

	{"no response type", "response_type", unset, "invalid_request"},
	{"empty response type", "response_type", "", "invalid_request"},
	{"implicit", "response_type", "token", "unsupported_response_type"},
	{"hybrid", "response_type", "code token", "unsupported_response_type"},
	{"id token", "response_type", "id_token", "unsupported_response_type"},
	{"none", "response_type", "none", "unsupported_response_type"},
	{"response type in capitals", "response_type", "CODE", "unsupported_response_type"},
	{"two response types", "response_type", "twice:code", "invalid_request"},
	{"fragment mode", "response_mode", "fragment", "invalid_request"},
	{"form mode", "response_mode", "form_post", "invalid_request"},
	{"empty mode", "response_mode", "", "invalid_request"},
	{"unknown mode", "response_mode", "x", "invalid_request"},
	{"request object", "request", "e30.e30.", "request_not_supported"},
	{"request address", "request_uri", "https://evil.example/r", "request_not_supported"},
	{"no challenge", "code_challenge", unset, "invalid_request"},
	{"empty challenge", "code_challenge", "", "invalid_request"},
	{"short challenge", "code_challenge", strings.Repeat("a", 42), "invalid_request"},
	{"long challenge", "code_challenge", strings.Repeat("a", 44), "invalid_request"},
	{"padded challenge", "code_challenge", strings.Repeat("a", 42) + "=", "invalid_request"},
	{"challenge in base 64", "code_challenge", strings.Repeat("a", 42) + "+", "invalid_request"},
	{"two challenges", "code_challenge", "twice:a", "invalid_request"},
	{"no method", "code_challenge_method", unset, "invalid_request"},
	{"empty method", "code_challenge_method", "", "invalid_request"},
	{"plain", "code_challenge_method", "plain", "invalid_request"},
	{"small method", "code_challenge_method", "s256", "invalid_request"},
	{"S512", "code_challenge_method", "S512", "invalid_request"},
	{"two methods", "code_challenge_method", "twice:S256", "invalid_request"},
	{"other host's resource", "resource", "https://evil.example/mcp", "invalid_target"},
	{"host with suffix", "resource", issuer + ".evil.example/mcp", "invalid_target"},
	{"other path's resource", "resource", issuer + "/other", "invalid_target"},
	{"deeper resource", "resource", issuer + "/mcp/a/b", "invalid_target"},
	{"no entity", "resource", issuer + "/mcp?entity=", "invalid_target"},
	{"other query", "resource", issuer + "/mcp?e=a", "invalid_target"},
	{"two queries", "resource", issuer + "/mcp?entity=a&b=c", "invalid_target"},
	{"resource with fragment", "resource", issuer + "/mcp#a", "invalid_target"},
	{"https resource", "resource", "https://troupe.example/mcp", "invalid_target"},
	{"relative resource", "resource", "/mcp", "invalid_target"},
	{"resource with user", "resource", "http://a@troupe.example/mcp", "invalid_target"},
	{"resource in capitals", "resource", issuer + "/MCP", "invalid_target"},
	{"resource with dots", "resource", issuer + "/mcp/../x", "invalid_target"},
	{"long entity", "resource", issuer + "/mcp/" + strings.Repeat("a", 65), "invalid_target"},
	{"two resources", "resource", "twice:" + issuer + "/mcp", "invalid_target"},
	{"long state", "state", strings.Repeat("a", 5000), "invalid_request"},
	{"two states", "state", "twice:a", "invalid_request"},
	{"silent", "prompt", "none", "interaction_required"},
	{"two scopes", "scope", "twice:discord", "invalid_request"},
}

func TestWrongAuthorizations(t *testing.T) {
	s := newStage(t)
	for _, n := range wrongAuthorizations {
		w := s.do("GET", "/oauth/authorize?"+n.in(s.request()), "", "")
		if n.code == page {
			if w.Code < 400 || w.Code >= 500 || w.Header().Get("Location") != "" || strings.Contains(w.Body.String(), "<form") {
				t.Errorf("%s: %d to %q", n.name, w.Code, w.Header().Get("Location"))
			}
			continue
		}
		if got := s.sentBack(w); got.Get("error") != n.code || got.Has("code") {
			t.Errorf("%s: %v", n.name, got)
		}
	}
}

var wrongExchanges = []wrong{
	{"no grant", "grant_type", unset, "invalid_request"},
	{"empty grant", "grant_type", "", "invalid_request"},
	{"password", "grant_type", "password", "unsupported_grant_type"},
	{"client credentials", "grant_type", "client_credentials", "unsupported_grant_type"},
	{"implicit", "grant_type", "implicit", "unsupported_grant_type"},
	{"device", "grant_type", "urn:ietf:params:oauth:grant-type:device_code", "unsupported_grant_type"},
	{"bearer assertion", "grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer", "unsupported_grant_type"},
	{"two grants", "grant_type", "twice:authorization_code", "invalid_request"},
	{"refresh without token", "grant_type", "refresh_token", "invalid_request"},
	{"no code", "code", unset, "invalid_request"},
	{"empty code", "code", "", "invalid_request"},
	{"foreign code", "code", "abc", "invalid_grant"},
	{"two codes", "code", "twice:a", "invalid_request"},
	{"long code", "code", strings.Repeat("a", 4000), "invalid_grant"},
	{"SQL as code", "code", "' OR 1=1 --", "invalid_grant"},
	{"no client", "client_id", unset, "invalid_client"},
	{"empty client", "client_id", "", "invalid_client"},
	{"unknown client", "client_id", "0123456789abcdefghjkmnpqrs", "invalid_client"},
	{"two clients", "client_id", "twice:a", "invalid_request"},
	{"other client", "client_id", "https://chatgpt.com/oauth/client.json", "invalid_grant"},
	{"a secret", "client_secret", "x", "invalid_client"},
	{"two secrets", "client_secret", "twice:x", "invalid_request"},
	{"other redirect", "redirect_uri", "https://evil.example/back", "invalid_grant"},
	{"redirect with slash", "redirect_uri", callback + "/", "invalid_grant"},
	{"two redirects", "redirect_uri", "twice:" + callback, "invalid_request"},
	{"no verifier", "code_verifier", unset, "invalid_request"},
	{"empty verifier", "code_verifier", "", "invalid_request"},
	{"short verifier", "code_verifier", strings.Repeat("a", 42), "invalid_request"},
	{"long verifier", "code_verifier", strings.Repeat("a", 129), "invalid_request"},
	{"odd verifier", "code_verifier", strings.Repeat("é", 43), "invalid_request"},
	{"wrong verifier", "code_verifier", strings.Repeat("a", 43), "invalid_grant"},
	{"verifier in capitals", "code_verifier", strings.ToUpper(verifier), "invalid_grant"},
	{"two verifiers", "code_verifier", "twice:" + verifier, "invalid_request"},
	{"other resource", "resource", issuer + "/mcp/other", "invalid_target"},
	{"plain resource", "resource", issuer + "/mcp", "invalid_target"},
	{"foreign resource", "resource", "https://evil.example/mcp", "invalid_target"},
	{"two resources", "resource", "twice:" + issuer + "/mcp", "invalid_target"},
}

// One code outlives them all: what is refused uses nothing up.
func TestWrongExchanges(t *testing.T) {
	s := newStage(t)
	good := s.exchange(s.code())
	for _, n := range wrongExchanges {
		w := s.do("POST", "/oauth/token", urlencoded, n.in(good))
		if got := answer(t, w); got["error"] != n.code || got["access_token"] != nil {
			t.Errorf("%s: %d %v", n.name, w.Code, got)
		}
		if (n.code == "invalid_client") != (w.Code == http.StatusUnauthorized) {
			t.Errorf("%s: %d", n.name, w.Code)
		}
	}
	if w := s.do("POST", "/oauth/token", "application/json", "{}"); answer(t, w)["error"] != "invalid_request" {
		t.Error("JSON is taken")
	}
	if w := s.do("GET", "/oauth/token?"+good.Encode(), "", ""); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d", w.Code)
	}
	if got := answer(t, s.do("POST", "/oauth/token", urlencoded, good.Encode())); got["access_token"] == nil {
		t.Fatalf("the good one: %v", got)
	}
	if got := answer(t, s.do("POST", "/oauth/token", urlencoded, good.Encode())); got["error"] != "invalid_grant" {
		t.Errorf("once more: %v", got)
	}
}

var wrongRegistrations = []struct{ name, body, code string }{
	{"nothing", ``, "invalid_client_metadata"},
	{"no object", `[]`, "invalid_client_metadata"},
	{"broken", `{`, "invalid_client_metadata"},
	{"wrong type", `{"redirect_uris":"x"}`, "invalid_client_metadata"},
	{"no redirects", `{}`, "invalid_redirect_uri"},
	{"empty redirects", `{"redirect_uris":[]}`, "invalid_redirect_uri"},
	{"http", `{"redirect_uris":["http://client.example/b"]}`, "invalid_redirect_uri"},
	{"javascript", `{"redirect_uris":["javascript:alert(1)"]}`, "invalid_redirect_uri"},
	{"data", `{"redirect_uris":["data:text/html,x"]}`, "invalid_redirect_uri"},
	{"fragment", `{"redirect_uris":["https://c.example/b#f"]}`, "invalid_redirect_uri"},
	{"user", `{"redirect_uris":["https://a@c.example/b"]}`, "invalid_redirect_uri"},
	{"wildcard", `{"redirect_uris":["https://*.example/b"]}`, "invalid_redirect_uri"},
	{"one of two", `{"redirect_uris":["https://c.example/b","http://c.example/b"]}`, "invalid_redirect_uri"},
	{"relative", `{"redirect_uris":["/b"]}`, "invalid_redirect_uri"},
	{"eleven", `{"redirect_uris":["https://c/1","https://c/2","https://c/3","https://c/4","https://c/5","https://c/6","https://c/7","https://c/8","https://c/9","https://c/10","https://c/11"]}`, "invalid_redirect_uri"},
	{"assertion", `{"redirect_uris":["https://c.example/b"],"token_endpoint_auth_method":"private_key_jwt"}`, "invalid_client_metadata"},
	{"unknown method", `{"redirect_uris":["https://c.example/b"],"token_endpoint_auth_method":"x"}`, "invalid_client_metadata"},
	{"no code grant", `{"redirect_uris":["https://c.example/b"],"grant_types":["password"]}`, "invalid_client_metadata"},
	{"implicit", `{"redirect_uris":["https://c.example/b"],"response_types":["token"]}`, "invalid_client_metadata"},
	{"too large", `{"client_name":"` + strings.Repeat("a", 20<<10) + `"}`, "invalid_client_metadata"},
}

func TestWrongRegistrations(t *testing.T) {
	s := newStage(t)
	for _, n := range wrongRegistrations {
		w := s.do("POST", "/oauth/register", "application/json", n.body)
		if got := answer(t, w); got["error"] != n.code || w.Code/100 != 4 {
			t.Errorf("%s: %d %v", n.name, w.Code, got)
		}
	}
	if cases := len(wrongAuthorizations) + len(wrongExchanges) + len(wrongRegistrations); cases < 150 {
		t.Errorf("only %d cases", cases)
	}
	for n := range 11 {
		w := s.do("POST", "/oauth/register", "application/json", `{"redirect_uris":["https://c.example/b"]}`)
		if (w.Code == http.StatusCreated) != (n < 10) {
			t.Errorf("registration %d: %d", n, w.Code)
		}
	}
}

// Nothing that comes breaks an endpoint or makes it give something out.
func FuzzEndpoints(f *testing.F) {
	s := newStage(f)
	f.Add("/oauth/authorize", "client_id=a&redirect_uri=https://client.example/back")
	f.Add("/oauth/token", "grant_type=authorization_code&code=a")
	f.Add("/oauth/revoke", "token=a")
	f.Add("/oauth/register", `{"redirect_uris":["https://c.example/b"]}`)
	f.Fuzz(func(t *testing.T, path, body string) {
		if len(path) == 0 || path[0] != '/' || strings.ContainsAny(path, " \r\n\t%?#\x00") || len(path)+len(body) > 2000 {
			t.Skip()
		}
		for _, kind := range []string{urlencoded, "application/json"} {
			if _, err := url.ParseRequestURI(issuer + path); err != nil {
				t.Skip()
			}
			w := s.do("POST", path, kind, body)
			var got map[string]any
			if w.Code >= 500 || json.Unmarshal(w.Body.Bytes(), &got) == nil && got["access_token"] != nil {
				t.Errorf("%d %v", w.Code, got)
			}
		}
	})
}
