package relay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/disgoorg/disgo/discord"

	"troupe/entities"
	"troupe/relay/text"
)

// Bounds of a line. Discord: webhook execute, thread names.
const (
	MaxContent    = text.MaxMessage
	MaxThreadName = 100
	maxTags       = 5
)

// MaxLine is how much one call may say, in characters.
const MaxLine = 8000

// body is all that a line asks for, as one text.
func (line Line) body() string {
	line.Key = ""
	text, err := json.Marshal(line)
	if err != nil {
		return fmt.Sprintf("%#v", line) // a line holds nothing that JSON cannot
	}
	return string(text)
}

// compose makes of a line the messages that Discord takes, or says what is wrong with it.
func (r *Relay) compose(ctx context.Context, actor entities.Actor, permit entities.Permit, line Line) (*speech, error) {
	poll, err := r.addition(ctx, actor, permit, &line)
	if err != nil {
		return nil, err
	}
	content := strings.TrimSpace(strings.ToValidUTF8(line.Content, "\uFFFD"))
	if content == "" && !line.wordless() {
		return nil, entities.Refuse(entities.Invalid, "There is nothing to say: content is empty.")
	}
	if n := text.Length(content); n > MaxLine {
		return nil, entities.Refuse(entities.Invalid, "content has %d characters; one call takes %d. Say it in several.", n, MaxLine)
	}
	if wrong, ok := errors.AsType[*text.EmbedError](text.Embeds(line.Embeds)); ok {
		return nil, entities.Refuse(entities.Invalid, "Discord does not take these embeds: %s. Nothing was sent.", wrong.Error())
	}
	resolved := r.resolve(ctx, actor, permit, content)
	texts, err := r.cut(ctx, actor, permit, line, resolved.Text)
	if err != nil {
		return nil, err
	}
	s := &speech{actor: actor, right: line.right(), done: make(chan struct{}), ambiguous: resolved.Ambiguous}
	for _, part := range texts {
		s.parts = append(s.parts, r.message(permit, line, part, resolved.Text))
	}
	s.parts[len(s.parts)-1].Embeds, s.parts[len(s.parts)-1].Poll = line.Embeds, poll
	s.said = s.judged(line)
	return s, newPost(&s.parts[0], permit.Channel(), line)
}

// addition is what a line has instead of words: its poll as Discord takes it, or the card about
// its entity, which becomes its embed.
func (r *Relay) addition(ctx context.Context, actor entities.Actor, permit entities.Permit, line *Line) (poll *discord.PollCreate, err error) {
	if line.right() == entities.Post {
		return nil, nil //nolint:nilnil // most lines are words
	}
	// Discord made posts without a first message of these (discord-api-docs #6746).
	if permit.Channel().IsForum() {
		return nil, errWordsForPosts
	}
	if line.Poll != nil {
		return line.Poll.create()
	}
	card, err := r.card(ctx, actor, permit)
	line.Content, line.Embeds = "", []discord.Embed{card}
	return nil, err
}

// cut gives the texts of a line's messages, the first with what stands in for a reply.
func (r *Relay) cut(ctx context.Context, actor entities.Actor, permit entities.Permit, line Line, content string) ([]string, error) {
	head := ""
	if line.Reply != 0 {
		reply, err := r.reply(ctx, actor, permit, line.Reply)
		if err != nil {
			return nil, err
		}
		head = reply + "\n"
	}
	texts, err := text.Split(head+content, entities.MaxParts)
	if _, many := errors.AsType[*text.TooManyPartsError](err); many {
		return nil, entities.Refuse(entities.Invalid, "content does not fit into %d messages. Say it in several calls. Nothing was sent.", entities.MaxParts)
	}
	if err != nil {
		return nil, fmt.Errorf("split a line: %w", err)
	}
	if len(texts) == 0 {
		if !line.wordless() {
			return nil, entities.Refuse(entities.Invalid, "There is nothing to say: nothing of content can be seen.")
		}
		texts = []string{""}
	}
	return texts, nil
}

// message is one message of a line.
func (r *Relay) message(permit entities.Permit, line Line, content, said string) discord.WebhookMessageCreate {
	speaker := permit.Entity()
	message := discord.WebhookMessageCreate{
		Content: content, Username: speaker.Name, AvatarURL: r.AvatarURL(speaker.Avatar), AllowedMentions: r.mentions(said, permit.MentionsAll()),
	}
	if line.Silent {
		message.Flags = message.Flags.Add(discord.MessageFlagSuppressNotifications)
	}
	if line.SuppressLinks {
		message.Flags = message.Flags.Add(discord.MessageFlagSuppressEmbeds)
	}
	return message
}

// newPost adds what makes a message a new post in a forum.
func newPost(message *discord.WebhookMessageCreate, where entities.Channel, line Line) error {
	name := strings.TrimSpace(line.ThreadName)
	if !where.IsForum() {
		if name != "" || len(line.Tags) > 0 {
			return entities.Refuse(entities.Invalid, "That channel is not a forum: leave thread_name and tags out.")
		}
		return nil
	}
	if n := utf8.RuneCountInString(name); n < 1 || n > MaxThreadName {
		return entities.Refuse(entities.Invalid, "That channel is a forum: give thread_name, the new post's title of 1 to %d characters, or name an existing post as the channel.", MaxThreadName)
	}
	message.ThreadName = name
	if len(line.Tags) > maxTags {
		return entities.Refuse(entities.Invalid, "A post has at most %d tags. Choose the %d that fit best.", maxTags, maxTags)
	}
	for _, wanted := range line.Tags {
		tag, ok := tagNamed(where, wanted)
		switch {
		case !ok:
			return entities.Refuse(entities.Invalid, "That forum has no tag %q. list_channels shows its tags.", wanted)
		case tag.Moderated:
			return entities.Refuse(entities.NotAllowed, "Only that server's moderators may use the tag %q. Choose another one.", wanted)
		case !slices.Contains(message.AppliedTags, tag.ID):
			message.AppliedTags = append(message.AppliedTags, tag.ID)
		}
	}
	if where.RequiresTag && len(message.AppliedTags) == 0 {
		return entities.Refuse(entities.Invalid, "That forum wants at least one tag on every post. list_channels shows its tags.")
	}
	return nil
}

func tagNamed(where entities.Channel, wanted string) (entities.Tag, bool) {
	for _, tag := range where.Tags {
		if wanted = strings.TrimSpace(wanted); strings.EqualFold(tag.Name, wanted) || tag.ID.String() == wanted {
			return tag, true
		}
	}
	return entities.Tag{}, false
}
