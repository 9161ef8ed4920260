package oauth_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"html"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/mcp/oauth"
)

const (
	issuer   = "http://troupe.example"
	callback = "https://client.example/back"
	verifier = "abcdefghijklmnopqrstuvwxyz0123456789-._~ABCDEFG"

	owner   snowflake.ID = 900000000000000002
	guild   snowflake.ID = 800000000000000001
	general snowflake.ID = 700000000000000002
)

type stage struct {
	testing.TB
	registry *entities.Registry
	mux      *http.ServeMux
	ada      entities.Created
	client   string
	log      *bytes.Buffer
	cookie   *http.Cookie
	address  string // of the client
	host     string // that it asks, when that is not the issuer's
	header   http.Header
	now      time.Time
	fetches  func(address string) ([]byte, time.Duration, error)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// newStage sets the stage, with what a test changes.
func newStage(t testing.TB, change ...func(*oauth.Config)) *stage {
	t.Helper()
	s := &stage{TB: t, mux: http.NewServeMux(), log: &bytes.Buffer{}, address: "192.0.2.1:1234", header: http.Header{}, now: time.Now()}
	world := entities.NewWorld()
	world.SetBot(1)
	world.PutGuild(entities.Guild{ID: guild, Name: "Demo", OwnerID: owner, Available: true}, []entities.Role{{ID: guild, Permissions: discord.PermissionViewChannel}},
		entities.Membership{UserID: 1}, []entities.Channel{{ID: general, GuildID: guild, Name: "general"}})
	log := slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	var err error
	s.registry, err = entities.Open(t.Context(), entities.Config{
		Database: on.URL(t, filepath.Join(t.TempDir(), "t.db")), World: world, Log: log, Admission: entities.Admission{Mode: entities.AdmitAll},
		Now: func() time.Time { return s.now },
	})
	must(t, err)
	t.Cleanup(func() { must(t, s.registry.Close()) })
	cfg := oauth.Config{
		Registry: s.registry, PublicURL: issuer, Log: log, Now: func() time.Time { return s.now },
		Fetch: func(_ context.Context, address string) ([]byte, time.Duration, error) {
			if s.fetches == nil {
				return nil, 0, errors.New("there is no network here")
			}
			return s.fetches(address)
		},
	}
	for _, c := range change {
		c(&cfg)
	}
	server, err := oauth.New(cfg)
	must(t, err)
	server.Mount(s.mux)
	s.ada, err = s.registry.Create(t.Context(), s.person(), entities.NewEntity{Name: "Ada", Here: entities.ChosenChannel{ID: general, Permissions: discord.PermissionViewChannel}})
	must(t, err)
	kept, _, err := s.registry.RegisterClient(t.Context(), entities.System("test"), entities.NewClient{Name: "<b>Evil</b>", AuthMethod: "none", Redirects: []string{callback}})
	must(t, err)
	s.client = kept.ID
	return s
}

func (s *stage) person() entities.Actor {
	return entities.Member(owner, guild, discord.PermissionManageGuild)
}

func (s *stage) do(method, path, kind, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, issuer+path, strings.NewReader(body))
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	if s.cookie != nil {
		r.AddCookie(s.cookie)
	}
	r.RemoteAddr = s.address
	if s.host != "" {
		r.Host = s.host
	}
	for name, values := range s.header {
		r.Header[name] = values
	}
	w := httptest.NewRecorder()
	s.mux.ServeHTTP(w, r)
	return w
}

const urlencoded = "application/x-www-form-urlencoded"

func (s *stage) request() url.Values {
	sum := sha256.Sum256([]byte(verifier))
	return url.Values{
		"response_type": {"code"}, "client_id": {s.client}, "redirect_uri": {callback}, "state": {"st&te"}, "resource": {issuer + "/mcp/" + string(s.ada.Entity.ID)},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}
}

var hidden = regexp.MustCompile(`name="request" value="([^"]+)"`)

// page opens the consent page and gives its token.
func (s *stage) page() string {
	s.Helper()
	w := s.do("GET", "/oauth/authorize?"+s.request().Encode(), "", "")
	found := hidden.FindStringSubmatch(w.Body.String())
	if w.Code != 200 || found == nil {
		s.Fatalf("%d %s %s", w.Code, w.Header().Get("Location"), w.Body)
	}
	s.cookie = w.Result().Cookies()[0]
	return found[1]
}

func (s *stage) sentBack(w *httptest.ResponseRecorder) url.Values {
	s.Helper()
	to, err := url.Parse(w.Header().Get("Location"))
	must(s, err)
	if w.Code != http.StatusSeeOther || !strings.HasPrefix(to.String(), callback+"?") || to.Query().Get("iss") != issuer {
		s.Fatalf("%d %s %s", w.Code, to, w.Body)
	}
	return to.Query()
}

var wayBack = regexp.MustCompile(`id="back" href="([^"]+)"`)

// reported is what a client is told with the way back that a page offers.
func (s *stage) reported(w *httptest.ResponseRecorder) url.Values {
	s.Helper()
	found := wayBack.FindStringSubmatch(w.Body.String())
	if w.Code != http.StatusBadRequest || w.Header().Get("Location") != "" || found == nil {
		s.Fatalf("%d to %q: %s", w.Code, w.Header().Get("Location"), w.Body)
	}
	to, err := url.Parse(html.UnescapeString(found[1]))
	must(s, err)
	if !strings.HasPrefix(to.String(), callback+"?") || to.Query().Get("iss") != issuer {
		s.Fatalf("back to %s", to)
	}
	return to.Query()
}

// code goes through the consent page.
func (s *stage) code() string {
	s.Helper()
	token := s.page()
	shown, err := s.registry.ConnectCode(s.Context(), s.person(), s.ada.Entity.ID)
	must(s, err)
	q := s.sentBack(s.do("POST", "/oauth/authorize", urlencoded, url.Values{"request": {token}, "code": {shown}}.Encode()))
	if q.Get("state") != "st&te" || q.Get("code") == "" {
		s.Fatalf("sent back with %v", q)
	}
	return q.Get("code")
}

func (s *stage) exchange(code string) url.Values {
	return url.Values{"grant_type": {"authorization_code"}, "code": {code}, "client_id": {s.client}, "redirect_uri": {callback}, "code_verifier": {verifier}, "resource": s.request()["resource"]}
}

func answer(t testing.TB, w *httptest.ResponseRecorder) map[string]any {
	t.Helper()
	var got map[string]any
	if err := json.NewDecoder(w.Body).Decode(&got); err != nil {
		t.Fatalf("%d: %v", w.Code, err)
	}
	return got
}

// text is a value of an answer that has to be text.
func text(got map[string]any, name string) string {
	value, _ := got[name].(string)
	return value
}

func TestTheWholeDance(t *testing.T) {
	s := newStage(t)
	code := s.code()
	got := answer(t, s.do("POST", "/token", urlencoded, s.exchange(code).Encode()))
	access := text(got, "access_token")
	if _, err := s.registry.Authenticate(t.Context(), access, s.ada.Entity.ID); err != nil {
		t.Fatalf("%v: %v", got, err)
	}
	renewal := url.Values{"grant_type": {"refresh_token"}, "client_id": {s.client}, "refresh_token": {text(got, "refresh_token")}}
	next := answer(t, s.do("POST", "/oauth/token", urlencoded, renewal.Encode()))
	if next["access_token"] == "" || next["access_token"] == access {
		t.Errorf("the renewal: %v", next)
	}
	w := s.do("POST", "/oauth/revoke", urlencoded, url.Values{"token": {text(next, "access_token")}, "client_id": {s.client}}.Encode())
	if _, err := s.registry.Authenticate(t.Context(), text(next, "access_token"), ""); w.Code != 200 || err == nil {
		t.Errorf("revoked: %d, %v", w.Code, err)
	}
	for _, canary := range []string{code, access, text(got, "refresh_token"), verifier} {
		if strings.Contains(s.log.String(), canary) {
			t.Errorf("the log has %.14s…", canary)
		}
	}
}

func TestTheConsentPage(t *testing.T) {
	s := newStage(t)
	w := s.do("GET", "/authorize?"+s.request().Encode(), "", "")
	body, policy := w.Body.String(), w.Header().Get("Content-Security-Policy")
	for _, want := range []string{"&lt;b&gt;Evil", "client.example", "nobody has verified", "color-scheme", "width=device-width"} {
		if !strings.Contains(body, want) {
			t.Errorf("it lacks %q", want)
		}
	}
	if strings.Contains(body, "<script") || strings.Contains(body, string(s.ada.Entity.ID)) || !strings.Contains(policy, "frame-ancestors 'none'") || !strings.Contains(policy, "default-src 'none'") {
		t.Errorf("%s\n%s", policy, body)
	}
	if got := w.Header().Get("Referrer-Policy"); got != "same-origin" {
		t.Errorf("its form comes with no origin: %q", got)
	}
	token := s.page()
	own := s.cookie
	s.cookie = &http.Cookie{Name: own.Name, Value: strings.Repeat("x", 43)}
	if w := s.do("POST", "/oauth/authorize", urlencoded, "request="+token); w.Code != 400 {
		t.Errorf("from another browser: %d", w.Code)
	}
	s.cookie = own
	if q := s.sentBack(s.do("POST", "/oauth/authorize", urlencoded, "deny=1&request="+token)); q.Get("error") != "access_denied" {
		t.Errorf("no: %v", q)
	}
	if w := s.do("POST", "/oauth/authorize", urlencoded, "request="+token); w.Code != 400 {
		t.Errorf("twice: %d", w.Code)
	}
	token = s.page()
	for range 4 {
		w := s.do("POST", "/oauth/authorize", urlencoded, "code=00000000&request="+token)
		if w.Code != 200 || !strings.Contains(w.Body.String(), "This code is wrong") {
			t.Fatalf("a wrong code: %d", w.Code)
		}
		token = hidden.FindStringSubmatch(w.Body.String())[1]
	}
	if q := s.sentBack(s.do("POST", "/oauth/authorize", urlencoded, "code=00000000&request="+token)); q.Get("error") != "access_denied" {
		t.Errorf("the fifth: %v", q)
	}
	if w := s.do("POST", "/oauth/authorize", urlencoded, "code=00000000&request="+s.page()); w.Code != 429 {
		t.Errorf("the sixth of an address: %d", w.Code)
	}
}

func TestMetadata(t *testing.T) {
	s := newStage(t)
	for _, path := range []string{"/.well-known/oauth-authorization-server", "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server/mcp/x", "/.well-known/openid-configuration/mcp"} {
		if got := answer(t, s.do("GET", path, "", "")); got["issuer"] != issuer || got["token_endpoint"] != issuer+"/oauth/token" {
			t.Errorf("%s: %v", path, got)
		}
	}
	for path, want := range map[string]string{"": "/mcp", "/mcp": "/mcp", "/mcp/abc": "/mcp/abc", "/mcp?entity=abc": "/mcp?entity=abc"} {
		if got := answer(t, s.do("GET", "/.well-known/oauth-protected-resource"+path, "", "")); got["resource"] != issuer+want {
			t.Errorf("%s: %v", path, got)
		}
	}
	if w := s.do("GET", "/.well-known/oauth-protected-resource/other", "", ""); w.Code != 404 {
		t.Errorf("no address of ours: %d", w.Code)
	}
	w := s.do("POST", "/register", "application/json", `{"redirect_uris":["http://localhost/cb"],"token_endpoint_auth_method":"none"}`)
	if got := answer(t, w); w.Code != 201 || got["client_id"] == "" || got["client_secret"] != nil {
		t.Errorf("%d %v", w.Code, got)
	}
}
