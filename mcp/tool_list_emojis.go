package mcp

import (
	"context"
	"strings"

	"troupe/entities"
)

var listEmojis = define("list_emojis", words{
	title: "List emojis",
	text:  "The emojis of a server's own, as they are written in a message and given to add_reaction.",
}, nothing, looks, func(ctx context.Context, c *call, in listEmojisInput) (emojiList, error) {
	found, err := c.server.relay.Emojis(ctx, c.actor, in.Server)
	if err != nil {
		return emojiList{}, err
	}
	list := emojiList{Servers: []serverEmojis{}}
	for _, from := range found {
		server := serverEmojis{ID: from.Guild.ID.String(), Name: shown(from.Guild.Name), Emojis: []shown{}, Kept: from.Kept}
		for _, e := range from.Emojis {
			server.Emojis = append(server.Emojis, shown(e.Mark))
		}
		list.Servers = append(list.Servers, server)
	}
	return list, nil
}).when(entities.CanSeeEmojis)

type listEmojisInput struct {
	Server string `json:"server,omitempty" doc:"id or name; left out: all of yours"`
}

type emojiList struct {
	Servers []serverEmojis `json:"servers"`
}

type serverEmojis struct {
	ID     string  `json:"id"`
	Name   shown   `json:"name"`
	Emojis []shown `json:"emojis"`
	Kept   int     `json:"not_for_all,omitempty"` // how many more there are that only some may use
}

func (l emojiList) write(p *page) {
	p.head()
	p.strangers(func() {
		for _, server := range l.Servers {
			p.say("server %s (%s): %d emojis", quoted(string(server.Name)), server.ID, len(server.Emojis))
			marks := make([]string, 0, len(server.Emojis))
			for _, mark := range server.Emojis {
				marks = append(marks, oneLine(string(mark)))
			}
			if len(marks) > 0 {
				p.say(" %s", strings.Join(marks, " "))
			}
			if server.Kept > 0 {
				p.say(" and %d that only some may use, or nobody just now", server.Kept)
			}
		}
	})
}
