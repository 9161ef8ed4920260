package mcp

import (
	"context"
	"time"

	"troupe/relay"
)

var readDMs = define("read_dms", words{
	title: "Read direct messages",
	text:  "Your own direct messages with a person, oldest first. Without user: with whom you have some.",
}, nothing, reads, func(ctx context.Context, c *call, in readDMsInput) (dms, error) {
	if in.User == "" {
		return c.conversations(ctx)
	}
	self, err := c.server.registry.Acting(ctx, c.actor)
	if err != nil {
		return dms{}, err
	}
	user, err := c.person(ctx, in.User)
	if err != nil {
		return dms{}, err
	}
	found, err := c.server.relay.ReadDMs(ctx, c.actor, relay.DMRequest{User: user, Limit: in.Limit, Before: in.Before.ID})
	if err != nil {
		return dms{}, err
	}
	history := c.quote(self, found, "There are no messages between you.")
	for i := range history.Channels {
		history.Channels[i] = place{ID: history.Channels[i].ID, Kind: direct}
	}
	for i := range history.Messages {
		history.Messages[i].Link = ""
	}
	return dms{messages: history}, nil
})

type readDMsInput struct {
	User   string     `json:"user,omitempty" doc:"id, @name or display name"`
	Limit  int        `json:"limit,omitempty" doc:"how many messages" range:"1,100,30"`
	Before messageArg `json:"before,omitempty" doc:"a message's id: only older ones"`
}

// dms are what an entity and a person wrote to each other, or the people with whom there is
// something of that.
type dms struct {
	messages
	Conversations []conversation `json:"conversations,omitempty"`

	list bool
}

type conversation struct {
	Person author `json:"person"`
	Last   string `json:"last"`
	Unread int    `json:"unread"`
}

func (c *call) conversations(ctx context.Context) (dms, error) {
	self, err := c.server.registry.Acting(ctx, c.actor)
	if err != nil {
		return dms{}, err
	}
	found, err := c.server.relay.DMPartners(ctx, c.actor)
	if err != nil {
		return dms{}, err
	}
	out := dms{messages: c.quote(self, nil, "You have no direct messages with anybody yet."), list: true}
	out.Untrusted = "names in conversations are text by strangers on Discord"
	for _, one := range found {
		out.Conversations = append(out.Conversations, conversation{
			Person: author{ID: one.Person.ID.String(), Name: one.Person.Name, Kind: string(one.Person.Kind)},
			Last:   one.Last.UTC().Format(time.RFC3339), Unread: one.Unread,
		})
	}
	return out, nil
}

func (d dms) write(p *page) {
	if !d.list || len(d.Conversations) == 0 {
		d.messages.write(p)
		return
	}
	p.head()
	p.strangers(func() {
		for _, one := range d.Conversations {
			p.say(" %s (human %s): last %s, %d unread", quoted(one.Person.Name), one.Person.ID, one.Last, one.Unread)
		}
	})
}
