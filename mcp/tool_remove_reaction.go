package mcp

import (
	"context"

	"troupe/entities"
)

var removeReaction = define("remove_reaction", words{
	title: "Remove reaction",
	text:  "Takes back an emoji that you put under a message. It stays while another character has put the same one there.",
}, entities.Unreact, marks, func(ctx context.Context, c *call, in addReactionInput) (unreacted, error) {
	if err := c.server.relay.Unreact(ctx, c.actor, in.Channel.ID, in.Message.ID, in.Emoji); err != nil {
		return unreacted{}, err
	}
	return unreacted{ChannelID: in.Channel.ID.String(), MessageID: in.Message.ID.String(), Emoji: shown(in.Emoji)}, nil
})

// unreacted is where a reaction stood.
type unreacted struct {
	ChannelID string `json:"channel_id"`
	MessageID string `json:"message_id"`
	Emoji     shown  `json:"emoji"`
}

func (u unreacted) write(p *page) {
	p.say("Took %s back from message %s.", oneLine(string(u.Emoji)), u.MessageID)
}
