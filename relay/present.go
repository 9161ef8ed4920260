package relay

import (
	"context"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// excerptLength is how much of a message a reply to it shows, in characters.
const excerptLength = 80

// present makes messages readable for one entity. Names of channels that it cannot see are
// not given away.
func (r *Relay) present(ctx context.Context, actor entities.Actor, guild snowflake.ID, messages []discord.Message) ([]Message, error) {
	var ids []snowflake.ID
	// Only a webhook says lines, and who waits for news pays for every query.
	for _, m := range messages {
		if m.WebhookID != nil {
			ids = append(ids, m.ID)
		}
		if quoted := m.ReferencedMessage; quoted != nil && quoted.WebhookID != nil {
			ids = append(ids, quoted.ID)
		}
	}
	speakers, err := r.registry.Speakers(ctx, actor, ids)
	if err != nil {
		return nil, err
	}
	p := presenter{relay: r, ctx: ctx, actor: actor, guild: guild, speakers: speakers}
	out := make([]Message, 0, len(messages))
	for _, m := range messages {
		out = append(out, p.message(m))
	}
	return out, nil
}

// presenter makes messages of one guild readable for one entity.
type presenter struct {
	relay    *Relay
	ctx      context.Context //nolint:containedctx // it lives as long as one call of present
	actor    entities.Actor
	guild    snowflake.ID
	speakers map[snowflake.ID]entities.Entity
}

func (p presenter) message(m discord.Message) Message {
	out := Message{
		ID: m.ID, GuildID: p.guild, ChannelID: m.ChannelID, Author: p.author(m), At: m.CreatedAt.UTC(),
		Content: p.readable(m.Content, m.Mentions), Extras: p.extras(m), Link: messageLink(p.guild, m.ChannelID, m.ID),
	}
	if m.EditedTimestamp != nil {
		out.EditedAt = m.EditedTimestamp.UTC()
	}
	if m.MessageReference != nil && m.MessageReference.MessageID != nil && m.MessageReference.Type == discord.MessageReferenceTypeDefault {
		out.ReplyTo = &Reply{MessageID: *m.MessageReference.MessageID}
		if quoted := m.ReferencedMessage; quoted != nil {
			out.ReplyTo.Author = p.author(*quoted).Name
			out.ReplyTo.Excerpt = excerpt(p.readable(quoted.Content, quoted.Mentions))
		}
	}
	for _, a := range m.Attachments {
		file := Attachment{Name: a.Filename, Size: a.Size, URL: a.URL}
		if a.ContentType != nil {
			file.Type = *a.ContentType
		}
		out.Attachments = append(out.Attachments, file)
	}
	for _, reaction := range m.Reactions {
		out.Reactions = append(out.Reactions, Reaction{Emoji: emojiText(reaction.Emoji), Count: reaction.Count})
	}
	return out
}

func (p presenter) author(m discord.Message) Author {
	a := Author{ID: m.Author.ID, Name: m.Author.EffectiveName(), Kind: Human}
	if m.Member != nil && m.Member.Nick != nil && *m.Member.Nick != "" {
		a.Name = *m.Member.Nick
	}
	switch {
	case m.WebhookID != nil && p.relay.speaksHere(m):
		a.Kind = Entity
		if speaker, ok := p.speakers[m.ID]; ok {
			a.Entity = speaker.ID
		}
	case m.WebhookID != nil && m.Author.ID == *m.WebhookID:
		a.Kind = Webhook
	case m.Author.Bot:
		a.Kind = Bot
	case m.Author.System || !spoken(m.Type):
		a.Kind = Notice
	}
	return a
}

// speaksHere says whether a webhook message is one of our entities': our application's
// webhook made it. An interaction's answer has a webhook id as well, the application's own.
func (r *Relay) speaksHere(m discord.Message) bool {
	if m.WebhookID == nil || m.Author.ID != *m.WebhookID || *m.WebhookID == r.disc.ApplicationID {
		return false
	}
	_, known := r.webhooks.owner(*m.WebhookID)
	return known || (m.ApplicationID != nil && *m.ApplicationID == r.disc.ApplicationID)
}

// spoken says whether a message is something that somebody said, and not a notice of
// Discord's.
func spoken(t discord.MessageType) bool {
	switch t {
	case discord.MessageTypeDefault, discord.MessageTypeReply, discord.MessageTypeSlashCommand, discord.MessageTypeContextMenuCommand:
		return true
	default:
		return false
	}
}

var marks = regexp.MustCompile(`<(@!?|@&|#)(\d{15,20})>|<a?:([A-Za-z0-9_]{2,32}):\d{15,20}>|<t:(-?\d{1,13})(?::[tTdDfFRsS])?>`)

// readable replaces Discord's marks for people, roles, channels, emoji and times by names.
func (p presenter) readable(content string, mentioned []discord.User) string {
	if !strings.Contains(content, "<") {
		return content
	}
	return marks.ReplaceAllStringFunc(content, func(mark string) string {
		found := marks.FindStringSubmatch(mark)
		if found[3] != "" {
			return ":" + found[3] + ":"
		}
		if found[4] != "" {
			seconds, err := strconv.ParseInt(found[4], 10, 64)
			if err != nil {
				return mark
			}
			return time.Unix(seconds, 0).UTC().Format(time.RFC3339)
		}
		id, err := snowflake.Parse(found[2])
		if err != nil {
			return mark
		}
		return p.name(found[1], id, mentioned)
	})
}

func (p presenter) name(kind string, id snowflake.ID, mentioned []discord.User) string {
	switch kind {
	case "#":
		if c, ok := p.relay.world.Channel(id); ok && p.sees(id) {
			return "#" + c.Name
		}
		return "#unknown"
	case "@&":
		if role, ok := p.relay.world.RoleName(p.guild, id); ok {
			return "@" + role
		}
		return "@unknown-role"
	default:
		for _, user := range mentioned {
			if user.ID == id {
				return "@" + user.EffectiveName()
			}
		}
		return "@" + id.String()
	}
}

func (p presenter) sees(channel snowflake.ID) bool {
	sees, err := p.relay.registry.Sees(p.ctx, p.actor, channel)
	return err == nil && sees
}

// extras word what a message holds besides its text.
func (p presenter) extras(m discord.Message) []string {
	var extras []string
	for _, sticker := range m.StickerItems {
		extras = append(extras, "[sticker: "+sticker.Name+"]")
	}
	if m.Poll != nil {
		words := []string{"poll"}
		if m.Poll.Question.Text != nil {
			words[0] += ": " + *m.Poll.Question.Text
		}
		for _, answer := range m.Poll.Answers {
			if answer.PollMedia.Text != nil {
				words = append(words, *answer.PollMedia.Text)
			}
		}
		extras = append(extras, "["+strings.Join(words, " | ")+"]")
	}
	for _, embed := range m.Embeds {
		if text := strings.TrimSpace(embed.Title + "\n" + embed.Description); text != "" {
			extras = append(extras, "[embed: "+text+"]")
		}
	}
	for _, snapshot := range m.MessageSnapshots {
		extras = append(extras, "[forwarded: "+p.readable(snapshot.Message.Content, snapshot.Message.Mentions)+"]")
	}
	if !spoken(m.Type) {
		extras = append(extras, "[notice of Discord: "+noticeName(m.Type)+"]")
	}
	return extras
}

func noticeName(t discord.MessageType) string {
	switch t {
	case discord.MessageTypeUserJoin:
		return "joined the server"
	case discord.MessageTypeChannelPinnedMessage:
		return "pinned a message"
	case discord.MessageTypeThreadCreated:
		return "started a thread"
	case discord.MessageTypeThreadStarterMessage:
		return "the thread's first message"
	default:
		return "type " + strconv.Itoa(int(t))
	}
}

func excerpt(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if utf8.RuneCountInString(text) <= excerptLength {
		return text
	}
	return string([]rune(text)[:excerptLength-1]) + "…"
}

func emojiText(e discord.Emoji) string {
	if e.ID != 0 {
		return e.Name + ":" + e.ID.String()
	}
	return e.Name
}
