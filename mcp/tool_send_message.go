package mcp

import (
	"context"

	"troupe/entities"
	"troupe/relay"
)

var sendMessage = define("send_message", words{
	title: "Send message",
	text:  "Speaks in a channel, thread or post under your own name and avatar. In a forum it opens a new post, which needs thread_name. <@id> mentions a person.",
}, entities.Post, speaks, func(ctx context.Context, c *call, in sendMessageInput) (sent, error) {
	done, err := c.server.relay.Say(ctx, c.actor, relay.Line{
		Channel: in.Channel.ID, Content: in.Content, ThreadName: in.ThreadName, Tags: in.Tags, Silent: in.Silent, SuppressLinks: in.SuppressLinks,
	})
	if err != nil {
		return sent{}, err
	}
	out := sent{Status: string(done.Status), ChannelID: done.ChannelID.String(), MessageIDs: []string{}, Link: done.Link}
	if done.MessageID != 0 {
		out.MessageIDs = append(out.MessageIDs, done.MessageID.String())
	}
	return out, nil
})

type sendMessageInput struct {
	Channel       channelArg `json:"channel" doc:"id, #name, name, server/#name, a thread's or post's name, or a link"`
	Content       string     `json:"content" doc:"what to say, in Discord's markdown; at most 2000 characters"`
	ThreadName    string     `json:"thread_name,omitempty" doc:"the title of a new post in a forum"`
	Tags          []string   `json:"tags,omitempty" doc:"names of the forum's tags for a new post"`
	Silent        bool       `json:"silent,omitempty" doc:"without a notification"`
	SuppressLinks bool       `json:"suppress_links,omitempty" doc:"without previews of links"`
}

// sent is what became of a line.
type sent struct {
	Status     string   `json:"status" doc:"sent; or unknown: Discord did not say, do not send it again"`
	MessageIDs []string `json:"message_ids"`
	ChannelID  string   `json:"channel_id" doc:"where it stands; of a new post, the post"`
	Link       string   `json:"link,omitempty"`
}

func (s sent) write(p *page) {
	if s.Status != string(relay.StatusSent) || len(s.MessageIDs) == 0 {
		p.say("status: %s. Discord did not say whether it took the message. Do not send it again; read_messages shows whether it is there.", s.Status)
		return
	}
	p.say("Sent as %s. message id: %s, channel: %s, link: %s", quoted(p.self.Name), s.MessageIDs[0], s.ChannelID, s.Link)
}
