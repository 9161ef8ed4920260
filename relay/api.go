package relay

import (
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// SendStatus is how a line ended.
type SendStatus string

// The ends of a line.
const (
	StatusSent SendStatus = "sent"
	// StatusUnknown: Discord did not say whether it took the line. It is not sent again.
	StatusUnknown SendStatus = "unknown"
	// StatusQueued: it waits for its turn, or Discord has not answered yet. It goes on by itself.
	StatusQueued SendStatus = "queued"
	// StatusPartial: some of its messages are there, and the others were not sent.
	StatusPartial SendStatus = "partial"
)

// Line is something an entity says.
type Line struct {
	Channel snowflake.ID
	Content string // 1 to [MaxLine] characters; what does not fit into one message becomes several
	// Reply is the message that the line answers, in the same channel; 0 for none.
	Reply snowflake.ID
	// Embeds stand under the text, at most 10. With them Content may be empty.
	Embeds []discord.Embed
	// Key is the caller's own name for this line: with the same one it is said once, within a
	// day. At most [entities.MaxKey] characters; "" for none.
	Key string
	// ThreadName makes a new post in a forum channel, where it is required; elsewhere it is
	// refused. At most 100 characters.
	ThreadName string
	// Tags are names of the forum's tags, for a new post.
	Tags []string
	// Silent sends no push notification.
	Silent bool
	// SuppressLinks shows no previews of links.
	SuppressLinks bool
	// Poll is what the line asks; nil for none. With it Content may be empty.
	Poll *Poll `json:",omitempty"`
	// Card shows a card about the entity, beside which nothing is said.
	Card bool `json:",omitempty"`
}

// right is what an entity needs to say a line.
func (line Line) right() entities.Right {
	switch {
	case line.Poll != nil:
		return entities.MakePoll
	case line.Card:
		return entities.Introduce
	default:
		return entities.Post
	}
}

// wordless says whether a line shows something without any content.
func (line Line) wordless() bool { return len(line.Embeds) > 0 || line.Poll != nil }

// Sent is what became of a line.
type Sent struct {
	Status SendStatus
	// MessageIDs are the messages that Discord has, in order.
	MessageIDs []snowflake.ID
	// Parts is how many messages the line is in all.
	Parts     int
	ChannelID snowflake.ID // where it stands; of a new post, the post
	// Why says of a part of a line why the rest was not sent; "" when it is not known.
	Why string
	// Ambiguous are names after an @ that several people have, so that nobody was mentioned.
	Ambiguous []string
	Link      string // to the first message
}

// HistoryRequest asks for older messages. At most one of Before, After and Around is set;
// none gives the newest.
type HistoryRequest struct {
	Channel snowflake.ID
	Limit   int // 1 to 100
	Before  snowflake.ID
	After   snowflake.ID
	Around  snowflake.ID
}

// Status tells how the connection to Discord is.
type Status struct {
	Ready bool
	// Phase words it: "connecting", "ready", "waiting for Discord", "token refused", …
	Phase string
	// Remedy says who can mend it and how; "" while nothing is wrong.
	Remedy string
	// Degraded says what works less well than it could, and who can mend it; "" without.
	Degraded string
	Since    time.Time     // of this phase
	Latency  time.Duration // of the last heartbeat; 0 before the first
	Shards   int
	// Skipped counts gateway dispatches that could not be read, by event name.
	Skipped map[string]int64
	// Aside counts what was heard and could not be written down for what it is, and Lost the
	// changes and reactions for which there was no room while the database did not answer.
	Aside, Lost int64
	// Resumes and Identifies count how often the connection was taken up again or anew.
	Resumes, Identifies int64
	Limits              LimitStats
	// Speaking is how many lines are under way: they wait for their turn or for Discord.
	Speaking int64
	// Faceless is how many entities' pictures Discord is known not to show.
	Faceless  int
	BotName   string
	InviteURL string
}
