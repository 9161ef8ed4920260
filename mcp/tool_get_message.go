package mcp

import (
	"context"
	"fmt"
	"strings"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay"
)

var getMessage = define("get_message", words{
	title: "Get message",
	text:  "One message with what it answers, who reacted and the thread on it.",
}, entities.ReadHistory, reads, func(ctx context.Context, c *call, in getMessageInput) (messageContext, error) {
	return c.around(ctx, in.Channel.ID, in.Message.ID)
})

// around gives a message with what belongs to it.
func (c *call) around(ctx context.Context, channel, message snowflake.ID) (messageContext, error) {
	self, err := c.server.registry.Acting(ctx, c.actor)
	if err != nil {
		return messageContext{}, err
	}
	found, err := c.server.relay.Message(ctx, c.actor, channel, message)
	if err != nil {
		return messageContext{}, err
	}
	out := messageContext{messages: c.quote(self, append(found.Above, found.Message), ""), ID: found.Message.ID.String(), message: found.Message}
	out.whole = true
	for _, one := range found.Reactions {
		out.Reacted = append(out.Reacted, reactedOf(one))
	}
	if t := found.Thread; t != nil {
		out.Thread = &hangingThread{ID: t.ID.String(), Name: t.Name, Messages: t.Messages, CanRead: t.Reads}
	}
	return out, nil
}

type getMessageInput struct {
	Channel channelArg `json:"channel,omitempty" doc:"id, #name, name or server/#name; not needed with a link"`
	Message messageArg `json:"message" doc:"the message's id or link"`
}

// messageContext is one message, the last of the messages, behind what it answers.
type messageContext struct {
	messages
	ID      string         `json:"id"`
	Reacted []reactedBy    `json:"reacted,omitempty"`
	Thread  *hangingThread `json:"thread,omitempty"`

	message relay.Message
}

// reactedBy is one emoji and some of those who chose it.
type reactedBy struct {
	Emoji string   `json:"emoji"`
	Count int      `json:"count"`
	By    []author `json:"by,omitempty"`
}

// hangingThread is the thread that was opened on a message.
type hangingThread struct {
	ID       string `json:"id"`
	Name     string `json:"name,omitempty"`
	Messages int    `json:"messages,omitempty"`
	CanRead  bool   `json:"can_read"`
}

func reactedOf(from relay.Reacted) reactedBy {
	one := reactedBy{Emoji: from.Emoji, Count: from.Count}
	for _, a := range from.By {
		one.By = append(one.By, authorOf(a))
	}
	return one
}

// authorOf is somebody who wrote or did something. An entity has no id of Discord's.
func authorOf(a relay.Author) author {
	who := author{Name: a.Name, Kind: string(a.Kind), EntityID: string(a.Entity)}
	if a.ID != 0 {
		who.ID = a.ID.String()
	}
	return who
}

func (m messageContext) write(p *page) {
	p.head()
	m.writeBody(p)
}

// writeBody gives all but who the entity is.
func (m messageContext) writeBody(p *page) {
	if len(m.Messages) > 1 {
		p.say("Message %s, behind what it answers:", m.ID)
	}
	p.strangers(func() {
		for _, c := range m.Channels {
			m.writeChannel(p, c)
		}
		for _, one := range m.Reacted {
			if len(one.By) > 0 {
				p.say("%s by %s", emojiLabel(one.Emoji), m.names(one))
			}
		}
		if t := m.Thread; t != nil && t.CanRead {
			p.say("thread #%s (%s) hangs on %s: %d messages", quoted(t.Name), t.ID, m.ID, t.Messages)
		}
	})
	p.noteCuts()
	if m.Thread != nil && !m.Thread.CanRead {
		p.say("A thread hangs on it that you may not read.")
	}
}

// names lists who chose an emoji, and how many more there are.
func (m messageContext) names(one reactedBy) string {
	names := make([]string, 0, len(one.By))
	for _, a := range one.By {
		names = append(names, m.authorLabel(a))
	}
	words := strings.Join(names, ", ")
	if more := one.Count - len(names); more > 0 && !one.shared() {
		words += fmt.Sprintf(" and %d more", more)
	}
	return words
}

// shared says whether entities are among those: they count as one.
func (r reactedBy) shared() bool {
	for _, a := range r.By {
		if a.EntityID != "" {
			return true
		}
	}
	return false
}
