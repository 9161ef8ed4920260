package mcp

import (
	"strings"
	"time"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay"
)

// inbox is what check_inbox and wait_for_messages give.
type inbox struct {
	Now       string    `json:"now"`
	Entity    entityRef `json:"entity"`
	Untrusted string    `json:"untrusted"` // says which parts strangers wrote
	Channels  []place   `json:"channels"`
	Items     []item    `json:"items"`
	Left      int       `json:"left,omitempty"` // further items; relay.MostCounted or more when it is that
	Moved     []moved   `json:"moved,omitempty"`
	Cursor    string    `json:"next_cursor"`

	empty string // what to say when there is nothing
	runs  bool   // the order in time goes before the grouping by channel
	more  string // what further items are
}

// item is one thing that happened.
type item struct {
	Kind      string      `json:"kind"`             // message, edit, delete, reaction, dm, gap
	Reason    string      `json:"reason,omitempty"` // mention, reply, role, dm: why it is for the entity
	ChannelID string      `json:"channel_id"`
	MessageID string      `json:"message_id,omitempty"`
	Message   *message    `json:"message,omitempty"` // as it is now; of reactions, the entity's own line
	Reactions []reactedBy `json:"reactions,omitempty"`
	Author    *author     `json:"author,omitempty"` // of a deletion: who had written it, where that is known
	Gap       *gapBounds  `json:"gap,omitempty"`
	Answered  bool        `json:"answered,omitempty"` // the entity has spoken there since

	id snowflake.ID
}

// gapBounds say of when messages are missing.
type gapBounds struct {
	From  string `json:"from,omitempty"`
	Until string `json:"until"`
}

// moved is a channel in which something is unread.
type moved struct {
	ChannelID string   `json:"channel_id"`
	Unread    int      `json:"unread"`              // messages
	More      bool     `json:"more,omitempty"`      // there is more than what is counted
	Changes   int      `json:"changes,omitempty"`   // edits and deletions of messages that are not unread
	Reactions int      `json:"reactions,omitempty"` // to the entity's own lines
	Gaps      int      `json:"gaps,omitempty"`      // times of which messages are missing
	Since     string   `json:"since"`
	Speakers  []author `json:"speakers"`

	since time.Time
}

// open takes over what relay gives.
func (c *call) open(self entities.Entity, found relay.Inbox) inbox {
	in := inbox{
		Now: stamp(c.server.now()), Entity: entityRef{string(self.ID), self.Name}, Untrusted: untrustedNote,
		Channels: []place{}, Items: make([]item, 0, len(found.Items)), Left: found.Left, Cursor: found.Cursor,
		empty: "Nothing new.", more: "there",
	}
	placed := map[snowflake.ID]bool{}
	add := func(guild, channel snowflake.ID) {
		if placed[channel] {
			return
		}
		placed[channel] = true
		if guild == 0 {
			in.Channels = append(in.Channels, place{ID: channel.String(), Kind: direct})
			return
		}
		in.Channels = append(in.Channels, c.server.place(channel))
	}
	for _, one := range found.Items {
		add(one.GuildID, one.ChannelID)
		in.Items = append(in.Items, itemOf(one))
	}
	for _, one := range found.Moved {
		add(one.GuildID, one.ChannelID)
		in.Moved = append(in.Moved, moved{
			ChannelID: one.ChannelID.String(), Unread: one.Unread, More: one.More, Changes: one.Changes, Reactions: one.Reactions, Gaps: one.Gaps,
			Since: stamp(one.Since), since: one.Since, Speakers: authorsOf(one.Speakers),
		})
	}
	return in
}

// direct is the kind of a channel between a person and the bot.
const direct = "direct messages"

func itemOf(from relay.Item) item {
	out := item{Kind: string(from.Kind), Reason: string(from.Reason), ChannelID: from.ChannelID.String(), Answered: from.Answered, id: from.MessageID}
	if from.MessageID != 0 {
		out.MessageID = from.MessageID.String()
	}
	if from.Message != nil {
		quoted := quoteMessage(*from.Message)
		out.Message = &quoted
	}
	for _, one := range from.Reactions {
		out.Reactions = append(out.Reactions, reactedOf(one))
	}
	switch from.Kind {
	case entities.EventGap:
		out.Gap = &gapBounds{Until: stamp(from.Until)}
		if !from.From.IsZero() {
			out.Gap.From = stamp(from.From)
		}
	case entities.EventDelete:
		if from.Author.ID != 0 {
			out.Author = &authorsOf([]relay.Author{from.Author})[0]
		}
	case entities.EventMessage, entities.EventEdit, entities.EventDM, entities.EventReaction:
	}
	return out
}

func authorsOf(from []relay.Author) []author {
	all := make([]author, 0, len(from))
	for _, a := range from {
		all = append(all, authorOf(a))
	}
	return all
}

// scopeOf reads which part of the inbox is meant. Overview is true when none was named.
func scopeOf(word string, channel snowflake.ID) (scope entities.Scope, overview bool, err error) {
	word = strings.ToLower(strings.TrimSpace(word))
	scopes := map[string]entities.Scope{"": entities.ScopeAll, "all": entities.ScopeAll, "addressed": entities.ScopeAddressed, "dm": entities.ScopeDM, "dms": entities.ScopeDM}
	scope, known := scopes[word]
	switch {
	case !known:
		return 0, false, entities.Refuse(entities.Invalid, "scope is all, addressed or dm, not %s.", quoted(clip(word, 40)))
	case channel != 0 && scope != entities.ScopeAll:
		return 0, false, entities.Refuse(entities.Invalid, "Give scope or channel, not both.")
	case channel != 0:
		return entities.ScopeOf(channel), false, nil
	}
	return scope, word == "", nil
}
