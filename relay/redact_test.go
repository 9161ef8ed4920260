package relay

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/disgoorg/disgo/rest"
	"github.com/disgoorg/snowflake/v2"
)

const (
	canaryWebhook     = "wEbHoOk_tOkEn-canary_0123456789"
	canaryInteraction = "aW50ZXJhY3Rpb246canary=="
	canaryKey         = "troupe_k1canary9Zx8Yw7"
	canaryPassword    = "hunter2canary"
	canaryKnown       = "exact-secret-canary/+&"
	canaryBot         = "MTIzNDU2Nzg5MDEyMzQ1Njc4.Gcanar.yMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0"
)

// secretTexts are ways in which secrets turn up in texts.
var secretTexts = map[string]string{
	"webhook path":      `Post "https://discord.com/api/v10/webhooks/123456/` + canaryWebhook + `?wait=true": dial tcp: timeout`,
	"webhook message":   "/webhooks/123456/" + canaryWebhook + "/messages/@original",
	"escaped path":      "url=%2Fwebhooks%2F123456%2F" + canaryWebhook,
	"interaction":       "POST /interactions/99/" + canaryInteraction + "/callback",
	"followup":          "/webhooks/99/" + canaryInteraction,
	"major parameters":  "POST+/x+interaction.token=" + canaryInteraction,
	"troupe key":        "key " + canaryKey + " used",
	"bearer":            "Authorization: Bearer " + canaryKnown,
	"bearer, lower":     "bearer abcdefcanary",
	"bot header":        "Authorization:[Bot " + canaryBot + "]",
	"bot token":         "token is " + canaryBot,
	"bot word":          "sent Bot abc1canary.def2.ghi3jkl4mnop",
	"header in JSON":    `{"Authorization":"Bot odd-canary"}`,
	"URL password":      "postgres://troupe:" + canaryPassword + "@db.example:5432/troupe",
	"DSN password":      "host=db password=" + canaryPassword + " user=x",
	"query token":       "https://example.com/?token=canary12345&x=1",
	"known, exact":      "value " + canaryKnown,
	"known, in a query": "v=" + url.QueryEscape(canaryKnown),
	"known, base64":     base64.StdEncoding.EncodeToString([]byte(canaryKnown)),
}

// base64Known are the forms in which a canary is not readable any more.
var base64Known = []string{base64.StdEncoding.EncodeToString([]byte(canaryKnown)), url.QueryEscape(canaryKnown)}

func leaks(text string) bool {
	for _, form := range append(base64Known, "canary", "hunter2", "aW50ZXJhY3Rpb246") {
		if strings.Contains(text, form) {
			return true
		}
	}
	return false
}

type stringer struct{ s string }

func (s stringer) String() string { return s.s }

type valuer struct{ v any }

func (v valuer) LogValue() slog.Value { return slog.AnyValue(v.v) }

type hidden struct {
	Inner *struct{ Text string }
	text  string
}

func (h hidden) MarshalJSON() ([]byte, error) { return json.Marshal(h.text) }

func TestRedact(t *testing.T) {
	for name, text := range secretTexts {
		t.Run(name, func(t *testing.T) {
			for _, level := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
				for format, handler := range map[string]func(io.Writer, *slog.HandlerOptions) slog.Handler{
					"text": func(w io.Writer, o *slog.HandlerOptions) slog.Handler { return slog.NewTextHandler(w, o) },
					"json": func(w io.Writer, o *slog.HandlerOptions) slog.Handler { return slog.NewJSONHandler(w, o) },
				} {
					var out bytes.Buffer
					log := slog.New(Redact(handler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}), canaryKnown))
					logEverywhere(log, level, text)
					if leaks(out.String()) {
						t.Errorf("%s at %v:\n%s", format, level, out.String())
					}
					if n := strings.Count(out.String(), mask); n < 17 {
						t.Errorf("%s at %v: only %d masks:\n%s", format, level, n, out.String())
					}
				}
			}
		})
	}
}

// logEverywhere puts a text in every place of a log line.
func logEverywhere(log *slog.Logger, level slog.Level, text string) {
	err := fmt.Errorf("outer: %w", errors.New(text))
	log.With("with", text).WithGroup("g").With(slog.Group("inner", "a", text)).Log(context.Background(), level, text,
		"string", text, "error", err, "stringer", stringer{text}, "pointer", &stringer{text},
		"bytes", []byte(text), "raw", json.RawMessage(text), "list", []string{text}, "map", map[string]string{"k": text},
		"struct", struct{ Text string }{text}, "hidden", hidden{Inner: &struct{ Text string }{text}, text: text},
		"valuer", valuer{valuer{text}}, "valuer of an error", valuer{err}, text, "key",
		slog.Group("deep", slog.Group("deeper", slog.Any("v", text))))
}

func TestRedactLeavesTheRest(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(Redact(slog.NewJSONHandler(&out, nil), "abc", ""))
	log.Info("bot started on https://discord.com/api/v10/users/@me abc", "n", 3, "ok", true, "guild", uint64(5),
		"path", "/channels/1/webhooks", "route", "/webhooks/{webhook.id}/{webhook.token}", "url", "http://127.0.0.1:8080/api/v10/users/@me",
		"table", "troupe_ids", slog.Group("g", "f", 1.5))
	for _, want := range []string{
		`"msg":"bot started on https://discord.com/api/v10/users/@me abc"`, `"n":3`, `"ok":true`, `"guild":5`, `"path":"/channels/1/webhooks"`,
		`"route":"/webhooks/{webhook.id}/{webhook.token}"`, `"url":"http://127.0.0.1:8080/api/v10/users/@me"`, `"table":"troupe_ids"`, `"g":{"f":1.5}`,
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s is gone from\n%s", want, out.String())
		}
	}
	out.Reset()
	log.Info("x", "token", "short", "password", 12345, "Secret", stringer{"s"}, "api_key", "")
	if got := out.String(); strings.Contains(got, "short") || strings.Contains(got, `"Secret":"s"`) || !strings.Contains(got, `"api_key":""`) {
		t.Errorf("attributes named as secrets: %s", got)
	}
}

func TestScrubError(t *testing.T) {
	if scrubError(nil) != nil {
		t.Error("nil became an error")
	}
	plain := errors.New("nothing to hide")
	if got := scrubError(plain); !sameError(got, plain) {
		t.Errorf("%v was wrapped", got)
	}
	cause := &url.Error{Op: "Post", URL: "https://discord.com/api/v10/webhooks/1/" + canaryWebhook, Err: context.DeadlineExceeded}
	err := scrubError(fmt.Errorf("speak: %w", cause))
	if leaks(err.Error()) || !strings.Contains(err.Error(), mask) || !strings.HasPrefix(err.Error(), "speak: Post ") {
		t.Errorf("err = %v", err)
	}
	if inner, ok := errors.AsType[*url.Error](err); !ok || inner != cause || !errors.Is(err, context.DeadlineExceeded) {
		t.Error("errors.Is and As no longer see the error below")
	}
	if again := scrubError(err); !sameError(again, err) {
		t.Error("a second scrub changes it")
	}
}

// sameError tells whether the error itself came back, not one around it.
func sameError(a, b error) bool { return any(a) == any(b) }

func TestScrubIsStable(t *testing.T) {
	for name, text := range secretTexts {
		once := scrub(text)
		if twice := scrub(once); twice != once {
			t.Errorf("%s: %q, then %q", name, once, twice)
		}
	}
}

// TestQuiet lets disgo's own REST client log what it logs, at every level.
func TestQuiet(t *testing.T) {
	const content = "canary-what-people-said"
	answers := map[string]roundTrip{
		"good": func(*http.Request) (*http.Response, error) {
			return answer(200, `{"id":"1","channel_id":"2","content":"`+content+`"}`), nil
		},
		"unreadable":  func(*http.Request) (*http.Response, error) { return answer(200, `["`+content+`"]`), nil },
		"refused":     func(*http.Request) (*http.Response, error) { return answer(400, `{"message":"`+content+`"}`), nil },
		"rate limit":  func(*http.Request) (*http.Response, error) { return rateLimited(content), nil },
		"unreachable": func(*http.Request) (*http.Response, error) { return nil, errors.New("connection refused") },
	}
	for name, transport := range answers {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			log := slog.New(quiet(Redact(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}), canaryBot)))
			client := rest.NewClient(canaryBot, rest.WithLogger(log), rest.WithHTTPClient(&http.Client{Transport: transport}),
				rest.WithRateLimiter(newRateLimiter(rateConfig{Log: log})))
			var message struct {
				ID snowflake.ID `json:"id"`
			}
			err := client.Do(rest.CreateWebhookMessage.Compile(nil, snowflake.ID(1), canaryWebhook), map[string]string{"content": content}, &message)
			log.Error("it failed", "err", err, "body", content, "n", 1)
			// So does disgo's own limiter.
			log.Warn("rate limit exceeded", slog.String("endpoint", "/webhooks/1/"+canaryWebhook), slog.Int("retry_after", 1))
			if strings.Contains(out.String(), "canary") {
				t.Errorf("the log holds content:\n%s", out.String())
			}
			if name == "unreadable" && !strings.Contains(out.String(), "error unmarshalling response body") {
				t.Errorf("disgo's error is missing:\n%s", out.String())
			}
		})
	}
}

func rateLimited(content string) *http.Response {
	return answer(429, `{"message":"`+content+`","retry_after":0.1}`, "X-RateLimit-Bucket: a")
}

func TestQuietDrops(t *testing.T) {
	var out bytes.Buffer
	base := quiet(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	log := slog.New(base).With("body", "canary", "name", "rest").WithGroup("g")
	log.Debug("canary")
	log.Info("canary")
	record := slog.Record{Level: slog.LevelInfo, Message: "canary"}
	if err := base.Handle(t.Context(), record); err != nil {
		t.Error(err)
	}
	if base.Enabled(t.Context(), slog.LevelInfo) || out.Len() > 0 {
		t.Errorf("below warn: %s", out.String())
	}
	log.Warn("kept", "data", "canary", "Endpoint", "canary", "event", struct{ Text string }{"canary"}, "arg", "canary", "value", struct{ Text string }{"canary"},
		"n", 7, "err", errors.New(strings.Repeat("x", 1000)), "stack", strings.Repeat("s", 1000),
		slog.Group("sub", "payload", "canary", "code", "429"), slog.Any("valuer", valuer{[]byte("canary")}))
	got := out.String()
	if strings.Contains(got, "canary") {
		t.Errorf("dropped attributes show up: %s", got)
	}
	for _, want := range []string{"msg=kept", "name=rest", "g.n=7", "g.sub.code=429", "g.stack=" + strings.Repeat("s", 1000)} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is missing from %s", want, got)
		}
	}
	if strings.Contains(got, strings.Repeat("x", longestQuietText+1)) {
		t.Error("a long text was not cut")
	}
}
