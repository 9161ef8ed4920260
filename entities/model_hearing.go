package entities

import (
	"time"

	"github.com/disgoorg/snowflake/v2"
)

// EventKind is what happened.
type EventKind string

// What the event log tells.
const (
	EventMessage  EventKind = "message"
	EventEdit     EventKind = "edit"     // of a message that the log has
	EventDelete   EventKind = "delete"   // of a message that the log has
	EventReaction EventKind = "reaction" // on a line of the entity that it is for
	EventDM       EventKind = "dm"       // a person's direct message to the entity that it is for
	EventGap      EventKind = "gap"      // messages after MessageID up to UntilID are not in the log
)

// Event is one thing that happened where an entity may read, as ids only: message text is
// never stored.
type Event struct {
	Seq          int64 `gorm:"primaryKey;autoIncrement"`
	Kind         EventKind
	GuildID      snowflake.ID // 0 for direct messages
	ChannelID    snowflake.ID // the channel or thread that the message stands in
	MessageID    snowflake.ID
	AuthorID     snowflake.ID // who spoke, edited or reacted; 0 for a deletion or a gap
	AuthorEntity ID           // "" unless one of our entities spoke
	At           time.Time
	// EntityID is the only entity that it is for; "" = all that may hear the channel.
	EntityID ID
	Emoji    string       // of a reaction: 👍, or name:id for a server's own
	UntilID  snowflake.ID // of a gap
}

// AddressReason is why an event addresses an entity.
type AddressReason string

// The reasons, in the order in which the first that holds is taken.
const (
	ByDM      AddressReason = "dm"
	ByReply   AddressReason = "reply"   // to a line of its own, by a person
	ByMention AddressReason = "mention" // of its name or one of its words
	ByRole    AddressReason = "role"    // of the role that calls it
)

// Address says that an event addresses an entity.
type Address struct {
	EntityID ID    `gorm:"primaryKey"`
	Seq      int64 `gorm:"primaryKey;autoIncrement:false"`
	Reason   AddressReason
}

// ReadMark is how far a credential's client has read one scope of the event log, as [Reading] has
// it. What is before [Credential.Read] it has read in any case.
type ReadMark struct {
	CredentialID string `gorm:"primaryKey"`
	Scope        Scope  `gorm:"primaryKey;autoIncrement:false"`
	// GuildID is a guild in which it is behind; 0 for everywhere else.
	GuildID      snowflake.ID `gorm:"primaryKey;autoIncrement:false"`
	Position     int64
	ChangedFrom  int64
	ChangedUntil int64
}

// Watermark is the newest message of a channel that is settled, where the event log has none
// that is newer: what comes after both was missed.
type Watermark struct {
	ChannelID snowflake.ID `gorm:"primaryKey;autoIncrement:false"`
	GuildID   snowflake.ID
	MessageID snowflake.ID
}

// Privacy is what a person decided about themselves, everywhere.
type Privacy struct {
	UserID snowflake.ID `gorm:"primaryKey;autoIncrement:false"`
	// Hidden: no entity is shown what they say on servers, live, in history or in a search.
	Hidden     bool
	NoDM       bool // no entity may write to them
	NoMentions bool // no entity may mention them
}

// DM is a person's channel of direct messages with the bot.
type DM struct {
	UserID    snowflake.ID `gorm:"primaryKey;autoIncrement:false"`
	ChannelID snowflake.ID
	// MessageID is the newest of the person's messages that was routed or set waiting.
	MessageID snowflake.ID
	// PartnerID is whom the person chose, by word or by writing; PartnerAt, when last.
	PartnerID ID
	PartnerAt *time.Time
}

// TableName keeps the table's name plain.
func (DM) TableName() string { return "dms" }

// Acquaintance is what is between a person and an entity.
type Acquaintance struct {
	UserID   snowflake.ID `gorm:"primaryKey;autoIncrement:false"`
	EntityID ID           `gorm:"primaryKey"`
	// MetAt is when the person first spoke to it: by mention, reply, direct message or /talk.
	MetAt      *time.Time
	Introduced bool // the person was told whose AI it is
	Blocked    bool // the person wants to hear no more of it
}

// WaitingDM is a person's message that waits for the person's choice of whom it is for.
type WaitingDM struct {
	MessageID snowflake.ID `gorm:"primaryKey;autoIncrement:false"`
	UserID    snowflake.ID
	MenuID    snowflake.ID // the message with the menu
	At        time.Time
}

// TableName keeps the table's name plain.
func (WaitingDM) TableName() string { return "waiting_dms" }
