package mcp

import (
	"context"

	"troupe/entities"
)

var editMessage = define("edit_message", words{
	title: "Edit message",
	text:  "Replaces the text of a message that you said yourself.",
}, entities.Post, alters, func(ctx context.Context, c *call, in editMessageInput) (edited, error) {
	done, err := c.server.relay.Edit(ctx, c.actor, in.Channel.ID, in.Message.ID, in.Content)
	if err != nil {
		return edited{}, err
	}
	return edited{ChannelID: done.ChannelID.String(), MessageID: in.Message.ID.String(), Link: done.Link}, nil
})

type editMessageInput struct {
	Channel channelArg `json:"channel,omitempty" doc:"id, #name, name or server/#name; not needed with a link"`
	Message messageArg `json:"message" doc:"the message's id or link"`
	Content string     `json:"content" doc:"the whole new text, in Discord's markdown; at most 2000 characters"`
}

// edited is a message with a new text.
type edited struct {
	ChannelID string `json:"channel_id"`
	MessageID string `json:"message_id"`
	Link      string `json:"link"`
}

func (e edited) write(p *page) {
	p.say("Edited message %s. channel: %s, link: %s", e.MessageID, e.ChannelID, e.Link)
}
