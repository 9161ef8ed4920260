package oauth_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"troupe/entities"
	"troupe/mcp/oauth"
)

func race(times int, fn func()) {
	var all sync.WaitGroup
	for range times {
		all.Go(fn)
	}
	all.Wait()
}

func (s *stage) guess(code string) *httptest.ResponseRecorder {
	s.Helper()
	return s.do("POST", "/oauth/authorize", urlencoded, url.Values{"request": {s.page()}, "code": {code}}.Encode())
}

// An address that guessed five times waits a minute. The page in hand stays good, other addresses
// are not concerned, and a right code does not count.
func TestGuessesOfAnAddress(t *testing.T) {
	s := newStage(t)
	connect := func() string {
		shown, err := s.registry.ConnectCode(t.Context(), s.person(), s.ada.Entity.ID)
		must(t, err)
		return shown
	}
	for range 6 {
		s.sentBack(s.guess(connect()))
	}
	for range 5 {
		if w := s.guess("00000000"); w.Code != 200 {
			t.Fatalf("%d", w.Code)
		}
	}
	shown := connect()
	mine := url.Values{"request": {s.page()}, "code": {shown}}.Encode()
	if w := s.do("POST", "/oauth/authorize", urlencoded, mine); w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") != "61" {
		t.Errorf("%d, after %q", w.Code, w.Header().Get("Retry-After"))
	}
	s.address = "198.51.100.1:1"
	if w := s.guess("00000000"); w.Code != 200 {
		t.Errorf("another address: %d", w.Code)
	}
	s.address, s.now = "192.0.2.1:1", s.now.Add(time.Minute)
	s.sentBack(s.do("POST", "/oauth/authorize", urlencoded, mine))
}

// Many at once are no more than one after the other.
func TestGuessesAtOnce(t *testing.T) {
	s := newStage(t)
	var pages []string
	for range 30 {
		pages = append(pages, s.page())
	}
	looked := make(chan bool, len(pages))
	var all sync.WaitGroup
	for _, page := range pages {
		all.Go(func() {
			looked <- s.do("POST", "/oauth/authorize", urlencoded, "code=00000000&request="+page).Code == 200
		})
	}
	all.Wait()
	close(looked)
	n := 0
	for one := range looked {
		if one {
			n++
		}
	}
	if n != 5 {
		t.Errorf("%d guesses were looked at", n)
	}
}

// Against guesses from everywhere: few are looked at in ten minutes, and an owner is not kept out
// by them, not even at an address from which they come.
func TestGuessesFromEverywhere(t *testing.T) {
	s := newStage(t)
	short, err := s.registry.ConnectCode(t.Context(), s.person(), s.ada.Entity.ID)
	must(t, err)
	for n := range 500 {
		s.address = fmt.Sprintf("10.0.%d.%d:1", n/250, n%250)
		if w := s.guess("00000000"); w.Code != 200 {
			t.Fatalf("guess %d: %d", n, w.Code)
		}
	}
	s.address = "192.0.2.77:1"
	if w := s.guess(short); w.Code != 200 || !strings.Contains(w.Body.String(), "This code is wrong") {
		t.Errorf("guess 501, which is right: %d", w.Code)
	}
	long, err := s.registry.ConnectCode(t.Context(), s.person(), s.ada.Entity.ID)
	must(t, err)
	if len(long) != 16 {
		t.Fatalf("the code is %q", long)
	}
	for range 5 {
		s.guess("00000000")
	}
	if w := s.guess("00000000"); w.Code != http.StatusTooManyRequests {
		t.Errorf("the address is not shut: %d", w.Code)
	}
	s.sentBack(s.guess(strings.ToLower(long[:4] + "-" + long[4:])))
	s.now = s.now.Add(2 * entities.ConnectLife)
	if short, err = s.registry.ConnectCode(t.Context(), s.person(), s.ada.Entity.ID); err != nil || len(short) != 8 {
		t.Errorf("after it: %q, %v", short, err)
	}
	s.sentBack(s.guess(short))
}

// Where requests come from is what the endpoint says, and not what they say themselves.
func TestAddressesAreTheEndpoints(t *testing.T) {
	s := newStage(t)
	for n := range 11 {
		s.address = "127.0.0.1:1"
		s.header.Set("X-Forwarded-For", fmt.Sprintf("203.0.113.%d", n))
		w := s.do("POST", "/register", "application/json", `{"redirect_uris":["https://c.example/b"]}`)
		if (w.Code == http.StatusCreated) != (n < 10) {
			t.Errorf("registration %d by a proxy that nobody trusts: %d", n, w.Code)
		}
	}
	trusting := newStage(t, func(c *oauth.Config) {
		c.Address = func(r *http.Request) netip.Prefix {
			return netip.PrefixFrom(netip.MustParseAddr(r.Header.Get("X-Forwarded-For")), 32)
		}
	})
	for n := range 30 {
		trusting.header.Set("X-Forwarded-For", fmt.Sprintf("203.0.113.%d", n/10))
		if w := trusting.do("POST", "/register", "application/json", `{"redirect_uris":["https://c.example/b"]}`); w.Code != http.StatusCreated {
			t.Errorf("registration %d by a trusted proxy: %d", n, w.Code)
		}
	}
}

// full says that measures take their full counts: TEST_FULL=1.
var full = os.Getenv("TEST_FULL") != ""

// A flood of registrations from many addresses evicts no client to which somebody consented, and
// lets an honest one register and connect. (That the rows are bounded is shown in entities.)
func TestFloodOfRegistrations(t *testing.T) {
	s := newStage(t)
	old := answer(t, s.do("POST", "/oauth/token", urlencoded, s.exchange(s.code()).Encode()))
	var next struct {
		sync.Mutex
		n int
	}
	many := 200
	if full {
		many = 20_000
	}
	began := time.Now()
	race(8, func() {
		for {
			next.Lock()
			n := next.n
			next.n++
			next.Unlock()
			if n >= many {
				return
			}
			r := httptest.NewRequest("POST", issuer+"/oauth/register", strings.NewReader(`{"redirect_uris":["https://c.example/b","https://c.example/c"],"token_endpoint_auth_method":"none"}`))
			r.Header.Set("Content-Type", "application/json")
			r.RemoteAddr = fmt.Sprintf("10.%d.%d.%d:1", n>>16, n>>8&255, n&255)
			w := httptest.NewRecorder()
			s.mux.ServeHTTP(w, r)
			if w.Code != http.StatusCreated {
				t.Errorf("registration %d: %d", n, w.Code)
			}
		}
	})
	t.Logf("%s: %d registrations in %s", on.Name, many, time.Since(began))
	renewal := url.Values{"grant_type": {"refresh_token"}, "client_id": {s.client}, "refresh_token": {text(old, "refresh_token")}}
	if got := answer(t, s.do("POST", "/oauth/token", urlencoded, renewal.Encode())); got["access_token"] == nil {
		t.Errorf("the client that was consented to: %v", got)
	}
	s.client = text(answer(t, s.do("POST", "/oauth/register", "application/json", `{"redirect_uris":["`+callback+`"],"token_endpoint_auth_method":"none"}`)), "client_id")
	if got := answer(t, s.do("POST", "/oauth/token", urlencoded, s.exchange(s.code()).Encode())); got["access_token"] == nil {
		t.Errorf("an honest one: %v", got)
	}
}
