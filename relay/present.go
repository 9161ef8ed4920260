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
// not given away, and messages of people who hide are left out.
func (r *Relay) present(ctx context.Context, actor entities.Actor, guild snowflake.ID, messages []discord.Message) ([]Message, error) {
	speakers, err := r.speakersOf(ctx, actor, messages)
	if err != nil {
		return nil, err
	}
	p := presenter{relay: r, ctx: ctx, actor: actor, guild: guild, speakers: speakers}
	if guild == 0 {
		if p.exchanged, err = r.registry.Exchanged(ctx, actor, answeredBy(messages)); err != nil {
			return nil, err
		}
	}
	out := make([]Message, 0, len(messages))
	for i := range messages {
		if m := &messages[i]; !p.hides(m) {
			out = append(out, p.message(m))
		}
	}
	return out, nil
}

// presenter makes messages of one guild readable for one entity.
type presenter struct {
	relay    *Relay
	ctx      context.Context //nolint:containedctx // it lives as long as one call of present
	actor    entities.Actor
	guild    snowflake.ID
	speakers map[snowflake.ID]entities.ID
	// exchanged are, in direct messages, those between the person and the entity, of the answered ones.
	exchanged map[snowflake.ID]bool
}

func (p presenter) message(m *discord.Message) Message {
	out := Message{
		ID: m.ID, GuildID: p.guild, ChannelID: m.ChannelID, Author: p.author(m), At: m.CreatedAt.UTC(),
		Content: p.readable(m.Content, m.Mentions), Extras: p.extras(m), Link: messageLink(p.guild, m.ChannelID, m.ID),
	}
	if m.EditedTimestamp != nil {
		out.EditedAt = m.EditedTimestamp.UTC()
	}
	out.ReplyTo = p.replyTo(m)
	if p.guild == 0 && m.Author.ID == p.relay.world.Bot() {
		p.own(&out)
	}
	for _, a := range m.Attachments {
		file := Attachment{Name: a.Filename, Size: a.Size, URL: a.URL}
		if a.ContentType != nil {
			file.Type = *a.ContentType
		}
		if a.Description != nil {
			file.Alt = *a.Description
		}
		out.Attachments = append(out.Attachments, file)
	}
	for _, reaction := range m.Reactions {
		out.Reactions = append(out.Reactions, Reaction{Emoji: emojiText(reaction.Emoji), Count: reaction.Count})
	}
	return out
}

// replyTo tells what a message answers. In direct messages that may have been said to, or by,
// another entity: what is not this one's own does not exist for it, and nothing is quoted.
func (p presenter) replyTo(m *discord.Message) *Reply {
	id := repliedTo(m)
	if id == 0 || crossposted(m) || (p.guild == 0 && !p.exchanged[id]) {
		return nil
	}
	reply := &Reply{MessageID: id}
	if quoted := m.ReferencedMessage; quoted != nil && p.hides(quoted) {
		reply.Excerpt = excerptOfHidden
	} else if quoted != nil && p.guild != 0 {
		reply.Author = p.author(quoted).Name
		reply.Excerpt = excerpt(p.readable(quoted.Content, quoted.Mentions))
	}
	return reply
}

// repliedTo is the message that one answers; 0 for none.
func repliedTo(m *discord.Message) snowflake.ID {
	ref := m.MessageReference
	if ref == nil || ref.MessageID == nil || ref.Type != discord.MessageReferenceTypeDefault {
		return 0
	}
	return *ref.MessageID
}

// answeredBy lists what messages answer.
func answeredBy(messages []discord.Message) (ids []snowflake.ID) {
	for i := range messages {
		if id := repliedTo(&messages[i]); id != 0 {
			ids = append(ids, id)
		}
	}
	return ids
}

func (p presenter) author(m *discord.Message) Author {
	a := Author{ID: m.Author.ID, Name: p.called(m.Author), Kind: Human}
	switch {
	case m.WebhookID != nil && p.relay.speaksHere(m):
		a.Kind = Entity
		if speaker, ok := p.speakers[m.ID]; ok {
			a.Entity = speaker
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

// crossposted says whether a message was published in another server's channel, which this one
// follows. It refers to that one (Discord: resources/message, "Message Reference Types") and
// answers nothing.
func crossposted(m *discord.Message) bool { return m.Flags.Has(discord.MessageFlagIsCrosspost) }

// called is what somebody is called on the server. Of a webhook only the message tells.
func (p presenter) called(user discord.User) string {
	if name, ok := p.relay.called.name(p.guild, user.ID); ok {
		return name
	}
	return user.EffectiveName()
}

// speaksHere says whether a webhook message is one of our entities': our application's
// webhook made it. An interaction's answer has a webhook id as well, the application's own.
func (r *Relay) speaksHere(m *discord.Message) bool {
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

// newsworthy says whether a message is news to those who hear the channel: what somebody said, and
// the notices of Discord's that are known. A thread's first message was news where it was said.
func newsworthy(t discord.MessageType) bool {
	_, notice := notices[t]
	return spoken(t) || (notice && t != discord.MessageTypeThreadStarterMessage)
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
			return "#" + flat(c.Name)
		}
		return "#unknown"
	case "@&":
		if role, ok := p.relay.world.RoleName(p.guild, id); ok {
			return "@" + flat(role)
		}
		return "@unknown-role"
	default:
		for _, user := range mentioned {
			if user.ID == id {
				return "@" + flat(p.called(user))
			}
		}
		if name, ok := p.relay.called.name(p.guild, id); ok {
			return "@" + flat(name)
		}
		return "@" + id.String()
	}
}

func (p presenter) sees(channel snowflake.ID) bool {
	sees, err := p.relay.registry.Sees(p.ctx, p.actor, channel)
	return err == nil && sees
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
