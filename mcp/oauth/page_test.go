package oauth_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestCodesAsPeopleTypeThem enters one code in all the ways that are meant to work.
func TestCodesAsPeopleTypeThem(t *testing.T) {
	s := newStage(t)
	for name, typed := range map[string]func(string) string{
		"as shown":               func(code string) string { return code },
		"lower case":             strings.ToLower,
		"with spaces":            func(code string) string { return " " + strings.Join(strings.Split(code, ""), " ") + "\t" },
		"with a dash":            func(code string) string { return code[:4] + "-" + code[4:] },
		"with a long dash":       func(code string) string { return code[:4] + " — " + code[4:] },
		"with a fixed space":     func(code string) string { return code[:4] + "\u00a0" + code[4:] + "\r\n" },
		"O for 0, I and L for 1": strings.NewReplacer("0", "O", "1", "l").Replace,
	} {
		t.Run(name, func(t *testing.T) {
			page := s.page()
			shown, err := s.registry.ConnectCode(t.Context(), s.person(), s.ada.Entity.ID)
			must(t, err)
			q := s.sentBack(s.do("POST", "/oauth/authorize", urlencoded, url.Values{"request": {page}, "code": {typed(shown)}}.Encode()))
			if q.Get("code") == "" {
				t.Errorf("%q for %q brings %v", typed(shown), shown, q)
			}
		})
	}
}

// TestThePageStaysWhileCodesArePaused keeps a person on the page, with the same token.
func TestThePageStaysWhileCodesArePaused(t *testing.T) {
	s := newStage(t)
	w := s.do("POST", "/oauth/authorize", urlencoded, "code=00000000&request="+s.page())
	for range 5 {
		w = s.do("POST", "/oauth/authorize", urlencoded, "code=00000000&request="+s.page())
	}
	body := w.Body.String()
	if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" || !strings.Contains(body, `aria-describedby="trouble"`) || !strings.Contains(body, "Wait a minute") {
		t.Fatalf("%d %v %s", w.Code, w.Header(), body)
	}
	s.now = s.now.Add(2 * time.Minute)
	shown, err := s.registry.ConnectCode(t.Context(), s.person(), s.ada.Entity.ID)
	must(t, err)
	q := s.sentBack(s.do("POST", "/oauth/authorize", urlencoded, url.Values{"request": {hidden.FindStringSubmatch(body)[1]}, "code": {shown}}.Encode()))
	if q.Get("code") == "" {
		t.Errorf("a minute later: %v", q)
	}
}

// TestNamesMisleadNobody looks at where a name stands on the page, and what stands with it.
func TestNamesMisleadNobody(t *testing.T) {
	s := newStage(t)
	for _, name := range []string{
		"Claude", "\u202eedualC", "Сlaude", "<script>alert(1)</script>", `"><input name=code>`, strings.Repeat("Claude ", 40), strings.Repeat("W", 300),
		"Claude\r\n\r\nClaude is verified by Discord.", "Claude\u2028is verified",
	} {
		t.Run(fmt.Sprintf("%.20q", name), func(t *testing.T) {
			about, err := json.Marshal(map[string]any{"client_name": name, "redirect_uris": []string{callback}, "token_endpoint_auth_method": "none"})
			must(t, err)
			s.client = text(answer(t, s.do("POST", "/register", "application/json", string(about))), "client_id")
			body := s.do("GET", "/authorize?"+s.request().Encode(), "", "").Body.String()
			_, rest, _ := strings.Cut(body, "<p>A program that calls itself <bdi>")
			shown, rest, ok := strings.Cut(rest, "</bdi> (nobody has verified that) wants")
			if !ok || strings.ContainsAny(shown, "<>\"\u202e\u2028\r\n") || !strings.Contains(rest, "<strong>client.example</strong>") {
				t.Errorf("%q is shown as %q in %s", name, shown, body)
			}
			if n := strings.Count(body, "<input"); n != 2 {
				t.Errorf("%d inputs", n)
			}
		})
	}
}
