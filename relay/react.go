package relay

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/disgoorg/disgo/rest"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// React adds a reaction. Reactions are the bot's: on Discord all entities share one. It is
// written down first whose it is, so that none stands that nobody claims.
func (r *Relay) React(ctx context.Context, actor entities.Actor, channel, message snowflake.ID, emoji string) error {
	permit, reaction, key, err := r.mayChange(ctx, actor, entities.React, channel, message, emoji)
	if err != nil {
		return err
	}
	release, err := r.reactions.take(ctx, key)
	if err != nil {
		return wordTransport(err)
	}
	defer release()
	r.reactions.adding(key, permit.Entity().ID, r.now())
	fresh, err := r.registry.Claim(ctx, actor, permit, message, key.emoji)
	if err != nil {
		return err
	}
	err = r.guarded(ctx, func() error { return r.may(ctx, actor, entities.React, channel) }, func(opts ...rest.RequestOpt) error {
		return r.disc.Rest.AddReaction(channel, message, url.PathEscape(reaction), opts...)
	})
	r.cache.doubt(message)
	if err == nil {
		return nil
	}
	// Where Discord did not say, the reaction may stand, and stays claimed.
	if fresh && undone(err) {
		r.disclaim(ctx, actor, permit, key)
	}
	return word(fmt.Errorf("add a reaction: %w", err))
}

// mayChange decides whether an entity may change its reaction, and reads which one is meant: as
// Discord wants it, and as it is known again.
func (r *Relay) mayChange(ctx context.Context, actor entities.Actor, right entities.Right, channel, message snowflake.ID, emoji string) (permit entities.Permit, reaction string, key reactionKey, err error) {
	if permit, err = r.Authorize(ctx, actor, right, channel); err != nil {
		return permit, "", reactionKey{}, err
	}
	if reaction, err = parseEmoji(emoji); err != nil {
		return permit, "", reactionKey{}, err
	}
	return permit, reaction, reactionKey{message, emojiKey(reaction)}, nil
}

func (r *Relay) may(ctx context.Context, actor entities.Actor, right entities.Right, channel snowflake.ID) error {
	_, err := r.Authorize(ctx, actor, right, channel)
	return err
}

// disclaim forgets an entity's share in a reaction. A row too many does no harm but that the
// reaction may stay longer than it should.
func (r *Relay) disclaim(ctx context.Context, actor entities.Actor, permit entities.Permit, key reactionKey) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), ownTime)
	defer cancel()
	if err := r.registry.Disclaim(ctx, actor, permit, key.message, key.emoji); err != nil {
		r.log.Error("forget whose reaction it is", "message", key.message, "entity", permit.Entity().ID, "err", err)
	}
}

// Unreact takes an entity's own reaction back. On Discord it vanishes with the last entity
// that claims it.
func (r *Relay) Unreact(ctx context.Context, actor entities.Actor, channel, message snowflake.ID, emoji string) error {
	permit, reaction, key, err := r.mayChange(ctx, actor, entities.Unreact, channel, message, emoji)
	if err != nil {
		return err
	}
	release, err := r.reactions.take(ctx, key)
	if err != nil {
		return wordTransport(err)
	}
	defer release()
	byOthers, err := r.registry.Claimed(ctx, actor, permit, message, key.emoji)
	if err != nil {
		return err
	}
	if !byOthers {
		if err := r.takeBack(ctx, actor, channel, key, reaction); err != nil {
			return err
		}
	}
	return r.registry.Disclaim(context.WithoutCancel(ctx), actor, permit, message, key.emoji)
}

// takeBack removes the bot's reaction. One that is gone already counts as removed. Where
// Discord did not say, it stays claimed, so that removing it again is possible.
func (r *Relay) takeBack(ctx context.Context, actor entities.Actor, channel snowflake.ID, key reactionKey, reaction string) error {
	r.reactions.removing(key, r.now())
	err := r.guarded(ctx, func() error { return r.may(ctx, actor, entities.Unreact, channel) }, func(opts ...rest.RequestOpt) error {
		return r.disc.Rest.RemoveOwnReaction(channel, key.message, url.PathEscape(reaction), opts...)
	})
	r.cache.doubt(key.message)
	if err == nil {
		return nil
	}
	if undone(err) {
		r.reactions.removed(key, r.now())
	}
	if gone(err) || code(err) == rest.JSONErrorCodeUnknownEmoji {
		return nil
	}
	return word(fmt.Errorf("remove a reaction: %w", err))
}

var customEmoji = regexp.MustCompile(`^<?a?:?([A-Za-z0-9_]{2,32}):(\d{15,20})>?$`)

// parseEmoji takes 👍, name:id or <:name:id> and gives what Discord wants, unescaped.
func parseEmoji(emoji string) (string, error) {
	emoji = strings.TrimSpace(emoji)
	if found := customEmoji.FindStringSubmatch(emoji); found != nil {
		return found[1] + ":" + found[2], nil
	}
	// Of ASCII only the keycaps' digits, # and * stand in an emoji.
	plain := strings.Trim(emoji, "0123456789#*")
	if plain == "" || utf8.RuneCountInString(emoji) > 16 || !utf8.ValidString(emoji) || strings.ContainsFunc(plain, func(r rune) bool { return r < utf8.RuneSelf }) {
		return "", entities.Refuse(entities.Invalid, "%q is not an emoji. Use a plain one like 👍, or one of the server's as name:id.", emoji)
	}
	return emoji, nil
}

// emojiKey is by what an emoji is known again: a server's own by its id; of others a variation
// selector tells nothing apart.
func emojiKey(reaction string) string {
	if _, id, custom := strings.Cut(reaction, ":"); custom {
		return id
	}
	return strings.ReplaceAll(reaction, "\uFE0F", "")
}
