package sandbox

import (
	"slices"
	"time"
)

func createMessage(d *Discord, c *call) (any, error) {
	ch, err := d.textChannel(c)
	if err != nil {
		return nil, err
	}
	var in messageForm
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	f := form{}
	in.check(&f, flagSuppressEmbeds|flagSuppressNotifications|flagComponentsV2)
	if err := f.err(); err != nil {
		return nil, err
	}
	if err := d.maySend(d.state.bot.ID, ch, &in, len(c.files)); err != nil {
		return nil, err
	}
	if old := d.sameNonce(ch, &in); old != nil {
		view := d.showMessage(old)
		view.Nonce = old.Nonce
		return view, nil
	}
	dr := draft{channel: ch, author: *d.state.bot, form: &in, files: c.files, applicationID: 0}
	dr.mayPingAll = d.permissions(d.state.bot.ID, ch).Has(MentionEveryone)
	if err := d.refer(&dr); err != nil {
		return nil, err
	}
	m, err := d.post(dr)
	if err != nil {
		return nil, err
	}
	view := d.showMessage(m)
	view.Nonce = m.Nonce
	return view, nil
}

// maySend refuses what a user must not post in a channel.
func (d *Discord) maySend(user ID, ch *Channel, in *messageForm, files int) error {
	p := d.permissions(user, ch)
	switch {
	case !p.Has(ViewChannel):
		return refuse(50001)
	case ch.isDM():
		return d.mayDM(ch)
	case !p.Has(sendPermission(ch)):
		return refuse(50013)
	case files > 0 && !p.Has(AttachFiles):
		return refuse(50013)
	case len(in.Embeds.Value) > 0 && !p.Has(EmbedLinks):
		return refuse(50013)
	case in.Poll.given() && !p.Has(SendPolls):
		return refuse(50013)
	case in.TTS && !p.Has(SendTTS):
		return refuse(50013)
	case len(in.StickerIDs) > 0:
		return refuse(50081)
	case ch.isThread() && ch.Locked && !p.Has(ManageThreads):
		return refuse(160005)
	}
	return nil
}

// mayDM refuses direct messages to who does not take them or shares no server with the bot.
func (d *Discord) mayDM(ch *Channel) error {
	for _, id := range ch.Recipients {
		if d.state.closedDMs[id] {
			return refuse(50007)
		}
		if !d.shareGuild(id) {
			return refuse(50278)
		}
	}
	return nil
}

func (d *Discord) shareGuild(user ID) bool {
	for _, g := range d.state.guilds {
		if g.members[user] != nil && g.members[d.state.bot.ID] != nil {
			return true
		}
	}
	return false
}

// sameNonce finds what the bot posted with the same nonce in the last few minutes, when
// it asked for that to be enforced.
func (d *Discord) sameNonce(ch *Channel, in *messageForm) *Message {
	if !in.EnforceNonce || in.Nonce == nil {
		return nil
	}
	for _, m := range slices.Backward(d.state.messages[ch.ID]) {
		if d.now().Sub(m.Timestamp) > 5*time.Minute {
			return nil
		}
		if m.Author.ID == d.state.bot.ID && string(m.Nonce) == string(in.Nonce) {
			return m
		}
	}
	return nil
}

// refer turns a form's message_reference into a reply or a forward.
func (d *Discord) refer(dr *draft) error {
	ref := dr.form.Reference
	if ref == nil {
		return nil
	}
	from := dr.channel
	if ref.ChannelID != 0 && ref.Type == 0 && ref.ChannelID != from.ID {
		return invalid("message_reference", "MESSAGE_REFERENCE_UNKNOWN_MESSAGE", "Unknown message")
	}
	if ref.Type == 1 {
		from = d.state.channels[ref.ChannelID]
		if from == nil || !d.permissions(d.state.bot.ID, from).Has(ViewChannel|ReadMessageHistory) {
			return refuse(160014)
		}
	}
	target := d.message(from.ID, ref.MessageID)
	switch {
	case ref.Type != 0 && ref.Type != 1:
		return invalid("message_reference.type", "BASE_TYPE_CHOICES", "Value must be one of {0, 1}.")
	case !d.permissions(dr.author.ID, dr.channel).Has(ReadMessageHistory):
		return refuse(160002)
	case target == nil && ref.Type == 0 && ref.FailIfNotExists != nil && !*ref.FailIfNotExists:
		return nil
	case target == nil:
		return invalid("message_reference", "MESSAGE_REFERENCE_UNKNOWN_MESSAGE", "Unknown message")
	case target.isSystem():
		return invalid("message_reference", "REPLIES_CANNOT_REPLY_TO_SYSTEM_MESSAGE", "Cannot reply to a system message")
	}
	dr.reference = &Reference{Type: ref.Type, MessageID: target.ID, ChannelID: from.ID, GuildID: from.GuildID}
	if ref.Type == 0 {
		dr.kind = replyMessage
		return nil
	}
	dr.forwarded = new(target.snapshot())
	return nil
}

func (m *Message) isSystem() bool {
	return m.Type != plainMessageType && m.Type != replyMessage && m.Type != 20 && m.Type != 23
}

// invalid is a 50035 with one fault.
func invalid(path, code, message string) error {
	f := form{}
	f.add(path, code, message)
	return f.err()
}
