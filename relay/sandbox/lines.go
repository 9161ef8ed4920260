package sandbox

// Line is what counting a channel's messages needs of one.
type Line struct {
	ID        ID
	Author    string // the name that stands over it
	Content   string
	WebhookID ID // 0 when no webhook said it
}

// Lines are a channel's messages, oldest first: much cheaper than [Discord.Messages] where
// there are thousands.
func (d *Discord) Lines(channel ID) []Line {
	d.mu.Lock()
	defer d.mu.Unlock()
	lines := make([]Line, 0, len(d.state.messages[channel]))
	for _, m := range d.state.messages[channel] {
		lines = append(lines, Line{ID: m.ID, Author: m.Author.Username, Content: m.Content, WebhookID: m.WebhookID})
	}
	return lines
}
