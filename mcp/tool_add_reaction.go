package mcp

import (
	"context"

	"troupe/entities"
)

var addReaction = define("add_reaction", words{
	title: "Add reaction",
	text:  "Puts an emoji under a message. It shows as the bot's, which all its characters share.",
}, entities.React, marks, func(ctx context.Context, c *call, in addReactionInput) (reacted, error) {
	if err := c.server.relay.React(ctx, c.actor, in.Channel.ID, in.Message.ID, in.Emoji); err != nil {
		return reacted{}, err
	}
	return reacted{ChannelID: in.Channel.ID.String(), MessageID: in.Message.ID.String(), Emoji: shown(in.Emoji)}, nil
})

type addReactionInput struct {
	Channel channelArg `json:"channel,omitempty" doc:"id, #name, name or server/#name; not needed with a link"`
	Message messageArg `json:"message" doc:"the message's id or link"`
	Emoji   string     `json:"emoji" doc:"an emoji like 👍, or name:id for one of the server's own"`
}

// reacted is where a reaction stands.
type reacted struct {
	ChannelID string `json:"channel_id"`
	MessageID string `json:"message_id"`
	Emoji     shown  `json:"emoji"`
}

func (r reacted) write(p *page) {
	p.say("Added %s to message %s.", oneLine(string(r.Emoji)), r.MessageID)
}
