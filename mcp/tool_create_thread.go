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
	if done.Said.MessageID != 0 {
		out.MessageIDs = append(out.MessageIDs, done.Said.MessageID.String())
	}
	if done.Unsaid != nil {
		out.Status, out.Problem = "failed", c.words("create_thread", done.Unsaid)
	}
	return out, nil
})

type createThreadInput struct {
	Channel channelArg `json:"channel,omitempty" doc:"id, #name, name, server/#name or a link; not needed when message is a link"`
	Name    string     `json:"name" doc:"the thread's title, at most 100 characters"`
	Message messageArg `json:"message,omitempty" doc:"the id or link of the message that it hangs on"`
	Content string     `json:"content,omitempty" doc:"what to say in it first, in Discord's markdown"`
}

// threadMade is a thread, and what became of the first line in it.
type threadMade struct {
	ThreadID   string   `json:"thread_id" doc:"name it as the channel to speak there"`
	Link       string   `json:"link"`
	Status     string   `json:"status,omitempty" doc:"of content: sent; failed; or unknown: Discord did not say, do not send it again"`
	MessageIDs []string `json:"message_ids,omitempty"`
	Problem    string   `json:"problem,omitempty" doc:"why content was not said"`
}

func (t threadMade) write(p *page) {
	p.say("The thread is open. channel: %s, link: %s", t.ThreadID, t.Link)
	switch {
	case t.Problem != "":
		p.say("But content was not said in it: %s", t.Problem)
	case t.Status == "":
	case t.Status != string(relay.StatusSent) || len(t.MessageIDs) == 0:
		p.say("status of content: %s. Discord did not say whether it took the message. Do not send it again; read_messages shows whether it is there.", t.Status)
	default:
		p.say("Said in it as %s. message id: %s", quoted(p.self.Name), t.MessageIDs[0])
	}
}
