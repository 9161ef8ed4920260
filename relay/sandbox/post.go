package sandbox

import (
	"slices"
	"strings"
)

// draft is a message about to be posted; whoever makes one has checked that its author may.
type draft struct {
	channel *Channel
	author  User
	form    *messageForm
	files   map[int]upload
	// id is the message's id when something else fixed it (a forum post's first message). 0 makes a new one.
	id ID
	// kind is the message's type, plainMessageType for most.
	kind          int
	reference     *Reference
	forwarded     *Message
	webhookID     ID
	applicationID ID
	// mayPingAll lets @everyone and unmentionable roles ping.
	mayPingAll  bool
	interaction []byte // interaction_metadata
	ephemeralTo ID
}

// post makes a message of a draft, keeps it and tells everybody who may know. It refuses
// files that cannot be kept and empty messages. Callers hold Discord.mu.
func (d *Discord) post(dr draft) (*Message, error) {
	form := dr.form
	if form.empty(len(dr.files)) && !dr.mayBeEmpty() {
		return nil, refuse(50006)
	}
	attachments, err := d.keepFiles(dr.channel.ID, nil, form.Attachments.Value, dr.files)
	if err != nil {
		return nil, err
	}
	var poll *Poll
	if form.Poll.given() {
		if poll, err = d.newPoll(form.Poll.Value); err != nil {
			return nil, err
		}
	}
	if dr.id == 0 {
		dr.id = d.newID()
	}
	m := &Message{
		ID: dr.id, Type: dr.kind, ChannelID: dr.channel.ID, GuildID: dr.channel.GuildID, Author: dr.author,
		Content: strings.TrimSpace(form.Content.Value), Timestamp: d.now(), TTS: form.TTS,
		Attachments: attachments, Embeds: rich(form.Embeds.Value), Flags: form.Flags.Value,
		WebhookID: dr.webhookID, ApplicationID: dr.applicationID, Nonce: form.Nonce, Reference: dr.reference, Forwarded: dr.forwarded,
		InteractionMetadata: dr.interaction, EphemeralTo: dr.ephemeralTo, Poll: poll,
	}
	if form.hasComponents() {
		m.Components = d.numberComponents(form.Components.Value, m.Attachments)
	}
	d.ping(m, form.AllowedMentions, dr.mayPingAll)
	if dr.ephemeralTo != 0 {
		return m, nil
	}
	d.wakeThread(dr.channel)
	d.place(dr.channel, m)
	d.said(m)
	d.notePing(m, form.AllowedMentions == nil, false)
	d.dispatch(m.GuildID, m.ChannelID, messageIntent(m.GuildID), "MESSAGE_CREATE", messageEvent{m, true})
	d.announce(m)
	return m, nil
}

// mayBeEmpty says whether a draft shows something without content of its own.
func (dr *draft) mayBeEmpty() bool {
	return dr.kind == threadStarter || dr.kind == pinnedNotice || dr.reference.isForward()
}

// place puts a new message into its channel's history.
func (d *Discord) place(ch *Channel, m *Message) {
	if ch.isThread() {
		m.Position = new(ch.TotalSent)
		if ch.counts(m) {
			ch.MessageCount++
			ch.TotalSent++
		}
	}
	history := append(d.state.messages[ch.ID], m)
	if most := d.cfg.History; most > 0 && len(history) >= 2*most {
		history = slices.Clone(history[len(history)-most:])
	}
	d.state.messages[ch.ID] = history
	ch.LastMessageID = m.ID
}

// counts says whether a message counts in a thread's message_count: all but the one that
// it started with.
func (c *Channel) counts(m *Message) bool {
	return c.isThread() && m.ID != c.ID && m.Type != threadStarter
}

// wakeThread opens an archived thread again, as any message in it does.
func (d *Discord) wakeThread(ch *Channel) {
	if ch.isThread() && ch.Archived {
		d.changeChannel(ch, func(ch *Channel) { ch.Archived, ch.ArchivedAt = false, d.now() })
	}
}

// rich marks embeds as Discord does, whatever their sender said.
func rich(embeds []Embed) []Embed {
	embeds = slices.Clone(embeds)
	for i := range embeds {
		embeds[i].Type = "rich"
	}
	return embeds
}

func (r *Reference) isForward() bool { return r != nil && r.Type == 1 }

func messageIntent(guild ID) Intents {
	if guild == 0 {
		return IntentDirectMessages
	}
	return IntentGuildMessages
}

func reactionIntent(guild ID) Intents {
	if guild == 0 {
		return IntentDirectReactions
	}
	return IntentGuildReactions
}

// revise edits a message as form says and tells everybody. It refuses what would leave
// nothing to show. Callers hold Discord.mu.
func (d *Discord) revise(m *Message, form *messageForm, files map[int]upload, mayPingAll bool) error {
	if m.Poll != nil {
		return refuse(520003)
	}
	next := *m
	if form.Content.Set {
		next.Content = strings.TrimSpace(form.Content.Value)
	}
	if form.Embeds.Set {
		next.Embeds = rich(form.Embeds.Value)
	}
	if form.Flags.given() {
		const settable = flagSuppressEmbeds | flagComponentsV2
		next.Flags = m.Flags&^flagSuppressEmbeds | form.Flags.Value&settable
	}
	if form.Attachments.Set || len(files) > 0 {
		kept := form.Attachments.Value
		if !form.Attachments.Set {
			kept = keepAll(m.Attachments)
		}
		attachments, err := d.keepFiles(m.ChannelID, m.Attachments, kept, files)
		if err != nil {
			return err
		}
		next.Attachments = attachments
	}
	if form.Components.Set {
		next.Components = nil
		if form.hasComponents() {
			next.Components = d.numberComponents(form.Components.Value, next.Attachments)
		}
	}
	if next.Content == "" && len(next.Embeds) == 0 && len(next.Components) == 0 && len(next.Attachments) == 0 {
		return refuse(50006)
	}
	d.said(&next)
	if form.Content.Set || form.Components.Set {
		d.ping(&next, form.AllowedMentions, mayPingAll)
	}
	next.EditedTimestamp = new(d.now())
	*m = next
	if m.EphemeralTo == 0 {
		if form.Content.Set || form.Components.Set {
			d.notePing(m, form.AllowedMentions == nil, true)
		}
		d.dispatch(m.GuildID, m.ChannelID, messageIntent(m.GuildID), "MESSAGE_UPDATE", messageEvent{m, false})
	}
	return nil
}

func keepAll(list []Attachment) []attachmentForm {
	var forms []attachmentForm
	for _, a := range list {
		forms = append(forms, attachmentForm{ID: a.ID, Filename: a.Filename})
	}
	return forms
}

// erase deletes messages of one channel and tells everybody: MESSAGE_DELETE for one,
// MESSAGE_DELETE_BULK when bulk. Callers hold Discord.mu.
func (d *Discord) erase(ch *Channel, bulk bool, ids ...ID) {
	d.state.messages[ch.ID] = slices.DeleteFunc(d.state.messages[ch.ID], func(m *Message) bool {
		gone := slices.Contains(ids, m.ID)
		if gone && ch.counts(m) {
			ch.MessageCount--
		}
		return gone
	})
	type single struct {
		ID        ID `json:"id"`
		ChannelID ID `json:"channel_id"`
		GuildID   ID `json:"guild_id,omitzero"`
	}
	type several struct {
		IDs       []ID `json:"ids"`
		ChannelID ID   `json:"channel_id"`
		GuildID   ID   `json:"guild_id,omitzero"`
	}
	if bulk {
		d.dispatch(ch.GuildID, ch.ID, messageIntent(ch.GuildID), "MESSAGE_DELETE_BULK", several{ids, ch.ID, ch.GuildID})
		return
	}
	for _, id := range ids {
		d.dispatch(ch.GuildID, ch.ID, messageIntent(ch.GuildID), "MESSAGE_DELETE", single{id, ch.ID, ch.GuildID})
	}
}
