package entities

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"strings"
	"sync"
	"time"
)

// A key is troupe_ID_SECRETCHECK: a public id of 80 bits, a secret of 256 bits and a CRC-32
// of all before it, in small letters and digits, so that scanners find leaked keys and a
// mistyped one is told from a wrong one without a look into the database.
const (
	keyPrefix    = "troupe_"
	keyIDBytes   = 10
	secretBytes  = 32
	entityIDSize = 16
)

// letters is Crockford's base 32 in small letters: no i, l, o or u.
var letters = base32.NewEncoding(alphabet).WithPadding(base32.NoPadding)

const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"

func (r *Registry) randomLetters(n int) (string, error) {
	buf := make([]byte, n)
	if _, err := io.ReadFull(r.random, buf); err != nil {
		return "", fmt.Errorf("read random bytes: %w", err)
	}
	return letters.EncodeToString(buf), nil
}

// newKey makes a key for an entity's present generation. Only the credential is kept.
func (r *Registry) newKey(entity Entity) (string, Credential, error) {
	id, err := r.randomLetters(keyIDBytes)
	if err != nil {
		return "", Credential{}, err
	}
	secret, err := r.randomLetters(secretBytes)
	if err != nil {
		return "", Credential{}, err
	}
	key := keyPrefix + id + "_" + secret
	key += checksum(key)
	hash := sha256.Sum256([]byte(key))
	return key, Credential{ID: id, EntityID: entity.ID, Hash: hash[:], Generation: entity.Generation, CreatedAt: r.now().UTC()}, nil
}

func checksum(s string) string {
	return letters.EncodeToString(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(s))))
}

// keyID takes a key's public part, or "" when it is not a key that was ever made.
func keyID(key string) string {
	id, secret, ok := strings.Cut(strings.TrimPrefix(key, keyPrefix), "_")
	check := len(checksum(""))
	if !ok || !strings.HasPrefix(key, keyPrefix) || len(id) != letters.EncodedLen(keyIDBytes) || len(secret) != letters.EncodedLen(secretBytes)+check {
		return ""
	}
	body, sum := key[:len(key)-check], key[len(key)-check:]
	// A database need not take any bytes as text.
	if checksum(body) != sum || strings.Trim(id, alphabet) != "" {
		return ""
	}
	return id
}

var errBadKey = &Refusal{Reason: Unauthenticated, Text: "This key is not valid here. The entity's owner gets a new one with /entity key."}

// ErrTokenOver refuses an access token whose time is over, or in whose place there is another. Only
// who was given it hears this: it is no guess, and its client renews it.
var ErrTokenOver = &Refusal{Reason: Unauthenticated, Text: "This token is over. Renew it."}

// Authenticate finds the entity that a key or an OAuth access token belongs to. When want is not
// empty it must be that entity's. Every failure but [ErrTokenOver] is the same refusal and takes the
// same work, so that it tells nothing about what exists.
func (r *Registry) Authenticate(ctx context.Context, key string, want ID) (Actor, error) {
	id := keyID(key)
	credential, err := r.credential(ctx, id)
	if err != nil {
		return Actor{}, err
	}
	hash := sha256.Sum256([]byte(key))
	same := credential.opens(hash[:], r.now())
	actor := Actor{kind: entity, entity: credential.EntityID, credential: credential.ID, generation: credential.Generation, resource: credential.Resource}
	m, err := r.matter(nil, actor, actBe, "")
	if err != nil {
		return Actor{}, err
	}
	had := credential.had(hash[:])
	if !had || id == "" || (want != "" && want != credential.EntityID) || r.judge(m) != nil {
		return Actor{}, errBadKey
	}
	if !same {
		return Actor{}, ErrTokenOver
	}
	r.used(ctx, credential.ID)
	return actor, nil
}

// lasts says whether the grant that an actor came with is still there. Of other credentials the
// entity's generation tells.
func (r *Registry) lasts(ctx context.Context, actor Actor) error {
	if actor.resource == "" {
		return nil
	}
	grant, err := r.credential(ctx, actor.credential)
	switch {
	case err != nil:
		return err
	case grant.ID == "" || (grant.ExpiresAt != nil && !r.now().Before(*grant.ExpiresAt)):
		return errBadKey
	}
	return nil
}

// credential finds a credential; the zero one when there is none. What is remembered of one may
// be old: whether it still holds, its entity's generation says.
func (r *Registry) credential(ctx context.Context, id string) (Credential, error) {
	if id == "" {
		return Credential{}, nil // it was never made: whoever sends many of those asks the database nothing
	}
	if known, ok := r.credentials.get(id); ok {
		return known, nil
	}
	epoch := r.credentials.now()
	var found []Credential
	if err := r.db.reader.WithContext(ctx).Where("id = ?", id).Limit(1).Find(&found).Error; err != nil {
		return Credential{}, fmt.Errorf("look up the credential: %w", err)
	}
	if len(found) == 0 {
		return Credential{}, nil
	}
	r.credentials.put(found[0], epoch)
	return found[0], nil
}

// mostCredentials bounds how many credentials are remembered.
const mostCredentials = 10_000

// credentials are those that were used of late, so that a call costs no query.
type credentials struct {
	mu    sync.RWMutex
	known map[string]Credential // by id
	epoch int                   // counts when something was dropped
}

// now is the epoch, which must be taken before a credential is read that is to be put.
func (c *credentials) now() int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.epoch
}

// drop forgets credentials that have changed or ended, and those that are being read.
func (c *credentials) drop(ids ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.epoch++
	for _, id := range ids {
		delete(c.known, id)
	}
}

func (c *credentials) get(id string) (Credential, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	known, ok := c.known[id]
	return known, ok
}

func (c *credentials) put(used Credential, epoch int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.epoch != epoch {
		return
	}
	if c.known == nil || len(c.known) >= mostCredentials {
		c.known = map[string]Credential{}
	}
	c.known[used.ID] = used
}

// usesEvery is how often a credential's last use is written down.
const usesEvery = time.Minute

// uses gathers when credentials were last used, so that a busy client costs one row a minute.
type uses struct {
	mu      sync.Mutex
	written map[string]time.Time
}

// forget drops credentials that were not used lately; they are written down again when they are.
func (u *uses) forget(now time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	maps.DeleteFunc(u.written, func(_ string, at time.Time) bool { return now.Sub(at) >= usesEvery })
}

func (r *Registry) used(ctx context.Context, credential string) {
	now := r.now().UTC()
	r.uses.mu.Lock()
	due := now.Sub(r.uses.written[credential]) >= usesEvery
	if due {
		r.uses.written[credential] = now
	}
	r.uses.mu.Unlock()
	if !due {
		return
	}
	err := r.db.writer.WithContext(context.WithoutCancel(ctx)).Model(&Credential{}).Where("id = ?", credential).Update("last_used_at", now).Error
	if err != nil {
		r.log.Error("note the use of a credential", "err", err)
	}
}
