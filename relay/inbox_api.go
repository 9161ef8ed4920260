package relay

import (
	"time"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

const (
	// MaxWait is the longest long-poll. Clients give up after a minute.
	MaxWait = 50 * time.Second
	// MaxNews is how many items one answer gives at most.
	MaxNews = 50
	// MostCounted is up to how many further items are counted.
	MostCounted = 1000
)

// InboxRequest asks for what is unread.
type InboxRequest struct {
	// Scope is the part of the inbox that is asked for.
	Scope entities.Scope
	// Overview asks for the default page: what addresses the entity, and one line for each
	// channel that moved. Its scope is [entities.ScopeAddressed].
	Overview bool
	// Cursor is where to go on; "" = where this credential stopped reading.
	Cursor string
	// Limit is how many items to give at most; 0 = [MaxNews].
	Limit int
	// Room is how many bytes the items should have together, where [LongestShown] characters of
	// one text are counted at most; 0 = no matter how many. There is always room for one item.
	// It is for scopes in which nothing is folded: what addresses the entity.
	Room int
	// Measure says how many bytes a text takes where it is shown, which may be more than it has
	// itself: what cannot be seen is written out there. It is needed with Room.
	Measure func(text string) int
}

// WaitRequest waits until something is unread.
type WaitRequest struct {
	// Scope is the part of the inbox that is asked for; one of a channel is its id.
	Scope entities.Scope
	// Cursor is where to go on; "" = where this credential stopped reading.
	Cursor string
	// Timeout is how long to wait when there is nothing yet; at most [MaxWait].
	Timeout time.Duration
	// Limit is how many items to give at most; 0 = [MaxNews].
	Limit int
}

// Inbox is what is unread.
type Inbox struct {
	Items []Item // oldest first
	// Left is how many more items there are in that scope, at most [MostCounted].
	Left int
	// Moved are, in an overview, the channels with unread messages that address nobody here.
	Moved []Moved
	// Cursor is where to go on. Who hands it in has read the items.
	Cursor string
}

// Messages are the messages among the items, edited ones and direct ones too.
func (i Inbox) Messages() []Message {
	var messages []Message
	for _, item := range i.Items {
		if item.Message != nil && item.Kind != entities.EventReaction {
			messages = append(messages, *item.Message)
		}
	}
	return messages
}

// Item is one thing that an entity hears of.
type Item struct {
	Kind   entities.EventKind
	Reason entities.AddressReason // "" when it does not address the entity
	At     time.Time
	// GuildID is 0 for a direct message.
	GuildID   snowflake.ID
	ChannelID snowflake.ID
	// MessageID is the message; of a gap, the last one before it, or 0.
	MessageID snowflake.ID
	// Message is what was said, as it is now. Of a deletion and a gap there is none; of
	// reactions it is the entity's own line, if it can be had.
	Message *Message
	// Author is who wrote what was deleted; the zero author when that is not known.
	Author Author
	// Reactions are the new ones on one line, each with everybody behind it.
	Reactions []Reacted
	// From and Until are when a gap began and ended; From is zero when that is not known.
	From, Until time.Time
	// Answered says that the entity has spoken there since: another client of it, perhaps.
	Answered bool

	seq int64
}

// Unread is how much is unread.
type Unread struct {
	Addressed int // items that address the entity, direct messages too; at most [MostCounted]
	Direct    int // of them, direct messages
	Channels  int // in which something else is unread
}

// Moved is a channel in which something is unread.
type Moved struct {
	GuildID   snowflake.ID
	ChannelID snowflake.ID
	Unread    int       // messages
	More      bool      // there is more than what is counted
	Changes   int       // edits and deletions of messages that are not unread
	Reactions int       // to the entity's own lines
	Gaps      int       // times of which messages are missing
	Since     time.Time // when the first of all that came
	Speakers  []Author  // the last ones, newest first
}
