package sandbox

import (
	"maps"
	"slices"
)

// shortestSaid is how long a text is of which it means something to find it somewhere else.
const shortestSaid = 10

// said keeps every text of a message of a server, also of those that were edited or deleted
// since. The caller holds the lock.
// What the bot itself answers to commands is no conversation.
func (d *Discord) said(m *Message) {
	if m.InteractionMetadata != nil || m.Author.ID == d.state.bot.ID {
		return
	}
	texts := []string{m.Content}
	if m.Poll != nil {
		texts = append(texts, m.Poll.Question)
		for _, answer := range m.Poll.Answers {
			texts = append(texts, answer.Text)
		}
	}
	for _, text := range texts {
		if len(text) >= shortestSaid {
			d.state.said[text] = struct{}{}
		}
	}
}

// Confided is what no program may write to its disk: the texts of all messages that people and
// webhooks ever sent, but for very short ones, and the tokens of the bot and of the webhooks.
func (d *Discord) Confided() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	confided := append(slices.Collect(maps.Keys(d.state.said)), d.state.token)
	for _, w := range d.state.webhooks {
		if w.Token != "" {
			confided = append(confided, w.Token)
		}
	}
	return confided
}
