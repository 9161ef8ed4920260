package sandbox

import (
	"fmt"
	"slices"
)

var pinRoutes = []route{
	{pattern: "GET /channels/{channel}/messages/pins", serve: listPins},
	{pattern: "PUT /channels/{channel}/messages/pins/{message}", serve: pin},
	{pattern: "DELETE /channels/{channel}/messages/pins/{message}", serve: unpin},
	{pattern: "GET /channels/{channel}/pins", serve: listOldPins},
	{pattern: "PUT /channels/{channel}/pins/{message}", serve: pin},
	{pattern: "DELETE /channels/{channel}/pins/{message}", serve: unpin},
}

type pinView struct {
	PinnedAt string      `json:"pinned_at"`
	Message  messageView `json:"message"`
}

type pinsView struct {
	Items   []pinView `json:"items"`
	HasMore bool      `json:"has_more"`
}

// pins are a channel's pinned messages, the one pinned last first.
func (d *Discord) pins(ch *Channel) []*Message {
	var pinned []*Message
	for _, m := range d.state.messages[ch.ID] {
		if m.Pinned {
			pinned = append(pinned, m)
		}
	}
	slices.SortStableFunc(pinned, func(a, b *Message) int { return b.pinnedAt.Compare(a.pinnedAt) })
	return pinned
}

func listPins(d *Discord, c *call) (any, error) {
	ch, err := d.textChannel(c)
	if err != nil {
		return nil, err
	}
	q := query{c: c}
	limit, before := q.int("limit", 50, 1, 50), q.time("before")
	if err := q.err(); err != nil {
		return nil, err
	}
	view := pinsView{Items: []pinView{}}
	if !d.permissions(d.state.bot.ID, ch).Has(ReadMessageHistory) {
		return view, nil
	}
	for _, m := range d.pins(ch) {
		switch {
		case !before.IsZero() && !m.pinnedAt.Before(before):
		case len(view.Items) == limit:
			view.HasMore = true
		default:
			view.Items = append(view.Items, pinView{stamp(m.pinnedAt), d.showMessage(m)})
		}
	}
	return view, nil
}

func listOldPins(d *Discord, c *call) (any, error) {
	ch, err := d.textChannel(c)
	if err != nil {
		return nil, err
	}
	views := []messageView{}
	if !d.permissions(d.state.bot.ID, ch).Has(ReadMessageHistory) {
		return views, nil
	}
	for _, m := range d.pins(ch) {
		if len(views) < 50 {
			views = append(views, d.showMessage(m))
		}
	}
	return views, nil
}

// pinnable is the message of a path, when the bot may pin it.
func (d *Discord) pinnable(c *call) (*Channel, *Message, error) {
	ch, m, err := d.pathMessage(c)
	if err != nil {
		return nil, nil, err
	}
	if err := d.need(ch, PinMessages); err != nil {
		return nil, nil, err
	}
	switch {
	case m.isSystem():
		return nil, nil, refuse(50021)
	case ch.isThread() && ch.Archived:
		return nil, nil, refuse(50083)
	}
	return ch, m, nil
}

func pin(d *Discord, c *call) (any, error) {
	ch, m, err := d.pinnable(c)
	if err != nil {
		return nil, err
	}
	return nil, d.pin(d.state.bot, ch, m)
}

// mostPins: discord-api-docs, opcodes, 30003.
const mostPins = 250

// pin pins a message and says so in the channel.
func (d *Discord) pin(by *User, ch *Channel, m *Message) error {
	if m.Pinned {
		return nil
	}
	if len(d.pins(ch)) >= mostPins {
		return refuse(30003)
	}
	m.Pinned, m.pinnedAt = true, d.now()
	ch.LastPin = &m.pinnedAt
	d.pinsChanged(ch, m)
	_, _ = d.post(draft{ // needs no content, so nothing is refused
		channel: ch, author: *by, form: &messageForm{}, kind: pinnedNotice,
		reference: &Reference{MessageID: m.ID, ChannelID: ch.ID, GuildID: ch.GuildID},
	})
	return nil
}

// Pin has a user pin a message, which takes Pin Messages of them.
func (d *Discord) Pin(user, channel, message ID) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	ch, by, m := d.state.channels[channel], d.state.users[user], d.message(channel, message)
	switch {
	case ch == nil || by == nil || m == nil:
		return fmt.Errorf("pin: no channel %s, user %s or message %s", channel, user, message)
	case !d.permissions(user, ch).Has(PinMessages):
		return fmt.Errorf("pin: %s may not in %s", user, channel)
	}
	return d.pin(by, ch, m)
}

func unpin(d *Discord, c *call) (any, error) {
	ch, m, err := d.pinnable(c)
	if err != nil {
		return nil, err
	}
	if m.Pinned {
		m.Pinned = false
		d.pinsChanged(ch, m)
	}
	return nil, nil
}

func (d *Discord) pinsChanged(ch *Channel, m *Message) {
	d.dispatch(ch.GuildID, ch.ID, IntentGuilds|IntentDirectMessages, "CHANNEL_PINS_UPDATE", struct {
		GuildID   ID      `json:"guild_id,omitzero"`
		ChannelID ID      `json:"channel_id"`
		LastPin   *string `json:"last_pin_timestamp"`
	}{ch.GuildID, ch.ID, stampOrNil(ch.LastPin)})
	d.dispatch(ch.GuildID, ch.ID, messageIntent(ch.GuildID), "MESSAGE_UPDATE", messageEvent{m, false})
}
