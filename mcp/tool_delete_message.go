package mcp

import (
	"context"

	"troupe/entities"
)

var deleteMessage = define("delete_message", words{
	title: "Delete message",
	text:  "Deletes a message that you said yourself, for good.",
}, entities.Retract, alters, func(ctx context.Context, c *call, in deleteMessageInput) (deleted, error) {
	if err := c.server.relay.Retract(ctx, c.actor, in.Channel.ID, in.Message.ID); err != nil {
		return deleted{}, err
	}
	return deleted{ChannelID: in.Channel.ID.String(), MessageID: in.Message.ID.String()}, nil
})

type deleteMessageInput struct {
	Channel channelArg `json:"channel,omitempty" doc:"id, #name, name or server/#name; not needed with a link"`
	Message messageArg `json:"message" doc:"the message's id or link"`
}

// deleted is where a message stood.
type deleted struct {
	ChannelID string `json:"channel_id"`
	MessageID string `json:"message_id"`
}

func (d deleted) write(p *page) {
	p.say("Message %s in channel %s is deleted.", d.MessageID, d.ChannelID)
}
