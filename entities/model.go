package entities

import (
	"time"

	"github.com/disgoorg/snowflake/v2"
)

// ID names an entity: 128 random bits in 26 small letters and digits. It is never reused.
type ID string

// State is what an entity is doing.
type State string

// The states of an entity.
const (
	Active  State = "active"
	Paused  State = "paused"
	Deleted State = "deleted"
)

// Entity is one AI identity.
type Entity struct {
	ID      ID           `gorm:"primaryKey"`
	Name    string       // shown on Discord, 2 to 80 characters
	Persona string       // its rules, for the AI itself; up to 4,000 characters
	Avatar  string       // the hash of its picture; "" without one
	OwnerID snowflake.ID // one Discord user
	State   State
	// Generation counts the credentials' lives: every key carries the generation in which
	// it was made, and only the present one is accepted.
	Generation int
	CreatedAt  time.Time
}

// PresenceState is what an entity's presence in a guild is.
type PresenceState string

// The states of a presence.
const (
	PresenceActive    PresenceState = "active"
	PresenceSuspended PresenceState = "suspended"
)

// Presence is an entity in one guild.
type Presence struct {
	EntityID ID           `gorm:"primaryKey"`
	GuildID  snowflake.ID `gorm:"primaryKey;autoIncrement:false"`
	State    PresenceState
	// Since is the position in the event log at which the presence began: nothing before
	// it is news for the entity here.
	Since     int64
	CreatedAt time.Time
}

// Access is what a channel rule gives.
type Access string

// The accesses of a channel rule. Write includes read.
const (
	Read  Access = "read"
	Write Access = "write"
)

// ChannelRule lets an entity into a channel, or into every channel of a category.
type ChannelRule struct {
	EntityID  ID           `gorm:"primaryKey"`
	GuildID   snowflake.ID `gorm:"primaryKey;autoIncrement:false"`
	ChannelID snowflake.ID `gorm:"primaryKey;autoIncrement:false"`
	Access    Access
}

// Credential is a key of an entity. The secret itself is shown once and never stored.
type Credential struct {
	ID         string `gorm:"primaryKey"` // the key's public part
	EntityID   ID
	Hash       []byte // SHA-256 of the whole key
	Generation int
	// Read is how far this credential's client has read the event log.
	Read       int64
	CreatedAt  time.Time
	LastUsedAt *time.Time
}

// GuildRow is what is decided about a guild.
type GuildRow struct {
	ID        snowflake.ID `gorm:"primaryKey;autoIncrement:false"`
	Admitted  bool
	DecidedBy string
	DecidedAt time.Time
}

// TableName keeps the table's name plain.
func (GuildRow) TableName() string { return "guilds" }

// Picture is an avatar's bytes, found by their hash.
type Picture struct {
	Hash string `gorm:"primaryKey"`
	PNG  []byte
}

// EventKind is what happened.
type EventKind string

// EventMessage is a new message.
const EventMessage EventKind = "message"

// Event is one thing that happened where an entity may read, as ids only: message text is
// never stored.
type Event struct {
	Seq          int64 `gorm:"primaryKey;autoIncrement"`
	Kind         EventKind
	GuildID      snowflake.ID
	ChannelID    snowflake.ID // the channel or thread that the message stands in
	MessageID    snowflake.ID
	AuthorID     snowflake.ID
	AuthorEntity ID // "" unless one of our entities spoke
	At           time.Time
}

// Ownership is the row that makes a message an entity's own.
type Ownership struct {
	MessageID snowflake.ID `gorm:"primaryKey;autoIncrement:false"`
	EntityID  ID
	GuildID   snowflake.ID
	ChannelID snowflake.ID
	At        time.Time
}

// Outcome is how an audited act ended.
type Outcome string

// The outcomes in the audit.
const (
	Done    Outcome = "done"
	Refused Outcome = "refused"
)

// Audit is who did what. It never holds message text.
type Audit struct {
	ID       int64 `gorm:"primaryKey;autoIncrement"`
	At       time.Time
	Actor    string
	Act      string
	EntityID ID
	GuildID  snowflake.ID
	Target   string
	Outcome  Outcome
	Reason   string
}

// TableName keeps the table's name plain.
func (Audit) TableName() string { return "audit" }

// setting is one value of the instance itself.
type setting struct {
	Name  string `gorm:"primaryKey"`
	Value []byte
}
