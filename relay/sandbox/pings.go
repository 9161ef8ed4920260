package sandbox

import "slices"

// Ping is a message that reached somebody: whom, and how loudly.
type Ping struct {
	Message ID
	Channel ID
	Webhook ID     // 0 when no webhook said it
	Author  string // the name that stands over it
	// Users are those who see the channel and are mentioned by themselves.
	Users []ID
	Roles []ID
	// Everyone is true for @everyone and for @here.
	Everyone bool
	// Silent messages notify by a badge only (flag SUPPRESS_NOTIFICATIONS).
	Silent bool
	// Edited is true when an edit did it: the mentions are made anew from the edited text.
	Edited bool
	// Default is true when there was no allowed_mentions, so that Discord's default held.
	Default bool
}

// Pings are the messages that pinged somebody, and the edits that name somebody, oldest
// first and at most the last 20,000. What is deleted stays in the list.
func (d *Discord) Pings() []Ping {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.state.pings)
}

// notePing keeps whom a message pings. Callers hold Discord.mu.
func (d *Discord) notePing(m *Message, byDefault, edited bool) {
	p := Ping{
		Message: m.ID, Channel: m.ChannelID, Webhook: m.WebhookID, Author: m.Author.Username,
		Roles: slices.Clone(m.MentionRoles), Everyone: m.MentionEveryone,
		Silent: m.Flags&flagSuppressNotifications != 0, Edited: edited, Default: byDefault,
	}
	ch := d.state.channels[m.ChannelID]
	for i := range m.Mentions {
		if id := m.Mentions[i].ID; d.permissions(id, ch).Has(ViewChannel) {
			p.Users = append(p.Users, id)
		}
	}
	if len(p.Users) == 0 && len(p.Roles) == 0 && !p.Everyone {
		return
	}
	if len(d.state.pings) >= mostRequests {
		d.state.pings = slices.Delete(d.state.pings, 0, mostRequests/10)
	}
	d.state.pings = append(d.state.pings, p)
}
