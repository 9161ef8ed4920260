package mcp

import (
	"context"

	"troupe/entities"
	"troupe/relay"
)

var createThread = define("create_thread", words{
	title: "Create thread",
	text:  "Opens a public thread in a text channel: on a message, or of its own. In a forum, send_message with thread_name opens a post instead.",
}, entities.StartThread, speaks, func(ctx context.Context, c *call, in createThreadInput) (threadMade, error) {
	if in.Channel.ID == 0 {
		return threadMade{}, entities.Refuse(entities.Invalid, "create_thread needs channel, unless the message is given as a link.")
	}
	done, err := c.server.relay.StartThread(ctx, c.actor, relay.ThreadRequest{
		Channel: in.Channel.ID, Name: in.Name, Message: in.Message.ID, Content: in.Content,
	})
	if err != nil {
		return threadMade{}, err
	}
	out := threadMade{ThreadID: done.ThreadID.String(), Link: done.Link, Status: string(done.Said.Status)}
	out.said = sentOf(done.Said)
	out.MessageIDs = out.said.MessageIDs
	if done.Unsaid != nil {
		out.Status, out.Problem = "failed", c.words("create_thread", done.Unsaid)
	}
	return out, nil
})

type createThreadInput struct {
	Channel channelArg `json:"channel,omitempty" doc:"id, #name, name or server/#name; not needed with a link"`
	Name    string     `json:"name" doc:"the thread's title, at most 100 characters"`
	Message messageArg `json:"message,omitempty" doc:"the id or link of the message that it hangs on"`
	Content string     `json:"content,omitempty" doc:"what to say in it first, in Discord's markdown"`
}

// threadMade is a thread, and what became of the first line in it.
type threadMade struct {
	ThreadID   string   `json:"thread_id" doc:"name it as the channel to speak there"`
	Link       string   `json:"link"`
	Status     string   `json:"status,omitempty" doc:"of content: failed, or as send_message gives it"`
	MessageIDs []string `json:"message_ids,omitempty"`
	Problem    string   `json:"problem,omitempty" doc:"why content was not said"`

	said sent
}

func (t threadMade) write(p *page) {
	p.say("The thread is open. channel: %s, link: %s", t.ThreadID, t.Link)
	switch {
	case t.Problem != "":
		p.say("But content was not said in it: %s", t.Problem)
	case t.Status != "":
		t.said.write(p)
	}
}
