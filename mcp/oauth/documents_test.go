package oauth_test

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const document = "https://client.example/c.json"

// describes is a good description of the client at document, with a change.
func describes(old, with string) string {
	return strings.Replace(`{"client_id":"`+document+`","client_name":"A client","redirect_uris":["`+callback+`"]}`, old, with, 1)
}

var wrongDescriptions = []struct{ name, text string }{
	{"nothing", ""},
	{"HTML", "<html>"},
	{"an array", "[]"},
	{"null", "null"},
	{"half of it", describes("}", "")},
	{"two objects", describes("}", "}{}")},
	{"another id", describes(document, document+"x")},
	{"no id", describes(`"client_id"`, `"id"`)},
	{"id with a slash more", describes(document, document+"/")},
	{"id in capitals", describes("client.example/c", "CLIENT.example/c")},
	{"id of a number", describes(`"`+document+`"`, "1")},
	{"a secret", describes("}", `,"client_secret":"s"}`)},
	{"an empty secret", describes("}", `,"client_secret":""}`)},
	{"secret by form", describes("}", `,"token_endpoint_auth_method":"client_secret_post"}`)},
	{"secret by header", describes("}", `,"token_endpoint_auth_method":"client_secret_basic"}`)},
	{"secret in a token", describes("}", `,"token_endpoint_auth_method":"client_secret_jwt"}`)},
	{"unknown method", describes("}", `,"token_endpoint_auth_method":"tls_client_auth"}`)},
	{"no redirects", describes(`"redirect_uris"`, `"x"`)},
	{"empty redirects", describes(`"`+callback+`"`, "")},
	{"no redirect of ours", describes(callback, "app://back")},
	{"http redirect", describes(callback, "http://client.example/back")},
	{"script as redirect", describes(callback, "javascript:alert(1)")},
	{"very many redirects", describes(`"`+callback+`"`, `"`+callback+`"`+strings.Repeat(`,"`+callback+`"`, 60))},
	{"no code grant", describes("}", `,"grant_types":["implicit"]}`)},
	{"no code response", describes("}", `,"response_types":["token"]}`)},
	{"unknown type of program", describes("}", `,"application_type":"x"}`)},
}

func (s *stage) describedPage() string {
	q := s.request()
	q.Set("client_id", document)
	w := s.do("GET", "/oauth/authorize?"+q.Encode(), "", "")
	return fmt.Sprint(w.Code) + w.Body.String()
}

func TestWrongDescriptions(t *testing.T) {
	s := newStage(t)
	for n, c := range wrongDescriptions {
		t.Run(c.name, func(t *testing.T) {
			s.address, s.now = netAddress(n), s.now.Add(time.Minute) // past what is kept of the one before
			fetched := 0
			s.fetches = func(string) ([]byte, time.Duration, error) { fetched++; return []byte(c.text), time.Hour, nil }
			if got := s.describedPage(); !strings.HasPrefix(got, "400") || !strings.Contains(got, "description is not valid") || fetched != 1 {
				t.Errorf("%d fetches, %s", fetched, got)
			}
		})
	}
}

// What is taken: descriptions that say private_key_jwt too, and those that also have redirects for
// other servers. The name is shown as what it is: a claim of that host.
func TestDescriptions(t *testing.T) {
	for name, text := range map[string]string{
		"plain": describes("", ""), "public": describes("}", `,"token_endpoint_auth_method":"none"}`), "with keys": describes("}", `,"token_endpoint_auth_method":"private_key_jwt","jwks_uri":"https://client.example/k"}`),
		"other redirects": describes(`["`, `["app://back","http://client.example/","`), "many redirects": describes(`["`, `["`+strings.Repeat(callback+`x","`, 5)+`https://client.example/0","https://client.example/1","https://client.example/2","https://client.example/3","https://client.example/4","https://client.example/5","https://client.example/6","https://client.example/7","https://client.example/8","https://client.example/9","`),
		"more than is known": describes("}", `,"logo_uri":"http://169.254.169.254/","x":{}}`),
	} {
		s := newStage(t)
		s.fetches = func(string) ([]byte, time.Duration, error) { return []byte(text), time.Hour, nil }
		page := s.describedPage()
		if !strings.HasPrefix(page, "200") || !strings.Contains(page, "A client (client.example)") || !strings.Contains(page, "nobody has verified") || strings.Contains(page, "169.254") {
			t.Errorf("%s: %s", name, page)
		}
		s.client = document
		code := s.code()
		s.fetches = func(string) ([]byte, time.Duration, error) { return nil, 0, errors.New("it is gone") }
		s.now = s.now.Add(30 * time.Second)
		x := s.exchange(code)
		x.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
		x.Set("client_assertion", "e30.e30.x")
		if got := answer(t, s.do("POST", "/oauth/token", urlencoded, x.Encode())); got["access_token"] == nil {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// The vendors' own work where their servers do not answer us, and are shown as known.
func TestPinnedDescriptions(t *testing.T) {
	s := newStage(t)
	s.fetches = func(address string) ([]byte, time.Duration, error) {
		t.Errorf("%s is fetched", address)
		return nil, 0, nil
	}
	for id, redirect := range map[string]string{
		"https://claude.ai/oauth/mcp-oauth-client-metadata": "https://claude.ai/api/mcp/auth_callback",
		"https://chatgpt.com/oauth/client.json":             "https://chatgpt.com/connector_platform_oauth_redirect",
		"https://chatgpt.com/oauth/a-B_1/client.json":       "https://chatgpt.com/connector/oauth/a-B_1",
	} {
		q := s.request()
		q.Set("client_id", id)
		q.Set("redirect_uri", redirect)
		if w := s.do("GET", "/oauth/authorize?"+q.Encode(), "", ""); w.Code != 200 || strings.Contains(w.Body.String(), "nobody has verified") {
			t.Errorf("%s: %d %s", id, w.Code, w.Body)
		}
		q.Set("response_type", "x") // they may be told at once
		if w := s.do("GET", "/oauth/authorize?"+q.Encode(), "", ""); w.Code != 303 || !strings.HasPrefix(w.Header().Get("Location"), redirect+"?error=unsupported_response_type") {
			t.Errorf("%s: %d %s", id, w.Code, w.Header())
		}
	}
	q := s.request()
	q.Set("client_id", "https://claude.ai/oauth/claude-code-client-metadata")
	q.Set("redirect_uri", "http://localhost:54321/callback")
	if w := s.do("GET", "/oauth/authorize?"+q.Encode(), "", ""); w.Code != 200 || !strings.Contains(w.Body.String(), "nobody has verified") {
		t.Errorf("a program on one's own machine is shown as a known one: %d", w.Code)
	}
}

// One fetch is for all who wait; what was had, or was not, is kept for as long as its server says,
// from a minute to a day.
func TestFetchesAreShared(t *testing.T) {
	s := newStage(t)
	var fetched atomic.Int32
	life, begun, let := time.Duration(0), make(chan struct{}, 100), make(chan struct{})
	s.fetches = func(string) ([]byte, time.Duration, error) {
		fetched.Add(1)
		begun <- struct{}{}
		<-let
		return []byte(describes("", "")), life, nil
	}
	var all sync.WaitGroup
	ask := func() {
		if got := s.describedPage(); !strings.HasPrefix(got, "200") {
			t.Error(got)
		}
	}
	all.Go(ask)
	<-begun
	for range 20 {
		all.Go(ask)
	}
	close(let)
	all.Wait()
	if fetched.Load() != 1 {
		t.Errorf("%d fetches at once", fetched.Load())
	}
	for _, c := range []struct {
		life, kept time.Duration
	}{{0, time.Minute}, {time.Second, time.Minute}, {time.Hour, time.Hour}, {1000 * time.Hour, 24 * time.Hour}} {
		s.now = s.now.Add(25 * time.Hour)
		life = c.life
		before := fetched.Load()
		ask()
		s.now = s.now.Add(c.kept - time.Second)
		ask()
		if fetched.Load() != before+1 {
			t.Errorf("%s: it is not kept", c.life)
		}
		s.now = s.now.Add(time.Second)
		ask()
		if fetched.Load() != before+2 {
			t.Errorf("%s: it is kept too long", c.life)
		}
	}
	s.now = s.now.Add(25 * time.Hour)
	before := fetched.Load()
	s.fetches = func(string) ([]byte, time.Duration, error) { fetched.Add(1); return nil, time.Hour, errors.New("no") }
	s.describedPage()
	s.describedPage()
	s.now = s.now.Add(time.Minute)
	s.describedPage()
	if fetched.Load() != before+2 {
		t.Errorf("%d fetches of what cannot be had", fetched.Load()-before)
	}
}

// Few fetches run at once, and few for one address; who waits in vain is told to come again.
func TestFetchesAreBounded(t *testing.T) {
	s := newStage(t)
	begun, let := make(chan struct{}, 100), make(chan struct{})
	s.fetches = func(string) ([]byte, time.Duration, error) {
		begun <- struct{}{}
		<-let
		return nil, 0, errors.New("no")
	}
	ask := func(n int) int {
		q := s.request()
		q.Set("client_id", fmt.Sprintf("https://c%d.example/c.json", n))
		return s.do("GET", "/oauth/authorize?"+q.Encode(), "", "").Code
	}
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() { ask(n) })
	}
	for range 8 {
		<-begun
	}
	if code := ask(8); code != 503 {
		t.Errorf("the ninth at once: %d", code)
	}
	close(let)
	all.Wait()
	for n := range 40 {
		want := 400
		if n >= 30-9 { // nine were begun before
			want = 429
		}
		if code := ask(100 + n); code != want {
			t.Errorf("fetch %d: %d", n, code)
		}
	}
	if code := ask(100); code != 400 {
		t.Errorf("what is known: %d", code)
	}
	if w := s.do("POST", "/oauth/token", urlencoded, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"x"}, "client_id": {"https://other.example/c"}}.Encode()); w.Code != 400 {
		t.Errorf("the token endpoint fetches: %d", w.Code)
	}
}
