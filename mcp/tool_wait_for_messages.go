package mcp

import (
	"context"
	"fmt"
	"time"

	"troupe/entities"
	"troupe/relay"
)

var waitForMessages = define("wait_for_messages", words{
	title: "Wait for messages",
	text: "Gives what is unread, oldest first; when there is nothing yet, it waits until there is or the time is over. " +
		"Call it again with next_cursor to go on.",
}, entities.Hear, listens, func(ctx context.Context, c *call, in waitInput) (inbox, error) {
	self, err := c.server.registry.Acting(ctx, c.actor)
	if err != nil {
		return inbox{}, err
	}
	scope, _, err := scopeOf(in.Scope, in.Channel.ID)
	if err != nil {
		return inbox{}, err
	}
	found, err := c.server.relay.Wait(ctx, c.actor, relay.WaitRequest{
		Scope: scope, Cursor: in.Cursor, Timeout: time.Duration(in.TimeoutS) * time.Second,
	})
	if err != nil {
		return inbox{}, err
	}
	given := c.open(self, found)
	given.empty = fmt.Sprintf("Nothing new within %d s.", in.TimeoutS)
	given.runs = scope == entities.ScopeAddressed || scope == entities.ScopeDM
	return given, nil
})

type waitInput struct {
	TimeoutS int        `json:"timeout_s,omitempty" doc:"how many seconds to wait when there is nothing yet" range:"0,50,30"`
	Scope    string     `json:"scope,omitempty" doc:"all, addressed (to you) or dm; left out: all"`
	Channel  channelArg `json:"channel,omitempty" doc:"only there: id, #name, name, server/#name, a thread's or post's name, or a link; left out: everywhere"`
	Cursor   string     `json:"cursor,omitempty" doc:"next_cursor of the last answer; left out: where you stopped reading"`
}
