package oauth_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/disgoorg/disgo/discord"

	"troupe/entities"
)

// wrongAnswer is an answer to a consent page that is refused: what is changed in a good one. The
// one-time code outlives them all.
type wrongAnswer struct {
	name   string
	change func(*stage, url.Values)
	kind   string // of the body
	status int
	text   string
}

const staleText = "answered already, is too old, or was opened in another browser"

var wrongAnswers = []wrongAnswer{
	{"no page", func(_ *stage, v url.Values) { v.Del("request") }, urlencoded, 400, staleText},
	{"empty page", func(_ *stage, v url.Values) { v.Set("request", "") }, urlencoded, 400, staleText},
	{"made up page", func(_ *stage, v url.Values) { v.Set("request", strings.Repeat("a", 300)) }, urlencoded, 400, staleText},
	{"short page", func(_ *stage, v url.Values) { v.Set("request", "aaaa") }, urlencoded, 400, staleText},
	{"page cut short", func(_ *stage, v url.Values) { v.Set("request", v.Get("request")[:40]) }, urlencoded, 400, staleText},
	{"page with another first letter", func(_ *stage, v url.Values) { v.Set("request", flip(v.Get("request"), 0)) }, urlencoded, 400, staleText},
	{"page with another letter inside", func(_ *stage, v url.Values) { v.Set("request", flip(v.Get("request"), 60)) }, urlencoded, 400, staleText},
	{"page with a letter more", func(_ *stage, v url.Values) { v.Set("request", v.Get("request")+"A") }, urlencoded, 400, staleText},
	{"padded page", func(_ *stage, v url.Values) { v.Set("request", v.Get("request")+"=") }, urlencoded, 400, staleText},
	{"page with a line break", func(_ *stage, v url.Values) { v.Set("request", v.Get("request")+"\n") }, urlencoded, 400, staleText},
	{"page of another server", func(s *stage, v url.Values) { v.Set("request", newStage(s.TB).page()) }, urlencoded, 400, staleText},
	{"two pages", func(_ *stage, v url.Values) { v.Add("request", "x") }, urlencoded, 400, "twice"},
	{"two one-time codes", func(_ *stage, v url.Values) { v.Add("code", "x") }, urlencoded, 400, "twice"},
	{"no cookie", func(s *stage, _ url.Values) { s.cookie = nil }, urlencoded, 400, staleText},
	{"empty cookie", func(s *stage, _ url.Values) { s.cookie.Value = "" }, urlencoded, 400, staleText},
	{"cookie of another browser", func(s *stage, _ url.Values) { s.cookie.Value = strings.Repeat("x", 43) }, urlencoded, 400, staleText},
	{"short cookie", func(s *stage, _ url.Values) { s.cookie.Value = s.cookie.Value[:42] }, urlencoded, 400, staleText},
	{"cookie of another name", func(s *stage, _ url.Values) { s.cookie.Name = "x" }, urlencoded, 400, staleText},
	{"page too old", func(s *stage, _ url.Values) { s.now = s.now.Add(15 * time.Minute) }, urlencoded, 400, staleText},
	{"another site's form", func(s *stage, _ url.Values) { s.header.Set("Origin", "https://evil.example") }, urlencoded, 403, "another site"},
	{"form of no origin", func(s *stage, _ url.Values) { s.header.Set("Origin", "null") }, urlencoded, 403, "another site"},
	{"another site, as browsers say", func(s *stage, _ url.Values) { s.header.Set("Sec-Fetch-Site", "cross-site") }, urlencoded, 403, "another site"},
	{"another host of this site", func(s *stage, _ url.Values) { s.header.Set("Sec-Fetch-Site", "same-site") }, urlencoded, 403, "another site"},
	{"another scheme", func(s *stage, _ url.Values) { s.header.Set("Origin", "ftp://evil.example") }, urlencoded, 403, "another site"},
	{"foreign host", func(s *stage, _ url.Values) { s.host = "evil.example" }, urlencoded, 403, "not known by that name"},
	{"host with suffix", func(s *stage, _ url.Values) { s.host = "troupe.example.evil.example" }, urlencoded, 403, "not known by that name"},
	{"JSON", func(*stage, url.Values) {}, "application/json", 400, "Send a form"},
	{"multipart", func(*stage, url.Values) {}, "multipart/form-data; boundary=x", 400, "Send a form"},
	{"no kind of body", func(*stage, url.Values) {}, "", 400, "Send a form"},
	{"too large", func(_ *stage, v url.Values) { v.Set("x", strings.Repeat("a", 17<<10)) }, urlencoded, 400, "16 KiB"},
	{"no code", func(_ *stage, v url.Values) { v.Del("code") }, urlencoded, 200, "This code is wrong"},
	{"empty code", func(_ *stage, v url.Values) { v.Set("code", "") }, urlencoded, 200, "This code is wrong"},
	{"wrong code", func(_ *stage, v url.Values) { v.Set("code", "00000000") }, urlencoded, 200, "This code is wrong"},
	{"code cut short", func(_ *stage, v url.Values) { v.Set("code", v.Get("code")[:7]) }, urlencoded, 200, "This code is wrong"},
	{"code with more", func(_ *stage, v url.Values) { v.Set("code", v.Get("code")+"0") }, urlencoded, 200, "This code is wrong"},
	{"long code", func(_ *stage, v url.Values) { v.Set("code", v.Get("code")+v.Get("code")) }, urlencoded, 200, "This code is wrong"},
	{"endless code", func(_ *stage, v url.Values) { v.Set("code", strings.Repeat(v.Get("code"), 100)) }, urlencoded, 200, "This code is wrong"},
	{"zero byte in code", func(_ *stage, v url.Values) { v.Set("code", "\x00"+v.Get("code")) }, urlencoded, 200, "This code is wrong"},
	{"broken UTF-8 in code", func(_ *stage, v url.Values) { v.Set("code", "\xff\xfe") }, urlencoded, 200, "This code is wrong"},
	{"SQL as code", func(_ *stage, v url.Values) { v.Set("code", "' OR 1=1 --") }, urlencoded, 200, "This code is wrong"},
	{"the entity's id as code", func(s *stage, v url.Values) { v.Set("code", string(s.ada.Entity.ID)[:8]) }, urlencoded, 200, "This code is wrong"},
	{"the owner's id as code", func(_ *stage, v url.Values) { v.Set("code", owner.String()) }, urlencoded, 200, "This code is wrong"},
	{"the key as code", func(s *stage, v url.Values) { v.Set("code", s.ada.Key) }, urlencoded, 200, "This code is wrong"},
}

func flip(text string, at int) string {
	other := byte('A')
	if text[at] == other {
		other = 'B'
	}
	return text[:at] + string(other) + text[at+1:]
}

func TestWrongAnswers(t *testing.T) {
	s := newStage(t)
	shown, err := s.registry.ConnectCode(t.Context(), s.person(), s.ada.Entity.ID)
	must(t, err)
	for n, c := range wrongAnswers {
		t.Run(c.name, func(t *testing.T) {
			began := s.now
			s.address = netAddress(n)
			values := url.Values{"request": {s.page()}, "code": {shown}}
			c.change(s, values)
			w := s.do("POST", "/oauth/authorize", c.kind, values.Encode())
			if w.Code != c.status || w.Header().Get("Location") != "" || !strings.Contains(w.Body.String(), c.text) || strings.Contains(w.Body.String(), "troupe_") {
				t.Errorf("%d: %s", w.Code, w.Body)
			}
			s.now, s.cookie, s.host, s.header = began, nil, "", http.Header{}
		})
	}
	s.header.Set("Origin", issuer) // our own page, in a browser that says no more than that
	q := s.sentBack(s.do("POST", "/oauth/authorize", urlencoded, url.Values{"request": {s.page()}, "code": {shown}}.Encode()))
	if q.Get("code") == "" {
		t.Errorf("the good one: %v", q)
	}
}

func netAddress(n int) string { return "198.51.100." + strconv.Itoa(n) + ":1" }

// A page is answered once, whoever is faster, and a code of an entity that the page is not about
// does not do.
func TestPagesAreAnsweredOnce(t *testing.T) {
	s := newStage(t)
	bob, err := s.registry.Create(t.Context(), s.person(), entities.NewEntity{Name: "Bob", Here: entities.ChosenChannel{ID: general, Permissions: discord.PermissionViewChannel}})
	must(t, err)
	other, err := s.registry.ConnectCode(t.Context(), s.person(), bob.Entity.ID)
	must(t, err)
	w := s.do("POST", "/oauth/authorize", urlencoded, url.Values{"request": {s.page()}, "code": {other}}.Encode())
	if w.Code != 200 || !strings.Contains(w.Body.String(), "This code is wrong") {
		t.Errorf("another entity's code: %d", w.Code)
	}
	first, err := s.registry.ConnectCode(t.Context(), s.person(), s.ada.Entity.ID)
	must(t, err)
	body := url.Values{"request": {s.page()}, "code": {first}}.Encode()
	answers := make(chan *httptest.ResponseRecorder, 20)
	race(cap(answers), func() { answers <- s.do("POST", "/oauth/authorize", urlencoded, body) })
	sent := 0
	for range cap(answers) {
		switch w := <-answers; w.Code {
		case http.StatusSeeOther:
			sent++
		case http.StatusBadRequest, http.StatusTooManyRequests:
		default:
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
	if sent != 1 {
		t.Errorf("%d answers were taken", sent)
	}
	s.now = s.now.Add(time.Minute)
	second, err := s.registry.ConnectCode(t.Context(), s.person(), s.ada.Entity.ID)
	must(t, err)
	if w := s.do("POST", "/oauth/authorize", urlencoded, strings.Replace(body, first, second, 1)); w.Code != 400 {
		t.Errorf("once more, with another code: %d", w.Code)
	}
}

// However many pages others open, one that is open stays good.
func TestPagesOfOthersTakeNoneAway(t *testing.T) {
	s := newStage(t)
	shown, err := s.registry.ConnectCode(t.Context(), s.person(), s.ada.Entity.ID)
	must(t, err)
	mine, cookie := s.page(), *s.cookie
	for range 1500 {
		s.cookie = nil
		s.page()
	}
	s.cookie = &cookie
	if q := s.sentBack(s.do("POST", "/oauth/authorize", urlencoded, url.Values{"request": {mine}, "code": {shown}}.Encode())); q.Get("code") == "" {
		t.Errorf("%v", q)
	}
}

// The largest request that is taken gives a page that can be answered.
func TestTheLargestPage(t *testing.T) {
	s := newStage(t)
	shown, err := s.registry.ConnectCode(t.Context(), s.person(), s.ada.Entity.ID)
	must(t, err)
	q := s.request()
	q.Set("state", strings.Repeat("<\x01", 2048))
	w := s.do("GET", "/oauth/authorize?"+q.Encode(), "", "")
	s.cookie = w.Result().Cookies()[0]
	back := s.sentBack(s.do("POST", "/oauth/authorize", urlencoded, url.Values{"request": {hidden.FindStringSubmatch(w.Body.String())[1]}, "code": {shown}}.Encode()))
	if back.Get("code") == "" || back.Get("state") != q.Get("state") {
		t.Errorf("%v", back)
	}
}
