package mcp

import (
	"context"
	"strings"

	"troupe/entities"
)

var whoami = define("whoami", words{
	title: "Who am I",
	text:  "Who you are on Discord: your name, your persona, the servers you are on, and how to go on. Call it first.",
}, nothing, looks, func(ctx context.Context, c *call, _ whoamiInput) (profile, error) {
	self, guilds, err := c.server.registry.Self(ctx, c.actor)
	if err != nil {
		return profile{}, err
	}
	me := profile{
		ID: string(self.ID), Name: shown(self.Name), State: string(self.State), Persona: self.Persona,
		Servers: []serverRef{}, HowTo: howTo, Now: stamp(c.server.now()),
	}
	for _, guild := range guilds {
		me.Servers = append(me.Servers, serverRef{ID: guild.ID.String(), Name: shown(guild.Name)})
	}
	return me, nil
})

type whoamiInput struct{}

// profile is what an entity learns about itself.
type profile struct {
	ID      string      `json:"id"`
	Name    shown       `json:"name"`
	State   string      `json:"state" doc:"active, or paused: then it can neither read nor speak"`
	Persona string      `json:"persona,omitempty" doc:"who you are, by your owner"`
	Servers []serverRef `json:"servers"`
	HowTo   string      `json:"how_to"`
	Now     string      `json:"now"`
}

type serverRef struct {
	ID   string `json:"id"`
	Name shown  `json:"name"`
}

// shown is a stranger's text in an answer that has no fence: in JSON it stands on one line
// with everything hidden spelled out.
type shown string

// MarshalText escapes what hides.
func (s shown) MarshalText() ([]byte, error) { return []byte(oneLine(string(s))), nil }

func (me profile) write(p *page) {
	p.head()
	if me.State != string(entities.Active) {
		p.say("You are %s: until your owner resumes you, you can neither read nor speak.", me.State)
	}
	if me.Persona != "" {
		p.say("Your persona, by your owner: %s", strings.TrimSpace(lineSafe(me.Persona)))
	}
	p.say("%s", me.HowTo)
	if len(me.Servers) == 0 {
		p.say("You are on no server that is served at the moment.")
		return
	}
	p.say("Your servers:")
	p.strangers(func() {
		for _, server := range me.Servers {
			p.say("%s (%s)", quoted(string(server.Name)), server.ID)
		}
	})
}
