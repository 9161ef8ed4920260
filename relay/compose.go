package relay

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// Bounds of a line. Discord: webhook execute, thread names.
const (
	MaxContent    = 2000 // characters
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
func (r *Relay) compose(_ context.Context, actor entities.Actor, permit entities.Permit, line Line) (*speech, error) {
	content := strings.TrimSpace(strings.ToValidUTF8(line.Content, "\uFFFD"))
	if content == "" && len(line.Embeds) == 0 {
		return nil, entities.Refuse(entities.Invalid, "There is nothing to say: content is empty.")
	}
	if n := utf8.RuneCountInString(content); n > MaxLine {
		return nil, entities.Refuse(entities.Invalid, "content has %d characters; one call takes %d. Say it in several.", n, MaxLine)
	}
	parts := []string{content}
	s := &speech{actor: actor, done: make(chan struct{})}
	for _, part := range parts {
		s.parts = append(s.parts, r.message(permit.Entity(), line, part))
	}
	last := &s.parts[len(s.parts)-1]
	last.Embeds = line.Embeds
	return s, newPost(&s.parts[0], permit.Channel(), line)
}

// message is one message of a line.
func (r *Relay) message(speaker entities.Entity, line Line, content string) discord.WebhookMessageCreate {
	message := discord.WebhookMessageCreate{
		Content: content, Username: speaker.Name, AvatarURL: r.AvatarURL(speaker.Avatar), AllowedMentions: mentions(content),
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

var userMention = regexp.MustCompile(`<@!?(\d{15,20})>`)

// mentions lets a message ping the people whom its text names, never roles or everyone.
func mentions(content string) *discord.AllowedMentions {
	allowed := nobody()
	const most = 100 // Discord: allowed_mentions.users, each once
	for _, found := range userMention.FindAllStringSubmatch(content, -1) {
		id, err := snowflake.Parse(found[1])
		if err == nil && len(allowed.Users) < most && !slices.Contains(allowed.Users, id) {
			allowed.Users = append(allowed.Users, id)
		}
	}
	return &allowed
}
