package relay

import (
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/disgoorg/disgo/discord"
)

// extras word what a message holds besides its text and files.
func (p presenter) extras(m *discord.Message) []Extra {
	var extras []Extra
	if !spoken(m.Type) {
		extras = append(extras, Extra{"notice of Discord", noticeName(m.Type)})
	}
	if crossposted(m) {
		extras = append(extras, Extra{"announcement", "published in another server's channel, which this one follows"})
	}
	if used := p.usedCommand(m); used != "" {
		extras = append(extras, Extra{"command", used})
	}
	if m.Flags.Has(discord.MessageFlagIsVoiceMessage) {
		extras = append(extras, Extra{"voice message", voiceLength(m.Attachments)})
	}
	for _, sticker := range m.StickerItems {
		extras = append(extras, Extra{"sticker", flat(sticker.Name)})
	}
	if m.Poll != nil {
		extras = append(extras, Extra{"poll", pollText(*m.Poll)})
	}
	for _, embed := range m.Embeds {
		extras = append(extras, Extra{"embed", p.readable(embedText(embed), m.Mentions)})
	}
	if len(m.Components) > 0 {
		extras = append(extras, p.components(m)...)
	}
	for _, snapshot := range m.MessageSnapshots {
		extras = append(extras, p.forwarded(snapshot.Message)...)
	}
	return extras
}

// components give the texts among a message's components. To look through them copies the message,
// which few have to.
func (p presenter) components(m *discord.Message) (texts []Extra) {
	for component := range m.AllComponents() {
		if shown, ok := component.(discord.TextDisplayComponent); ok {
			texts = append(texts, Extra{"text", p.readable(shown.Content, m.Mentions)})
		}
	}
	return texts
}

// forwarded words what a forward took along.
func (p presenter) forwarded(m discord.PartialMessage) []Extra {
	extras := []Extra{{"forwarded", p.readable(m.Content, m.Mentions)}}
	for _, file := range m.Attachments {
		words := flat(file.Filename) + ", " + strconv.Itoa((file.Size+999)/1000) + " KB"
		if file.ContentType != nil {
			words += ", " + flat(*file.ContentType)
		}
		extras = append(extras, Extra{"forwarded file", words})
	}
	for _, sticker := range m.StickerItems {
		extras = append(extras, Extra{"forwarded sticker", flat(sticker.Name)})
	}
	for _, embed := range m.Embeds {
		extras = append(extras, Extra{"forwarded embed", p.readable(embedText(embed), m.Mentions)})
	}
	for component := range m.AllComponents() {
		if shown, ok := component.(discord.TextDisplayComponent); ok {
			extras = append(extras, Extra{"forwarded text", p.readable(shown.Content, m.Mentions)})
		}
	}
	return extras
}

// usedCommand says which command a message answers, and who gave it unless they hide.
func (p presenter) usedCommand(m *discord.Message) string {
	by := func(user discord.User) string {
		if p.guild != 0 && !p.relay.shows(user.ID) {
			return "by somebody who is hidden from entities"
		}
		return "by " + flat(user.EffectiveName())
	}
	switch {
	case m.Interaction != nil && m.Interaction.Name != "":
		return "/" + flat(m.Interaction.Name) + " " + by(m.Interaction.User)
	case m.InteractionMetadata != nil && m.InteractionMetadata.User.ID != 0:
		return by(m.InteractionMetadata.User)
	default:
		return ""
	}
}

func voiceLength(files []discord.Attachment) string {
	for _, file := range files {
		if file.DurationSecs != nil {
			return strconv.FormatFloat(*file.DurationSecs, 'f', 0, 64) + " s"
		}
	}
	return "of unknown length"
}

// pollText gives a poll's question and, one a line, its answers with their votes.
func pollText(poll discord.Poll) string {
	words := mediaText(poll.Question)
	if poll.AllowMultiselect {
		words += " (several answers allowed)"
	}
	votes := votesOf(poll)
	if poll.Results != nil && poll.Results.IsFinalized {
		words += " (over)"
	}
	for i, answer := range poll.Answers {
		words += "\n- " + mediaText(answer.PollMedia)
		if poll.Results != nil {
			words += fmt.Sprintf(" (%d)", votes[answerID(answer, i)])
		}
	}
	return words
}

func mediaText(media discord.PollMedia) string {
	var words []string
	if media.Emoji != nil && media.Emoji.Name != nil {
		words = append(words, flat(*media.Emoji.Name))
	}
	if media.Text != nil {
		words = append(words, flat(*media.Text))
	}
	return strings.Join(words, " ")
}

// embedText gives what an embed shows, from top to bottom.
func embedText(embed discord.Embed) string {
	var lines []string
	add := func(before, text string) {
		if text = strings.TrimSpace(text); text != "" {
			lines = append(lines, before+text)
		}
	}
	if embed.Provider != nil {
		add("", flat(embed.Provider.Name))
	}
	if embed.Author != nil {
		add("by ", flat(embed.Author.Name))
	}
	add("", flat(embed.Title))
	add("", embed.Description)
	for _, field := range embed.Fields {
		add("", flat(field.Name)+": "+field.Value)
	}
	switch {
	case embed.Image != nil:
		add("image: ", mediaName(embed.Image.URL))
	case embed.Thumbnail != nil:
		add("image: ", mediaName(embed.Thumbnail.URL))
	}
	if embed.Video != nil {
		add("video: ", mediaName(embed.Video.URL))
	}
	if embed.Footer != nil {
		add("footer: ", flat(embed.Footer.Text))
	}
	if len(lines) == 0 {
		add("", embed.URL)
	}
	return strings.Join(lines, "\n")
}

// mediaName is the last part of an address, without what signs it.
func mediaName(address string) string {
	address, _, _ = strings.Cut(address, "?")
	return flat(path.Base(address))
}

// notices are what Discord itself says in a channel (Discord: resources/message, "Message
// Types").
var notices = map[discord.MessageType]string{
	discord.MessageTypeRecipientAdd: "added somebody", discord.MessageTypeRecipientRemove: "removed somebody",
	discord.MessageTypeCall: "started a call", discord.MessageTypeChannelNameChange: "changed the channel's name",
	discord.MessageTypeChannelIconChange: "changed the channel's icon", discord.MessageTypeChannelPinnedMessage: "pinned a message",
	discord.MessageTypeUserJoin: "joined the server", discord.MessageTypeGuildBoost: "boosted the server",
	discord.MessageTypeGuildBoostTier1: "boosted the server to level 1", discord.MessageTypeGuildBoostTier2: "boosted the server to level 2",
	discord.MessageTypeGuildBoostTier3: "boosted the server to level 3", discord.MessageTypeChannelFollowAdd: "follows another server's channel here",
	discord.MessageTypeThreadCreated: "started a thread", discord.MessageTypeThreadStarterMessage: "the thread's first message",
	discord.MessageTypeGuildInviteReminder: "a reminder to invite people", discord.MessageTypeAutoModerationAction: "AutoMod took action",
	discord.MessageTypeStageStart: "started a stage", discord.MessageTypeStageEnd: "ended the stage", discord.MessageTypeStageSpeaker: "speaks on the stage",
	discord.MessageTypeStageTopic: "changed the stage's topic", discord.MessageTypePollResult: "a poll is over",
	discord.MessageTypeRoleSubscriptionPurchase: "bought a role", discord.MessageTypePurchaseNotification: "bought something",
}

func noticeName(t discord.MessageType) string {
	if name, ok := notices[t]; ok {
		return name
	}
	return "type " + strconv.Itoa(int(t))
}

// flat is a name on one line.
func flat(name string) string { return strings.Join(strings.Fields(name), " ") }
