package mcp

import (
	"context"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

var fetch = define("fetch", words{
	title: "Fetch",
	text:  "Gives a message that search found.",
}, nothing, looksOut, func(ctx context.Context, c *call, in fetchInput) (document, error) {
	channel, message, err := parseDocument(in.ID)
	if err != nil {
		return document{}, err
	}
	// An archived thread is not known before it is asked for.
	if channel, err = c.server.relay.Resolve(ctx, c.actor, channel.String()); err != nil {
		return document{}, err
	}
	found, err := c.around(ctx, channel, message)
	if err != nil {
		return document{}, err
	}
	self, err := c.server.registry.Acting(ctx, c.actor)
	if err != nil {
		return document{}, err
	}
	m := found.message
	text := newPage(self, c.server.now(), c.server.token(fenceBytes))
	found.writeBody(text)
	where := c.server.place(m.ChannelID)
	return document{
		ID: documentID(m), Title: c.server.titleOf(m), Text: text.b.String(), URL: m.Link,
		Metadata: documentFacts{
			Author: shown(m.Author.Name), Kind: string(m.Author.Kind), Channel: shown(where.Name), Server: shown(where.Server), At: stamp(m.At),
			Untrusted: "title, text, author, channel and server hold text by strangers on Discord",
		},
	}, nil
}).forResearch()

type fetchInput struct {
	ID string `json:"id" doc:"an id that search gave"`
}

// document is a message as fetch gives it.
type document struct {
	ID       string        `json:"id"`
	Title    shown         `json:"title"`
	Text     string        `json:"text"` // fenced
	URL      string        `json:"url"`
	Metadata documentFacts `json:"metadata"`
}

type documentFacts struct {
	Author    shown  `json:"author"`
	Kind      string `json:"author_kind"`
	Channel   shown  `json:"channel"`
	Server    shown  `json:"server"`
	At        string `json:"at"`
	Untrusted string `json:"untrusted"`
}

func (d document) write(p *page) { p.json(d) }

// parseDocument reads what search gave as an id.
func parseDocument(id string) (channel, message snowflake.ID, err error) {
	channel, message, ok := messageOf(id)
	if !ok {
		return 0, 0, entities.Refuse(entities.Invalid, "id must be one that search gave, like 123456789012345678:123456789012345679, or a message's link, not %s.", clip(id, 60))
	}
	return channel, message, nil
}
