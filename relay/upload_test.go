package relay_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"troupe/entities"
	"troupe/relay"
	"troupe/relay/sandbox"
)

func TestFetchUpload(t *testing.T) {
	s := setStage(t, sandbox.Config{})
	s.play()
	m := must(s.disc.Say(s.mia, s.general, "", sandbox.WithFile("cat.png", "image/png", []byte("meow"))))(t)
	large := must(s.disc.Say(s.mia, s.general, "", sandbox.WithFile("big.png", "image/png", make([]byte, entities.MaxUpload+1))))(t)
	if got, err := s.relay.FetchUpload(t.Context(), m.Attachments[0].URL); err != nil || string(got) != "meow" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := s.relay.FetchUpload(t.Context(), large.Attachments[0].URL); !entities.IsRefusal(err, entities.Invalid) {
		t.Errorf("too large: %v", err)
	}
	for _, url := range []string{
		"", "not a url", "http://cdn.discordapp.com/a.png", "https://evil.example/a.png", "https://cdn.discordapp.com@evil.example/a.png",
		"https://cdn.discordapp.com.evil.example/a.png", "https://169.254.169.254/latest", "file:///etc/passwd", "https://user@cdn.discordapp.com/a.png",
		"https://cdn.discordapp.com:8443/a.png", "http://[::1]:80/a.png",
	} {
		if _, err := s.relay.FetchUpload(t.Context(), url); !entities.IsRefusal(err, entities.Invalid) {
			t.Errorf("%q: %v", url, err)
		}
	}
}

func TestNoRedirectIsFollowed(t *testing.T) {
	s := setStage(t, sandbox.Config{})
	inside := false
	trap := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/inside" {
			inside = true
			return
		}
		http.Redirect(w, r, "/inside", http.StatusFound)
	}))
	defer trap.Close()
	s.play(func(c *relay.Config) { c.APIURL = trap.URL + "/api/v10" })
	if _, err := s.relay.FetchUpload(t.Context(), trap.URL+"/a.png"); err == nil || inside {
		t.Errorf("%v, inside: %v", err, inside)
	}
}

func TestServeAvatar(t *testing.T) {
	s := setStage(t, sandbox.Config{})
	s.play()
	avatar := face(t)
	s.entity("Ada", avatar, s.general)
	for path, want := range map[string]int{
		"/avatars/" + avatar.Hash + ".png": http.StatusOK, "/avatars/" + strings.Repeat("0", 64) + ".png": http.StatusNotFound,
		"/avatars/": http.StatusNotFound, "/avatars/..%2f..%2fetc%2fpasswd": http.StatusNotFound, "/avatars/" + avatar.Hash: http.StatusNotFound,
	} {
		w := httptest.NewRecorder()
		s.relay.ServeAvatar(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != want {
			t.Errorf("%s: %d", path, w.Code)
		}
		if w.Code == http.StatusOK && (w.Header().Get("Content-Type") != "image/png" || w.Header().Get("X-Content-Type-Options") != "nosniff" || w.Body.Len() != len(avatar.PNG)) {
			t.Errorf("%s: %v, %d bytes", path, w.Header(), w.Body.Len())
		}
	}
	w := httptest.NewRecorder()
	s.relay.ServeAvatar(w, httptest.NewRequest(http.MethodPost, "/avatars/"+avatar.Hash+".png", nil))
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", w.Code)
	}
}

func TestCheckURL(t *testing.T) {
	for raw, ok := range map[string]bool{
		"https://discord.com/api/v10": true, "http://127.0.0.1:80/api/v10": true, "http://localhost/api": true, "http://[::1]/api": true,
		"http://discord.com/api/v10": false, "": false, "discord.com": false, "ftp://127.0.0.1": false, "http://127.0.0.1.evil.example/": false,
	} {
		if (relay.CheckURL(raw, "https", "http") == nil) != ok {
			t.Errorf("%q: taken = %v", raw, !ok)
		}
	}
}
