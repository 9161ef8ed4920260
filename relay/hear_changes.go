package relay

import (
	"strings"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/disgo/gateway"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// lateEdit is how old an edit may be that is told of as one, of a message of which is not
// remembered how it was before. Discord sends the same event for pins, votes and link previews, with the time of
// the last edit in it.
const lateEdit = 10 * time.Minute

// hearUpdate takes that a message changed. That is an edit only when its author changed what it
// says.
func (r *Relay) hearUpdate(m discord.Message) {
	r.faces.update(m)
	old, known := r.cache.get(m.ID)
	if known {
		m = mended(old, m)
	}
	if r.hidden(m) {
		r.cache.remove(m.ID)
		return
	}
	r.cache.update(m)
	if (known || m.Author.ID != 0) && !spoken(m.Type) || m.Author.ID == r.world.Bot() {
		return
	}
	if r.edited(old, known, m) {
		r.noteChange(m.GuildID, entities.Heard{
			Event: entities.Event{Kind: entities.EventEdit, ChannelID: m.ChannelID, MessageID: m.ID, AuthorID: m.Author.ID, At: m.EditedTimestamp.UTC()},
			Text:  m.Content,
		})
	}
}

// edited says whether an update is an edit of which was not told yet. What is remembered may be
// newer than the event: Discord was asked for it, or we edited it ourselves.
func (r *Relay) edited(old discord.Message, known bool, m discord.Message) bool {
	if m.EditedTimestamp == nil || !r.changes.editedAt(m.ID, *m.EditedTimestamp) {
		return false
	}
	if known && (old.EditedTimestamp == nil || m.EditedTimestamp.After(*old.EditedTimestamp)) {
		return substance(old) != substance(m)
	}
	return r.now().Sub(*m.EditedTimestamp) < lateEdit
}

// mended is a message after an update. One that lacks the author is in parts: the rest is as it
// was before.
func mended(old, update discord.Message) discord.Message {
	if update.Author.ID != 0 {
		update.ReferencedMessage = old.ReferencedMessage
		return update
	}
	if update.EditedTimestamp != nil {
		old.Content, old.EditedTimestamp, old.Mentions = update.Content, update.EditedTimestamp, update.Mentions
	}
	if len(update.Embeds) > 0 {
		old.Embeds = update.Embeds
	}
	return old
}

// substance is what the author of a message gave it: not the previews that Discord adds.
func substance(m discord.Message) string {
	parts := []string{m.Content}
	for _, file := range m.Attachments {
		parts = append(parts, file.ID.String())
	}
	for _, embed := range m.Embeds {
		if embed.Type == discord.EmbedTypeRich && (m.Author.Bot || m.WebhookID != nil) {
			parts = append(parts, embedText(embed))
		}
	}
	for component := range m.AllComponents() {
		if shown, ok := component.(discord.TextDisplayComponent); ok {
			parts = append(parts, shown.Content)
		}
	}
	return strings.Join(parts, "\x00")
}

// hearDeletions takes that messages are gone.
func (r *Relay) hearDeletions(guild *snowflake.ID, channel snowflake.ID, ids ...snowflake.ID) {
	known := make(map[snowflake.ID]discord.Message, len(ids))
	for _, id := range ids {
		if old, ok := r.cache.get(id); ok {
			known[id] = old
		}
	}
	r.cache.depart(channel, ids...) // before anybody is told
	if guild == nil {
		r.hearTakenBack(channel, ids...)
	}
	for _, id := range ids {
		e := entities.Event{Kind: entities.EventDelete, ChannelID: channel, MessageID: id, At: r.now().UTC()}
		if old, ok := known[id]; ok {
			if r.cache.proxied(old, r.now(), r.speaksHere) {
				continue // what it said is still there
			}
			if guild != nil {
				r.changes.wrote(id, presenter{relay: r, guild: *guild}.author(&old))
			}
			e.AuthorID = old.Author.ID
		}
		r.noteChange(guild, entities.Heard{Event: e})
	}
}

// hearReaction takes that somebody reacted. Whether to a line of an entity's is found out by the
// event log.
func (r *Relay) hearReaction(e gateway.EventMessageReactionAdd) {
	if e.UserID == r.world.Bot() || (e.GuildID != nil && !r.shows(e.UserID)) {
		return
	}
	if m, known := r.cache.get(e.MessageID); known && m.WebhookID == nil && m.Author.ID != r.world.Bot() {
		return
	}
	r.changes.reacted(e.MessageID, e.UserID, reactionText(e.Emoji))
	if e.GuildID != nil && e.Member != nil {
		r.called.learn(*e.GuildID, e.Member.User, e.Member.Nick)
	}
	r.noteChange(e.GuildID, entities.Heard{Event: entities.Event{
		Kind: entities.EventReaction, ChannelID: e.ChannelID, MessageID: e.MessageID, AuthorID: e.UserID, Emoji: reactionText(e.Emoji), At: r.now().UTC(),
	}})
}

// hearWithdrawal takes that reactions are gone. Nobody is told any more of those of which nobody
// was told yet.
func (r *Relay) hearWithdrawal(event gateway.EventData) {
	switch e := event.(type) {
	case gateway.EventMessageReactionRemove:
		if e.UserID != r.world.Bot() {
			r.changes.withdrawn(e.MessageID, e.UserID, reactionText(e.Emoji), r.now())
		}
	case gateway.EventMessageReactionRemoveEmoji:
		r.changes.withdrawn(e.MessageID, 0, reactionText(e.Emoji), r.now())
	case gateway.EventMessageReactionRemoveAll:
		r.changes.withdrawn(e.MessageID, 0, "", r.now())
	}
}

// reactionText is an emoji as the event log has it: 👍, or name:id for a server's own. That of
// one that was deleted has no name any more.
func reactionText(emoji discord.PartialEmoji) string {
	var whole discord.Emoji
	if emoji.Name != nil {
		whole.Name = *emoji.Name
	}
	if emoji.ID != nil {
		whole.ID = *emoji.ID
		if whole.Name == "" {
			whole.Name = "gone"
		}
	}
	return emojiText(whole)
}

// noteChange puts what became of a message on its way to the event log. Whether that has the
// message is asked there.
func (r *Relay) noteChange(guild *snowflake.ID, h entities.Heard) {
	if guild != nil {
		if !r.hears(h.Event.ChannelID) {
			return
		}
		h.Event.GuildID = *guild
	}
	r.handOver(utterance{heard: h})
}
