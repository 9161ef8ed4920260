package mcp

import (
	"context"
	"fmt"
	"time"

	"troupe/entities"
)

var catchUp = define("catch_up", words{
	title: "Catch up",
	text:  "What happened in a channel lately, counted: who said how much, what got most reactions and replies, and questions that nobody answered.",
}, entities.CatchUp, reads, func(ctx context.Context, c *call, in catchUpInput) (digest, error) {
	self, err := c.server.registry.Acting(ctx, c.actor)
	if err != nil {
		return digest{}, err
	}
	found, err := c.server.relay.CatchUp(ctx, c.actor, in.Channel.ID, c.server.now().Add(-time.Duration(in.Hours)*time.Hour))
	if err != nil {
		return digest{}, err
	}
	d := digest{
		Channel: c.server.place(in.Channel.ID), From: stamp(found.From), To: stamp(found.To),
		Total: found.Messages, Voices: found.Voices, Whole: found.Whole, Untrusted: untrustedNote, self: string(self.ID),
	}
	for _, s := range found.Speakers {
		d.Speakers = append(d.Speakers, speakerCount{authorOf(s.Author), s.Messages})
	}
	for _, e := range found.Popular {
		d.Popular = append(d.Popular, echoed{quoteMessage(e.Message), e.Reactions, e.Replies})
	}
	for _, m := range found.Unanswered {
		d.Unanswered = append(d.Unanswered, quoteMessage(m))
	}
	return d, nil
}).when(entities.CanCatchUp)

type catchUpInput struct {
	Channel channelArg `json:"channel" doc:"id, #name, name, server/#name, a thread's or post's name, or a link"`
	Hours   int        `json:"hours,omitempty" doc:"how far back" range:"1,168,24"`
}

// digest is what happened in a channel, counted.
type digest struct {
	Channel    place          `json:"channel"`
	From       string         `json:"from"`
	To         string         `json:"to"`
	Total      int            `json:"messages"`
	Voices     int            `json:"voices"`
	Whole      bool           `json:"whole"` // false: the oldest were too many to be counted
	Untrusted  string         `json:"untrusted"`
	Speakers   []speakerCount `json:"speakers"`
	Popular    []echoed       `json:"popular,omitempty"`
	Unanswered []message      `json:"unanswered,omitempty"`

	self string
}

type speakerCount struct {
	Author   author `json:"author"`
	Messages int    `json:"messages"`
}

type echoed struct {
	Message   message `json:"message"`
	Reactions int     `json:"reactions"`
	Replies   int     `json:"replies"`
}

// maxDigested is how many characters of a message a digest quotes.
const maxDigested = 300

func (d digest) write(p *page) {
	p.head()
	p.say("%d messages by %d speakers from %s to %s.", d.Total, d.Voices, d.From, d.To)
	if !d.Whole {
		p.say("There was more before that: only the newest were counted.")
	}
	if d.Total == 0 {
		return
	}
	defer func(cut int) { p.cut = cut }(p.cut)
	p.cut = maxDigested
	names := messages{Entity: entityRef{ID: d.self}}
	p.strangers(func() {
		p.say("%s, server %s:", channelLabel(d.Channel), quoted(d.Channel.Server))
		p.say("who spoke:")
		for _, s := range d.Speakers {
			p.say(" %s: %d", names.authorLabel(s.Author), s.Messages)
		}
		if more := d.Voices - len(d.Speakers); more > 0 {
			p.say(" and %d more", more)
		}
		if len(d.Popular) > 0 {
			p.say("most reactions and replies:")
		}
		for _, e := range d.Popular {
			e.Message.digested(p, names, fmt.Sprintf("%d reactions, %d replies; ", e.Reactions, e.Replies))
		}
		if len(d.Unanswered) > 0 {
			p.say("questions without an answer:")
		}
		for _, m := range d.Unanswered {
			m.digested(p, names, "")
		}
	})
}

// digested gives a message in one row.
func (one message) digested(p *page, names messages, before string) {
	p.b.WriteString(" " + one.ID + " " + p.clock(one.at) + " " + before + names.authorLabel(one.Author) + ": ")
	p.text(one.Content)
}
