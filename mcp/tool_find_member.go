package mcp

import (
	"cmp"
	"context"
	"strings"

	"troupe/relay"
)

var findMember = define("find_member", words{
	title: "Find member",
	text:  "Finds people, bots and other characters on your servers by the beginning of a name; at most 10.",
}, nothing, reads, func(ctx context.Context, c *call, in findMemberInput) (people, error) {
	found, err := c.server.relay.FindMember(ctx, c.actor, relay.MemberRequest{Server: in.Server, Name: in.Name})
	if err != nil {
		return people{}, err
	}
	out := people{Untrusted: "names and servers hold text by strangers on Discord", People: []personInfo{}}
	for _, one := range found {
		out.People = append(out.People, personOf(one))
	}
	return out, nil
})

type findMemberInput struct {
	Server string `json:"server,omitempty" doc:"id or name; left out: all of yours"`
	Name   string `json:"name" doc:"the beginning of a username, nickname or display name"`
}

// people are whom a name found.
type people struct {
	Untrusted string       `json:"untrusted"`
	People    []personInfo `json:"people"`
}

// personInfo is somebody on a server: a person, a bot or one of the entities.
type personInfo struct {
	ID       string `json:"id"` // of a user, or of the entity
	Kind     string `json:"kind"`
	Name     string `json:"name"`
	Username string `json:"username,omitempty"`
	ServerID string `json:"server_id"`
	Server   string `json:"server"`
}

func personOf(p relay.Person) personInfo {
	info := personInfo{ID: p.ID.String(), Kind: string(p.Kind), Name: p.Name, Username: p.Username, ServerID: p.Guild.ID.String(), Server: p.Guild.Name}
	if p.Entity != "" {
		info.ID = string(p.Entity)
	}
	return info
}

func (o people) write(p *page) {
	p.head()
	if len(o.People) == 0 {
		p.say("Nobody there has a name that begins so.")
		return
	}
	p.strangers(func() {
		server := ""
		for _, one := range o.People {
			if one.ServerID != server {
				server = one.ServerID
				p.say("server %s (%s):", quoted(one.Server), one.ServerID)
			}
			line := " " + quoted(one.Name) + " (" + cmp.Or(map[string]string{string(relay.Entity): "one of the characters here, entity"}[one.Kind], one.Kind) + " " + one.ID
			if one.Username != "" && !strings.EqualFold(one.Username, one.Name) {
				line += ", username " + quoted(one.Username)
			}
			p.say("%s)", line)
		}
	})
	if len(o.People) == relay.MaxPeople {
		p.say("There may be more: give more of the name.")
	}
}
