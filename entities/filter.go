package entities

import (
	"fmt"
	"unicode/utf8"
)

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

// MaxFilterLength is the longest line that a filter can be set to.
const MaxFilterLength = 8000

func (f Filter) check() error {
	switch f.Links {
	case LinksAllowed, LinksToUs, LinksRefused:
	default:
		return Refuse(Invalid, "Links are allowed, allowed to Discord only, or not allowed.")
	}
	switch f.Mentions {
	case MentionsAllowed, MentionsOne, MentionsRefused:
	default:
		return Refuse(Invalid, "A line may ping whom it names, one person, or nobody.")
	}
	if f.Length < 0 || f.Length > MaxFilterLength {
		return Refuse(Invalid, "Characters a line: write a number from 1 to %d, or nothing for as many as fit.", MaxFilterLength)
	}
	return nil
}

// and is what two filters allow together.
func (f Filter) and(other Filter) Filter {
	both := f
	if other.Links == LinksRefused || (other.Links == LinksToUs && f.Links == LinksAllowed) {
		both.Links = other.Links
	}
	if other.Mentions == MentionsRefused || (other.Mentions == MentionsOne && f.Mentions == MentionsAllowed) {
		both.Mentions = other.Mentions
	}
	if f.Length == 0 || (other.Length != 0 && other.Length < f.Length) {
		both.Length = other.Length
	}
	return both
}

// Said is something that an entity wants to say, as the filters judge it.
type Said struct {
	// Text is as the entity gave it, with no mention resolved: the line, and whatever else people
	// would read (a thread's name, an embed), on lines of its own.
	Text  string
	Pings Pings
}

// Pings are whom a text would ping.
type Pings struct {
	People int
	Groups int // roles; @everyone and @here count as one each
}

// breach is a rule that a text is against.
type breach struct {
	rule string // what the one who broke it reads
	kind string // the same without anybody's words, for the audit
}

// filter is one level's rules, ready to judge.
type filter struct {
	Filter
	blocked *blocklist
}

// judge gives the first rule that a text is against; nil when there is none.
func (f filter) judge(said Said, read *reading) *breach {
	if n := utf8.RuneCountInString(said.Text); f.Length > 0 && n > f.Length {
		return &breach{fmt.Sprintf("allows at most %d characters in a line, and this one has %d", f.Length, n), "length"}
	}
	if b := f.judgePings(said.Pings); b != nil {
		return b
	}
	if b := f.judgeLinks(said.Text); b != nil {
		return b
	}
	return f.blocked.judge(read)
}

func (f filter) judgePings(p Pings) *breach {
	switch {
	case f.Mentions == MentionsRefused && p.People+p.Groups > 0:
		return &breach{"allows no pings: name people without mentioning them", "pings"}
	case f.Mentions == MentionsOne && p.Groups > 0:
		return &breach{"allows to ping one person in a line, and no roles and no @everyone", "pings"}
	case f.Mentions == MentionsOne && p.People > 1:
		return &breach{fmt.Sprintf("allows to ping one person in a line, and this one would ping %d", p.People), "pings"}
	default:
		return nil
	}
}

func (f filter) judgeLinks(text string) *breach {
	switch f.Links {
	case LinksRefused:
		if linked(text, anyLink) {
			return &breach{"allows no links and no invites", "links"}
		}
	case LinksToUs:
		if linked(text, foreignLink) {
			return &breach{"allows only links to messages, channels and files on Discord, and no invites", "links"}
		}
	case LinksAllowed:
	}
	return nil
}
