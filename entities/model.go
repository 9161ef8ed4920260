package entities

import (
	"crypto/subtle"
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
	// Filter is what its owner lets it say.
	Filter Filter `gorm:"embedded;embeddedPrefix:filter_"`
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
	// RoleID is a role by which people call it here; 0 for none.
	RoleID snowflake.ID
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

// Credential is a key of an entity, or what an OAuth client was granted. The secret itself is
// shown once and never stored.
type Credential struct {
	ID         string `gorm:"primaryKey"` // the public part of the key, or of the access tokens
	EntityID   ID
	Hash       []byte // SHA-256 of the whole key, or of the last access token
	Generation int
	// Read is from where on this credential's client reads the event log.
	Read       int64
	CreatedAt  time.Time
	LastUsedAt *time.Time
	// The rest is an OAuth client's only.
	ClientID   string
	ClientName string // as it calls itself
	ClientHost string // to which its users are sent back
	Resource   string // the address that it was granted for, as the client gave it
	ExpiresAt  *time.Time
	// PriorHash is of the access token before the last one, which is taken until PriorUntil.
	PriorHash  []byte
	PriorUntil *time.Time
}

// opens says whether the hash of a whole key or token is that of this credential, and is in time.
func (c Credential) opens(hash []byte, now time.Time) bool {
	last, prior := matches(c.Hash, hash), matches(c.PriorHash, hash)
	return last && (c.ExpiresAt == nil || now.Before(*c.ExpiresAt)) || prior && c.PriorUntil != nil && now.Before(*c.PriorUntil)
}

// had says whether the hash is that of this credential, in time or not.
func (c Credential) had(hash []byte) bool {
	last, prior := matches(c.Hash, hash), matches(c.PriorHash, hash)
	return last || prior
}

// matches compares in the same time whatever is stored.
func matches(stored, hash []byte) bool {
	known := len(stored) == len(hash)
	if !known {
		stored = make([]byte, len(hash))
	}
	return subtle.ConstantTimeCompare(hash, stored) == 1 && known
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
	// Filter is what the admins let entities say here.
	Filter Filter `gorm:"embedded;embeddedPrefix:filter_"`
	// Loop bounds how long entities talk without a person; 0 = [UsualLoop].
	Loop Loop `gorm:"embedded;embeddedPrefix:loop_"`
	// OpenDM lets entities here write to members who did not speak to them first.
	OpenDM bool
}

// Picture is an avatar's bytes, found by their hash.
type Picture struct {
	Hash string `gorm:"primaryKey"`
	PNG  []byte
}

// LineState is how far a line has come.
type LineState string

// The states of a line. Those of an end can still change when Discord shows late that it has
// taken a part after all.
const (
	LineQueued  LineState = "queued"  // waits for the channel's turn; Discord has not been asked
	LineSending LineState = "sending" // Discord may have it
	LineSent    LineState = "sent"    // Discord has every part
	LinePartial LineState = "partial" // Discord has some parts; the others were not sent
	LineFailed  LineState = "failed"  // Discord has no part of it
	LineUnknown LineState = "unknown" // Discord never said whether it has it
)

// Line is something that an entity says, in the outbox. What it says is not kept, only a hash
// by which it is known again.
type Line struct {
	ID        int64 `gorm:"primaryKey;autoIncrement"`
	EntityID  ID
	GuildID   snowflake.ID
	ChannelID snowflake.ID // where it was said to: a channel, a thread, or a forum for a new post
	// Key is the client's own name for this call; nil without one. An entity uses each once.
	Key *string
	// Body is a keyed hash of all that the call asked for.
	Body  []byte
	State LineState
	At    time.Time
	// Answered says that whoever said it was told what became of it.
	Answered bool
	// Hash and MessageID are those of its first message, as in [LinePart]. Most lines have no other.
	Hash      []byte
	MessageID snowflake.ID
	// Single says that it is known to be one message.
	Single bool `gorm:"-"`
}

// LinePart is one of the messages that a line becomes, after the first.
type LinePart struct {
	LineID int64 `gorm:"primaryKey;autoIncrement:false"`
	Part   int   `gorm:"primaryKey;autoIncrement:false"` // from 0, which stands in the line itself
	// Hash is a keyed hash of the text, but for how it is spaced.
	Hash []byte
	// MessageID is the message; 0 while Discord has not shown that it has it.
	MessageID snowflake.ID
}

// Reaction is an entity's share in a reaction of the bot's. On Discord all entities that react
// with one emoji to one message have one reaction together.
type Reaction struct {
	MessageID snowflake.ID `gorm:"primaryKey;autoIncrement:false"`
	EntityID  ID           `gorm:"primaryKey"`
	Emoji     string       `gorm:"primaryKey"` // 👍, or the id of a server's own
	GuildID   snowflake.ID
	ChannelID snowflake.ID
	At        time.Time
}

// TermKind is how a filter's term is meant.
type TermKind string

// The kinds of a filter's terms.
const (
	WordTerm    TermKind = "word"    // as a whole word, whatever its case
	PatternTerm TermKind = "pattern" // a regular expression (RE2)
)

// FilterTerm is something that an entity's owner (GuildID 0) or a guild's admins (EntityID "")
// do not let be said.
type FilterTerm struct {
	EntityID ID           `gorm:"primaryKey"`
	GuildID  snowflake.ID `gorm:"primaryKey;autoIncrement:false"`
	Kind     TermKind     `gorm:"primaryKey"`
	Term     string       `gorm:"primaryKey"`
}

// Talk is how entities may talk among themselves in a channel.
type Talk struct {
	ChannelID snowflake.ID `gorm:"primaryKey;autoIncrement:false"`
	GuildID   snowflake.ID
	// Hourly is how many lines an hour they may say there without a person; 0 = the guild's
	// [Loop] holds there.
	Hourly int
	// Since is when a person spoke there last, or a moderator let the entities go on, as far as
	// it counts: nothing before it is a turn among themselves.
	Since time.Time
	// RestsUntil is when they may go on by themselves; nil while they do not rest.
	RestsUntil *time.Time
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
