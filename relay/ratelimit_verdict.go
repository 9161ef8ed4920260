package relay

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/disgoorg/disgo/rest"
)

// verdictBody is how much of a 401's or 429's body is read, in bytes. Discord's is below 200,
// Cloudflare's page about 5 KiB.
const verdictBody = 64 << 10

// shortestPause keeps a "retry after 0" from being a retry at once.
const shortestPause = 100 * time.Millisecond

// verdict is what an answer says about rate limits.
type verdict struct {
	status     int    // 0 without an answer
	bucket     string // Discord's id; "" when it was not named
	limit      int    // 0 when not told
	remaining  int    // -1 when not told
	resetAfter time.Duration

	// Of a 429:
	retryAfter time.Duration // 0 when not told
	global     bool          // the family's gate
	address    bool          // not from Discord's API at all: Cloudflare counts the address
	shared     bool          // somebody else's use of the resource; does not count as invalid

	// Of a 401:
	tokenRefused bool
}

// judge reads an answer's headers and, of a 401 or 429, its body, which it puts back.
func judge(rs *http.Response, now time.Time) verdict {
	if rs == nil || rs.StatusCode == 0 {
		return verdict{}
	}
	v := verdict{
		status:    rs.StatusCode,
		bucket:    rs.Header.Get("X-RateLimit-Bucket"),
		limit:     max(0, number(rs.Header.Get("X-RateLimit-Limit"), 0)),
		remaining: max(-1, number(rs.Header.Get("X-RateLimit-Remaining"), -1)),
	}
	v.resetAfter = resetAfter(rs.Header, now)
	switch rs.StatusCode {
	case http.StatusTooManyRequests:
		v.judgePause(rs, now)
	case http.StatusUnauthorized:
		v.tokenRefused = refusesToken(peek(rs))
	}
	return v
}

func (v *verdict) judgePause(rs *http.Response, now time.Time) {
	var told struct {
		RetryAfter *float64 `json:"retry_after"`
		Global     bool     `json:"global"`
		Message    *string  `json:"message"`
	}
	err := json.Unmarshal(peek(rs), &told)
	spoken := err == nil && (told.RetryAfter != nil || told.Message != nil)
	scope := rs.Header.Get("X-RateLimit-Scope")
	v.global = rs.Header.Get("X-RateLimit-Global") != "" || scope == "global" || (err == nil && told.Global)
	v.shared = scope == "shared"
	v.address = !spoken && !v.global && !v.shared && v.bucket == ""

	// The JSON has the fraction that the header rounds up.
	switch header := rs.Header.Get("Retry-After"); {
	case err == nil && told.RetryAfter != nil && *told.RetryAfter >= 0:
		v.retryAfter = max(shortestPause, seconds(*told.RetryAfter))
	case header != "":
		v.retryAfter = pauseOf(header, now)
	}
}

// refusesToken tells a refused token from the other 401s, such as the one for a missing second
// factor of the bot's owner (60003): Discord answers code 0 for a bad token.
func refusesToken(body []byte) bool {
	var told struct {
		Code rest.JSONErrorCode `json:"code"`
	}
	if err := json.Unmarshal(body, &told); err != nil {
		return true
	}
	return saysToken(told.Code)
}

func saysToken(code rest.JSONErrorCode) bool {
	switch code {
	case rest.JSONErrorCodeGeneral, rest.JSONErrorCodeUnauthorized, rest.JSONErrorCodeInvalidAuthenticationToken:
		return true
	default:
		return false
	}
}

// resetAfter is when the window ends. Reset-After comes first, because it needs no agreement
// between clocks. Without any header it is a second, lest "0 remaining" would last for ever.
func resetAfter(header http.Header, now time.Time) time.Duration {
	if after, err := strconv.ParseFloat(header.Get("X-RateLimit-Reset-After"), 64); err == nil && after >= 0 {
		return seconds(after)
	}
	if at, err := strconv.ParseFloat(header.Get("X-RateLimit-Reset"), 64); err == nil && at > 0 {
		epoch := float64(now.UnixNano()) / float64(time.Second)
		return seconds(at - epoch)
	}
	return time.Second
}

// pauseOf reads Retry-After: seconds, with or without a fraction, or a date. 0 = unreadable.
func pauseOf(header string, now time.Time) time.Duration {
	if after, err := strconv.ParseFloat(header, 64); err == nil {
		if after < 0 || math.IsNaN(after) {
			return 0
		}
		return max(shortestPause, seconds(after))
	}
	if at, err := http.ParseTime(header); err == nil {
		return min(max(shortestPause, at.Sub(now)), longestWait)
	}
	return 0
}

// seconds converts with the fraction, between 0 and longestWait.
func seconds(s float64) time.Duration {
	switch {
	case math.IsNaN(s) || s <= 0:
		return 0
	case s >= longestWait.Seconds():
		return longestWait
	default:
		return time.Duration(math.Ceil(s * float64(time.Second)))
	}
}

func number(header string, otherwise int) int {
	n, err := strconv.Atoi(header)
	if err != nil {
		return otherwise
	}
	return n
}

// replayed is a body of which the beginning was read and put back. The rest is dropped: who
// comes next must not read without bound what we would not.
type replayed struct {
	io.Reader
	io.Closer
}

// peek reads the body's beginning and puts it back. An error on the way is swallowed: the
// status alone tells what to do.
func peek(rs *http.Response) []byte {
	if rs.Body == nil {
		return nil
	}
	data, _ := io.ReadAll(io.LimitReader(rs.Body, verdictBody))
	rs.Body = replayed{Reader: bytes.NewReader(data), Closer: rs.Body}
	return data
}
