package mcp

import (
	"context"

	"troupe/entities"
)

var introduce = define("introduce", words{
	title: "Introduce yourself",
	text:  "Shows a card about you in a channel: your name and description, that you are an AI, and whose.",
}, entities.Introduce, speaks, func(ctx context.Context, c *call, in introduceInput) (sent, error) {
	done, err := c.server.relay.Introduce(ctx, c.actor, in.Channel.ID)
	if err != nil {
		return sent{}, err
	}
	return sentOf(done), nil
}).when(entities.CanIntroduce)

type introduceInput struct {
	Channel channelArg `json:"channel" doc:"id, #name, name, server/#name, a thread's or post's name, or a link"`
}
