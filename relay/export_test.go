package relay

import "time"

// ForgetTexts empties the cache, as a restart does.
func (r *Relay) ForgetTexts() { r.cache.clear() }

// SpoilTokens makes every webhook token that is known a wrong one.
func (r *Relay) SpoilTokens() {
	r.webhooks.mu.Lock()
	defer r.webhooks.mu.Unlock()
	for _, m := range r.webhooks.channels {
		m.mu.Lock()
		m.token = "wrong"
		m.mu.Unlock()
	}
}

// Hurry shortens how long lines wait for Discord and for their echo.
func (r *Relay) Hurry(post, echo time.Duration) { r.patience.post, r.patience.echo = post, echo }

// Mouths counts the channels whose webhooks are known.
func (r *Relay) Mouths() int {
	r.webhooks.mu.Lock()
	defer r.webhooks.mu.Unlock()
	return max(len(r.webhooks.channels), len(r.webhooks.ours))
}
