package mcp

import (
	"context"
	"time"

	"troupe/entities"
	"troupe/relay"
)

var listPins = define("list_pins", words{
	title: "List pins",
	text:  "The pinned messages of a channel, thread or post; what was pinned last comes first.",
}, entities.ListPins, reads, func(ctx context.Context, c *call, in listPinsInput) (pinList, error) {
	self, err := c.server.registry.Acting(ctx, c.actor)
	if err != nil {
		return pinList{}, err
	}
	before, err := instant("before", in.Before)
	if err != nil {
		return pinList{}, err
	}
	found, err := c.server.relay.Pins(ctx, c.actor, relay.PinsRequest{Channel: in.Channel.ID, Before: before, Limit: in.Limit})
	if err != nil {
		return pinList{}, err
	}
	said := make([]relay.Message, 0, len(found.Pins))
	var list pinList
	for _, pin := range found.Pins {
		said = append(said, pin.Message)
		list.Pinned = append(list.Pinned, pinnedAt{pin.ID.String(), stamp(pin.PinnedAt)})
	}
	list.messages = c.quote(self, said, "Nothing is pinned there.")
	list.link()
	if n := len(found.Pins); found.More && n > 0 {
		list.Next = found.Pins[n-1].PinnedAt.Format(time.RFC3339Nano)
	}
	return list, nil
}).when(entities.CanPin)

type listPinsInput struct {
	Channel channelArg `json:"channel" doc:"id, #name, name, server/#name, a thread's or post's name, or a link"`
	Limit   int        `json:"limit,omitempty" doc:"how many messages" range:"1,50,20"`
	Before  string     `json:"before,omitempty" doc:"a date, or next_before of an earlier answer: only those that were pinned before it"`
}

// pinList are the pinned messages of one channel.
type pinList struct {
	messages
	Pinned []pinnedAt `json:"pinned,omitempty"`
	Next   string     `json:"next_before,omitempty"`
}

// pinnedAt is when one of the messages was pinned.
type pinnedAt struct {
	MessageID string `json:"message_id"`
	At        string `json:"at"`
}

func (l pinList) write(p *page) {
	l.messages.write(p)
	if l.Next != "" {
		p.say("There are more: go on with before = %s.", l.Next)
	}
}
