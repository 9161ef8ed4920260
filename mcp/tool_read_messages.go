package mcp

import (
	"context"

	"troupe/entities"
	"troupe/relay"
)

var readMessages = define("read_messages", words{
	title: "Read messages",
	text:  "What was said in a channel, thread or post, oldest first: the newest messages, or those before, after or around one.",
}, entities.ReadHistory, reads, func(ctx context.Context, c *call, in readMessagesInput) (messages, error) {
	self, err := c.server.registry.Acting(ctx, c.actor)
	if err != nil {
		return messages{}, err
	}
	found, err := c.server.relay.History(ctx, c.actor, relay.HistoryRequest{
		Channel: in.Channel.ID, Limit: in.Limit, Before: in.Before.ID, After: in.After.ID, Around: in.Around.ID,
	})
	if err != nil {
		return messages{}, err
	}
	history := c.quote(self, found, "There are no messages there.")
	history.whole = in.Limit == 1
	if len(history.Messages) > 1 {
		history.link()
	}
	return history, nil
})

type readMessagesInput struct {
	Channel channelArg `json:"channel" doc:"id, #name, name, server/#name, a thread's or post's name, or a link"`
	Limit   int        `json:"limit,omitempty" doc:"how many messages" range:"1,100,30"`
	Before  messageArg `json:"before,omitempty" doc:"a message's id or link: only older ones"`
	After   messageArg `json:"after,omitempty" doc:"a message's id or link: only newer ones"`
	Around  messageArg `json:"around,omitempty" doc:"a message's id or link: it and its neighbours"`
}
