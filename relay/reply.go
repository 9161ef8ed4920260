package relay

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/disgo/rest"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay/text"
)

// excerptOfReply is how much of the message that is answered is shown, in characters.
const excerptOfReply = 80

// invites unfold into cards wherever they stand.
var invites = regexp.MustCompile(`(?i)(?:https?://)?(?:www\.)?(?:discord(?:app)?\.com/invite|discord\.gg)/\S+`)

// reply is the line that stands in for a reply, which webhooks cannot make (Discord:
// resources/webhook, Execute Webhook has no message_reference). It pings nobody.
func (r *Relay) reply(ctx context.Context, actor entities.Actor, permit entities.Permit, message snowflake.ID) (string, error) {
	where := permit.Channel()
	if where.IsForum() {
		return "", entities.Refuse(entities.Invalid, "A new post answers no message: leave reply_to out, or name the post as the channel.")
	}
	if err := r.may(ctx, actor, entities.ReadHistory, where.ID); err != nil {
		return "", err
	}
	answered, err := r.oneMessage(ctx, where.ID, message)
	if err != nil {
		return "", word(err)
	}
	if answered.Type != discord.MessageTypeDefault && !spoken(answered.Type) {
		return "", entities.Refuse(entities.Invalid, "That is a notice of Discord's, which cannot be answered. Leave reply_to out.")
	}
	p := presenter{relay: r, ctx: ctx, actor: actor, guild: permit.Guild().ID}
	if p.hides(&answered) {
		return text.Reply("", "", messageLink(permit.Guild().ID, where.ID, message)), nil
	}
	return text.Reply(p.author(&answered).Name, text.Excerpt(invites.ReplaceAllString(r.ownWords(answered), "(invite)"), excerptOfReply), messageLink(permit.Guild().ID, where.ID, message)), nil
}

// oneMessage gives a message of a channel, from memory or from Discord.
func (r *Relay) oneMessage(ctx context.Context, channel, message snowflake.ID) (discord.Message, error) {
	if known, ok := r.cache.get(message); ok {
		if known.ChannelID != channel {
			return discord.Message{}, entities.Refuse(entities.NotFound, "There is no such message in that channel.")
		}
		return known, nil
	}
	found, err := r.disc.Rest.GetMessage(channel, message, rest.WithCtx(ctx))
	if err != nil {
		return discord.Message{}, fmt.Errorf("read a message: %w", err)
	}
	return *found, nil
}

// ownWords is what a message says itself, without the line that stands in for a reply.
func (r *Relay) ownWords(m discord.Message) string {
	if r.speaksHere(&m) && strings.HasPrefix(m.Content, text.ReplyMark) {
		_, words, _ := strings.Cut(m.Content, "\n")
		return words
	}
	return m.Content
}
