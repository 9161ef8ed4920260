package entities

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// connectBytes are those of a one-time code: 8 letters and digits. While many are guessed, new
// ones have the bytes of longConnect: 16 letters and digits, which nobody guesses.
const (
	connectBytes = 5
	longConnect  = 10
)

// ConnectCode makes the one-time code with which an entity's owner connects an OAuth client: 8
// letters and digits that are not mistaken for each other, or 16 while somebody guesses codes. It
// is good once, for [ConnectLife]; an earlier one ends.
func (r *Registry) ConnectCode(ctx context.Context, actor Actor, id ID) (string, error) {
	m, err := r.pass(ctx, actor, actConnect, id)
	if err != nil {
		return "", err
	}
	size := connectBytes
	if r.guesses.many(r.now()) {
		size = longConnect
	}
	code, err := r.randomLetters(size)
	if err != nil {
		return "", err
	}
	code = strings.ToUpper(code)
	err = r.alter(ctx, m, id, func(tx *gorm.DB, m matter) (string, error) {
		row := ConnectCode{
			EntityID: id, Hash: r.connectHash(code), OwnerID: m.entry.OwnerID, Generation: m.entry.Generation, ExpiresAt: r.now().UTC().Add(ConnectLife),
		}
		if err := tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error; err != nil {
			return "", fmt.Errorf("save the one-time code: %w", err)
		}
		return "", nil
	})
	if err != nil {
		return "", err
	}
	return code, nil
}

// connectHash is a one-time code as it is kept. Letters that people mistake are read as what
// was meant.
func (r *Registry) connectHash(code string) string {
	mac := hmac.New(sha256.New, r.cursorKey)
	mac.Write([]byte("connect " + plainCode(code)))
	return hex.EncodeToString(mac.Sum(nil))
}

func plainCode(typed string) string {
	return strings.NewReplacer("-", "", " ", "", "o", "0", "i", "1", "l", "1").Replace(strings.ToLower(typed))
}

// IsLongCode says whether what was typed has the length of the one-time codes that are given out
// while others are guessed: with 80 bits, it need not be counted how often they are tried.
func IsLongCode(typed string) bool { return len(plainCode(typed)) == letters.EncodedLen(longConnect) }

// Connection is an OAuth client that may be an entity.
type Connection struct {
	ID         string // of the credential; no secret
	Client     string // as it calls itself
	Host       string // to which its users are sent back
	Since      time.Time
	LastUsedAt *time.Time
}

// Connections are the OAuth clients that are connected to an entity, oldest first.
func (r *Registry) Connections(ctx context.Context, actor Actor, id ID) ([]Connection, error) {
	if _, err := r.pass(ctx, actor, actConnect, id); err != nil {
		return nil, err
	}
	var rows []Credential
	err := r.db.reader.WithContext(ctx).Where("entity_id = ? AND client_id <> ''", id).Order("created_at").Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read the connections: %w", err)
	}
	found := make([]Connection, 0, len(rows))
	for _, row := range rows {
		found = append(found, Connection{ID: row.ID, Client: row.ClientName, Host: row.ClientHost, Since: row.CreatedAt, LastUsedAt: row.LastUsedAt})
	}
	return found, nil
}

// Disconnect ends OAuth clients' access to an entity at once: that of one connection, or of all
// when connection is "". With it end the authorization codes that the same clients have not
// redeemed; with all, the one-time code too, which an open consent page may be waiting for. The
// entity's key stays.
func (r *Registry) Disconnect(ctx context.Context, actor Actor, id ID, connection string) error {
	m, err := r.pass(ctx, actor, actConnect, id)
	if err != nil {
		return err
	}
	var ended []string
	err = r.alter(ctx, m, id, func(tx *gorm.DB, _ matter) (string, error) {
		query := tx.Where("entity_id = ? AND client_id <> ''", id)
		if connection != "" {
			query = query.Where("id = ?", connection)
		}
		var grants []Credential
		if err := query.Find(&grants).Error; err != nil {
			return "", fmt.Errorf("read the connections: %w", err)
		}
		waiting, err := endWaiting(tx, id, connection, grants)
		if err != nil {
			return "", err
		}
		if len(grants) == 0 && waiting == 0 {
			return "", Refuse(NotFound, "This is not connected any more.")
		}
		for _, grant := range grants {
			ended = append(ended, grant.ID)
		}
		return "disconnected", endGrants(tx, ended...)
	})
	if err == nil {
		r.grantsEnded(id, ended...)
	}
	return err
}

// endWaiting ends what could still become a connection of an entity, and counts it: all of it, or
// the codes of the clients of one connection.
func endWaiting(tx *gorm.DB, id ID, connection string, grants []Credential) (int64, error) {
	codes := tx.Where("entity_id = ? AND credential_id = ''", id)
	if connection != "" {
		if len(grants) == 0 {
			return 0, nil
		}
		codes = codes.Where("client_id = ?", grants[0].ClientID)
	}
	ended := codes.Delete(&oauthCode{})
	if ended.Error != nil {
		return 0, fmt.Errorf("end the authorization codes: %w", ended.Error)
	}
	if connection != "" {
		return ended.RowsAffected, nil
	}
	shown := tx.Where("entity_id = ?", id).Delete(&ConnectCode{})
	if shown.Error != nil {
		return 0, fmt.Errorf("end the one-time code: %w", shown.Error)
	}
	return ended.RowsAffected + shown.RowsAffected, nil
}

// endGrants deletes grants with all that came of them.
func endGrants(tx *gorm.DB, ids ...string) error {
	for batch := range slices.Chunk(ids, 100) {
		if err := tx.Where("credential_id IN ?", batch).Delete(&oauthRefresh{}).Error; err != nil {
			return fmt.Errorf("end the refresh tokens: %w", err)
		}
		if err := tx.Where("credential_id IN ?", batch).Delete(&ReadMark{}).Error; err != nil {
			return fmt.Errorf("end the read marks: %w", err)
		}
		if err := tx.Where("id IN ?", batch).Delete(&Credential{}).Error; err != nil {
			return fmt.Errorf("end the grants: %w", err)
		}
	}
	return nil
}

// grantsEnded forgets ended grants and ends what they opened.
func (r *Registry) grantsEnded(id ID, ended ...string) {
	if len(ended) == 0 {
		return
	}
	r.credentials.drop(ended...)
	r.ended.call(Ended{Entity: id, Credentials: ended})
}

// forgetOAuth deletes what the authorization server needs no more.
func forgetOAuth(tx *gorm.DB, now time.Time) error {
	if err := tx.Where("expires_at < ?", now).Delete(&ConnectCode{}).Error; err != nil {
		return fmt.Errorf("forget old one-time codes: %w", err)
	}
	if err := tx.Where("expires_at < ?", now.Add(-ConnectLife)).Delete(&oauthCode{}).Error; err != nil {
		return fmt.Errorf("forget old authorization codes: %w", err)
	}
	if err := tx.Where("expires_at < ?", now).Delete(&oauthRefresh{}).Error; err != nil {
		return fmt.Errorf("forget old refresh tokens: %w", err)
	}
	if err := tx.Exec("DELETE FROM oauth_refreshes WHERE credential_id NOT IN (SELECT id FROM credentials)").Error; err != nil {
		return fmt.Errorf("forget the refresh tokens of ended grants: %w", err)
	}
	err := tx.Where("client_id <> '' AND expires_at < ? AND id NOT IN (SELECT credential_id FROM oauth_refreshes)", now).Delete(&Credential{}).Error
	if err != nil {
		return fmt.Errorf("forget grants that nobody renewed: %w", err)
	}
	return forgetClients(tx, now)
}
