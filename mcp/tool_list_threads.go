package mcp

import (
	"context"
	"strconv"
	"strings"
	"time"

	"troupe/entities"
	"troupe/relay"
)

var listThreads = define("list_threads", words{
	title: "List threads",
	text:  "The threads of a channel, or the posts of a forum, that moved last first: the open ones, or the archived ones.",
}, entities.ListThreads, looks, func(ctx context.Context, c *call, in listThreadsInput) (threadList, error) {
	before, err := instant("before", in.Before)
	if err != nil {
		return threadList{}, err
	}
	found, err := c.server.relay.Threads(ctx, c.actor, relay.ThreadsRequest{Channel: in.Channel.ID, Archived: in.Archived, Before: before, Limit: in.Limit})
	if err != nil {
		return threadList{}, err
	}
	where := c.server.place(in.Channel.ID)
	list := threadList{
		ChannelID: where.ID, Channel: shown(where.Name), Kind: where.Kind, Server: shown(where.Server),
		Archived: in.Archived, Threads: make([]threadInfo, 0, len(found.Threads)),
	}
	for _, one := range found.Threads {
		list.Threads = append(list.Threads, threadInfoOf(one))
	}
	if n := len(found.Threads); found.More && n > 0 {
		list.Next = found.Threads[n-1].Last.Format(time.RFC3339Nano)
	}
	return list, nil
}).when(entities.CanListThreads)

type listThreadsInput struct {
	Channel  channelArg `json:"channel" doc:"a channel or forum: id, #name, name, server/#name or a link"`
	Archived bool       `json:"archived,omitempty" doc:"true: those that were closed, instead of the open ones"`
	Limit    int        `json:"limit,omitempty" doc:"how many threads" range:"1,100,30"`
	Before   string     `json:"before,omitempty" doc:"a date, or next_before of an earlier answer: only those that moved before it"`
}

// threadList are the threads of one channel.
type threadList struct {
	ChannelID string       `json:"channel_id"`
	Channel   shown        `json:"channel"`
	Kind      string       `json:"kind"`
	Server    shown        `json:"server"`
	Archived  bool         `json:"archived"`
	Threads   []threadInfo `json:"threads"`
	Next      string       `json:"next_before,omitempty"`
}

type threadInfo struct {
	ID       string  `json:"id"`
	Name     shown   `json:"name"`
	Kind     string  `json:"kind"`
	Messages int     `json:"messages"`
	Last     string  `json:"last_at"` // when something was said last, or when it was archived
	Locked   bool    `json:"locked,omitempty"`
	Tags     []shown `json:"tags,omitempty"`

	last time.Time
}

func threadInfoOf(from relay.Thread) threadInfo {
	info := threadInfo{
		ID: from.Channel.ID.String(), Name: shown(from.Channel.Name), Kind: kindOf(from.Channel, from.Parent),
		Messages: from.Messages, Last: stamp(from.Last), Locked: from.Channel.Locked, last: from.Last,
	}
	for _, tag := range from.Tags {
		info.Tags = append(info.Tags, shown(tag))
	}
	return info
}

func (l threadList) write(p *page) {
	p.head()
	state, moved := "open", "last message"
	if l.Archived {
		state, moved = "archived", "archived"
	}
	if len(l.Threads) == 0 {
		p.say("There are no %s threads there that you may read.", state)
		return
	}
	p.strangers(func() {
		p.say("%s threads of %s, server %s:", state, channelLabel(place{ID: l.ChannelID, Name: string(l.Channel), Kind: l.Kind}), quoted(string(l.Server)))
		for _, one := range l.Threads {
			p.say(" %s", one.words(moved+" "+p.clock(one.last)))
		}
	})
	if l.Next != "" {
		p.say("There are more: go on with before = %s.", l.Next)
	}
}

func (i threadInfo) words(moved string) string {
	line := "#" + quoted(string(i.Name)) + " (" + i.ID
	if i.Kind == "private thread" {
		line += ", private"
	}
	line += ") " + strconv.Itoa(i.Messages) + " messages, " + moved
	if i.Locked {
		line += ", locked"
	}
	if len(i.Tags) > 0 {
		tags := make([]string, 0, len(i.Tags))
		for _, tag := range i.Tags {
			tags = append(tags, quoted(string(tag)))
		}
		line += ", tags " + strings.Join(tags, ", ")
	}
	return line
}
