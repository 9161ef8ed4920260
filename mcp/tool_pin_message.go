package mcp

import (
	"context"

	"troupe/entities"
)

var pinMessage = define("pin_message", words{
	title: "Pin message",
	text:  "Pins a message for everybody in its channel, or takes its pin away. Discord says each pin aloud there.",
}, entities.Pin, marks, func(ctx context.Context, c *call, in pinMessageInput) (pinned, error) {
	changed, err := c.server.relay.Pin(ctx, c.actor, in.Channel.ID, in.Message.ID, !in.Unpin)
	if err != nil {
		return pinned{}, err
	}
	return pinned{ChannelID: in.Channel.ID.String(), MessageID: in.Message.ID.String(), Pinned: !in.Unpin, Changed: changed}, nil
}).when(entities.CanPin)

type pinMessageInput struct {
	Channel channelArg `json:"channel,omitempty" doc:"id, #name, name or server/#name; not needed with a link"`
	Message messageArg `json:"message" doc:"the message's id or link"`
	Unpin   bool       `json:"unpin,omitempty" doc:"true takes the pin away"`
}

// pinned is whether a message is pinned now.
type pinned struct {
	ChannelID string `json:"channel_id"`
	MessageID string `json:"message_id"`
	Pinned    bool   `json:"pinned"`
	Changed   bool   `json:"changed"` // false: it was so before
}

func (o pinned) write(p *page) {
	words := map[pinned]string{
		{Pinned: true, Changed: true}: "Pinned message %s.", {Pinned: true}: "Message %s was pinned already.",
		{Changed: true}: "Message %s is not pinned any more.", {}: "Message %s was not pinned.",
	}
	p.say(words[pinned{Pinned: o.Pinned, Changed: o.Changed}], o.MessageID)
}
