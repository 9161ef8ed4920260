package relay

import (
	"errors"
	"fmt"
	"strings"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay/text"
)

// composeDM makes of a line the messages that Discord takes. Each is headed by the entity's name:
// in direct messages all that it says comes from the bot.
func (r *Relay) composeDM(actor entities.Actor, permit entities.DMPermit, channel snowflake.ID, line DMLine) (*speech, error) {
	content := strings.TrimSpace(strings.ToValidUTF8(line.Content, "\uFFFD"))
	if content == "" {
		return nil, entities.Refuse(entities.Invalid, "There is nothing to say: content is empty.")
	}
	if n := text.Length(content); n > MaxLine {
		return nil, entities.Refuse(entities.Invalid, "content has %d characters; one call takes %d. Say it in several.", n, MaxLine)
	}
	head := dmHead(permit.Entity())
	texts, err := splitUnder(head, content)
	if err != nil {
		return nil, err
	}
	s := &speech{actor: actor, done: make(chan struct{}), mouth: r.webhooks.at(channel)}
	s.letter = &letter{user: line.User, channel: channel, fresh: !permit.Introduced()}
	for _, part := range texts {
		mentions := nobody()
		s.parts = append(s.parts, discord.WebhookMessageCreate{Content: head + part, AllowedMentions: &mentions, Embeds: r.portrait(permit.Entity())})
	}
	if s.letter.fresh {
		s.parts[0].Embeds = []discord.Embed{r.introduction(permit)}
		s.parts[0].Components = []discord.LayoutComponent{discord.NewActionRow(discord.NewDangerButton("Block", BlockButton+string(permit.Entity().ID)))}
	}
	s.said = entities.Said{Text: line.Content}
	return s, nil
}

// dmHead is the first line of every message of an entity's in direct messages.
func dmHead(e entities.Entity) string { return "**" + Plain(e.Name) + "**\n" }

// splitUnder cuts a text so that each part has room for a head.
func splitUnder(head, content string) ([]string, error) {
	texts, err := text.SplitAt(content, entities.MaxParts, MaxContent-text.Length(head))
	if _, many := errors.AsType[*text.TooManyPartsError](err); many {
		return nil, entities.Refuse(entities.Invalid, "content does not fit into %d messages. Say it in several calls. Nothing was sent.", entities.MaxParts)
	}
	if err != nil {
		return nil, fmt.Errorf("split a line: %w", err)
	}
	if len(texts) == 0 {
		return nil, entities.Refuse(entities.Invalid, "There is nothing to say: nothing of content can be seen.")
	}
	return texts, nil
}

// portrait shows the entity's picture, if it has one.
func (r *Relay) portrait(e entities.Entity) []discord.Embed {
	if e.Avatar == "" {
		return nil
	}
	return []discord.Embed{{Author: &discord.EmbedAuthor{Name: Clip(e.Name, 256), IconURL: r.AvatarURL(e.Avatar)}}}
}

// introduction tells a person at the first message whose AI writes, and what they can do.
func (r *Relay) introduction(permit entities.DMPermit) discord.Embed {
	e := permit.Entity()
	whose := "It belongs to <@" + e.OwnerID.String() + ">."
	if permit.ToOwner() {
		whose = "It is yours."
	}
	card := discord.Embed{Description: "**" + Plain(e.Name) + "** is an AI identity that speaks through this bot. " + whose +
		"\nReply to one of its messages to answer it. `/talk` chooses whom you write to; `/privacy` refuses direct messages of all of them."}
	if shown := r.portrait(e); shown != nil {
		card.Author = shown[0].Author
	}
	return card
}
