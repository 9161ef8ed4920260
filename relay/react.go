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

// React adds a reaction. Reactions are the bot's: on Discord all entities share one.
func (r *Relay) React(ctx context.Context, actor entities.Actor, channel, message snowflake.ID, emoji string) error {
	if _, err := r.Authorize(ctx, actor, entities.React, channel); err != nil {
		return err
	}
	reaction, err := parseEmoji(emoji)
	if err != nil {
		return err
	}
	if err := r.disc.Rest.AddReaction(channel, message, url.PathEscape(reaction), rest.WithCtx(ctx)); err != nil {
		return word(fmt.Errorf("add a reaction: %w", err))
	}
	return nil
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
