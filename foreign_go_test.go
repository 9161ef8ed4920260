package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/disgoorg/snowflake/v2"
	"github.com/modelcontextprotocol/go-sdk/auth"
	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/modelcontextprotocol/go-sdk/oauthex"

	"troupe/entities"
	"troupe/mcp/oauth"
)

// goBack is where the Go client's user is sent back to; nothing listens there.
const goBack = "http://localhost:33419/callback"

// goClient is the official SDK of Go with a person who opens what it shows.
type goClient struct {
	http  *http.Client
	code  func(context.Context) (string, error) // fetches a one-time code
	asked int                                   // how often the person was
	// document is the address of its metadata; "" = it registers.
	document string
}

func newGoClient(document string, code func(context.Context) (string, error)) *goClient {
	return &goClient{http: &http.Client{Transport: hurried{&http.Transport{}}}, code: code, document: document}
}

// hurried makes a client believe that its tokens end at once, so that it renews them.
type hurried struct{ next *http.Transport }

func (h hurried) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := h.next.RoundTrip(r)
	if err != nil || r.URL.Path != "/oauth/token" {
		return answer, err
	}
	body, err := io.ReadAll(answer.Body)
	if err = errors.Join(err, answer.Body.Close()); err != nil {
		return nil, err
	}
	var given map[string]any
	if json.Unmarshal(body, &given) == nil && given["expires_in"] != nil {
		given["expires_in"] = 1
		body, err = json.Marshal(given)
	}
	answer.Body, answer.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	answer.Header.Del("Content-Length")
	return answer, err
}

// connect opens a session, with a person's help if it is needed.
func (g *goClient) connect(ctx context.Context, address string) (*mcp.ClientSession, error) {
	config := &auth.AuthorizationCodeHandlerConfig{RedirectURL: goBack, AuthorizationCodeFetcher: g.approve, RequestRefreshToken: true, Client: g.http}
	if g.document != "" {
		config.ClientIDMetadataDocumentConfig = &auth.ClientIDMetadataDocumentConfig{URL: g.document}
	} else {
		config.DynamicClientRegistrationConfig = &auth.DynamicClientRegistrationConfig{Metadata: &oauthex.ClientRegistrationMetadata{
			ClientName: "The SDK of Go", RedirectURIs: []string{goBack}, GrantTypes: []string{"authorization_code", "refresh_token"},
		}}
	}
	handler, err := auth.NewAuthorizationCodeHandler(config)
	if err != nil {
		return nil, err
	}
	return mcp.NewClient(&mcp.Implementation{Name: "go", Version: "1"}, nil).
		Connect(ctx, &mcp.StreamableClientTransport{Endpoint: address, HTTPClient: g.http, OAuthHandler: handler, MaxRetries: -1}, nil)
}

var consentToken = regexp.MustCompile(`name="request" value="([^"]+)"`)

// approve is what a person does on the consent page.
func (g *goClient) approve(ctx context.Context, args *auth.AuthorizationArgs) (*auth.AuthorizationResult, error) {
	g.asked++
	browser := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	page, shown, err := visit(ctx, browser, http.MethodGet, args.URL, nil, nil)
	if err != nil {
		return nil, err
	}
	token := consentToken.FindStringSubmatch(shown)
	if token == nil || len(page.Cookies()) != 1 {
		return nil, fmt.Errorf("the consent page answers %d %s", page.StatusCode, shown)
	}
	code, err := g.code(ctx)
	if err != nil {
		return nil, err
	}
	sent, shown, err := visit(ctx, browser, http.MethodPost, args.URL, page.Cookies()[0], url.Values{"request": {token[1]}, "code": {code}})
	if err != nil {
		return nil, err
	}
	back, err := sent.Location()
	if err != nil || !strings.HasPrefix(back.String(), goBack) {
		return nil, fmt.Errorf("the consent page answers %d %v %s", sent.StatusCode, back, shown)
	}
	q := back.Query()
	return &auth.AuthorizationResult{Code: q.Get("code"), State: q.Get("state"), Iss: q.Get("iss")}, nil
}

// visit makes a browser's request.
func visit(ctx context.Context, browser *http.Client, method, address string, cookie *http.Cookie, form url.Values) (*http.Response, string, error) {
	r, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, "", err
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", r.URL.Scheme+"://"+r.URL.Host)
		r.AddCookie(cookie)
	}
	answer, err := browser.Do(r)
	if err != nil {
		return nil, "", err
	}
	body, err := io.ReadAll(answer.Body)
	return answer, string(body), errors.Join(err, answer.Body.Close())
}

// goes makes a client of Go's do the whole dance against the built program.
func goes(document, line string) func(context.Context, *stage, string) error {
	return func(ctx context.Context, s *stage, address string) error {
		g := newGoClient(document, s.code)
		defer g.http.CloseIdleConnections()
		session, err := g.connect(ctx, address)
		if err != nil {
			return err
		}
		defer func() { _ = session.Close() }() // its credential may be gone
		tell := func(tool string, arguments map[string]any) error {
			result, err := session.CallTool(ctx, &mcp.CallToolParams{Name: tool, Arguments: arguments})
			if err == nil && result.IsError {
				err = fmt.Errorf("%s fails: %+v", tool, result.Content)
			}
			return err
		}
		if err := tell("send_message", map[string]any{"channel": "#general", "content": line}); err != nil {
			return err
		}
		for at, what := range []string{"expire", "end"} {
			if _, err := s.oblige(ctx, what); err != nil {
				return err
			}
			if err := tell("whoami", nil); err != nil {
				return fmt.Errorf("after %q: %w", what, err)
			}
			if g.asked != at+1 {
				return fmt.Errorf("after %q its user was asked %d times in all", what, g.asked)
			}
		}
		return nil
	}
}

// TestFetchedDocument has a client connect whose metadata is fetched. The built program fetches
// from public addresses only, so that it cannot be shown one of ours: here all of it runs but the
// way there.
func TestFetchedDocument(t *testing.T) {
	t.Parallel()
	const document = "https://client.example/oauth/client.json"
	fetched := 0
	d := newDemo(t, func(p *program) {
		var err error
		p.oauth, err = oauth.New(oauth.Config{Registry: p.registry, PublicURL: p.publicURL, Log: p.log, Fetch: func(_ context.Context, address string) ([]byte, time.Duration, error) {
			fetched++
			if address != document {
				return nil, 0, fmt.Errorf("%s is asked for", address)
			}
			described, err := json.Marshal(map[string]any{
				"client_id": document, "client_name": "A client that describes itself", "redirect_uris": []string{goBack},
				"grant_types": []string{"authorization_code", "refresh_token"}, "response_types": []string{"code"}, "token_endpoint_auth_method": "none",
			})
			return described, time.Hour, err
		}})
		if err != nil {
			t.Fatal(err)
		}
		p.limit(usualLimits())
	})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if _, err := d.create(ctx); err != nil {
		t.Fatal(err)
	}
	owner := entities.Member(snowflake.ID(d.world.Olivia), snowflake.ID(d.world.Guild), 0)
	g := newGoClient(document, func(ctx context.Context) (string, error) {
		return d.program.registry.ConnectCode(ctx, owner, entities.ID(d.entity))
	})
	defer g.http.CloseIdleConnections()
	for _, form := range []string{"/mcp/" + d.entity, "/mcp?entity=" + d.entity, "/mcp"} {
		session, err := g.connect(ctx, "http://"+d.program.Addr()+form)
		if err != nil {
			t.Fatalf("%s: %v", form, err)
		}
		result, err := session.CallTool(ctx, &mcp.CallToolParams{Name: "whoami"})
		if err != nil || result.IsError {
			t.Errorf("%s: %v %+v", form, err, result)
		}
		if err := session.Close(); err != nil {
			t.Errorf("%s: %v", form, err)
		}
	}
	connections, err := d.program.registry.Connections(ctx, owner, entities.ID(d.entity))
	if err != nil || len(connections) != 3 || connections[0].Client != "A client that describes itself (client.example)" || fetched != 1 || g.asked != 3 {
		t.Errorf("%+v %v, fetched %d times, asked %d times", connections, err, fetched, g.asked)
	}
}
