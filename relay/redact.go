package relay

import (
	"context"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/url"
	"reflect"
	"regexp"
	"strings"
)

// mask stands wherever a secret stood.
const mask = "(redacted)"

// shortestSecret is the length in bytes below which a known secret is not
// searched for: masking every "a" would make the log useless and hide nothing.
const shortestSecret = 6

// secretShape is a pattern and what replaces it.
type secretShape struct {
	pattern *regexp.Regexp
	with    string
}

// secretShapes are the secrets that are known by their shape alone. Order
// matters: a URL's password goes first, so that no later shape eats its "@".
var secretShapes = []secretShape{
	{regexp.MustCompile(`(://[^\s/:@"'<>]*:)[^\s/@"'<>]+@`), "${1}" + mask + "@"},
	{regexp.MustCompile(`(?i)(/(?:webhooks|interactions)/\d+/)[^\s/?#"'<>\\]+`), "${1}" + mask},
	{regexp.MustCompile(`(?i)((?:%2F)(?:webhooks|interactions)%2F\d+%2F)[^\s/?#"'<>\\%]+`), "${1}" + mask},
	{regexp.MustCompile(`(?i)((?:interaction|webhook)\.token=)[^\s:&"']+`), "${1}" + mask},
	{regexp.MustCompile(`\btroupe_[A-Za-z0-9_-]{8,}`), "troupe_" + mask},
	{regexp.MustCompile(`[\w-]{18,}\.[\w-]{6,8}\.[\w-]{27,}`), mask},
	{regexp.MustCompile(`(?i)(authorization["']?\s*[:=]\s*\[?\s*["']?)(?:(?:bot|bearer|basic)\s+)?[^\s"',()\[\]}]+`), "${1}" + mask},
	{regexp.MustCompile(`(?i)\b(bearer\s+)[A-Za-z0-9._~+/=-]{6,}`), "${1}" + mask},
	{regexp.MustCompile(`\b((?:Bot|BOT|bot)\s+)(?:[A-Za-z0-9_~+/=-]*[0-9][A-Za-z0-9._~+/=-]{5,}|[A-Za-z0-9_~+/=-]{2,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9._~+/=-]+|[A-Za-z0-9_~+/=-]{20,})`), "${1}" + mask},
	{regexp.MustCompile(`(?i)\b((?:password|passwd|secret|token|api_?key|access_token|refresh_token|client_secret)=)[^\s&"',;]+`), "${1}" + mask},
}

// secretKeys are attribute names whose whole value is a secret, whatever it
// looks like.
var secretKeys = map[string]bool{
	"authorization": true, "token": true, "bot_token": true, "webhook_token": true, "interaction_token": true,
	"password": true, "secret": true, "client_secret": true, "api_key": true,
	"access_token": true, "refresh_token": true,
}

// scrub masks in text all that has the shape of a secret: webhook and
// interaction tokens in paths, bot tokens, troupe keys, authorization values and
// passwords in URLs. It does not know the configured secrets; [Redact] does.
func scrub(text string) string {
	for _, shape := range secretShapes {
		text = shape.pattern.ReplaceAllString(text, shape.with)
	}
	return text
}

// scrubbed is an error with a masked text. errors.Is and errors.As still see the
// error below.
type scrubbed struct {
	text string
	err  error
}

func (s scrubbed) Error() string { return s.text }
func (s scrubbed) Unwrap() error { return s.err }

// scrubError gives err a text that went through scrub; nil stays nil. Errors of
// net/http carry the URL and with it a webhook's token.
func scrubError(err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	clean := scrub(text)
	if clean == text {
		return err
	}
	return scrubbed{text: clean, err: err}
}

// redactor is the handler that Redact returns.
type redactor struct {
	next  slog.Handler
	known *strings.Replacer
}

// Redact wraps a handler so that no secret reaches it: each of secrets (also
// base64- and URL-encoded) and everything that scrub knows by shape are masked
// in messages, attribute names and attribute values of every kind. Values that
// are not numbers, booleans, times or durations arrive at next as text. Secrets
// of fewer than 6 bytes are not searched for.
func Redact(next slog.Handler, secrets ...string) slog.Handler {
	var pairs []string
	for _, secret := range secrets {
		if len(secret) < shortestSecret {
			continue
		}
		for _, form := range []string{
			secret, url.QueryEscape(secret), url.PathEscape(secret),
			base64.StdEncoding.EncodeToString([]byte(secret)), base64.RawStdEncoding.EncodeToString([]byte(secret)),
			base64.URLEncoding.EncodeToString([]byte(secret)), base64.RawURLEncoding.EncodeToString([]byte(secret)),
		} {
			pairs = append(pairs, form, mask)
		}
	}
	return &redactor{next: next, known: strings.NewReplacer(pairs...)}
}

// Enabled implements [slog.Handler].
func (r *redactor) Enabled(ctx context.Context, level slog.Level) bool {
	return r.next.Enabled(ctx, level)
}

// Handle implements [slog.Handler].
func (r *redactor) Handle(ctx context.Context, record slog.Record) error {
	clean := slog.NewRecord(record.Time, record.Level, r.text(record.Message), record.PC)
	record.Attrs(func(attr slog.Attr) bool {
		clean.AddAttrs(r.attr(attr))
		return true
	})
	return r.next.Handle(ctx, clean)
}

// WithAttrs implements [slog.Handler].
func (r *redactor) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &redactor{next: r.next.WithAttrs(r.attrs(attrs)), known: r.known}
}

// WithGroup implements [slog.Handler].
func (r *redactor) WithGroup(name string) slog.Handler {
	return &redactor{next: r.next.WithGroup(r.text(name)), known: r.known}
}

func (r *redactor) text(text string) string { return scrub(r.known.Replace(text)) }

func (r *redactor) attrs(attrs []slog.Attr) []slog.Attr {
	clean := make([]slog.Attr, len(attrs))
	for i, attr := range attrs {
		clean[i] = r.attr(attr)
	}
	return clean
}

func (r *redactor) attr(attr slog.Attr) slog.Attr {
	value := attr.Value.Resolve()
	key := r.text(attr.Key)
	if value.Kind() == slog.KindGroup {
		return slog.Attr{Key: key, Value: slog.GroupValue(r.attrs(value.Group())...)}
	}
	text, isText := plain(value)
	switch {
	case secretKeys[strings.ToLower(attr.Key)] && (!isText || text != ""):
		return slog.String(key, mask)
	case isText:
		return slog.String(key, r.text(text))
	default:
		return slog.Attr{Key: key, Value: value}
	}
}

// plain gives the text of a resolved value, and whether it is text at all:
// numbers, booleans, times and durations hold no secret and keep their kind.
func plain(value slog.Value) (string, bool) {
	switch value.Kind() {
	case slog.KindString:
		return value.String(), true
	case slog.KindAny:
		return format(value.Any()), true
	default:
		return "", false
	}
}

// format prints a value as a log would. Bytes are taken as text, because their
// decimal or base64 form would slip past every pattern.
func format(value any) string {
	if _, isError := value.(error); !isError {
		if v := reflect.ValueOf(value); v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8 {
			return string(v.Bytes())
		}
	}
	return fmt.Sprintf("%+v", value)
}
