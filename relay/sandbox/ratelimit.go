package sandbox

import (
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// bucket counts the requests of one window.
type bucket struct {
	limit limit
	used  int
	ends  time.Time
}

// take counts one request; it is refused when the window is full. A new window begins
// with the first request after the old one's end.
func (b *bucket) take(now time.Time) bool {
	if !now.Before(b.ends) {
		b.used, b.ends = 0, now.Add(b.limit.per)
	}
	if b.used >= b.limit.count {
		return false
	}
	b.used++
	return true
}

// rates are all buckets. Discord.mu guards them.
type rates struct {
	off     bool
	pace    float64 // Config.Pace
	buckets map[string]*bucket
}

func (r *rates) bucket(key string, l limit) *bucket {
	b := r.buckets[key]
	if b == nil {
		l.per = time.Duration(float64(l.per) / r.pace)
		b = &bucket{limit: l}
		r.buckets[key] = b
	}
	return b
}

// tooSoon is an answer 429.
type tooSoon struct {
	Message    string  `json:"message"`
	RetryAfter float64 `json:"retry_after"`
	Global     bool    `json:"global"`
	Code       int     `json:"code,omitempty"`
	scope      string
}

func (t *tooSoon) Error() string { return t.Message }

// LimitRates switches the enforcement of rate limits on or off; headers are sent always.
func (d *Discord) LimitRates(on bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.state.rates.off = !on
}

// admit counts a call against the global limit, its route's and the hidden one. It notes
// the bucket whose headers the answer carries. Callers hold Discord.mu.
func (d *Discord) admit(c *call) error {
	r, now := &d.state.rates, d.now()
	if c.route.unlimited {
		return nil
	}
	c.bucket = r.bucket(c.route.counter()+" "+c.major(), limitOf(c.route.pattern))
	followup := c.route.auth == tokenAuth && c.id("webhook") == d.state.app.id
	if !followup { // interaction endpoints are not bound to the global limit
		if g := r.bucket("global "+c.caller(), globalLimit); !g.take(now) && !r.off {
			return &tooSoon{Message: tooOften, RetryAfter: seconds(g.ends.Sub(now)), Global: true, scope: "global"}
		}
	}
	if !c.bucket.take(now) && !r.off {
		return &tooSoon{Message: tooOften, RetryAfter: seconds(c.bucket.ends.Sub(now)), scope: "user"}
	}
	if c.route.pattern != "POST /webhooks/{webhook}/{token}" || followup {
		return nil
	}
	if w := d.state.webhooks[c.id("webhook")]; w != nil {
		if h := r.bucket("hidden "+w.ChannelID.String(), hiddenLimit); !h.take(now) && !r.off {
			return &tooSoon{Message: resourceTooOften, RetryAfter: seconds(h.ends.Sub(now)), scope: "shared"}
		}
	}
	return nil
}

// caller is whom the global limit counts: the bot, or an address when the request has no
// Authorization (topics/rate-limits, "Global Rate Limit").
func (c *call) caller() string {
	if c.Header.Get("Authorization") != "" {
		return "bot"
	}
	host, _, err := net.SplitHostPort(c.RemoteAddr)
	if err != nil {
		return c.RemoteAddr
	}
	return host
}

// seconds is a wait in seconds, to the next full millisecond: who waits so long has waited enough.
func seconds(t time.Duration) float64 {
	return float64((t+time.Millisecond-1)/time.Millisecond) / 1000
}

// major is the part of a path that tells buckets apart (rate-limits: top-level resources).
func (c *call) major() string {
	for _, name := range []string{"channel", "guild", "webhook"} {
		if value := c.PathValue(name); value != "" {
			if name == "webhook" {
				return value + "/" + c.PathValue("token")
			}
			return value
		}
	}
	return ""
}

// mark writes the rate limit headers of an answer.
func (d *Discord) mark(h http.Header, c *call, err error) {
	h.Set("Via", "1.1 google")
	if late, ok := errors.AsType[*tooSoon](err); ok {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(late.RetryAfter))))
		h.Set("X-RateLimit-Scope", late.scope)
		if late.Global {
			h.Set("X-RateLimit-Global", "true")
			return
		}
	}
	if c.bucket == nil {
		return
	}
	b := *c.bucket
	left := max(0, b.ends.Sub(d.now()))
	h.Set("X-RateLimit-Bucket", c.route.hash())
	h.Set("X-RateLimit-Limit", strconv.Itoa(b.limit.count))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(max(0, b.limit.count-b.used)))
	h.Set("X-RateLimit-Reset", fmt.Sprintf("%.3f", float64(b.ends.UnixMilli())/1000))
	h.Set("X-RateLimit-Reset-After", strings.TrimSuffix(fmt.Sprintf("%.3f", seconds(left)), ".000"))
}
