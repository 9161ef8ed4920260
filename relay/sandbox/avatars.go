package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// avatarTime is how long the stand-in waits for a picture.
const avatarTime = 2 * time.Second

// fetchAvatar looks at the avatar_url of a webhook's message, as Discord does before it
// shows the message. What came of it decides author.avatar and is kept for
// [Discord.AvatarFetches]. It waits, so it runs without Discord.mu.
func (d *Discord) fetchAvatar(c *call) {
	var in struct {
		AvatarURL string `json:"avatar_url"`
	}
	if decodeJSON(c.body, &in) != nil || in.AvatarURL == "" {
		return
	}
	got := AvatarFetch{URL: in.AvatarURL}
	if err := got.look(context.WithoutCancel(c.Context())); err != nil {
		got.Err = err.Error()
	}
	c.avatar = &got
	d.mu.Lock()
	defer d.mu.Unlock()
	d.state.avatars = append(d.state.avatars, got)
}

// look fetches the picture. The stand-in calls nobody but loopback.
func (a *AvatarFetch) look(ctx context.Context) error {
	if err := onLoopback(a.URL); err != nil {
		return err
	}
	transport := &http.Transport{DisableKeepAlives: true}
	defer transport.CloseIdleConnections()
	client := http.Client{Transport: transport, Timeout: avatarTime, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		return onLoopback(r.URL.String())
	}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, a.URL, nil)
	if err != nil {
		return fmt.Errorf("avatar request: %w", err)
	}
	answer, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("fetch avatar: %w", err)
	}
	defer func() { _ = answer.Body.Close() }() // only read
	a.Status, a.Type = answer.StatusCode, answer.Header.Get("Content-Type")
	raw, err := io.ReadAll(io.LimitReader(answer.Body, 10<<20))
	if err != nil {
		return fmt.Errorf("read avatar: %w", err)
	}
	a.Bytes = len(raw)
	kind := http.DetectContentType(raw)
	switch {
	case a.Status != http.StatusOK:
		return fmt.Errorf("avatar answered %d", a.Status)
	case !slices.Contains([]string{"image/png", "image/jpeg", "image/gif", "image/webp"}, kind):
		return fmt.Errorf("avatar is %s, no image", kind)
	}
	a.Hash = contentHash(raw)
	return nil
}

var errNotLoopback = errors.New("the stand-in fetches avatars from loopback only")

func onLoopback(text string) error {
	u, err := url.Parse(text)
	if err != nil || !strings.HasPrefix(u.Scheme, "http") {
		return errNotLoopback
	}
	if ip := net.ParseIP(u.Hostname()); (ip == nil || !ip.IsLoopback()) && u.Hostname() != "localhost" {
		return errNotLoopback
	}
	return nil
}

// AvatarFetches is what came of every avatar_url that the stand-in looked at, oldest first.
func (d *Discord) AvatarFetches() []AvatarFetch {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.state.avatars)
}
