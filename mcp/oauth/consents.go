package oauth

import (
	"encoding/base64"
	"fmt"
	"io"
	"sync"
	"time"

	"troupe/entities"
)

const (
	consentLife = 15 * time.Minute
	maxConsents = 1000 // open at once; past it the oldest goes
	maxGuesses  = 5    // of one page
)

// consent is a page that waits for a person's answer.
type consent struct {
	browser   string // the cookie of the browser that opened it
	client    client
	redirect  string
	state     string
	challenge string
	resource  string
	want      entities.ID
	wrong     int
	ends      time.Time
}

// consents are the open pages, by a token that nobody can guess.
type consents struct {
	mu   *sync.Mutex
	open map[string]*consent
}

func newConsents() consents { return consents{mu: &sync.Mutex{}, open: map[string]*consent{}} }

func (c consents) put(token string, of consent, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	oldest := ""
	for name, known := range c.open {
		if !now.Before(known.ends) {
			delete(c.open, name)
		} else if oldest == "" || known.ends.Before(c.open[oldest].ends) {
			oldest = name
		}
	}
	if len(c.open) >= maxConsents {
		delete(c.open, oldest)
	}
	c.open[token] = &of
}

// take takes a page away from everybody else while it is answered.
func (c consents) take(token, browser string, now time.Time) (consent, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	known, ok := c.open[token]
	if !ok || browser == "" || known.browser != browser || !now.Before(known.ends) {
		return consent{}, false
	}
	delete(c.open, token)
	return *known, true
}

func (s *Server) secret() (string, error) {
	buf := make([]byte, 32)
	if _, err := io.ReadFull(s.random, buf); err != nil {
		return "", fmt.Errorf("read random bytes: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(buf), nil
}
