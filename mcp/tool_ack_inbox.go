package mcp

import (
	"context"
)

var ackInbox = define("ack_inbox", words{
	title: "Mark the inbox read",
	text:  "Marks as read, for this connection: up to a cursor, in the part of the inbox that it came from; without a cursor, all until now.",
}, nothing, looks, func(ctx context.Context, c *call, in ackInput) (acked, error) {
	if err := c.server.relay.Ack(ctx, c.actor, in.Cursor); err != nil {
		return acked{}, err
	}
	return acked{Read: true, All: in.Cursor == ""}, nil
})

type ackInput struct {
	Cursor string `json:"cursor,omitempty" doc:"next_cursor of an answer; left out: everything until now"`
}

// acked says that it is done.
type acked struct {
	Read bool `json:"read"`
	All  bool `json:"all" doc:"everything until now, and not up to a cursor"`
}

func (a acked) write(p *page) {
	if a.All {
		p.say("Everything until now is read.")
		return
	}
	p.say("What came before that cursor is read.")
}
