package relay

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/disgo/rest"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// Bounds of a line. Discord: webhook execute, thread names.
const (
	MaxContent    = 2000 // characters
	MaxThreadName = 100
	maxTags       = 5
)

const (
	// Together these bound how long a caller waits for an answer: 25 s.
	sayTimeout  = 15 * time.Second
	echoTimeout = 10 * time.Second // an echo comes within a second, if it comes
)

// Say speaks for an entity: through the channel's webhook, under the entity's name and
// avatar. It answers when Discord has the line and it is written down whose it is.
func (r *Relay) Say(ctx context.Context, actor entities.Actor, line Line) (Sent, error) {
	permit, err := r.registry.Authorize(ctx, actor, entities.Post, line.Channel)
	if err != nil {
		return Sent{}, err
	}
	message, err := r.compose(permit, line)
	if err != nil {
		return Sent{}, err
	}
	// A client that hangs up must not leave a line half said.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sayTimeout)
	defer cancel()
	mouth := r.webhooks.at(permit.WebhookChannel().ID)
	release, err := mouth.take(ctx)
	if err != nil {
		return Sent{}, entities.Refuse(entities.Unavailable, "#%s is busy: others are speaking there. Try again in a moment.", permit.Channel().Name)
	}
	defer release()
	// Rights may have changed while it waited for its turn.
	if permit, err = r.registry.Authorize(ctx, actor, entities.Post, line.Channel); err != nil {
		return Sent{}, err
	}
	return r.deliver(ctx, mouth, permit, message)
}

// compose makes of a line what Discord takes, or says what is wrong with it.
func (r *Relay) compose(permit entities.Permit, line Line) (discord.WebhookMessageCreate, error) {
	where := permit.Channel()
	content := strings.TrimSpace(strings.ToValidUTF8(line.Content, "\uFFFD"))
	if content == "" {
		return discord.WebhookMessageCreate{}, entities.Refuse(entities.Invalid, "There is nothing to say: content is empty.")
	}
	if n := utf8.RuneCountInString(content); n > MaxContent {
		return discord.WebhookMessageCreate{}, entities.Refuse(entities.Invalid, "content has %d characters; Discord takes %d in one message. Say it in several.", n, MaxContent)
	}
	speaker := permit.Entity()
	message := discord.WebhookMessageCreate{
		Content: content, Username: speaker.Name, AvatarURL: r.AvatarURL(speaker.Avatar), AllowedMentions: mentions(content),
	}
	if line.Silent {
		message.Flags = message.Flags.Add(discord.MessageFlagSuppressNotifications)
	}
	if line.SuppressLinks {
		message.Flags = message.Flags.Add(discord.MessageFlagSuppressEmbeds)
	}
	return message, post(&message, where, line)
}

// post adds what makes a message a new post in a forum.
func post(message *discord.WebhookMessageCreate, where entities.Channel, line Line) error {
	name := strings.TrimSpace(line.ThreadName)
	if !where.IsForum() {
		if name != "" || len(line.Tags) > 0 {
			return entities.Refuse(entities.Invalid, "#%s is not a forum: leave thread_name and tags out.", where.Name)
		}
		return nil
	}
	if n := utf8.RuneCountInString(name); n < 1 || n > MaxThreadName {
		return entities.Refuse(entities.Invalid, "#%s is a forum: give thread_name, the new post's title of 1 to %d characters, or name an existing post as the channel.", where.Name, MaxThreadName)
	}
	message.ThreadName = name
	if len(line.Tags) > maxTags {
		return entities.Refuse(entities.Invalid, "A post has at most %d tags.", maxTags)
	}
	for _, wanted := range line.Tags {
		id, err := tagNamed(where, wanted)
		if err != nil {
			return err
		}
		message.AppliedTags = append(message.AppliedTags, id)
	}
	if where.RequiresTag && len(message.AppliedTags) == 0 {
		return entities.Refuse(entities.Invalid, "#%s wants at least one tag on every post: %s.", where.Name, tagNames(where))
	}
	return nil
}

func tagNamed(where entities.Channel, wanted string) (snowflake.ID, error) {
	for _, tag := range where.Tags {
		if strings.EqualFold(tag.Name, strings.TrimSpace(wanted)) {
			return tag.ID, nil
		}
	}
	return 0, entities.Refuse(entities.Invalid, "#%s has no tag %q. It has: %s.", where.Name, wanted, tagNames(where))
}

func tagNames(where entities.Channel) string {
	names := make([]string, 0, len(where.Tags))
	for _, tag := range where.Tags {
		names = append(names, tag.Name)
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

var userMention = regexp.MustCompile(`<@!?(\d{15,20})>`)

// mentions lets a message ping the people whom its text names, never roles or everyone.
func mentions(content string) *discord.AllowedMentions {
	allowed := nobody()
	const most = 100 // Discord: allowed_mentions.users
	for _, found := range userMention.FindAllStringSubmatch(content, most) {
		if id, err := snowflake.Parse(found[1]); err == nil {
			allowed.Users = append(allowed.Users, id)
		}
	}
	return &allowed
}

// deliver sends a message through the channel's webhook and settles whose it is. A webhook
// that is gone is made anew once; Discord said that it did not take the line, so that sending
// it again is safe.
func (r *Relay) deliver(ctx context.Context, m *mouth, permit entities.Permit, message discord.WebhookMessageCreate) (Sent, error) {
	sent, err := r.execute(ctx, m, permit, message)
	if code(err) == rest.JSONErrorCodeUnknownWebhook {
		r.webhooks.forget(permit.WebhookChannel().ID)
		sent, err = r.execute(ctx, m, permit, message)
	}
	return sent, err
}

func (r *Relay) execute(ctx context.Context, m *mouth, permit entities.Permit, message discord.WebhookMessageCreate) (Sent, error) {
	id, token, err := r.webhook(ctx, m, permit.WebhookChannel())
	if err != nil {
		return Sent{}, word(err, permit.WebhookChannel())
	}
	f := &flight{entity: permit.Entity().ID, name: message.Username, content: message.Content, echoed: make(chan snowflake.ID, 1)}
	params := rest.CreateWebhookMessageParams{Wait: true}
	if where := permit.Channel(); where.IsThread() {
		params.ThreadID, f.channel = where.ID, where.ID
	} else if !where.IsForum() {
		f.channel = where.ID
	}
	m.depart(f)
	defer m.depart(nil)
	answer, err := r.disc.Rest.CreateWebhookMessage(id, token, message, params, rest.WithCtx(ctx))
	switch {
	case err == nil && answer != nil:
		return r.settle(ctx, permit, answer.ChannelID, answer.ID)
	case definite(err) || errors.Is(err, errNotSent):
		if code(err) == rest.JSONErrorCodeUnknownWebhook {
			return Sent{}, err
		}
		return Sent{}, word(err, permit.Channel())
	}
	r.log.Warn("a line's outcome is not known yet", "channel", permit.Channel().ID, "entity", permit.Entity().ID, "err", scrubError(err))
	return r.await(permit, f)
}

// await looks for the echo of a line that Discord may or may not have taken. The line is
// never sent again.
func (r *Relay) await(permit entities.Permit, f *flight) (Sent, error) {
	timer := time.NewTimer(echoTimeout)
	defer timer.Stop()
	select {
	case id := <-f.echoed:
		ctx, cancel := context.WithTimeout(context.Background(), requestTimeout)
		defer cancel()
		return r.settle(ctx, permit, permit.Channel().ID, id)
	case <-timer.C:
		return Sent{Status: StatusUnknown, ChannelID: permit.Channel().ID}, nil
	}
}

// settle writes down whose line a message is.
func (r *Relay) settle(ctx context.Context, permit entities.Permit, channel, message snowflake.ID) (Sent, error) {
	if want := permit.Channel(); channel != want.ID && !want.IsForum() {
		// Somebody moved the webhook to another channel while we spoke.
		r.webhooks.forget(permit.WebhookChannel().ID)
		r.log.Warn("a webhook had been moved; it is not used again", "channel", want.ID, "landed", channel)
	}
	if err := r.registry.Own(ctx, permit, message, r.now()); err != nil {
		return Sent{}, fmt.Errorf("write down whose line it is: %w", err)
	}
	return Sent{Status: StatusSent, MessageID: message, ChannelID: channel, Link: messageLink(permit.Guild().ID, channel, message)}, nil
}

// React adds a reaction. Reactions are the bot's: on Discord all entities share one.
func (r *Relay) React(ctx context.Context, actor entities.Actor, channel, message snowflake.ID, emoji string) error {
	permit, err := r.registry.Authorize(ctx, actor, entities.React, channel)
	if err != nil {
		return err
	}
	reaction, err := parseEmoji(emoji)
	if err != nil {
		return err
	}
	if err := r.disc.Rest.AddReaction(channel, message, reaction, rest.WithCtx(ctx)); err != nil {
		return word(fmt.Errorf("add a reaction: %w", err), permit.Channel())
	}
	return nil
}

var customEmoji = regexp.MustCompile(`^<?a?:?([A-Za-z0-9_]{2,32}):(\d{15,20})>?$`)

// parseEmoji takes 👍, name:id or <:name:id> and gives what Discord's path wants.
func parseEmoji(emoji string) (string, error) {
	emoji = strings.TrimSpace(emoji)
	if found := customEmoji.FindStringSubmatch(emoji); found != nil {
		return found[1] + ":" + found[2], nil
	}
	if emoji == "" || utf8.RuneCountInString(emoji) > 16 || strings.ContainsAny(emoji, "/:<>?# ") || plainWord.MatchString(emoji) {
		return "", entities.Refuse(entities.Invalid, "%q is not an emoji. Use a plain one like 👍, or one of the server's as name:id.", emoji)
	}
	return emoji, nil
}

// plainWord is what a model writes when it means an emoji by its name.
var plainWord = regexp.MustCompile(`^[A-Za-z_]+$`)
