package entities

// LinkPolicy is which links a text may hold.
type LinkPolicy string

// The link policies.
const (
	LinksAllowed LinkPolicy = ""
	LinksToUs    LinkPolicy = "discord" // only to messages, channels and files on Discord, no invites
	LinksRefused LinkPolicy = "none"
)

// MentionPolicy is whom a text may ping.
type MentionPolicy string

// The mention policies.
const (
	MentionsAllowed MentionPolicy = ""     // whomever the text names
	MentionsOne     MentionPolicy = "one"  // one person in a line
	MentionsRefused MentionPolicy = "none" // nobody
)

// Filter is what may be said, but for the terms that stand in rows of their own.
type Filter struct {
	Links    LinkPolicy
	Mentions MentionPolicy
	// Length is how many characters a line may have; 0 = as many as fit.
	Length int
}
