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
	Paused  State = "paused" // by its owner, everywhere
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
	// Description is what people read about it: up to 300 characters.
	Description string
	// Stopped is the operator's kill switch for this entity.
	Stopped bool
}

// PresenceState is what an entity's presence in a guild is.
type PresenceState string

// The states of a presence.
const (
	PresenceRequested PresenceState = "requested" // waits for the guild's admins
	PresenceActive    PresenceState = "active"
	PresenceSuspended PresenceState = "suspended" // until somebody with the power over it ends that, or until [Presence.Until]
)

// Cause is why a presence is suspended.
type Cause string

// The causes of a suspension.
const (
	ByAdmin     Cause = "admin"      // until an admin resumes it
	ByModerator Cause = "moderator"  // for a while
	OwnerLeft   Cause = "owner left" // until an admin resumes it
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
	// Cause and Until belong to a suspension; one without Until lasts until it is ended.
	Cause Cause
	Until *time.Time
	// Name and Avatar replace the entity's own here; "" = its own.
	Name   string
	Avatar string
	// Limits are this presence's own; 0 = the guild's.
	Limits Limits `gorm:"embedded;embeddedPrefix:limit_"`
}

// Limits bound how many lines an entity says. 0 = what applies otherwise.
type Limits struct {
	Minute int
	Hour   int
	Day    int
}

// MentionWord is a word by which people call an entity in one guild, besides its name.
type MentionWord struct {
	EntityID ID           `gorm:"primaryKey"`
	GuildID  snowflake.ID `gorm:"primaryKey;autoIncrement:false"`
	Word     string       `gorm:"primaryKey"`
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
	// Since is the position in the event log from which on what happens there is news.
	Since int64
}

// Departure is what a guild's admins had decided about an entity that is there no more. While it
// stands, the entity comes back only with their approval, and with the limits and capabilities
// that it had: leaving undoes nothing of what they decided.
type Departure struct {
	EntityID ID           `gorm:"primaryKey"`
	GuildID  snowflake.ID `gorm:"primaryKey;autoIncrement:false"`
	At       time.Time
	// NotBefore is when it may be asked for again; nil for at once.
	NotBefore *time.Time
	Limits    Limits `gorm:"embedded;embeddedPrefix:limit_"`
}

// CapabilityRule is an admin's word on one capability of a presence. Without one the
// capability is as it is by default.
type CapabilityRule struct {
	EntityID   ID           `gorm:"primaryKey"`
	GuildID    snowflake.ID `gorm:"primaryKey;autoIncrement:false"`
	Capability Capability   `gorm:"primaryKey"`
	Allowed    bool
}

// Transfer is an entity that its owner has offered to another person.
type Transfer struct {
	EntityID ID `gorm:"primaryKey"`
	FromID   snowflake.ID
	ToID     snowflake.ID
	GuildID  snowflake.ID // where it was offered
	At       time.Time
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

// Creators are who may create entities in a guild.
type Creators string

// Who may create entities besides the admins.
const (
	AdminsCreate   Creators = ""         // nobody else
	RoleCreates    Creators = "role"     // members with one role
	EveryoneCreate Creators = "everyone" // every member
)

// GuildRow is what is decided about a guild, and its settings.
type GuildRow struct {
	ID snowflake.ID `gorm:"primaryKey;autoIncrement:false"`
	// Admitted is the operator's decision; there is none while DecidedBy is "".
	Admitted  bool
	DecidedBy string
	DecidedAt time.Time
	Settings  `gorm:"embedded"`
	// LeftAt is when the bot was removed from the guild; nil while it is there.
	LeftAt *time.Time
}

// TableName keeps the table's name plain.
func (GuildRow) TableName() string { return "guilds" }

// Settings are what a guild's admins decide for the whole guild.
type Settings struct {
	Creators    Creators
	CreatorRole snowflake.ID // for RoleCreates
	// Quota is how many entities a member who is no admin may have here.
	Quota int
	// Approval says that what members create or bring here waits for an admin.
	Approval bool
	// HouseRules are for the entities here; up to 1,000 characters.
	HouseRules string
	// Limits apply to presences without limits of their own; 0 = [UsualLimits].
	Limits Limits `gorm:"embedded;embeddedPrefix:limit_"`
	// LogChannel is where the admins are told what happens; 0 = where Discord itself tells them.
	LogChannel snowflake.ID
	// Stopped is the admins' kill switch: no entity hears or speaks here.
	Stopped bool
}

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

// Count is how many lines an entity said in a channel on one day.
type Count struct {
	Day       string       `gorm:"primaryKey"` // UTC, "2006-01-02"
	EntityID  ID           `gorm:"primaryKey"`
	GuildID   snowflake.ID `gorm:"primaryKey;autoIncrement:false"`
	ChannelID snowflake.ID `gorm:"primaryKey;autoIncrement:false"`
	Lines     int
}
