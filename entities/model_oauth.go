package entities

import (
	"time"

	"github.com/disgoorg/snowflake/v2"
)

// How long what the authorization server gives out is good.
const (
	ConnectLife = 10 * time.Minute    // of a one-time code of /entity connect
	CodeLife    = time.Minute         // of an authorization code
	AccessLife  = 24 * time.Hour      // of an access token
	RefreshLife = 30 * 24 * time.Hour // of a refresh token, from when it was given

	// refreshGrace is how long a spent refresh token gives the same successor again, for clients
	// whose answer was lost; an access token that was replaced is taken for as long.
	refreshGrace = 30 * time.Second
)

// ConnectCode is the one-time code by which a person shows whose an entity is. There is one an
// entity at most.
type ConnectCode struct {
	EntityID   ID     `gorm:"primaryKey"`
	Hash       string // HMAC-SHA256 of the code
	OwnerID    snowflake.ID
	Generation int
	ExpiresAt  time.Time
}

// OAuthClient is a program that registered itself.
type OAuthClient struct {
	ID         string `gorm:"primaryKey"`
	Name       string // as it calls itself: nobody has verified it
	AuthMethod string // at the token endpoint: none, client_secret_post or client_secret_basic
	SecretHash []byte // SHA-256; nil without one
	CreatedAt  time.Time
	UsedAt     *time.Time // when somebody last consented; nil = never
	Redirects  []string   `gorm:"-"`
}

// TableName keeps Go's spelling out of the table's name.
func (OAuthClient) TableName() string { return "oauth_clients" }

type oauthRedirect struct {
	ClientID string `gorm:"primaryKey"`
	URI      string `gorm:"primaryKey"`
}

func (oauthRedirect) TableName() string { return "oauth_redirects" }

// oauthCode is an authorization code. Once it was used, it has the credential that came of it.
type oauthCode struct {
	Hash         string `gorm:"primaryKey"` // SHA-256
	EntityID     ID
	Generation   int
	ClientID     string
	ClientName   string
	RedirectURI  string
	Resource     string
	Challenge    string
	ExpiresAt    time.Time
	CredentialID string
}

func (oauthCode) TableName() string { return "oauth_codes" }

// oauthRefresh is a refresh token. A spent one stays, so that its second use is noticed.
type oauthRefresh struct {
	Hash         string `gorm:"primaryKey"` // SHA-256
	CredentialID string
	ExpiresAt    time.Time
	SpentAt      *time.Time
	// Nonce makes its successor, together with the token itself, which is not kept.
	Nonce []byte
}

func (oauthRefresh) TableName() string { return "oauth_refreshes" }
