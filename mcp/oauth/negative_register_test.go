package oauth_test

import (
	"net/http"
	"strings"
	"testing"
)

var wrongRegistrations = []struct {
	name, body, code, text string
	status                 int
}{
	{"nothing", ``, "invalid_client_metadata", "JSON object", 400},
	{"no object", `[]`, "invalid_client_metadata", "JSON object", 400},
	{"broken", `{`, "invalid_client_metadata", "JSON object", 400},
	{"wrong type", `{"redirect_uris":"x"}`, "invalid_client_metadata", "JSON object", 400},
	{"no redirects", `{}`, "invalid_redirect_uri", "redirect_uri", 400},
	{"empty redirects", `{"redirect_uris":[]}`, "invalid_redirect_uri", "redirect_uri", 400},
	{"http", `{"redirect_uris":["http://client.example/b"]}`, "invalid_redirect_uri", "redirect_uri", 400},
	{"javascript", `{"redirect_uris":["javascript:alert(1)"]}`, "invalid_redirect_uri", "redirect_uri", 400},
	{"data", `{"redirect_uris":["data:text/html,x"]}`, "invalid_redirect_uri", "redirect_uri", 400},
	{"fragment", `{"redirect_uris":["https://c.example/b#f"]}`, "invalid_redirect_uri", "redirect_uri", 400},
	{"user", `{"redirect_uris":["https://a@c.example/b"]}`, "invalid_redirect_uri", "redirect_uri", 400},
	{"wildcard", `{"redirect_uris":["https://*.example/b"]}`, "invalid_redirect_uri", "redirect_uri", 400},
	{"one of two", `{"redirect_uris":["https://c.example/b","http://c.example/b"]}`, "invalid_redirect_uri", "redirect_uri", 400},
	{"relative", `{"redirect_uris":["/b"]}`, "invalid_redirect_uri", "redirect_uri", 400},
	{"eleven", `{"redirect_uris":["https://c/1","https://c/2","https://c/3","https://c/4","https://c/5","https://c/6","https://c/7","https://c/8","https://c/9","https://c/10","https://c/11"]}`, "invalid_redirect_uri", "redirect_uri", 400},
	{"assertion", `{"redirect_uris":["https://c.example/b"],"token_endpoint_auth_method":"private_key_jwt"}`, "invalid_client_metadata", "token_endpoint_auth_method", 400},
	{"unknown method", `{"redirect_uris":["https://c.example/b"],"token_endpoint_auth_method":"x"}`, "invalid_client_metadata", "token_endpoint_auth_method", 400},
	{"no code grant", `{"redirect_uris":["https://c.example/b"],"grant_types":["password"]}`, "invalid_client_metadata", "grant_types", 400},
	{"implicit", `{"redirect_uris":["https://c.example/b"],"response_types":["token"]}`, "invalid_client_metadata", "response_types", 400},
	{"too large", `{"client_name":"` + strings.Repeat("a", 20<<10) + `"}`, "invalid_client_metadata", "16 KiB", 413},
	{"redirect in capitals of letters that are none", `{"redirect_uris":["https://\u0430pple.example/b"]}`, "invalid_redirect_uri", "redirect_uri", 400},
	{"redirect that ends a policy", `{"redirect_uris":["https://a.example;script-src/b"]}`, "invalid_redirect_uri", "redirect_uri", 400},
	{"redirect with a comma in its host", `{"redirect_uris":["https://a,b.example/b"]}`, "invalid_redirect_uri", "redirect_uri", 400},
	{"redirect with a quote", `{"redirect_uris":["https://a.example/\"b"]}`, "invalid_redirect_uri", "redirect_uri", 400},
	{"http on a private address", `{"redirect_uris":["http://192.168.0.1/b"]}`, "invalid_redirect_uri", "redirect_uri", 400},
	{"http on a name like localhost", `{"redirect_uris":["http://localhost.evil.example/b"]}`, "invalid_redirect_uri", "redirect_uri", 400},
	{"ftp", `{"redirect_uris":["ftp://c.example/b"]}`, "invalid_redirect_uri", "redirect_uri", 400},
	{"own scheme", `{"redirect_uris":["app://b"]}`, "invalid_redirect_uri", "redirect_uri", 400},
	{"no host", `{"redirect_uris":["https:///b"]}`, "invalid_redirect_uri", "redirect_uri", 400},
	{"backslash", `{"redirect_uris":["https://c.example\\@evil.example/b"]}`, "invalid_redirect_uri", "redirect_uri", 400},
	{"long redirect", `{"redirect_uris":["https://c.example/` + strings.Repeat("a", 1000) + `"]}`, "invalid_redirect_uri", "redirect_uri", 400},
	{"type of program", `{"redirect_uris":["https://c.example/b"],"application_type":"x"}`, "invalid_client_metadata", "application_type", 400},
	{"two objects", `{"redirect_uris":["https://c.example/b"]}{}`, "invalid_client_metadata", "JSON object", 400},
}

func TestWrongRegistrations(t *testing.T) {
	s := newStage(t)
	for _, n := range wrongRegistrations {
		t.Run(n.name, func(t *testing.T) {
			s.refuses(t, "/oauth/register", "application/json", n.body, n.status, n.code, n.text)
		})
	}
	s.refuses(t, "/oauth/register", urlencoded, "redirect_uris=https://c.example/b", 400, "invalid_client_metadata", "Send JSON")
	if w := s.do("GET", "/oauth/register", "", ""); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d", w.Code)
	}
	for n := range 12 {
		w := s.do("POST", "/oauth/register", "application/json", `{"redirect_uris":["https://c.example/b"],"application_type":"web"}`)
		if n < 10 {
			if w.Code != http.StatusCreated || answer(t, w)["application_type"] != "web" {
				t.Errorf("registration %d: %d", n, w.Code)
			}
			continue
		}
		if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" || answer(t, w)["error"] != "temporarily_unavailable" {
			t.Errorf("registration %d: %d", n, w.Code)
		}
	}
	s.address = "198.51.100.7:1" // somebody else is not concerned
	if w := s.do("POST", "/oauth/register", "application/json", `{"redirect_uris":["https://c.example/b"]}`); w.Code != http.StatusCreated {
		t.Errorf("from another address: %d", w.Code)
	}
}

// Each case has a name of its own in its table, and there are enough of them.
func TestNamesOfCases(t *testing.T) {
	seen := map[string]bool{}
	note := func(name string) {
		if seen[name] || name == "" {
			t.Errorf("two cases are called %q", name)
		}
		seen[name] = true
	}
	for _, n := range wrongAuthorizations {
		note("authorize " + n.name)
	}
	for _, n := range wrongExchanges {
		note("token " + n.name)
	}
	for _, n := range wrongRegistrations {
		note("register " + n.name)
	}
	for _, n := range wrongAnswers {
		note("consent " + n.name)
	}
	for _, n := range wrongDescriptions {
		note("description " + n.name)
	}
	for _, n := range wrongRevocations {
		note("revoke " + n.name)
	}
	if len(seen) < 200 {
		t.Errorf("only %d cases", len(seen))
	}
}
