package oauth_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"troupe/mcp/oauth"
)

// fuzzed asks and looks at what must hold of every answer: nothing breaks, nothing is given out,
// and what came is in no header but as an address that was checked.
func (s *stage) fuzzed(t *testing.T, method, path, kind, body string) *httptest.ResponseRecorder {
	t.Helper()
	w := s.do(method, path, kind, body)
	if w.Code >= 500 && w.Code != http.StatusServiceUnavailable {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if strings.Contains(w.Body.String(), "troupe_") || w.Header().Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%v %s", w.Header(), w.Body)
	}
	for name, values := range w.Header() {
		if slices.ContainsFunc(values, func(v string) bool { return strings.ContainsAny(v, "\r\n\x00") }) {
			t.Errorf("%s: %q", name, values)
		}
	}
	if strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") && !json.Valid(w.Body.Bytes()) {
		t.Errorf("no JSON: %s", w.Body)
	}
	return w
}

// leads is where a page's form may lead: to us, and to a client, which leads on to others of its own.
var leads = regexp.MustCompile(`form-action 'self' https:( http://localhost:\* http://127\.0\.0\.1:\* http://(localhost|127\.0\.0\.1)(:\d+)?)?(;|$)`)

func FuzzAuthorize(f *testing.F) {
	s := newStage(f)
	for _, n := range wrongAuthorizations {
		f.Add(strings.ReplaceAll(n.in(s.request()), s.client, "CLIENT"))
	}
	f.Add(strings.ReplaceAll(s.request().Encode(), s.client, "CLIENT"))
	f.Fuzz(func(t *testing.T, query string) {
		if len(query) > 8000 {
			t.Skip("servers refuse such lines before they come here")
		}
		r := httptest.NewRequest(http.MethodGet, issuer+"/oauth/authorize", nil)
		r.URL.RawQuery = strings.ReplaceAll(query, "CLIENT", s.client)
		w := httptest.NewRecorder()
		s.mux.ServeHTTP(w, r)
		policy := w.Header().Get("Content-Security-Policy")
		if w.Code != 200 && w.Code != 400 && w.Code != 429 && w.Code != 503 && w.Code != 303 || !strings.Contains(policy, "frame-ancestors 'none'") && w.Code != 303 {
			t.Errorf("%d %s", w.Code, policy)
		}
		if strings.Contains(w.Body.String(), "<script") || w.Code == 200 && !leads.MatchString(policy) {
			t.Errorf("%s\n%s", policy, w.Body)
		}
		// Nobody is sent anywhere from here, but for vendors that are known and one's own machine.
		if to, err := url.Parse(w.Header().Get("Location")); err != nil || to.Host != "" && !slices.Contains([]string{"claude.ai", "claude.com", "chatgpt.com", "localhost", "127.0.0.1"}, to.Hostname()) {
			t.Errorf("sent to %v, %v", to, err)
		}
	})
}

func FuzzAnswer(f *testing.F) {
	s := newStage(f)
	page := s.page()
	for _, c := range wrongAnswers {
		values := url.Values{"request": {"PAGE" + strings.Repeat("a", 100)}, "code": {"00000000"}}
		c.change(&stage{cookie: &http.Cookie{Value: strings.Repeat("a", 43)}, header: http.Header{}, ada: s.ada, TB: f}, values)
		f.Add(values.Encode())
	}
	f.Add("request=PAGE&code=00000000")
	f.Fuzz(func(t *testing.T, body string) {
		w := s.fuzzed(t, http.MethodPost, "/oauth/authorize", urlencoded, strings.ReplaceAll(body, "PAGE", page))
		if to := w.Header().Get("Location"); to != "" && (!strings.HasPrefix(to, callback+"?error=access_denied&") || strings.Contains(to, "code=")) {
			t.Errorf("sent to %s", to)
		}
	})
}

func FuzzToken(f *testing.F) {
	s := newStage(f)
	code := s.code()
	for _, n := range wrongExchanges {
		f.Add(strings.NewReplacer(s.client, "CLIENT", code, "CODE", verifier, "V").Replace(n.in(s.exchange(code))))
	}
	f.Add("grant_type=refresh_token&refresh_token=troupe_refresh_x&client_id=CLIENT")
	f.Fuzz(func(t *testing.T, body string) {
		// The verifier is not there: nobody guesses it.
		w := s.fuzzed(t, http.MethodPost, "/oauth/token", urlencoded, strings.NewReplacer("CLIENT", s.client, "CODE", code).Replace(body))
		if w.Code != 400 && w.Code != 401 {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	})
}

func FuzzRevoke(f *testing.F) {
	s := newStage(f)
	tokens := answer(f, s.do("POST", "/oauth/token", urlencoded, s.exchange(s.code()).Encode()))
	for _, n := range wrongRevocations {
		f.Add(strings.ReplaceAll(n.in(url.Values{"token": {"x"}, "client_id": {s.client}}), s.client, "CLIENT"))
	}
	f.Fuzz(func(t *testing.T, body string) {
		w := s.fuzzed(t, http.MethodPost, "/oauth/revoke", urlencoded, strings.ReplaceAll(body, "CLIENT", s.client))
		if _, err := s.registry.Authenticate(t.Context(), text(tokens, "access_token"), ""); err != nil || w.Code != 200 && w.Code != 400 && w.Code != 401 {
			t.Errorf("%d %s, %v", w.Code, w.Body, err)
		}
	})
}

// FuzzRegister registers anything: what is taken has redirects that browsers and people read alike.
func FuzzRegister(f *testing.F) {
	s := newStage(f)
	for _, n := range wrongRegistrations {
		if len(n.body) < 4000 {
			f.Add(n.body)
		}
	}
	f.Add(`{"redirect_uris":["https://c.example/b","http://localhost:1/b"],"client_name":"x","token_endpoint_auth_method":"none"}`)
	f.Fuzz(func(t *testing.T, body string) {
		s.now = s.now.Add(3600e9) // or nobody may register any more
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodPost, issuer+"/oauth/register", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		s.mux.ServeHTTP(w, r)
		if w.Code != 201 && w.Code != 400 && w.Code != 413 || !json.Valid(w.Body.Bytes()) {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		if w.Code == 201 {
			var got struct {
				RedirectURIs []string `json:"redirect_uris"`
			}
			must(t, json.Unmarshal(w.Body.Bytes(), &got))
			sound(t, got.RedirectURIs, 10)
		}
	})
}

// sound looks at redirects as somebody else would read them.
func sound(t *testing.T, redirects []string, most int) {
	t.Helper()
	if len(redirects) == 0 || len(redirects) > most {
		t.Errorf("%d redirects", len(redirects))
	}
	for _, uri := range redirects {
		u, err := url.Parse(uri)
		switch {
		case err != nil:
			t.Errorf("%q: %v", uri, err)
		case u.Scheme != "https" && (u.Scheme != "http" || !slices.Contains([]string{"localhost", "::1"}, u.Hostname()) && !strings.HasPrefix(u.Hostname(), "127.")),
			u.User != nil, u.Fragment != "", strings.ContainsAny(uri, "#\\\r\n\t \"'<>*") && !strings.ContainsAny(u.RequestURI(), "'"), strings.ContainsAny(u.Host, ";,'@%_"):
			t.Errorf("%q is taken", uri)
		}
	}
}

func FuzzDocument(f *testing.F) {
	for _, c := range wrongDescriptions {
		if len(c.text) < 4000 {
			f.Add(c.text, document)
		}
	}
	f.Add(describes("", ""), document)
	f.Fuzz(func(t *testing.T, text, id string) {
		if _, redirects, taken := oauth.ReadDocument([]byte(text), id); taken {
			sound(t, redirects, 50)
			var got struct {
				ClientID string `json:"client_id"`
			}
			if err := json.Unmarshal([]byte(text), &got); err != nil || got.ClientID != id {
				t.Errorf("of %q, %v", got.ClientID, err)
			}
		}
		if oauth.Describable(id) {
			u, err := url.Parse(id)
			if err != nil || u.Scheme != "https" || u.Port() != "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || !strings.Contains(u.Host, ".") || strings.ContainsAny(u.Path, "\\%") {
				t.Errorf("%q is taken", id)
			}
		}
	})
}

func FuzzMetadata(f *testing.F) {
	s := newStage(f)
	for _, path := range []string{"", "/", "/mcp", "/mcp/abc", "/mcp?entity=abc", "/mcp/abc/sse", "/other", "/mcp/../x", "/mcp/%2e%2e", "/mcp?entity=%22", "/mcp/abc?entity=x", "//evil.example/mcp", "/mcp;x", "/mcp/abc\\"} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		u, err := url.ParseRequestURI("/.well-known/oauth-protected-resource" + path)
		if err != nil {
			t.Skip("no server takes this for an address")
		}
		r := httptest.NewRequest(http.MethodGet, issuer+"/", nil)
		r.URL = u
		w := httptest.NewRecorder()
		s.mux.ServeHTTP(w, r)
		if w.Code != 200 {
			if w.Code != 404 && w.Code/100 != 3 {
				t.Errorf("%d %s", w.Code, w.Body)
			}
			return
		}
		var got struct{ Resource string }
		must(t, json.Unmarshal(w.Body.Bytes(), &got))
		rest, ours := strings.CutPrefix(got.Resource, issuer+"/")
		if !ours || rest != "" && !strings.HasPrefix(rest, "mcp") || strings.Trim(strings.NewReplacer("/", "", "?entity=", "").Replace(rest), "0123456789abcdefghijklmnopqrstuvwxyz") != "" {
			t.Errorf("it describes %q", got.Resource)
		}
	})
}
