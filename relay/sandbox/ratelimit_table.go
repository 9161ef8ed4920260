package sandbox

import "time"

// limit is how many requests a bucket takes in a time.
type limit struct {
	count int
	per   time.Duration
}

// limits by route. Discord documents no numbers; these are what its headers have been
// seen to say. A route that is not here has restLimit.
var limits = map[string]limit{
	"POST /channels/{channel}/messages":                                      {5, 5 * time.Second},
	"PATCH /channels/{channel}/messages/{message}":                           {5, 5 * time.Second},
	"DELETE /channels/{channel}/messages/{message}":                          {5, time.Second},
	"GET /channels/{channel}/messages":                                       {5, time.Second},
	"POST /channels/{channel}/typing":                                        {5, 5 * time.Second},
	"PUT /channels/{channel}/messages/{message}/reactions/{emoji}/@me":       {1, 250 * time.Millisecond},
	"DELETE /channels/{channel}/messages/{message}/reactions/{emoji}/@me":    {1, 250 * time.Millisecond},
	"DELETE /channels/{channel}/messages/{message}/reactions/{emoji}/{user}": {1, 250 * time.Millisecond},
	"DELETE /channels/{channel}/messages/{message}/reactions":                {1, 250 * time.Millisecond},
	"POST /channels/{channel}/webhooks":                                      {5, 2 * time.Second},
	"POST /webhooks/{webhook}/{token}":                                       {5, 2 * time.Second},
	"PATCH /webhooks/{webhook}/{token}/messages/{message}":                   {5, 2 * time.Second},
	"DELETE /webhooks/{webhook}/{token}/messages/{message}":                  {5, 2 * time.Second},
	"GET /guilds/{guild}/messages/search":                                    {5, 5 * time.Second},
	"POST /users/@me/channels":                                               {10, 10 * time.Second},
}

var (
	restLimit = limit{10, time.Second}
	// globalLimit: reference "Global Rate Limit".
	globalLimit = limit{50, time.Second}
	// hiddenLimit is on webhook messages by channel, whichever of its webhooks sends them
	// (discord-api-docs #367 by Discord's staff, #1454: waits of 40 to 45 seconds). No header
	// tells of it: its 429 has scope shared, the normal headers go on describing the
	// webhook's own bucket, and Retry-After overrides them (#4043 by Discord's staff).
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

const (
	sendRoute = "POST /channels/{channel}/messages"
	messageAt = " /channels/{channel}/messages/{message}"
)

// counters are routes that count as one, with the same X-RateLimit-Bucket: adding and
// taking away reactions (discord-api-docs #981, "intended" says Discord). Any other route
// counts alone.
var counters = map[string]string{
	"PUT" + messageAt + "/reactions/{emoji}/@me":       "reactions",
	"DELETE" + messageAt + "/reactions/{emoji}/@me":    "reactions",
	"DELETE" + messageAt + "/reactions/{emoji}/{user}": "reactions",
	"DELETE" + messageAt + "/reactions":                "reactions",
}

// alike are routes that count alone and yet name the same X-RateLimit-Bucket (seen in
// discord-api-docs #1442 and #8073): who knows a bucket by that header alone takes one
// route's count for the other's.
var alike = map[string]string{
	sendRoute: "messages", "PATCH" + messageAt: "messages", "DELETE" + messageAt: "messages",
}

// counter is what a route counts as.
func (r *route) counter() string {
	if name, ok := counters[r.pattern]; ok {
		return name
	}
	return r.pattern
}

// hash is X-RateLimit-Bucket: of the route without its top-level resource (topics/rate-limits),
// so that all webhooks have the same (discord-api-docs #6753).
func (r *route) hash() string {
	if name, ok := alike[r.pattern]; ok {
		return contentHash([]byte(name))
	}
	return contentHash([]byte(r.counter()))
}
