package sandbox

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// limit is how many requests a bucket takes in a time.
type limit struct {
	count int
	per   time.Duration
}

// limits by route. Discord documents no numbers; these are what its headers have been
// seen to say. A route that is not here has restLimit.
var limits = map[string]limit{
	"POST /channels/{channel}/messages":                                   {5, 5 * time.Second},
	"PATCH /channels/{channel}/messages/{message}":                        {5, 5 * time.Second},
	"DELETE /channels/{channel}/messages/{message}":                       {5, time.Second},
	"GET /channels/{channel}/messages":                                    {5, time.Second},
	"POST /channels/{channel}/typing":                                     {5, 5 * time.Second},
	"PUT /channels/{channel}/messages/{message}/reactions/{emoji}/@me":    {1, 250 * time.Millisecond},
	"DELETE /channels/{channel}/messages/{message}/reactions/{emoji}/@me": {1, 250 * time.Millisecond},
	"POST /channels/{channel}/webhooks":                                   {5, 2 * time.Second},
	"POST /webhooks/{webhook}/{token}":                                    {5, 2 * time.Second},
	"PATCH /webhooks/{webhook}/{token}/messages/{message}":                {5, 2 * time.Second},
	"DELETE /webhooks/{webhook}/{token}/messages/{message}":               {5, 2 * time.Second},
	"GET /guilds/{guild}/messages/search":                                 {5, 5 * time.Second},
	"POST /users/@me/channels":                                            {10, 10 * time.Second},
}

var (
	restLimit = limit{10, time.Second}
	// globalLimit: reference "Global Rate Limit".
	globalLimit = limit{50, time.Second}
	// hiddenLimit is on webhook messages by channel and shows in no header.
	hiddenLimit = limit{30, time.Minute}
)

// What a 429 says (topics/rate-limits, "Exceeding A Rate Limit").
const (
	tooOften         = "You are being rate limited."
	resourceTooOften = "The resource is being rate limited."
)

func limitOf(pattern string) limit {
	if l, ok := limits[pattern]; ok {
		return l
	}
	return restLimit
}

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
	buckets map[string]*bucket
}

func (r *rates) bucket(key string, l limit) *bucket {
	b := r.buckets[key]
	if b == nil {
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
	who := "ip"
	if c.Header.Get("Authorization") != "" {
		who = "bot"
	}
	c.bucket = r.bucket(c.route.pattern+" "+c.major(), limitOf(c.route.pattern))
	if g := r.bucket("global "+who, globalLimit); !g.take(now) && !r.off {
		return &tooSoon{Message: tooOften, RetryAfter: seconds(g.ends.Sub(now)), Global: true, scope: "global"}
	}
	if !c.bucket.take(now) && !r.off {
		return &tooSoon{Message: tooOften, RetryAfter: seconds(c.bucket.ends.Sub(now)), scope: "user"}
	}
	if c.route.pattern != "POST /webhooks/{webhook}/{token}" || c.id("webhook") == d.state.app.id {
		return nil
	}
	if w := d.state.webhooks[c.id("webhook")]; w != nil {
		if h := r.bucket("hidden "+w.ChannelID.String(), hiddenLimit); !h.take(now) && !r.off {
			return &tooSoon{Message: resourceTooOften, RetryAfter: seconds(h.ends.Sub(now)), scope: "shared"}
		}
	}
	return nil
}

func seconds(t time.Duration) float64 { return math.Round(t.Seconds()*1000) / 1000 }

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
	hash := contentHash([]byte(c.route.pattern))
	h.Set("X-RateLimit-Bucket", hash)
	h.Set("X-RateLimit-Limit", strconv.Itoa(b.limit.count))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(max(0, b.limit.count-b.used)))
	h.Set("X-RateLimit-Reset", fmt.Sprintf("%.3f", float64(b.ends.UnixMilli())/1000))
	h.Set("X-RateLimit-Reset-After", strings.TrimSuffix(fmt.Sprintf("%.3f", left.Seconds()), ".000"))
}
