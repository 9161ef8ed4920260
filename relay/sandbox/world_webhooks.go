package sandbox

import (
	"fmt"
	"slices"
)

// Discord's limits for webhooks (topics/opcodes-and-status-codes, 30007 and 30058).
const (
	mostWebhooksOfChannel = 15
	mostWebhooksOfGuild   = 1000
)

// roomForWebhook refuses one more webhook where there are enough. Callers hold Discord.mu.
func (d *Discord) roomForWebhook(ch *Channel) error {
	here, all := 0, 0
	for _, w := range d.state.webhooks {
		here += btoi(w.ChannelID == ch.ID)
		all += btoi(w.GuildID == ch.GuildID)
	}
	switch {
	case here >= mostWebhooksOfChannel:
		return refuse(30007)
	case all >= mostWebhooksOfGuild:
		return refuse(30058)
	}
	return nil
}

// AddWebhook makes a webhook as an admin does in the client, or as another application
// does: ChannelID, Name and CreatorID count, and ApplicationID for an application. It gives
// the webhook with its id and token. Sends WEBHOOKS_UPDATE.
func (d *Discord) AddWebhook(w Webhook) (Webhook, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	ch := d.state.channels[w.ChannelID]
	if ch == nil || !ch.holdsWebhooks() {
		return Webhook{}, fmt.Errorf("add webhook %q: %s holds none", w.Name, w.ChannelID)
	}
	f := form{}
	checkWebhookName(&f, "name", &w.Name)
	if err := f.err(); err != nil {
		return Webhook{}, fmt.Errorf("add webhook %q: %w", w.Name, err)
	}
	if err := d.roomForWebhook(ch); err != nil {
		return Webhook{}, fmt.Errorf("add webhook %q: %w", w.Name, err)
	}
	w.ID, w.GuildID, w.Token = d.newID(), ch.GuildID, randomText(68)
	d.state.webhooks[w.ID] = &w
	d.webhooksChanged(ch.GuildID, ch.ID)
	return w, nil
}

// MoveWebhook moves a webhook to another channel of its server, as an admin can with any
// webhook. Its id and token stay. Sends WEBHOOKS_UPDATE for both channels.
func (d *Discord) MoveWebhook(webhook, channel ID) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	w, to := d.state.webhooks[webhook], d.state.channels[channel]
	if w == nil || to == nil || to.GuildID != w.GuildID || !to.holdsWebhooks() {
		return fmt.Errorf("move webhook %s: no such webhook, or nothing to move it to", webhook)
	}
	from := w.ChannelID
	w.ChannelID = to.ID
	d.webhooksChanged(w.GuildID, from)
	d.webhooksChanged(w.GuildID, to.ID)
	return nil
}

// DeleteWebhook deletes a webhook, as an admin can. Its messages stay. Sends WEBHOOKS_UPDATE.
func (d *Discord) DeleteWebhook(webhook ID) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	w := d.state.webhooks[webhook]
	if w == nil {
		return fmt.Errorf("delete webhook %s: unknown", webhook)
	}
	d.removeWebhook(w)
	return nil
}

// Webhooks are copies of a channel's webhooks with their tokens, oldest first.
func (d *Discord) Webhooks(channel ID) []Webhook {
	d.mu.Lock()
	defer d.mu.Unlock()
	var list []Webhook
	for _, w := range d.state.webhooks {
		if w.ChannelID == channel {
			list = append(list, *w)
		}
	}
	slices.SortFunc(list, func(a, b Webhook) int { return compareIDs(a.ID, b.ID) })
	return list
}
