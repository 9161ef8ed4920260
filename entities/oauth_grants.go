package entities

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"net/url"
	"time"

	"gorm.io/gorm"
)

// What the token endpoint refuses, for it to answer with its codes.
var (
	ErrConnectCode = &Refusal{Reason: NotFound, Text: "This code is wrong, was used already, or is older than 10 minutes. /entity connect in Discord gives a new one."}
	ErrGrant       = &Refusal{Reason: Unauthenticated, Text: "This code or token is wrong, was used already, has ended, or is another client's. Connect again."}
	ErrTarget      = &Refusal{Reason: Invalid, Text: "This code or token is for another address."}
)

// mostGrants bounds the OAuth clients of one entity; the oldest goes first.
const mostGrants = 50

// Consent is a person's yes to a client.
type Consent struct {
	Code        string // the one-time code of /entity connect, as it was typed
	Want        ID     // the entity that the client's address names; "" when it names none
	ClientID    string
	ClientName  string
	RedirectURI string
	Resource    string
	Challenge   string // PKCE, S256
}

// Consent takes a one-time code and gives an authorization code for the entity whose owner has
// got it, or [ErrConnectCode].
func (r *Registry) Consent(ctx context.Context, actor Actor, c Consent) (string, error) {
	m, err := r.pass(ctx, actor, actOAuth, "")
	if err != nil {
		return "", err
	}
	now, short := r.now().UTC(), !IsLongCode(c.Code)
	if short && !r.guesses.admit(now) {
		return "", ErrConnectCode
	}
	var shown int64
	if err := r.db.reader.WithContext(ctx).Model(&ConnectCode{}).Where("hash = ?", r.connectHash(c.Code)).Count(&shown).Error; err != nil {
		return "", fmt.Errorf("look up the one-time code: %w", err)
	}
	if shown == 0 {
		return "", ErrConnectCode // and a wrong one holds no other change up
	}
	code, err := r.consent(ctx, m, c, now)
	if err == nil && short {
		r.guesses.right()
	}
	return code, err
}

func (r *Registry) consent(ctx context.Context, m matter, c Consent, now time.Time) (string, error) {
	code, err := r.newToken(codePrefix)
	if err != nil {
		return "", err
	}
	err = r.change(ctx, func(tx *gorm.DB) error {
		shown, err := r.takeConnectCode(tx, c, now)
		if err != nil {
			return err
		}
		row := oauthCode{
			Hash: hashOf(code), EntityID: shown.EntityID, Generation: shown.Generation, ClientID: c.ClientID, ClientName: c.ClientName,
			RedirectURI: c.RedirectURI, Resource: c.Resource, Challenge: c.Challenge, ExpiresAt: now.Add(CodeLife),
		}
		if err := tx.Create(&row).Error; err != nil {
			return fmt.Errorf("save the authorization code: %w", err)
		}
		if err := tx.Model(&OAuthClient{}).Where("id = ?", c.ClientID).Update("used_at", now).Error; err != nil {
			return fmt.Errorf("note the use of a client: %w", err)
		}
		return r.audit(tx, Actor{kind: member, user: shown.OwnerID}, actConnect, shown.EntityID, m.guild, redirectHost(c.RedirectURI))
	}, nil)
	if err != nil {
		return "", err
	}
	return code, nil
}

func (r *Registry) takeConnectCode(tx *gorm.DB, c Consent, now time.Time) (ConnectCode, error) {
	var found []ConnectCode
	if err := tx.Where("hash = ?", r.connectHash(c.Code)).Limit(1).Find(&found).Error; err != nil {
		return ConnectCode{}, fmt.Errorf("look up the one-time code: %w", err)
	}
	if len(found) == 0 {
		return ConnectCode{}, ErrConnectCode
	}
	shown := found[0]
	e := r.roster.entry(shown.EntityID)
	switch {
	case !now.Before(shown.ExpiresAt), c.Want != "" && c.Want != shown.EntityID,
		e == nil, e.State == Deleted, e.OwnerID != shown.OwnerID, e.Generation != shown.Generation:
		return ConnectCode{}, ErrConnectCode
	}
	if err := tx.Delete(&shown).Error; err != nil {
		return ConnectCode{}, fmt.Errorf("use up the one-time code: %w", err)
	}
	return shown, nil
}

func redirectHost(uri string) string {
	if u, err := url.Parse(uri); err == nil {
		return u.Host
	}
	return ""
}

// Exchange is what a client brings for its first tokens.
type Exchange struct {
	Code        string
	ClientID    string
	RedirectURI string // "" when the client did not repeat it
	Verifier    string // PKCE
	Resource    string // "" when the client did not repeat it
}

// refusedAfter is what follows a transaction: a refusal although it is kept, and what was ended.
type refusedAfter struct {
	err    error
	entity ID
	ended  []string
	// changed are the grants of which memory must not keep what it had.
	changed []string
}

// Exchange takes an authorization code, once, for tokens. A second use by the same client with
// everything right ends what came of the first.
func (r *Registry) Exchange(ctx context.Context, actor Actor, x Exchange) (Tokens, error) {
	if _, err := r.pass(ctx, actor, actOAuth, ""); err != nil {
		return Tokens{}, err
	}
	if !isToken(x.Code, codePrefix) {
		return Tokens{}, ErrGrant
	}
	var (
		tokens  Tokens
		refused refusedAfter
	)
	err := r.change(ctx, func(tx *gorm.DB) (err error) {
		code, err := readCode(tx, x)
		switch {
		case err != nil:
			return err
		case code.CredentialID != "":
			refused = refusedAfter{err: ErrGrant, entity: code.EntityID, ended: []string{code.CredentialID}}
			return endGrants(tx, code.CredentialID)
		case !r.now().Before(code.ExpiresAt) || !r.holds(code.EntityID, code.Generation):
			return ErrGrant
		}
		refused.entity = code.EntityID
		if refused.ended, err = dropOldGrants(tx, code.EntityID); err != nil {
			return err
		}
		tokens, err = r.grant(tx, code)
		return err
	}, nil)
	return r.granted(tokens, refused, err)
}

func (r *Registry) granted(tokens Tokens, refused refusedAfter, err error) (Tokens, error) {
	r.credentials.drop(refused.changed...)
	if err == nil {
		r.grantsEnded(refused.entity, refused.ended...)
	}
	switch {
	case err != nil:
		return Tokens{}, err
	case refused.err != nil:
		return Tokens{}, refused.err
	}
	return tokens, nil
}

// readCode finds an authorization code for the client that it was given to.
func readCode(tx *gorm.DB, x Exchange) (oauthCode, error) {
	var found []oauthCode
	if err := tx.Where("hash = ?", hashOf(x.Code)).Limit(1).Find(&found).Error; err != nil {
		return oauthCode{}, fmt.Errorf("look up the authorization code: %w", err)
	}
	if len(found) == 0 {
		return oauthCode{}, ErrGrant
	}
	code := found[0]
	sum := sha256.Sum256([]byte(x.Verifier))
	challenge := base64.RawURLEncoding.EncodeToString(sum[:])
	switch {
	case code.ClientID != x.ClientID, x.RedirectURI != "" && x.RedirectURI != code.RedirectURI,
		subtle.ConstantTimeCompare([]byte(challenge), []byte(code.Challenge)) != 1:
		return oauthCode{}, ErrGrant
	case x.Resource != "" && x.Resource != code.Resource:
		return oauthCode{}, ErrTarget
	}
	return code, nil
}

// holds says whether what was given out in a generation of an entity still does.
func (r *Registry) holds(id ID, generation int) bool {
	e := r.roster.entry(id)
	return e != nil && e.State != Deleted && e.Generation == generation
}

// grant makes the first tokens of a client. It reads on where the entity's other clients are.
func (r *Registry) grant(tx *gorm.DB, code oauthCode) (Tokens, error) {
	id, err := r.randomLetters(keyIDBytes)
	if err != nil {
		return Tokens{}, err
	}
	first, err := r.newToken(refreshPrefix)
	if err != nil {
		return Tokens{}, err
	}
	read, err := readFurthest(tx, code.EntityID)
	if err != nil {
		return Tokens{}, err
	}
	access, refresh := derived(id, first, nil)
	hash, now := sha256.Sum256([]byte(access)), r.now().UTC()
	ends := now.Add(AccessLife)
	row := Credential{
		ID: id, EntityID: code.EntityID, Hash: hash[:], Generation: code.Generation, Read: read.base, CreatedAt: now,
		ClientID: code.ClientID, ClientName: code.ClientName, ClientHost: redirectHost(code.RedirectURI), Resource: code.Resource, ExpiresAt: &ends,
	}
	if err := tx.Create(&row).Error; err != nil {
		return Tokens{}, fmt.Errorf("save the grant: %w", err)
	}
	if err := saveMarks(tx, map[string]markChange{id: {after: read.marks}}); err != nil {
		return Tokens{}, err
	}
	if err := tx.Create(&oauthRefresh{Hash: hashOf(refresh), CredentialID: id, ExpiresAt: now.Add(RefreshLife)}).Error; err != nil {
		return Tokens{}, fmt.Errorf("save the refresh token: %w", err)
	}
	if err := tx.Model(&oauthCode{}).Where("hash = ?", code.Hash).Update("credential_id", id).Error; err != nil {
		return Tokens{}, fmt.Errorf("use up the authorization code: %w", err)
	}
	return Tokens{Access: access, Refresh: refresh, Life: AccessLife, Resource: code.Resource}, nil
}

func dropOldGrants(tx *gorm.DB, id ID) ([]string, error) {
	var old []string
	err := tx.Model(&Credential{}).Where("entity_id = ? AND client_id <> ''", id).Order("created_at DESC, id").Offset(mostGrants-1).Limit(mostGrants).Pluck("id", &old).Error
	if err != nil {
		return nil, fmt.Errorf("read the connections: %w", err)
	}
	return old, endGrants(tx, old...)
}
