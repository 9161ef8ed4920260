package mcp

import (
	"context"
	"strings"

	"troupe/entities"
)

var listChannels = define("list_channels", words{
	title: "List channels",
	text:  "The channels, forums and active threads that you can see, by server, and what you may do in each.",
}, nothing, looks, func(ctx context.Context, c *call, _ listChannelsInput) (channelList, error) {
	views, err := c.server.relay.Channels(ctx, c.actor)
	if err != nil {
		return channelList{}, err
	}
	list := channelList{Servers: []serverChannels{}}
	for _, view := range views {
		list.add(c.server.registry.World(), view)
	}
	return list, nil
})

type listChannelsInput struct{}

type channelList struct {
	Servers []serverChannels `json:"servers"`
}

type serverChannels struct {
	ID       string        `json:"id"`
	Name     shown         `json:"name"`
	Channels []channelInfo `json:"channels"`
}

type channelInfo struct {
	ID          string    `json:"id"`
	Name        shown     `json:"name"`
	Kind        string    `json:"kind"`
	Category    shown     `json:"category,omitempty"`
	Parent      shown     `json:"parent,omitempty" doc:"of a thread or post: its channel"`
	Topic       shown     `json:"topic,omitempty"`
	CanRead     bool      `json:"can_read"`
	CanPost     bool      `json:"can_post"`
	CanReact    bool      `json:"can_react"`
	Tags        []tagInfo `json:"tags,omitempty" doc:"of a forum"`
	RequiresTag bool      `json:"requires_tag,omitempty"`
}

// tagInfo is a tag of a forum. Refusals speak of tags by their ids only.
type tagInfo struct {
	ID   string `json:"id"`
	Name shown  `json:"name"`
}

// maxTopic is how many characters of a topic are listed; a forum's guidelines have thousands.
const maxTopic = 120

func (l *channelList) add(world *entities.World, view entities.ChannelView) {
	id := view.Guild.ID.String()
	if n := len(l.Servers); n == 0 || l.Servers[n-1].ID != id {
		l.Servers = append(l.Servers, serverChannels{ID: id, Name: shown(view.Guild.Name)})
	}
	parent, _ := world.Channel(view.Channel.ParentID)
	info := channelInfo{
		ID: view.Channel.ID.String(), Name: shown(view.Channel.Name), Kind: kindOf(view.Channel, parent),
		Category: shown(view.Category), Parent: shown(view.Parent), Topic: shown(clip(view.Channel.Topic, maxTopic)),
		CanRead: view.CanRead, CanPost: view.CanPost, CanReact: view.CanReact, RequiresTag: view.Channel.RequiresTag,
	}
	for _, tag := range view.Channel.Tags {
		info.Tags = append(info.Tags, tagInfo{tag.ID.String(), shown(tag.Name)})
	}
	server := &l.Servers[len(l.Servers)-1]
	server.Channels = append(server.Channels, info)
}

func (l channelList) write(p *page) {
	p.head()
	if len(l.Servers) == 0 {
		p.say("You can see no channel at the moment. The admins of your server decide which channels you are in.")
		return
	}
	p.strangers(func() {
		for _, server := range l.Servers {
			p.say("server %s (%s):", quoted(string(server.Name)), server.ID)
			category := shown("")
			for _, channel := range server.Channels {
				if channel.Category != category {
					category = channel.Category
					p.say(" category %s:", quoted(string(category)))
				}
				channel.write(p)
			}
		}
	})
}

func (i channelInfo) write(p *page) {
	line := "  #" + quoted(string(i.Name)) + " (" + i.ID
	if i.Kind != "text" {
		line += ", " + i.Kind
	}
	if i.Parent != "" {
		line += " in #" + quoted(string(i.Parent))
	}
	line += ") " + i.rights()
	if len(i.Tags) > 0 {
		line += ", tags"
		if i.RequiresTag {
			line += " (one is required)"
		}
		for _, tag := range i.Tags {
			line += " " + quoted(string(tag.Name)) + " (" + tag.ID + ")"
		}
	}
	if i.Topic != "" {
		line += "; topic: " + oneLine(string(i.Topic))
	}
	p.say("%s", line)
}

func (i channelInfo) rights() string {
	var may []string
	for _, right := range []struct {
		word string
		has  bool
	}{{"read", i.CanRead}, {"post", i.CanPost}, {"react", i.CanReact}} {
		if right.has {
			may = append(may, right.word)
		}
	}
	if len(may) == 0 {
		return "live messages only"
	}
	return strings.Join(may, " ")
}
