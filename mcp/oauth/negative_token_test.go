package oauth_test

import (
	"net/http"
	"strings"
	"testing"
)

var wrongExchanges = []wrong{
	{"no grant", "grant_type", unset, "invalid_request", "grant_type is missing"},
	{"empty grant", "grant_type", "", "invalid_request", "grant_type is missing"},
	{"password", "grant_type", "password", "unsupported_grant_type", "grant_type must be"},
	{"client credentials", "grant_type", "client_credentials", "unsupported_grant_type", "grant_type must be"},
	{"implicit", "grant_type", "implicit", "unsupported_grant_type", "grant_type must be"},
	{"device", "grant_type", "urn:ietf:params:oauth:grant-type:device_code", "unsupported_grant_type", "grant_type must be"},
	{"bearer assertion", "grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer", "unsupported_grant_type", "grant_type must be"},
	{"two grants", "grant_type", "twice:authorization_code", "invalid_request", "twice"},
	{"refresh without token", "grant_type", "refresh_token", "invalid_request", "refresh_token is missing"},
	{"no code", "code", unset, "invalid_request", "code is missing"},
	{"empty code", "code", "", "invalid_request", "code is missing"},
	{"foreign code", "code", "abc", "invalid_grant", "wrong, was used already"},
	{"two codes", "code", "twice:a", "invalid_request", "twice"},
	{"long code", "code", strings.Repeat("a", 4000), "invalid_grant", "wrong, was used already"},
	{"SQL as code", "code", "' OR 1=1 --", "invalid_grant", "wrong, was used already"},
	{"no client", "client_id", unset, "invalid_client", "not known here"},
	{"empty client", "client_id", "", "invalid_client", "not known here"},
	{"unknown client", "client_id", "0123456789abcdefghjkmnpqrs", "invalid_client", "not known here"},
	{"two clients", "client_id", "twice:a", "invalid_request", "twice"},
	{"other client", "client_id", "https://chatgpt.com/oauth/client.json", "invalid_grant", "wrong, was used already"},
	{"a secret", "client_secret", "x", "invalid_client", "not known here"},
	{"two secrets", "client_secret", "twice:x", "invalid_request", "twice"},
	{"other redirect", "redirect_uri", "https://evil.example/back", "invalid_grant", "wrong, was used already"},
	{"redirect with slash", "redirect_uri", callback + "/", "invalid_grant", "wrong, was used already"},
	{"two redirects", "redirect_uri", "twice:" + callback, "invalid_request", "twice"},
	{"no verifier", "code_verifier", unset, "invalid_request", "code_verifier is missing"},
	{"empty verifier", "code_verifier", "", "invalid_request", "code_verifier is missing"},
	{"short verifier", "code_verifier", strings.Repeat("a", 42), "invalid_request", "code_verifier is missing"},
	{"long verifier", "code_verifier", strings.Repeat("a", 129), "invalid_request", "code_verifier is missing"},
	{"odd verifier", "code_verifier", strings.Repeat("é", 43), "invalid_request", "code_verifier is missing"},
	{"wrong verifier", "code_verifier", strings.Repeat("a", 43), "invalid_grant", "wrong, was used already"},
	{"verifier in capitals", "code_verifier", strings.ToUpper(verifier), "invalid_grant", "wrong, was used already"},
	{"two verifiers", "code_verifier", "twice:" + verifier, "invalid_request", "twice"},
	{"other resource", "resource", issuer + "/mcp/other", "invalid_target", "for another address"},
	{"plain resource", "resource", issuer + "/mcp", "invalid_target", "for another address"},
	{"foreign resource", "resource", "https://evil.example/mcp", "invalid_target", "for another address"},
	{"two resources", "resource", "twice:" + issuer + "/mcp", "invalid_target", "One resource"},
}

// refuses asks for exactly one refusal.
func (s *stage) refuses(t *testing.T, path, kind, body string, status int, code, text string) {
	t.Helper()
	w := s.do("POST", path, kind, body)
	got := answer(t, w)
	if description, _ := got["error_description"].(string); w.Code != status || got["error"] != code || !strings.Contains(description, text) || got["access_token"] != nil {
		t.Errorf("%d %v, want %d %s", w.Code, got, status, code)
	}
	if challenge := w.Header().Get("WWW-Authenticate"); (status == http.StatusUnauthorized) != (challenge != "") {
		t.Errorf("the challenge is %q", challenge)
	}
}

func statusOf(code string) int {
	if code == "invalid_client" {
		return http.StatusUnauthorized
	}
	return http.StatusBadRequest
}

// One code outlives them all: what is refused uses nothing up.
func TestWrongExchanges(t *testing.T) {
	s := newStage(t)
	good := s.exchange(s.code())
	for _, n := range wrongExchanges {
		t.Run(n.name, func(t *testing.T) {
			s.refuses(t, "/oauth/token", urlencoded, n.in(good), statusOf(n.code), n.code, n.text)
		})
	}
	if w := s.do("GET", "/oauth/token?"+good.Encode(), "", ""); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "POST" {
		t.Errorf("GET: %d", w.Code)
	}
	s.refuses(t, "/oauth/token?"+good.Encode(), urlencoded, "", 401, "invalid_client", "not known here") // what stands in the address is not read
	for _, kind := range []string{"application/json", "multipart/form-data; boundary=x", "text/plain", ""} {
		s.refuses(t, "/oauth/token", kind, good.Encode(), 400, "invalid_request", "Send a form")
	}
	s.refuses(t, "/oauth/token", urlencoded, "a="+strings.Repeat("a", 17<<10), 400, "invalid_request", "16 KiB")
	s.refuses(t, "/oauth/token", urlencoded, "%zz", 400, "invalid_request", "cannot be read")
	if got := answer(t, s.do("POST", "/oauth/token", urlencoded, good.Encode())); got["access_token"] == nil {
		t.Fatalf("the good one: %v", got)
	}
	s.refuses(t, "/oauth/token", urlencoded, good.Encode(), 400, "invalid_grant", "was used already")
}
