package relay

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/disgoorg/disgo/rest"
)

// longestQuietText bounds, in bytes, what one attribute of the library may say:
// its errors sometimes hold a whole response body.
const longestQuietText = 300

// loudKeys are attributes of disgo's log lines that hold message text, tokens or
// whole events.
var loudKeys = map[string]bool{
	"arg": true, "body": true, "data": true, "endpoint": true, "event": true, "interaction": true,
	"message": true, "payload": true, "resume_url": true, "rq_body": true, "rs_body": true,
	"session_id": true, "state": true, "url": true, "vars": true,
}

// quietHandler is the handler that quiet returns.
type quietHandler struct{ next slog.Handler }

// quiet wraps a handler for disgo's own logger. disgo prints request and
// response bodies, that is message text and webhook tokens, at debug, and a
// response body even at error: so only warnings and errors pass, attributes
// that may hold such content are dropped, long texts are cut, and a value that
// is neither plain nor an error is reduced to its type. It does not mask: put
// it in front of [Redact].
func quiet(next slog.Handler) slog.Handler { return &quietHandler{next: next} }

// Enabled implements [slog.Handler].
func (q *quietHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && q.next.Enabled(ctx, level)
}

// Handle implements [slog.Handler].
func (q *quietHandler) Handle(ctx context.Context, record slog.Record) error {
	if record.Level < slog.LevelWarn {
		return nil
	}
	calm := slog.NewRecord(record.Time, record.Level, cut(record.Message), record.PC)
	record.Attrs(func(attr slog.Attr) bool {
		calm.AddAttrs(calmed([]slog.Attr{attr})...)
		return true
	})
	return q.next.Handle(ctx, calm)
}

// WithAttrs implements [slog.Handler].
func (q *quietHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &quietHandler{next: q.next.WithAttrs(calmed(attrs))}
}

// WithGroup implements [slog.Handler].
func (q *quietHandler) WithGroup(name string) slog.Handler {
	return &quietHandler{next: q.next.WithGroup(name)}
}

func calmed(attrs []slog.Attr) []slog.Attr {
	var calm []slog.Attr
	for _, attr := range attrs {
		if loudKeys[strings.ToLower(attr.Key)] {
			continue
		}
		value := attr.Value.Resolve()
		switch value.Kind() {
		case slog.KindGroup:
			calm = append(calm, slog.Attr{Key: attr.Key, Value: slog.GroupValue(calmed(value.Group())...)})
		case slog.KindString:
			calm = append(calm, slog.String(attr.Key, calmText(attr.Key, value.String())))
		case slog.KindAny:
			calm = append(calm, slog.String(attr.Key, calmText(attr.Key, describe(value.Any()))))
		default:
			calm = append(calm, slog.Attr{Key: attr.Key, Value: value})
		}
	}
	return calm
}

// calmText cuts a text, except a stack trace, which is long and says nothing
// but names of functions and lines.
func calmText(key, text string) string {
	if key == "stack" {
		return text
	}
	return cut(text)
}

// describe prints errors, Discord's without the body that they quote, and reduces everything
// else to its type.
func describe(value any) string {
	err, ok := value.(error)
	if !ok {
		return fmt.Sprintf("%T", value)
	}
	if refused, ok := errors.AsType[*rest.Error](err); ok && refused.Response != nil {
		return fmt.Sprintf("discord answered %d, code %d", refused.Response.StatusCode, refused.Code)
	}
	return fmt.Sprintf("%v", err)
}

// cut scrubs before it shortens, so that half a token is never left over.
func cut(text string) string {
	text = scrub(text)
	if len(text) <= longestQuietText {
		return text
	}
	return strings.ToValidUTF8(text[:longestQuietText], "") + "…"
}
