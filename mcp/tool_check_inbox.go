package mcp

import (
	"context"

	"troupe/entities"
	"troupe/relay"
)

// overviewRoom is how many bytes of items an overview has: with the channels that moved it stays
// below 4,000 tokens.
const overviewRoom = 9_000

var checkInbox = define("check_inbox", words{
	title: "Check the inbox",
	text: "What is unread. Without arguments: what is addressed to you and direct messages, oldest first, then one line per channel that moved. " +
		"With scope or channel: everything there, in order. Pass next_cursor back to mark what you were given as read and go on. " +
		"Long texts are cut; get_message gives one whole, read_dms a direct one.",
}, entities.Hear, reads, func(ctx context.Context, c *call, in checkInput) (inbox, error) {
	self, err := c.server.registry.Acting(ctx, c.actor)
	if err != nil {
		return inbox{}, err
	}
	scope, overview, err := scopeOf(in.Scope, in.Channel.ID)
	if err != nil {
		return inbox{}, err
	}
	req := relay.InboxRequest{Scope: scope, Overview: overview, Cursor: in.Cursor, Limit: in.Limit}
	if overview {
		req.Room, req.Measure = overviewRoom, shownBytes
	}
	found, err := c.server.relay.Inbox(ctx, c.actor, req)
	if err != nil {
		return inbox{}, err
	}
	given := c.open(self, found)
	given.runs = overview || scope == entities.ScopeAddressed || scope == entities.ScopeDM
	if given.runs {
		given.more = "for you"
	}
	return given, nil
})

// shownBytes is how many bytes an inbox takes for a text.
func shownBytes(text string) int {
	kept, _ := clipped(text, relay.LongestShown)
	return len(lineSafe(kept))
}

type checkInput struct {
	Scope   string     `json:"scope,omitempty" doc:"all, addressed (to you) or dm; left out: the overview"`
	Channel channelArg `json:"channel,omitempty" doc:"only there: id, #name, name, server/#name, a thread's or post's name, or a link"`
	Cursor  string     `json:"cursor,omitempty" doc:"next_cursor of the last answer; left out: where you stopped reading"`
	Limit   int        `json:"limit,omitempty" doc:"how many items" range:"1,50,20"`
}
