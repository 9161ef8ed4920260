package mcp_test

import (
	"net/http"
	"strings"
	"testing"
)

// TestTokensOfOtherAddresses refuses tokens whose address is none of ours, or not any more, and
// holds plain /mcp to its own.
func TestTokensOfOtherAddresses(t *testing.T) {
	s := newStage(t)
	ada := s.entity(t, "Ada", "", s.general)
	id := string(ada.Entity.ID)
	forms := []string{"/mcp/" + id, "/mcp?entity=" + id, "/mcp", "/"}
	for resource, wants := range map[string][]int{
		"https://gone.example/mcp/" + id:                    {401, 401, 401, 401},
		"https://gone.example/mcp":                          {401, 401, 401, 401},
		publicURL + ".evil.example/mcp":                     {401, 401, 401, 401},
		"http://troupe.example/mcp":                         {401, 401, 401, 401},
		publicURL + "/other":                                {401, 401, 401, 401},
		"https://old.example/mcp":                           {401, 401, 401, 401}, // its path is missing
		publicURL + "/":                                     {200, 200, 401, 200},
		publicURL:                                           {200, 200, 401, 200},
		publicURL + "/mcp/" + id + "/sse":                   {200, 200, 401, 200},
		"https://old.example/troupe/mcp?entity=" + id:       {200, 200, 401, 200},
		publicURL + "/mcp/" + strings.Repeat("0", len(id)):  {200, 200, 401, 200}, // whose token it is, its code said
		"https://old.example/troupe/mcp/" + id + "/message": {200, 200, 401, 200},
	} {
		token := s.grant(t, ada, resource).Access
		for at, form := range forms {
			r := s.request(t, http.MethodPost, ada, ping)
			r.URL.Path, r.URL.RawQuery, _ = strings.Cut(form, "?")
			r.Header.Set("Authorization", "Bearer "+token)
			status, _, body := send(t, r)
			if status == http.StatusTooManyRequests {
				status = http.StatusUnauthorized // the eleventh refusal in a minute
			}
			if status != wants[at] {
				t.Errorf("a token for %s at %s: %d %s", resource, form, status, body)
			}
		}
	}
}

// TestWhereAddressesAreDescribed leads clients of former addresses, and of those with a path, to
// where RFC 9728 puts their description.
func TestWhereAddressesAreDescribed(t *testing.T) {
	s := newStage(t)
	ada := s.entity(t, "Ada", "", s.general)
	id := string(ada.Entity.ID)
	for _, c := range []struct{ host, path, want string }{
		{"troupe.example", "/mcp", publicURL + "/.well-known/oauth-protected-resource/mcp"},
		{"troupe.example", "/", publicURL + "/.well-known/oauth-protected-resource/"},
		{"TROUPE.example:443", "/mcp/" + id, publicURL + "/.well-known/oauth-protected-resource/mcp/" + id},
		{"old.example", "/mcp/" + id, "https://old.example/.well-known/oauth-protected-resource/troupe/mcp/" + id},
		{"old.example", "/mcp?entity=" + id + "&utm=1", "https://old.example/.well-known/oauth-protected-resource/troupe/mcp?entity=" + id},
		{"127.0.0.1:8080", "/mcp", publicURL + "/.well-known/oauth-protected-resource/mcp"},
		{"troupe.example", `/mcp?entity=a"b\`, publicURL + "/.well-known/oauth-protected-resource/mcp?entity=a%22b%5C"},
	} {
		r := s.request(t, http.MethodPost, ada, ping)
		r.Header.Del("Authorization")
		r.Host = c.host
		r.URL.Path, r.URL.RawQuery, _ = strings.Cut(c.path, "?")
		status, h, _ := send(t, r)
		if got := h.Get("WWW-Authenticate"); status != 401 || got != `Bearer realm="troupe", resource_metadata="`+c.want+`", scope="discord"` {
			t.Errorf("%s%s: %d %s", c.host, c.path, status, got)
		}
	}
}
