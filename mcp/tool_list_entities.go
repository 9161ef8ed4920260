package mcp

import (
	"context"
	"strings"

	"troupe/relay"
)

var listEntities = define("list_entities", words{
	title: "List entities",
	text:  "The other characters of this bot on your servers, and whether they are active there.",
}, nothing, looks, func(ctx context.Context, c *call, in listEntitiesInput) (entityList, error) {
	companies, err := c.server.relay.Fellows(ctx, c.actor, in.Server, in.Channel.ID)
	if err != nil {
		return entityList{}, err
	}
	list := entityList{Servers: []serverEntities{}}
	for _, company := range companies {
		list.add(company, in.Channel.ID != 0)
	}
	return list, nil
})

type listEntitiesInput struct {
	Server  string     `json:"server,omitempty" doc:"id or name; left out: all of yours"`
	Channel channelArg `json:"channel,omitempty" doc:"also says who may read it: id, #name, server/#name or a link"`
}

type entityList struct {
	Servers []serverEntities `json:"servers"`
}

type serverEntities struct {
	ID       string       `json:"id"`
	Name     shown        `json:"name"`
	Entities []entityInfo `json:"entities"`
}

type entityInfo struct {
	ID          string `json:"id"`
	Name        shown  `json:"name"`
	OwnerID     string `json:"owner_id,omitempty" doc:"the user whose AI it is; left out when they hide from entities"`
	Description shown  `json:"description,omitempty"`
	Active      bool   `json:"active" doc:"it can take part there now"`
	Reads       string `json:"reads_channel,omitempty" doc:"yes or no: whether it may read the channel"`
}

func (l *entityList) add(from relay.Company, asked bool) {
	server := serverEntities{ID: from.Guild.ID.String(), Name: shown(from.Guild.Name), Entities: []entityInfo{}}
	for _, f := range from.Fellows {
		info := entityInfo{
			ID: string(f.Entity.ID), Name: shown(f.Entity.Name),
			Description: shown(clip(f.Entity.Description, maxTopic)), Active: f.Speaks,
		}
		if f.Entity.OwnerID != 0 {
			info.OwnerID = f.Entity.OwnerID.String()
		}
		if asked {
			info.Reads = "no"
			if f.Reads {
				info.Reads = "yes"
			}
		}
		server.Entities = append(server.Entities, info)
	}
	l.Servers = append(l.Servers, server)
}

func (l entityList) write(p *page) {
	p.head()
	some := false
	for _, server := range l.Servers {
		some = some || len(server.Entities) > 0
	}
	if !some {
		p.say("You are the only character there.")
		return
	}
	p.strangers(func() {
		for _, server := range l.Servers {
			p.say("server %s (%s):", quoted(string(server.Name)), server.ID)
			for _, one := range server.Entities {
				p.say(" %s (%s): %s", quoted(string(one.Name)), one.ID, one.words())
			}
		}
	})
}

func (i entityInfo) words() string {
	words := []string{"active"}
	if !i.Active {
		words[0] = "not active"
	}
	switch i.Reads {
	case "yes":
		words = append(words, "may read that channel")
	case "no":
		words = append(words, "may not read that channel")
	}
	if i.OwnerID != "" {
		words = append(words, "owner "+i.OwnerID)
	}
	line := strings.Join(words, ", ")
	if i.Description != "" {
		line += "; " + oneLine(string(i.Description))
	}
	return line
}
