package relay

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/disgo/rest"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// Edit changes the text of an entity's own line. Files, embeds and the rest of it stay.
func (r *Relay) Edit(ctx context.Context, actor entities.Actor, channel, message snowflake.ID, content string) (Sent, error) {
	permit, err := r.Authorize(ctx, actor, entities.Post, channel)
	if err != nil {
		return Sent{}, err
	}
	if err := r.registry.Owned(ctx, actor, permit, message); err != nil {
		return Sent{}, err
	}
	content, allowed, err := r.mendText(ctx, actor, permit, content)
	if err != nil {
		return Sent{}, err
	}
	if n := utf8.RuneCountInString(content); n > MaxContent {
		return Sent{}, entities.Refuse(entities.Invalid, "content has %d characters; an edited message holds %d at most. Nothing was changed: shorten it, or say the rest in a new message.", n, MaxContent)
	}
	body, thread := discord.WebhookMessageUpdate{Content: &content, AllowedMentions: allowed}, threadOf(permit.Channel())
	query := rest.UpdateWebhookMessageParams{ThreadID: thread}.ToQueryValues()
	stands := ownLine{channel: permit.Channel(), governing: permit.WebhookChannel(), message: message}
	err = r.byWebhook(ctx, stands, func(id snowflake.ID, token string) error {
		return r.guarded(ctx, func() error { return r.mayStill(ctx, actor, entities.Post, channel, message) }, func(opts ...rest.RequestOpt) error {
			return r.disc.Rest.Do(rest.UpdateWebhookMessage.Compile(query, id, token, message), body, nil, opts...)
		})
	})
	r.cache.doubt(message) // the gateway tells of it later
	if err != nil {
		return Sent{}, wordChange(err)
	}
	return Sent{Status: StatusSent, MessageIDs: []snowflake.ID{message}, Parts: 1, ChannelID: channel, Link: messageLink(permit.Guild().ID, channel, message)}, nil
}

// mayStill asks for a right to an own line once more, right before Discord is asked.
func (r *Relay) mayStill(ctx context.Context, actor entities.Actor, right entities.Right, channel, message snowflake.ID) error {
	permit, err := r.Authorize(ctx, actor, right, channel)
	if err != nil {
		return err
	}
	return r.registry.Owned(ctx, actor, permit, message)
}

// mendText is what every text of an entity passes that stands on Discord afterwards: it gives
// the text as Discord gets it, and whom it pings.
func (r *Relay) mendText(ctx context.Context, actor entities.Actor, permit entities.Permit, content string) (mended string, allowed *discord.AllowedMentions, err error) {
	content = strings.TrimSpace(strings.ToValidUTF8(content, "\uFFFD"))
	if content == "" {
		return "", nil, entities.Refuse(entities.Invalid, "There is nothing to say: content is empty.")
	}
	said := content
	content = r.resolve(ctx, actor, permit, content).Text
	allowed = r.mentions(content, permit.MentionsAll())
	pings := entities.Pings{People: len(allowed.Users), Groups: len(allowed.Roles) + len(allowed.Parse)}
	if err := r.registry.Screen(ctx, actor, permit, entities.Said{Text: said, Pings: pings}); err != nil {
		return "", nil, err
	}
	return content, allowed, nil
}

// threadOf is what webhook calls want to know of a thread; 0 for other channels.
func threadOf(c entities.Channel) snowflake.ID {
	if c.IsThread() {
		return c.ID
	}
	return 0
}
