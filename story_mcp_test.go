package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// client is an AI's program: the official MCP client with the URL and key that Discord showed.
type client struct {
	url, key string
	http     *http.Client
	session  *mcp.ClientSession

	cursor  string // of the last answer that had one
	waiting *waiting
}

var shownCursor = regexp.MustCompile(`next_cursor: (\S+)`)

// waiting is a call that has not come back yet.
type waiting struct {
	done   chan struct{}
	cancel context.CancelFunc
	text   string
	failed bool
	err    error
}

// bearer adds the key to every request.
type bearer struct {
	key  string
	next http.RoundTripper
}

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+b.key)
	return b.next.RoundTrip(r)
}

func (c *client) close() error {
	var err error
	if c.waiting != nil {
		c.waiting.cancel()
		<-c.waiting.done
	}
	if c.session != nil {
		err = c.session.Close()
	}
	c.http.CloseIdleConnections()
	return err
}

// follow goes to where the program listens after a restart. Outside of tests that address
// does not change.
func (c *client) follow(addr string) {
	if c.session != nil {
		_ = c.session.Close() // the program to say goodbye to is gone
	}
	_, path, _ := strings.Cut(c.url, "/mcp/")
	c.url, c.session = "http://"+addr+"/mcp/"+path, nil
}

// keep NAME takes the MCP URL and the key out of the last reply, as people copy them.
func (s *stage) keep(_ context.Context, args []string) error {
	text := s.reply.Text()
	url, key := shownURL.FindString(text), shownKey.FindString(text)
	if url == "" || key == "" {
		return fmt.Errorf("no URL or no key in %q", text)
	}
	if !s.reply.Ephemeral {
		return errors.New("everybody can see the key")
	}
	s.clients[args[0]] = newClient(url, key)
	return nil
}

func newClient(url, key string) *client {
	return &client{url: url, key: key, http: &http.Client{Transport: bearer{key: key, next: &http.Transport{}}}}
}

func (s *stage) client(name string) (*client, error) {
	c, ok := s.clients[name]
	if !ok {
		return nil, fmt.Errorf("nobody kept a key as %q", name)
	}
	return c, nil
}

// connect opens an MCP session, if there is none yet.
func (c *client) connect(ctx context.Context) (err error) {
	if c.session != nil {
		return nil
	}
	c.session, err = mcp.NewClient(&mcp.Implementation{Name: "story", Version: "1"}, nil).
		Connect(ctx, &mcp.StreamableClientTransport{Endpoint: c.url, HTTPClient: c.http, MaxRetries: -1, DisableStandaloneSSE: true}, nil)
	return err
}

// ask calls a tool. "$cursor" in the arguments is where the last answer said to go on.
func (c *client) ask(ctx context.Context, tool, arguments string) (text string, failed bool, err error) {
	arguments = strings.ReplaceAll(arguments, "$cursor", c.cursor)
	result, err := c.session.CallTool(ctx, &mcp.CallToolParams{Name: tool, Arguments: json.RawMessage(arguments)})
	if err != nil {
		return "", true, err
	}
	var b strings.Builder
	for _, content := range result.Content {
		if t, ok := content.(*mcp.TextContent); ok {
			b.WriteString(t.Text)
		}
	}
	if cursor := shownCursor.FindStringSubmatch(b.String()); cursor != nil {
		c.cursor = cursor[1]
	}
	return b.String(), result.IsError, nil
}

// call [-until | -refused] WHO TOOL [JSON] calls a tool. It fails when the tool says that it did;
// with -until it is called again until it does not, with -refused until it does. [stage.words] says
// what may stand in the arguments.
func (s *stage) call(ctx context.Context, args []string) error {
	if args[0] == "-until" {
		return within(ctx, func() error { return s.call(ctx, args[1:]) })
	}
	if args[0] == "-refused" {
		return within(ctx, func() error {
			if err := s.call(ctx, args[1:]); err == nil || !s.failed {
				return fmt.Errorf("it is not refused (%w)", err)
			}
			return nil
		})
	}
	c, err := s.client(args[0])
	if err != nil {
		return err
	}
	if err := c.connect(ctx); err != nil {
		return err
	}
	arguments := "{}"
	if len(args) > 2 {
		arguments = s.words(args[2])
	}
	s.answer, s.failed, err = c.ask(ctx, args[1], arguments)
	if err == nil && s.failed {
		err = errors.New(s.answer)
	}
	return err
}

// result TEXT says that the last call's answer has a text in it.
func (s *stage) result(_ context.Context, args []string) error {
	if !strings.Contains(s.answer, args[0]) {
		return fmt.Errorf("the result is %q", s.answer)
	}
	return nil
}

// listen WHO [JSON] begins a wait_for_messages and goes on when the program has the request.
func (s *stage) listen(ctx context.Context, args []string) error {
	arguments := `{"timeout_s":50}`
	if len(args) > 1 {
		arguments = args[1]
	}
	return s.arrive(ctx, args[0], "wait_for_messages", arguments)
}

// queue WHO JSON begins a send_message and goes on when the program has the request.
func (s *stage) queue(ctx context.Context, args []string) error {
	return s.arrive(ctx, args[0], "send_message", args[1])
}

// arrive begins a call that is not answered yet when the program has it.
func (s *stage) arrive(ctx context.Context, who, tool, arguments string) error {
	c, written, err := s.begin(ctx, who, tool, arguments)
	if err != nil {
		return err
	}
	select {
	case <-written:
		// Another answer shows that the program has got round to the request before.
		_, _, err := c.ask(ctx, "whoami", "{}")
		return err
	case <-c.waiting.done:
		return fmt.Errorf("the call is over at once: %q, %w", c.waiting.text, c.waiting.err)
	case <-ctx.Done():
		return errors.New("the request does not go out")
	}
}

// speak WHO JSON begins a send_message and goes on when Discord has the line but has not
// answered.
func (s *stage) speak(ctx context.Context, args []string) error {
	before := s.spoken()
	if _, _, err := s.begin(ctx, args[0], "send_message", args[1]); err != nil {
		return err
	}
	return within(ctx, func() error {
		if s.spoken() == before {
			return errors.New("Discord has got no line")
		}
		return nil
	})
}

// spoken is how many lines Discord was sent through webhooks.
func (s *stage) spoken() int {
	lines := 0
	for _, r := range s.discord.Requests() {
		if r.Method == http.MethodPost && strings.HasPrefix(r.Path, "/webhooks/") {
			lines++
		}
	}
	return lines
}

// begin calls a tool and does not wait for its answer. Written is closed when the request is
// on its way.
func (s *stage) begin(ctx context.Context, who, tool, arguments string) (c *client, written <-chan struct{}, err error) {
	if c, err = s.client(who); err != nil {
		return nil, nil, err
	}
	if err := c.connect(ctx); err != nil {
		return nil, nil, err
	}
	sent := make(chan struct{})
	var once sync.Once
	// The call outlives this line of the story.
	call, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	call = httptrace.WithClientTrace(call, &httptrace.ClientTrace{
		WroteRequest: func(httptrace.WroteRequestInfo) { once.Do(func() { close(sent) }) },
	})
	w := &waiting{done: make(chan struct{}), cancel: cancel}
	c.waiting = w
	go func() {
		defer close(w.done)
		w.text, w.failed, w.err = c.ask(call, tool, arguments)
	}()
	return c, sent, nil
}

// heard WHO [TEXT] says that what WHO began is over and brought a text. It fails when it ended in
// another way.
func (s *stage) heard(ctx context.Context, args []string) error {
	c, err := s.client(args[0])
	if err != nil {
		return err
	}
	w := c.waiting
	select {
	case <-w.done:
	case <-ctx.Done():
		panic("the wait does not end") // not a failure that a story may expect
	}
	c.waiting = nil
	w.cancel()
	switch {
	case w.err != nil:
		return w.err
	case w.failed:
		return errors.New(w.text)
	case !strings.Contains(w.text, strings.Join(args[1:], " ")):
		return fmt.Errorf("heard %q", w.text)
	}
	s.answer = w.text
	return nil
}

// status CODE WHO [AT] says how the program answers WHO's key, at WHO's own URL or that of AT.
func (s *stage) status(ctx context.Context, args []string) error {
	c, err := s.client(args[1])
	if err != nil {
		return err
	}
	url := c.url
	if len(args) > 2 {
		at, err := s.client(args[2])
		if err != nil {
			return err
		}
		url = at.url
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"tools/list"}`))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json, text/event-stream")
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	if err := resp.Body.Close(); err != nil {
		return err
	}
	if fmt.Sprint(resp.StatusCode) != args[0] {
		return fmt.Errorf("the program answers %d", resp.StatusCode)
	}
	return nil
}
