package entities

import (
	"fmt"
	"time"

	"gorm.io/gorm"
)

// What step 0005 added, as it was then.
type (
	fifthCredential struct {
		ClientID   string `gorm:"not null;default:''"`
		ClientName string `gorm:"not null;default:''"`
		ClientHost string `gorm:"not null;default:''"`
		Resource   string `gorm:"not null;default:''"`
		ExpiresAt  *time.Time
		PriorHash  []byte
		PriorUntil *time.Time
	}
	fifthConnectCode struct {
		EntityID   string    `gorm:"primaryKey"`
		Hash       string    `gorm:"not null;uniqueIndex:idx_connect_codes_hash"`
		OwnerID    int64     `gorm:"not null"`
		Generation int       `gorm:"not null"`
		ExpiresAt  time.Time `gorm:"not null"`
	}
	fifthClient struct {
		ID         string `gorm:"primaryKey"`
		Name       string `gorm:"not null"`
		AuthMethod string `gorm:"not null"`
		SecretHash []byte
		CreatedAt  time.Time  `gorm:"not null"`
		UsedAt     *time.Time `gorm:"index:idx_oauth_clients_used"`
	}
	fifthRedirect struct {
		ClientID string `gorm:"primaryKey"`
		URI      string `gorm:"primaryKey"`
	}
	fifthCode struct {
		Hash         string    `gorm:"primaryKey"`
		EntityID     string    `gorm:"not null"`
		Generation   int       `gorm:"not null"`
		ClientID     string    `gorm:"not null"`
		ClientName   string    `gorm:"not null"`
		RedirectURI  string    `gorm:"not null"`
		Resource     string    `gorm:"not null"`
		Challenge    string    `gorm:"not null"`
		ExpiresAt    time.Time `gorm:"not null;index:idx_oauth_codes_expires"`
		CredentialID string    `gorm:"not null;default:''"`
	}
	fifthRefresh struct {
		Hash         string    `gorm:"primaryKey"`
		CredentialID string    `gorm:"not null;index:idx_oauth_refreshes_credential"`
		ExpiresAt    time.Time `gorm:"not null;index:idx_oauth_refreshes_expires"`
		SpentAt      *time.Time
		Nonce        []byte
	}
)

// addOAuth adds what the authorization server keeps.
func addOAuth(tx *gorm.DB) error {
	for _, column := range []string{"ClientID", "ClientName", "ClientHost", "Resource", "ExpiresAt", "PriorHash", "PriorUntil"} {
		if err := tx.Table("credentials").Migrator().AddColumn(&fifthCredential{}, column); err != nil {
			return fmt.Errorf("add %s to table credentials: %w", column, err)
		}
	}
	for _, created := range []struct {
		table string
		model any
	}{
		{"connect_codes", &fifthConnectCode{}},
		{"oauth_clients", &fifthClient{}},
		{"oauth_redirects", &fifthRedirect{}},
		{"oauth_codes", &fifthCode{}},
		{"oauth_refreshes", &fifthRefresh{}},
	} {
		if err := tx.Table(created.table).Migrator().CreateTable(created.model); err != nil {
			return fmt.Errorf("create table %s: %w", created.table, err)
		}
	}
	return nil
}
