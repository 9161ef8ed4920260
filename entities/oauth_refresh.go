package entities

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"gorm.io/gorm"
)

// Renewal is what a client brings for new tokens.
type Renewal struct {
	Refresh  string
	ClientID string
	Resource string // "" when the client did not repeat it
}

// Refresh takes a refresh token for new tokens. It is good once; within 30 s the same tokens are
// given again, since answers get lost. A later use means that somebody else has it: the whole
// grant ends.
func (r *Registry) Refresh(ctx context.Context, actor Actor, n Renewal) (Tokens, error) {
	if _, err := r.pass(ctx, actor, actOAuth, ""); err != nil {
		return Tokens{}, err
	}
	if !isToken(n.Refresh, refreshPrefix) {
		return Tokens{}, ErrGrant
	}
	var (
		tokens  Tokens
		refused refusedAfter
	)
	err := r.change(ctx, func(tx *gorm.DB) error {
		token, c, err := readRefresh(tx, n.Refresh)
		now := r.now().UTC()
		switch {
		case err != nil:
			return err
		case c.ClientID != n.ClientID, !r.holds(c.EntityID, c.Generation), !now.Before(token.ExpiresAt):
			return ErrGrant
		case n.Resource != "" && n.Resource != c.Resource:
			return ErrTarget
		case token.SpentAt == nil:
			refused.changed = []string{c.ID}
			tokens, err = r.renew(tx, c, token, n.Refresh, now)
			return err
		case now.Sub(*token.SpentAt) <= refreshGrace:
			tokens, err = again(c, token, n.Refresh, now)
			return err
		}
		refused = refusedAfter{err: ErrGrant, entity: c.EntityID, ended: []string{c.ID}}
		return endGrants(tx, c.ID)
	}, nil)
	return r.granted(tokens, refused, err)
}

func readRefresh(tx *gorm.DB, refresh string) (oauthRefresh, Credential, error) {
	var (
		tokens []oauthRefresh
		found  []Credential
	)
	if err := tx.Where("hash = ?", hashOf(refresh)).Limit(1).Find(&tokens).Error; err != nil {
		return oauthRefresh{}, Credential{}, fmt.Errorf("look up the refresh token: %w", err)
	}
	if len(tokens) == 0 {
		return oauthRefresh{}, Credential{}, ErrGrant
	}
	if err := tx.Where("id = ?", tokens[0].CredentialID).Limit(1).Find(&found).Error; err != nil {
		return oauthRefresh{}, Credential{}, fmt.Errorf("look up the grant: %w", err)
	}
	if len(found) == 0 {
		return oauthRefresh{}, Credential{}, ErrGrant
	}
	return tokens[0], found[0], nil
}

// renew replaces the tokens of a grant.
func (r *Registry) renew(tx *gorm.DB, c Credential, token oauthRefresh, refresh string, now time.Time) (Tokens, error) {
	nonce, err := r.newNonce()
	if err != nil {
		return Tokens{}, err
	}
	next := Tokens{Life: AccessLife, Resource: c.Resource}
	next.Access, next.Refresh = derived(c.ID, refresh, nonce)
	hash := sha256.Sum256([]byte(next.Access))
	spent := tx.Model(&oauthRefresh{}).Where("hash = ? AND spent_at IS NULL", token.Hash).Updates(map[string]any{"spent_at": now, "nonce": nonce})
	switch {
	case spent.Error != nil:
		return Tokens{}, fmt.Errorf("use up the refresh token: %w", spent.Error)
	case spent.RowsAffected != 1:
		return Tokens{}, ErrGrant
	}
	if err := tx.Create(&oauthRefresh{Hash: hashOf(next.Refresh), CredentialID: c.ID, ExpiresAt: now.Add(RefreshLife)}).Error; err != nil {
		return Tokens{}, fmt.Errorf("save the refresh token: %w", err)
	}
	columns := map[string]any{"hash": hash[:], "expires_at": now.Add(AccessLife), "prior_hash": c.Hash, "prior_until": soonest(c.ExpiresAt, now.Add(refreshGrace))}
	if err := tx.Model(&Credential{}).Where("id = ?", c.ID).Updates(columns).Error; err != nil {
		return Tokens{}, fmt.Errorf("save the grant: %w", err)
	}
	return next, nil
}

func soonest(a *time.Time, b time.Time) time.Time {
	if a != nil && a.Before(b) {
		return *a
	}
	return b
}

// again gives the tokens that a spent refresh token gave, while they are the last ones.
func again(c Credential, token oauthRefresh, refresh string, now time.Time) (Tokens, error) {
	access, next := derived(c.ID, refresh, token.Nonce)
	hash := sha256.Sum256([]byte(access))
	if !bytes.Equal(hash[:], c.Hash) || c.ExpiresAt == nil {
		return Tokens{}, ErrGrant
	}
	return Tokens{Access: access, Refresh: next, Life: c.ExpiresAt.Sub(now), Resource: c.Resource}, nil
}

// Revoke ends the grant to which an access or refresh token of a client belongs. A token that is
// not known, or another client's, changes nothing and is no error: RFC 7009.
func (r *Registry) Revoke(ctx context.Context, actor Actor, token, client string) error {
	if _, err := r.pass(ctx, actor, actOAuth, ""); err != nil {
		return err
	}
	var ended Credential
	err := r.change(ctx, func(tx *gorm.DB) error {
		c, err := readGrant(tx, token)
		if err != nil || c.ClientID == "" || c.ClientID != client {
			return err
		}
		ended = c
		return endGrants(tx, c.ID)
	}, nil)
	if err == nil && ended.ID != "" {
		r.grantsEnded(ended.EntityID, ended.ID)
	}
	return err
}

// readGrant finds the grant of a token; the zero one when there is none.
func readGrant(tx *gorm.DB, token string) (Credential, error) {
	if isToken(token, refreshPrefix) {
		_, c, err := readRefresh(tx, token)
		if IsRefusal(err, Unauthenticated) {
			return Credential{}, nil
		}
		return c, err
	}
	var found []Credential
	id, hash := keyID(token), sha256.Sum256([]byte(token))
	if id == "" {
		return Credential{}, nil
	}
	if err := tx.Where("id = ? AND client_id <> ''", id).Limit(1).Find(&found).Error; err != nil {
		return Credential{}, fmt.Errorf("look up the grant: %w", err)
	}
	if len(found) == 0 || (!matches(found[0].Hash, hash[:]) && !matches(found[0].PriorHash, hash[:])) {
		return Credential{}, nil
	}
	return found[0], nil
}
