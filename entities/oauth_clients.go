package entities

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"time"

	"gorm.io/gorm"
)

// Bounds of what registers itself.
const (
	MaxRedirects = 10 // of one client

	maxUnusedClients = 1000
	unusedLife       = time.Hour
)

// errNoClient says that a client is not registered, or not any more, or is another one.
var errNoClient = &Refusal{Reason: Unauthenticated, Text: "This client is not known here. Register it anew."}

// NewClient is what a program says of itself when it registers.
type NewClient struct {
	Name       string
	AuthMethod string // "none", "client_secret_post" or "client_secret_basic"
	Redirects  []string
}

// RegisterClient keeps a client and gives it an id, and a secret unless it is a public one.
// Clients to which nobody ever consented expire within an hour, and there are at most 1,000 of
// them: the oldest goes first.
func (r *Registry) RegisterClient(ctx context.Context, actor Actor, n NewClient) (client OAuthClient, secret string, err error) {
	if _, err := r.pass(ctx, actor, actOAuth, ""); err != nil {
		return OAuthClient{}, "", err
	}
	id, err := r.randomLetters(entityIDSize)
	if err != nil {
		return OAuthClient{}, "", err
	}
	client = OAuthClient{ID: id, Name: n.Name, AuthMethod: n.AuthMethod, CreatedAt: r.now().UTC(), Redirects: n.Redirects}
	if n.AuthMethod != "none" {
		if secret, err = r.newToken(clientPrefix); err != nil {
			return OAuthClient{}, "", err
		}
		hash := sha256.Sum256([]byte(secret))
		client.SecretHash = hash[:]
	}
	rows := make([]oauthRedirect, 0, len(n.Redirects))
	for _, uri := range n.Redirects {
		rows = append(rows, oauthRedirect{ClientID: id, URI: uri})
	}
	err = r.change(ctx, func(tx *gorm.DB) error {
		if err := makeRoom(tx, client.CreatedAt); err != nil {
			return err
		}
		if err := tx.Create(&client).Error; err != nil {
			return fmt.Errorf("save the client: %w", err)
		}
		if err := tx.Create(&rows).Error; err != nil {
			return fmt.Errorf("save the client's redirects: %w", err)
		}
		return nil
	}, nil)
	if err != nil {
		return OAuthClient{}, "", err
	}
	return client, secret, nil
}

// makeRoom deletes clients that nobody consented to, so that there is room for one more.
func makeRoom(tx *gorm.DB, now time.Time) error {
	var old []string
	err := tx.Model(&OAuthClient{}).Where("used_at IS NULL AND created_at < ?", now.Add(-unusedLife)).Limit(100).Pluck("id", &old).Error
	if err != nil {
		return fmt.Errorf("find clients that expired: %w", err)
	}
	if err := dropClients(tx, old); err != nil {
		return err
	}
	old = nil
	unused := tx.Model(&OAuthClient{}).Where("used_at IS NULL").Order("created_at DESC, id").Offset(maxUnusedClients - 1).Limit(100)
	if err := unused.Pluck("id", &old).Error; err != nil {
		return fmt.Errorf("find clients that are too many: %w", err)
	}
	return dropClients(tx, old)
}

// forgetClients deletes all clients that expired, and those that nobody has used for long.
func forgetClients(tx *gorm.DB, now time.Time) error {
	var old []string
	err := tx.Model(&OAuthClient{}).Where("used_at IS NULL AND created_at < ?", now.Add(-unusedLife)).
		Or("used_at < ? AND id NOT IN (SELECT client_id FROM credentials)", now.Add(-RefreshLife)).Limit(1000).Pluck("id", &old).Error
	if err != nil {
		return fmt.Errorf("find clients that expired: %w", err)
	}
	return dropClients(tx, old)
}

func dropClients(tx *gorm.DB, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	if err := tx.Where("client_id IN ?", ids).Delete(&oauthRedirect{}).Error; err != nil {
		return fmt.Errorf("forget clients' redirects: %w", err)
	}
	if err := tx.Where("id IN ?", ids).Delete(&OAuthClient{}).Error; err != nil {
		return fmt.Errorf("forget clients: %w", err)
	}
	return nil
}

// Client finds a client that registered itself.
func (r *Registry) Client(ctx context.Context, actor Actor, id string) (OAuthClient, error) {
	if _, err := r.pass(ctx, actor, actOAuth, ""); err != nil {
		return OAuthClient{}, err
	}
	if len(id) != letters.EncodedLen(entityIDSize) || !inAlphabet(id) {
		return OAuthClient{}, errNoClient
	}
	var found []OAuthClient
	db := r.db.reader.WithContext(ctx)
	if err := db.Where("id = ?", id).Limit(1).Find(&found).Error; err != nil {
		return OAuthClient{}, fmt.Errorf("look up the client: %w", err)
	}
	if len(found) == 0 || (found[0].UsedAt == nil && r.now().Sub(found[0].CreatedAt) >= unusedLife) {
		return OAuthClient{}, errNoClient
	}
	if err := db.Model(&oauthRedirect{}).Where("client_id = ?", id).Order("uri").Pluck("uri", &found[0].Redirects).Error; err != nil {
		return OAuthClient{}, fmt.Errorf("read the client's redirects: %w", err)
	}
	return found[0], nil
}

// Proves says whether a secret is the client's. A public client has none and gives none.
func (c OAuthClient) Proves(secret string) bool {
	if c.AuthMethod == "none" {
		return secret == ""
	}
	hash := sha256.Sum256([]byte(secret))
	return subtle.ConstantTimeCompare(hash[:], c.SecretHash) == 1
}
