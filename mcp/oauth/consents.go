package oauth

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"

	"troupe/entities"
)

const (
	consentLife = 15 * time.Minute
	maxGuesses  = 5      // of one page
	maxAnswered = 20_000 // pages that are remembered as answered
	browserSize = 43     // characters of the cookie
)

// consent is what a page asks a person for.
type consent struct {
	browser   string // the cookie of the browser that opened the page
	client    client
	redirect  string
	state     string
	challenge string
	resource  string
	want      entities.ID
	wrong     int
	ends      time.Time
}

// written is a consent as it stands in its page. Bytes, since JSON would blow up odd text.
type written struct {
	Client, Redirect, State, Challenge, Resource []byte
	Wrong                                        int
	Ends                                         int64
}

// consents seals what an open page is about into the page itself, with a key of this run. So
// nothing is kept of a page, and whoever opens any number of them takes nobody's away. A page is
// sealed to its browser's cookie: it cannot be read, changed or used in another one.
type consents struct {
	seal cipher.AEAD

	mu       sync.Mutex
	answered map[[sha256.Size]byte]struct{}
	order    [][sha256.Size]byte // in which they were answered
	next     int                 // in order, to be forgotten
}

func newConsents(random io.Reader) (*consents, error) {
	key := make([]byte, 32)
	if _, err := io.ReadFull(random, key); err != nil {
		return nil, fmt.Errorf("read random bytes: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("make the key of consent pages: %w", err)
	}
	seal, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("make the key of consent pages: %w", err)
	}
	return &consents{seal: seal, answered: map[[sha256.Size]byte]struct{}{}}, nil
}

// put gives the token of a page.
func (c *consents) put(of consent) (string, error) {
	plain, err := json.Marshal(written{
		Client: []byte(of.client.id), Redirect: []byte(of.redirect), State: []byte(of.state), Challenge: []byte(of.challenge), Resource: []byte(of.resource),
		Wrong: of.wrong, Ends: of.ends.Unix(),
	})
	if err != nil {
		return "", fmt.Errorf("write a consent page down: %w", err)
	}
	sealed := c.seal.Seal(nil, nil, plain, []byte(of.browser)) //nolint:gosec // the nonce is made within
	return base64.RawURLEncoding.EncodeToString(sealed), nil
}

// read gives what a page was about. Of the client it knows the id only.
func (c *consents) read(token, browser string, now time.Time) (consent, bool) {
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(token)
	// Of line breaks the decoder thinks nothing, and a page in two spellings could be answered twice.
	if err != nil || len(browser) != browserSize || base64.RawURLEncoding.EncodeToString(sealed) != token {
		return consent{}, false
	}
	plain, err := c.seal.Open(nil, nil, sealed, []byte(browser))
	if err != nil {
		return consent{}, false
	}
	var w written
	if err := json.Unmarshal(plain, &w); err != nil || now.Unix() >= w.Ends {
		return consent{}, false
	}
	return consent{
		browser: browser, client: client{id: string(w.Client)}, redirect: string(w.Redirect), state: string(w.State),
		challenge: string(w.Challenge), resource: string(w.Resource), wrong: w.Wrong, ends: time.Unix(w.Ends, 0),
	}, true
}

// take uses a page up: it is answered once. Of very many the earliest are forgotten; who answers
// one of those again needs the same browser and another one-time code, as for a new page.
func (c *consents) take(token string) bool {
	sum := sha256.Sum256([]byte(token))
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, answered := c.answered[sum]; answered {
		return false
	}
	c.answered[sum] = struct{}{}
	if len(c.order) < maxAnswered {
		c.order = append(c.order, sum)
		return true
	}
	delete(c.answered, c.order[c.next])
	c.order[c.next] = sum
	c.next = (c.next + 1) % maxAnswered
	return true
}

func (s *Server) secret() (string, error) {
	buf := make([]byte, 32)
	if _, err := io.ReadFull(s.random, buf); err != nil {
		return "", fmt.Errorf("read random bytes: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(buf), nil
}
