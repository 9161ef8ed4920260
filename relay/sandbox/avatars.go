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
	if err := got.look(context.WithoutCancel(c.Context()), d.painter); err != nil {
		got.Err = err.Error()
	}
	c.avatar = &got
	d.mu.Lock()
	defer d.mu.Unlock()
	f := &d.state.faces
	if len(f.fetches) >= mostRequests {
		f.fetches = slices.Delete(f.fetches, 0, mostRequests/10)
	}
	f.fetches = append(f.fetches, got)
}

// newPainter makes the client that fetches avatars.
func newPainter() *http.Client {
	return &http.Client{
		Transport: &http.Transport{MaxIdleConnsPerHost: 8}, Timeout: avatarTime,
		CheckRedirect: func(r *http.Request, _ []*http.Request) error { return onLoopback(r.URL.String()) },
	}
}

// look fetches the picture. The stand-in calls nobody but loopback.
func (a *AvatarFetch) look(ctx context.Context, client *http.Client) error {
	if err := onLoopback(a.URL); err != nil {
		return err
	}
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

// AvatarFetches is what came of the avatar_urls that the stand-in looked at, oldest first
// and at most the last 20,000.
func (d *Discord) AvatarFetches() []AvatarFetch {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.state.faces.fetches)
}

// faces is what the stand-in keeps of avatars. Discord.mu guards it.
type faces struct {
	fetches  []AvatarFetch
	withheld bool
	awaited  []awaitedFace
}

// awaitedFace is a message that still lacks its picture.
type awaitedFace struct {
	channel, message ID
	hash             string
}

// WithholdAvatars has webhook messages come without the picture that their avatar_url
// names (author.avatar is null in the answer and in MESSAGE_CREATE), as when Discord could
// not fetch it in time; on is false to end that. [Discord.DeliverAvatars] fills them in.
func (d *Discord) WithholdAvatars(on bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.state.faces.withheld = on
}

// awaitFace remembers a message whose picture was withheld. Callers hold Discord.mu.
func (d *Discord) awaitFace(m *Message, fetched *AvatarFetch) {
	if f := &d.state.faces; f.withheld && fetched != nil && fetched.Hash != "" {
		f.awaited = append(f.awaited, awaitedFace{m.ChannelID, m.ID, fetched.Hash})
	}
}

// DeliverAvatars gives the messages that lack a withheld picture theirs, as far as the
// picture could be fetched and the message is still there, and says how many there were.
// REST shows it from then on, and each sends MESSAGE_UPDATE; nothing counts as edited.
func (d *Discord) DeliverAvatars() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	delivered := 0
	for _, face := range d.state.faces.awaited {
		m := d.message(face.channel, face.message)
		if m == nil {
			continue
		}
		m.Author.Avatar = &face.hash
		d.dispatch(m.GuildID, m.ChannelID, messageIntent(m.GuildID), "MESSAGE_UPDATE", messageEvent{m, false})
		delivered++
	}
	d.state.faces.awaited = nil
	return delivered
}
