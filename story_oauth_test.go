package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
)

const (
	storyCallback = "http://127.0.0.1:1/back" // nobody listens there, and nobody goes there
	storyVerifier = "a-verifier-of-a-story-that-is-forty-three-letters"
)

var (
	storyToken   = regexp.MustCompile(`name="request" value="([^"]+)"`)
	storyTrouble = regexp.MustCompile(`(?s)id="trouble"[^>]*>(.*?)</p>`)
)

// signIn NAME CLIENT connects a program that calls itself CLIENT by OAuth, with the MCP URL and
// the one-time code of the last reply, typed as people do, and keeps it as NAME. It fails with what
// the page says.
func (s *stage) signIn(ctx context.Context, args []string) error {
	text := s.reply.Text()
	resource, typed := shownURL.FindString(text), shownConnectCode.FindString(text)
	if resource == "" || typed == "" || !s.reply.Ephemeral {
		return fmt.Errorf("no URL or no code for one person in %q", text)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return err
	}
	base, _, _ := strings.Cut(resource, "/mcp/")
	b := &browser{base: base, http: &http.Client{Transport: &http.Transport{}, Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	defer b.http.CloseIdleConnections()
	var known struct {
		ID string `json:"client_id"`
	}
	about, err := json.Marshal(map[string]any{"client_name": args[1], "redirect_uris": []string{storyCallback}, "token_endpoint_auth_method": "none"})
	if err != nil {
		return err
	}
	if _, err := b.ask(ctx, http.MethodPost, "/oauth/register", "application/json", string(about), &known); err != nil {
		return err
	}
	code, err := b.consent(ctx, known.ID, resource, strings.ToLower(typed[:4]+" "+typed[4:]))
	if err != nil {
		return err
	}
	var tokens struct {
		Access string `json:"access_token"`
	}
	exchange := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "client_id": {known.ID}, "redirect_uri": {storyCallback}, "code_verifier": {storyVerifier}, "resource": {resource}}
	if _, err := b.ask(ctx, http.MethodPost, "/oauth/token", "application/x-www-form-urlencoded", exchange.Encode(), &tokens); err != nil {
		return err
	}
	s.clients[args[0]] = newClient(resource, tokens.Access)
	return nil
}

// browser is that of a person who signs in.
type browser struct {
	base string
	http *http.Client
}

// consent opens the page, enters the one-time code, and gives what is sent back to the client.
func (b *browser) consent(ctx context.Context, client, resource, typed string) (string, error) {
	challenge := sha256.Sum256([]byte(storyVerifier))
	asked := url.Values{
		"response_type": {"code"}, "client_id": {client}, "redirect_uri": {storyCallback}, "resource": {resource},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])}, "code_challenge_method": {"S256"},
	}
	page, err := b.ask(ctx, http.MethodGet, "/oauth/authorize?"+asked.Encode(), "", "", nil)
	if err != nil {
		return "", err
	}
	token := storyToken.FindStringSubmatch(page)
	if token == nil {
		return "", fmt.Errorf("the page is %s", page)
	}
	answered, err := b.ask(ctx, http.MethodPost, "/oauth/authorize", "application/x-www-form-urlencoded", url.Values{"request": {token[1]}, "code": {typed}}.Encode(), nil)
	if err != nil {
		return "", err
	}
	if trouble := storyTrouble.FindStringSubmatch(answered); trouble != nil {
		return "", errors.New(html.UnescapeString(trouble[1]))
	}
	to, err := url.Parse(answered)
	if err != nil || to.Query().Get("code") == "" {
		return "", fmt.Errorf("the person is sent to %s: %w", answered, err)
	}
	return to.Query().Get("code"), nil
}

// ask gives what is answered: the address to which a person is sent, or a text, which is read into
// what, if that is not nil.
func (b *browser) ask(ctx context.Context, method, path, kind, body string, what any) (string, error) {
	r, err := http.NewRequestWithContext(ctx, method, b.base+path, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	resp, err := b.http.Do(r)
	if err != nil {
		return "", err
	}
	var text bytes.Buffer
	_, err = text.ReadFrom(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return "", err
	}
	switch {
	case resp.StatusCode == http.StatusSeeOther:
		return resp.Header.Get("Location"), nil
	case resp.StatusCode >= 400:
		return "", fmt.Errorf("%s answers %s: %s", path, resp.Status, text.String())
	case what != nil:
		return "", json.Unmarshal(text.Bytes(), what)
	}
	return text.String(), nil
}
