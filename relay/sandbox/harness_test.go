package sandbox_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"troupe/relay/sandbox"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// house is a running stand-in with the demo server and a client of its REST API.
type house struct {
	*sandbox.Discord
	sandbox.Demo
	t      *testing.T
	client *http.Client
}

// raise starts a stand-in without rate limits; change may edit its configuration.
func raise(t *testing.T, change ...func(*sandbox.Config)) *house {
	t.Helper()
	cfg := sandbox.Config{NoRateLimits: true, NoIdentifyLimit: true}
	for _, edit := range change {
		edit(&cfg)
	}
	d, err := sandbox.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 32}}
	t.Cleanup(func() {
		client.CloseIdleConnections()
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	demo, err := d.Seed()
	if err != nil {
		t.Fatal(err)
	}
	return &house{Discord: d, Demo: demo, t: t, client: client}
}

// checked has every request and answer held against the description that the variable
// DISCORD_OPENAPI names.
func checked(c *sandbox.Config) { c.OpenAPI = os.Getenv("DISCORD_OPENAPI") }

// object is a JSON object of an answered or event.
type object map[string]any

func (o object) object(key string) object {
	inner, ok := o[key].(map[string]any)
	if !ok {
		return object{}
	}
	return inner
}

func (o object) objects(key string) []object {
	list, ok := o[key].([]any)
	if !ok {
		return nil
	}
	var out []object
	for _, v := range list {
		inner, _ := v.(map[string]any)
		out = append(out, inner)
	}
	return out
}

func (o object) text(key string) string {
	s, _ := o[key].(string)
	return s
}

func (o object) id() sandbox.ID { return toID(o.text("id")) }

func toID(text string) sandbox.ID {
	var id sandbox.ID
	if id.UnmarshalText([]byte(text)) != nil {
		return 0
	}
	return id
}

// answered is what a request got.
type answered struct {
	status int
	header http.Header
	raw    []byte
}

func (a answered) object() object {
	var o object
	if json.Unmarshal(a.raw, &o) != nil {
		return object{}
	}
	return o
}

func (a answered) list() []object {
	var list []object
	if json.Unmarshal(a.raw, &list) != nil {
		return nil
	}
	return list
}

// code is Discord's JSON error code; -1 when the answered is no error.
func (a answered) code() int {
	var body struct {
		Code *int `json:"code"`
	}
	if json.Unmarshal(a.raw, &body) != nil || body.Code == nil {
		return -1
	}
	return *body.Code
}

// send makes a request with the bot's token unless auth says otherwise.
func (s *house) ask(method, path, auth, body string) (answered, error) {
	return s.askWith(s.t.Context(), method, path, auth, body)
}

func (s *house) askWith(ctx context.Context, method, path, auth, body string) (answered, error) {
	request, err := http.NewRequestWithContext(ctx, method, s.APIURL()+path, strings.NewReader(body))
	if err != nil {
		return answered{}, err
	}
	if auth != "" {
		request.Header.Set("Authorization", auth)
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	return s.roundTrip(request)
}

func (s *house) roundTrip(request *http.Request) (answered, error) {
	response, err := s.client.Do(request)
	if err != nil {
		return answered{}, err
	}
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(response.Body)
	return answered{response.StatusCode, response.Header, raw}, err
}

// do sends as the bot; the path is formatted with args.
func (s *house) do(method, path, body string, args ...any) answered {
	s.t.Helper()
	got, err := s.ask(method, fmt.Sprintf(path, args...), "Bot "+s.Token(), body)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	return got
}

// must is do with a status that has to come.
func (s *house) must(status int, method, path, body string, args ...any) answered {
	s.t.Helper()
	got := s.do(method, path, body, args...)
	if got.status != status {
		s.t.Fatalf("%s %s: status %d, want %d: %s", method, fmt.Sprintf(path, args...), got.status, status, got.raw)
	}
	return got
}

// refused is do with a status and an error code that have to come.
func (s *house) refused(status, code int, method, path, body string, args ...any) answered {
	s.t.Helper()
	got := s.do(method, path, body, args...)
	if got.status != status || got.code() != code {
		s.t.Errorf("%s %s %.80s: status %d code %d, want %d %d: %s", method, fmt.Sprintf(path, args...), body, got.status, got.code(), status, code, got.raw)
	}
	return got
}

// webhook makes a webhook in a channel and gives its path "/webhooks/ID/TOKEN".
func (s *house) webhook(channel sandbox.ID) string {
	s.t.Helper()
	w := s.must(200, "POST", "/channels/%s/webhooks", `{"name":"voices"}`, channel).object()
	return "/webhooks/" + w.text("id") + "/" + w.text("token")
}

// address is the URL of a path below the API.
func (s *house) address(path string) *url.URL {
	s.t.Helper()
	u, err := url.Parse(s.APIURL() + path)
	if err != nil {
		s.t.Fatal(err)
	}
	return u
}

// upload sends a multipart form with payload_json and one file.
func (s *house) upload(method, path, payload, name, content string) answered {
	s.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	if err := form.WriteField("payload_json", payload); err != nil {
		s.t.Fatal(err)
	}
	part, err := form.CreateFormFile("files[0]", name)
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := io.WriteString(part, content); err != nil {
		s.t.Fatal(err)
	}
	if err := form.Close(); err != nil {
		s.t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(s.t.Context(), method, s.APIURL()+path, &body)
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header.Set("Content-Type", form.FormDataContentType())
	request.Header.Set("Authorization", "Bot "+s.Token())
	got, err := s.roundTrip(request)
	if err != nil {
		s.t.Fatal(err)
	}
	return got
}

// say posts as a person.
func (s *house) say(user, channel sandbox.ID, text string, options ...sandbox.SayOption) sandbox.Message {
	s.t.Helper()
	m, err := s.Say(user, channel, text, options...)
	if err != nil {
		s.t.Fatal(err)
	}
	return m
}

// ok fails the test on an error.
func (s *house) ok(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// faithful fails the test when an answer, or a request that was not refused, departs from
// Discord's OpenAPI description. The house must have been raised with checked.
func (s *house) faithful() {
	s.t.Helper()
	if os.Getenv("DISCORD_OPENAPI") == "" {
		s.t.Log("DISCORD_OPENAPI names no description: nothing was held against it")
	}
	for _, departure := range s.Departures() {
		if !departure.Refused {
			s.t.Errorf("departs from Discord's description: %+v", departure)
		}
	}
}
