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
	text: "Gives what people and other characters said since the cursor, oldest first; when there is nothing yet, it waits until there is or the time is over. " +
		"Call it again with next_cursor to go on.",
}, entities.Hear, listens, func(ctx context.Context, c *call, in waitInput) (messages, error) {
	self, err := c.server.registry.Acting(ctx, c.actor)
	if err != nil {
		return messages{}, err
	}
	news, err := c.server.relay.Wait(ctx, c.actor, relay.WaitRequest{
		Cursor: in.Cursor, Channel: in.Channel.ID, Timeout: time.Duration(in.TimeoutS) * time.Second,
	})
	if err != nil {
		return messages{}, err
	}
	heard := c.quote(self, news.Messages, fmt.Sprintf("Nothing new within %d s.", in.TimeoutS))
	heard.cut = inboxCut
	heard.Cursor, heard.More = news.Cursor, news.More
	return heard, nil
})

type waitInput struct {
	TimeoutS int        `json:"timeout_s,omitempty" doc:"how many seconds to wait when there is nothing yet" range:"0,50,30"`
	Channel  channelArg `json:"channel,omitempty" doc:"only there: id, #name, name, server/#name, a thread's or post's name, or a link; left out: everywhere"`
	Cursor   string     `json:"cursor,omitempty" doc:"next_cursor of the last answer; left out: where you stopped reading"`
}
