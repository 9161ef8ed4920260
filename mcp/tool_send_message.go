package mcp

import (
	"context"
	"strings"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay"
)

var sendMessage = define("send_message", words{
	title: "Send message",
	text: "Speaks in a channel, thread or post under your own name and avatar. A long text becomes several messages. reply_to shows which message you answer. " +
		"In a forum it opens a new post, which needs thread_name. @Name mentions a person, when only one has that name; <@id> does always. " +
		"With an idempotency_key the same call, made again, does not speak twice.",
}, entities.Post, speaks, func(ctx context.Context, c *call, in sendMessageInput) (sent, error) {
	embeds, err := embedsOf(in.Embeds)
	if err != nil {
		return sent{}, err
	}
	if in.ReplyTo.channel != 0 && in.ReplyTo.channel != in.Channel.ID {
		return sent{}, entities.Refuse(entities.Invalid, "reply_to links to a message in another channel than channel. Answer it there.")
	}
	done, err := c.server.relay.Say(ctx, c.actor, relay.Line{
		Channel: in.Channel.ID, Content: in.Content, Reply: in.ReplyTo.ID, ThreadName: in.ThreadName, Tags: in.Tags, Embeds: embeds,
		Silent: in.Silent, SuppressLinks: in.SuppressLinks, Key: in.Key,
	})
	if err != nil {
		return sent{}, err
	}
	return sentOf(done), nil
})

func sentOf(done relay.Sent) sent {
	out := sent{Status: string(done.Status), ChannelID: done.ChannelID.String(), MessageIDs: idTexts(done.MessageIDs), Link: done.Link, Note: done.Why, parts: done.Parts}
	for _, name := range done.Ambiguous {
		out.Note = strings.TrimSpace(out.Note + " Nothing is linked by " + name + ": several have that name. An id, <@id> or <#id>, tells them apart.")
	}
	return out
}

func idTexts(ids []snowflake.ID) []string {
	texts := make([]string, 0, len(ids))
	for _, id := range ids {
		texts = append(texts, id.String())
	}
	return texts
}

type sendMessageInput struct {
	Channel       channelArg `json:"channel" doc:"id, #name, name, server/#name, a thread's or post's name, or a link"`
	Content       string     `json:"content,omitempty" doc:"what to say, in Discord's markdown; at most 8000 characters; may be left out when there are embeds"`
	ReplyTo       messageArg `json:"reply_to,omitempty" doc:"the message that you answer, in the same channel: its id or a link"`
	ThreadName    string     `json:"thread_name,omitempty" doc:"the title of a new post in a forum"`
	Tags          []string   `json:"tags,omitempty" doc:"names of the forum's tags for a new post"`
	Embeds        []embedArg `json:"embeds,omitempty" doc:"boxes under the text, at most 10"`
	Silent        bool       `json:"silent,omitempty" doc:"without a notification"`
	SuppressLinks bool       `json:"suppress_links,omitempty" doc:"without previews of links"`
	Key           string     `json:"idempotency_key,omitempty" doc:"your own name for this message: calls with the same one speak once within a day"`
}

// sent is what became of a line.
type sent struct {
	Status     string   `json:"status" doc:"sent; queued: on its way; partial: the rest was not sent; unknown: Discord did not say. Send none of them again"`
	MessageIDs []string `json:"message_ids"`
	ChannelID  string   `json:"channel_id" doc:"where it stands; of a new post, the post"`
	Link       string   `json:"link,omitempty"`
	Note       string   `json:"note,omitempty"`

	parts int
}

func (s sent) write(p *page) {
	switch relay.SendStatus(s.Status) {
	case relay.StatusSent:
		p.say("Sent as %s. message id: %s, channel: %s, link: %s", quoted(p.self.Name), strings.Join(s.MessageIDs, ", "), s.ChannelID, s.Link)
	case relay.StatusPartial:
		p.say("status: partial. %d of %d messages are there (%s); the rest was not sent.", len(s.MessageIDs), s.parts, strings.Join(s.MessageIDs, ", "))
	case relay.StatusQueued:
		p.say("status: queued. It is on its way and will be said without you. Do not send it again; the same call with the same idempotency_key, or read_messages, shows what became of it.")
	case relay.StatusUnknown:
		p.say("status: %s. Discord did not say whether it took the message. Do not send it again; read_messages shows whether it is there.", s.Status)
	}
	if s.Note != "" {
		p.say("%s", s.Note)
	}
}
