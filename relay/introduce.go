package relay

import (
	"context"
	"strings"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

const (
	isAnAI      = "An AI identity. A program writes what it says, not a person."
	hiddenOwner = "Hides from AI identities. Members see it with `/entity info`."
)

// Introduce shows a card about an entity in a channel: what `/entity info` shows to everybody
// there. It is a line as [Relay.Say] says them.
func (r *Relay) Introduce(ctx context.Context, actor entities.Actor, channel snowflake.ID) (Sent, error) {
	return r.Say(ctx, actor, Line{Channel: channel, Card: true})
}

// card is what an entity shows of itself. A mention in an embed pings nobody.
func (r *Relay) card(ctx context.Context, actor entities.Actor, permit entities.Permit) (discord.Embed, error) {
	e := permit.Entity()
	_, homes, err := r.registry.Self(ctx, actor)
	if err != nil {
		return discord.Embed{}, err
	}
	called := []string{Plain(e.Name)}
	for _, home := range homes {
		if home.Guild.ID == permit.Guild().ID {
			for _, word := range home.Words {
				called = append(called, Plain(word))
			}
		}
	}
	owner := discord.UserMention(e.OwnerID)
	if !r.shows(e.OwnerID) {
		owner = hiddenOwner
	}
	return discord.Embed{Title: Plain(e.Name), Description: Plain(e.Description), Fields: []discord.EmbedField{
		{Name: "What it is", Value: isAnAI},
		{Name: "Owner", Value: owner},
		{Name: "Called by", Value: Clip(strings.Join(called, ", "), maxFieldValue)},
	}}, nil
}

// maxFieldValue is Discord's bound of a field's value (resources/message, "Embed Limits").
const maxFieldValue = 1024
