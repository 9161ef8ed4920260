package main

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"

	"troupe/entities"
)

// TestAuthorizationServerTrustsTheSameProxies counts registrations by where they come from, as
// http.trusted_proxies says for all of this server: ten an hour.
func TestAuthorizationServerTrustsTheSameProxies(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		proxies []netip.Prefix
		taken   int
	}{
		"trusted": {[]netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}, 15}, "not trusted": {nil, 10}, "another": {[]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, 10},
	} {
		p, err := newProgram(t.Context(), config{
			Token: goodToken, APIURL: "http://127.0.0.1:9/api/v10", Admission: entities.Admission{Mode: entities.AdmitAll}, Proxies: c.proxies,
			Listen: "127.0.0.1:0", Database: "sqlite:" + filepath.Join(t.TempDir(), "troupe.db"),
		}, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		routes, taken := p.routes(usualLimits()), 0
		for n := range 15 {
			r := httptest.NewRequest(http.MethodPost, p.publicURL+"/register", strings.NewReader(`{"redirect_uris":["https://c.example/b"]}`))
			r.RemoteAddr = "127.0.0.1:1"
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("X-Forwarded-For", fmt.Sprintf("203.0.113.%d", n))
			w := httptest.NewRecorder()
			if routes.ServeHTTP(w, r); w.Code == http.StatusCreated {
				taken++
			}
		}
		if taken != c.taken {
			t.Errorf("%s: %d registrations", name, taken)
		}
		if err := p.abandon(); err != nil {
			t.Error(err)
		}
	}
}
