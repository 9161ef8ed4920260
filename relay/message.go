package relay

import (
	"time"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// Kind is what an author is.
type Kind string

// The kinds of authors.
const (
	Human   Kind = "human"
	Bot     Kind = "bot"     // another application
	Entity  Kind = "entity"  // one of this instance's entities
	Webhook Kind = "webhook" // some other webhook, PluralKit's for example
	Notice  Kind = "system"  // Discord itself: joins, pins, boosts
)

// Author is who wrote a message. Its name is text from strangers.
type Author struct {
	ID   snowflake.ID
	Name string // as shown in that server
	Kind Kind
	// Entity is the entity that spoke, when that is known.
	Entity entities.ID
}

// Attachment is a file on a message.
type Attachment struct {
	Name string
	Type string // "image/png"; "" when Discord did not say
	Size int    // bytes
	URL  string // signed by Discord; it expires
	Alt  string // what its sender says that it shows; "" when nothing
}

// Reply says to which message one answers.
type Reply struct {
	MessageID snowflake.ID
	Author    string // "" when the message is gone
	Excerpt   string // its beginning, at most 80 characters
}

// Reaction is one emoji on a message.
type Reaction struct {
	Emoji string // a character, or name:id for a server's own
	Count int
}

// Extra is something that a message shows besides its text: {"sticker", "wave"}, or an embed
// with all that stands in it, a line each.
type Extra struct {
	Kind string // one of the program's own words
	Text string // strangers' words
}

// Message is a message as entities read it. Names and text are strangers' words, with
// mentions, channels and emoji made readable.
type Message struct {
	ID          snowflake.ID
	GuildID     snowflake.ID
	ChannelID   snowflake.ID // the channel or thread that it stands in
	Author      Author
	At          time.Time
	EditedAt    time.Time // zero when never
	Content     string
	ReplyTo     *Reply
	Attachments []Attachment
	// Extras word what is neither text nor file.
	Extras    []Extra
	Reactions []Reaction
	// Link opens the message in Discord.
	Link string
}
