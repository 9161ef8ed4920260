package oauth_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

var wrongRevocations = []wrong{
	{"no token", "token", unset, "invalid_request", "token is missing"},
	{"empty token", "token", "", "invalid_request", "token is missing"},
	{"two tokens", "token", "twice:a", "invalid_request", "twice"},
	{"no client", "client_id", unset, "invalid_client", "not known here"},
	{"empty client", "client_id", "", "invalid_client", "not known here"},
	{"unknown client", "client_id", "0123456789abcdefghjkmnpqrs", "invalid_client", "not known here"},
	{"two clients", "client_id", "twice:a", "invalid_request", "twice"},
	{"a secret", "client_secret", "x", "invalid_client", "not known here"},
	{"described at an address", "client_id", "https://127.0.0.1/c.json", "invalid_client", "not known here"},
}

// RFC 7009: what is not this client's ends nothing and is no error.
func TestWrongRevocations(t *testing.T) {
	s := newStage(t)
	tokens := answer(t, s.do("POST", "/oauth/token", urlencoded, s.exchange(s.code()).Encode()))
	access, _ := tokens["access_token"].(string)
	good := url.Values{"token": {access}, "client_id": {s.client}}
	for _, n := range wrongRevocations {
		t.Run(n.name, func(t *testing.T) {
			s.refuses(t, "/oauth/revoke", urlencoded, n.in(good), statusOf(n.code), n.code, n.text)
		})
	}
	for name, values := range map[string]url.Values{
		"another client": {"token": {access}, "client_id": {"https://chatgpt.com/oauth/client.json"}}, "made up": {"token": {"x"}, "client_id": {s.client}},
		"a letter changed": {"token": {access[:len(access)-1] + "!"}, "client_id": {s.client}}, "the entity's key": {"token": {s.ada.Key}, "client_id": {s.client}},
		"long": {"token": {strings.Repeat("a", 9000)}, "client_id": {s.client}}, "in capitals": {"token": {strings.ToUpper(access)}, "client_id": {s.client}},
	} {
		w := s.do("POST", "/oauth/revoke", urlencoded, values.Encode())
		if _, err := s.registry.Authenticate(t.Context(), access, ""); w.Code != http.StatusOK || err != nil {
			t.Errorf("%s: %d, %v", name, w.Code, err)
		}
	}
	if _, err := s.registry.Authenticate(t.Context(), s.ada.Key, ""); err != nil {
		t.Error("the entity's key was revoked:", err)
	}
	if w := s.do("GET", "/oauth/revoke?"+good.Encode(), "", ""); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d", w.Code)
	}
	s.refuses(t, "/oauth/revoke", "application/json", "{}", 400, "invalid_request", "Send a form")
	good.Set("token_type_hint", "refresh_token") // wrong, and a hint is no more than that
	if w := s.do("POST", "/oauth/revoke", urlencoded, good.Encode()); w.Code != http.StatusOK || w.Body.Len() != 0 {
		t.Errorf("the good one: %d", w.Code)
	}
	if _, err := s.registry.Authenticate(t.Context(), access, ""); err == nil {
		t.Error("it is not revoked")
	}
}

// Clients with a secret come by the way in which they registered, and by no other.
func TestSecretsOfClients(t *testing.T) {
	s := newStage(t)
	ids, secrets := map[string]string{}, map[string]string{}
	for _, method := range []string{"client_secret_post", "client_secret_basic"} {
		got := answer(t, s.do("POST", "/register", "application/json", `{"redirect_uris":["`+callback+`"],"token_endpoint_auth_method":"`+method+`"}`))
		ids[method], secrets[method] = text(got, "client_id"), text(got, "client_secret")
	}
	try := func(id, post, user, password string, twice bool) int {
		values := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"x"}}
		if id != "" {
			values.Set("client_id", id)
		}
		if post != "" {
			values.Set("client_secret", post)
		}
		s.header = http.Header{}
		if user != "" {
			r := httptest.NewRequest("GET", issuer, nil)
			r.SetBasicAuth(url.QueryEscape(user), url.QueryEscape(password))
			s.header["Authorization"] = r.Header["Authorization"]
		}
		if twice {
			s.header.Set("Authorization", "Bearer x")
		}
		return s.do("POST", "/oauth/token", urlencoded, values.Encode()).Code
	}
	post, basic := ids["client_secret_post"], ids["client_secret_basic"]
	for name, c := range map[string]struct{ got, want int }{
		"post": {try(post, secrets["client_secret_post"], "", "", false), 400}, "basic": {try("", "", basic, secrets["client_secret_basic"], false), 400},
		"basic with its id": {try(basic, "", basic, secrets["client_secret_basic"], false), 400}, "post without secret": {try(post, "", "", "", false), 401},
		"post with a wrong one": {try(post, "x", "", "", false), 401}, "post with another's": {try(post, secrets["client_secret_basic"], "", "", false), 401},
		"post by basic": {try("", "", post, secrets["client_secret_post"], false), 401}, "basic by post": {try(basic, secrets["client_secret_basic"], "", "", false), 401},
		"basic without secret": {try("", "", basic, "", false), 401}, "both ways": {try(basic, secrets["client_secret_basic"], basic, secrets["client_secret_basic"], false), 401},
		"two ids": {try(post, "", basic, secrets["client_secret_basic"], false), 401}, "a bearer token": {try(s.client, "", "", "", true), 401}, "public by basic": {try("", "", s.client, "", false), 401},
		"public": {try(s.client, "", "", "", false), 400},
	} {
		if c.got != c.want {
			t.Errorf("%s: %d, want %d", name, c.got, c.want)
		}
	}
}
