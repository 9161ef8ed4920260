package sandbox

import (
	"bytes"
	"fmt"
	"slices"
)

// The webhook of an interaction: its paths are those of webhooks with the application's
// id and the interaction's token.

func createFollowup(d *Discord, c *call) (any, error) {
	it, err := d.answered(c)
	if err != nil {
		return nil, err
	}
	// Right after a deferred answer this edits the loading message, whose being ephemeral
	// stays as it is.
	if it.original != nil && it.original.Flags&flagLoading != 0 {
		return d.editAnswer(it, it.original, c)
	}
	in, err := decodeMessage(c.body, "", answerFlags, 0)
	if err != nil {
		return nil, err
	}
	dr := d.draftOf(it, in, c.files)
	if it.original != nil {
		dr.kind = replyMessage
		dr.interaction = fmt.Appendf(bytes.TrimSuffix(slices.Clone(it.metadata), []byte("}")), `,"original_response_message_id":%q}`, it.original.ID)
		dr.reference = &Reference{MessageID: it.original.ID, ChannelID: it.original.ChannelID, GuildID: it.original.GuildID}
	}
	m, err := d.post(dr)
	if err != nil {
		return nil, err
	}
	d.keepEphemeral(m)
	it.followups = append(it.followups, m)
	it.change()
	return d.viewMessage(m, true), nil
}

// answerOf is the message of an interaction that a path names, by its id or as @original.
func (d *Discord) answerOf(c *call) (*Interaction, *Message, error) {
	it, err := d.answered(c)
	if err != nil {
		return nil, nil, err
	}
	if c.PathValue("message") == "@original" {
		if it.original == nil {
			return nil, nil, refuse(10008)
		}
		return it, it.original, nil
	}
	id := c.id("message")
	for _, m := range append(slices.Clone(it.followups), it.original) {
		if m != nil && m.ID == id {
			return it, m, nil
		}
	}
	return nil, nil, refuse(10008)
}

func getFollowup(d *Discord, c *call) (any, error) {
	_, m, err := d.answerOf(c)
	if err != nil {
		return nil, err
	}
	return d.viewMessage(m, true), nil
}

func editFollowup(d *Discord, c *call) (any, error) {
	it, m, err := d.answerOf(c)
	if err != nil {
		return nil, err
	}
	return d.editAnswer(it, m, c)
}

func (d *Discord) editAnswer(it *Interaction, m *Message, c *call) (any, error) {
	kept := m.Flags &^ flagLoading
	in, err := decodeMessage(c.body, "", answerFlags, kept)
	if err != nil {
		return nil, err
	}
	loading := m.Flags & flagLoading
	m.Flags = kept | in.Flags.Value&flagComponentsV2
	if err := d.revise(m, in, c.files, d.permissions(d.state.bot.ID, it.scene.channel).Has(MentionEveryone)); err != nil {
		m.Flags = kept | loading
		return nil, err
	}
	if m == it.original {
		it.edits++
	}
	it.change()
	return d.viewMessage(m, true), nil
}

func deleteFollowup(d *Discord, c *call) (any, error) {
	it, m, err := d.answerOf(c)
	if err != nil {
		return nil, err
	}
	if m.EphemeralTo != 0 {
		delete(d.state.interactions.ephemeral, m.ID)
	} else {
		d.erase(it.scene.channel, false, m.ID)
	}
	if it.original == m {
		it.original = nil
	}
	it.followups = slices.DeleteFunc(it.followups, func(f *Message) bool { return f == m })
	it.change()
	return nil, nil
}
