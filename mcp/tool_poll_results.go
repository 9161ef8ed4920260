package mcp

import (
	"context"

	"troupe/entities"
)

var pollResults = define("poll_results", words{
	title: "Poll results",
	text:  "How a poll stands: votes for each answer, and whether it is over. Not who voted.",
}, entities.SeePoll, reads, func(ctx context.Context, c *call, in pollResultsInput) (standing, error) {
	self, err := c.server.registry.Acting(ctx, c.actor)
	if err != nil {
		return standing{}, err
	}
	found, err := c.server.relay.PollResults(ctx, c.actor, in.Channel.ID, in.Message.ID)
	if err != nil {
		return standing{}, err
	}
	s := standing{
		Channel: c.server.place(in.Channel.ID), MessageID: in.Message.ID.String(), Author: authorOf(found.Author), Question: found.Question,
		Answers: []answerVotes{}, Multiple: found.Multiple, Final: found.Final, Link: found.Link, Untrusted: untrustedNote, self: string(self.ID),
	}
	if !found.Ends.IsZero() {
		s.Ends = stamp(found.Ends)
	}
	for _, answer := range found.Answers {
		s.Answers = append(s.Answers, answerVotes{answer.Text, answer.Votes})
		s.Votes += answer.Votes
	}
	return s, nil
}).when(entities.CanPoll)

type pollResultsInput struct {
	Channel channelArg `json:"channel,omitempty" doc:"id, #name, name or server/#name; not needed with a link"`
	Message messageArg `json:"message" doc:"the id or link of the message with the poll"`
}

// standing is how a poll stands.
type standing struct {
	Channel   place         `json:"channel"`
	MessageID string        `json:"message_id"`
	Author    author        `json:"author"`
	Question  string        `json:"question"`
	Answers   []answerVotes `json:"answers"`
	Votes     int           `json:"votes"` // of all answers together
	Multiple  bool          `json:"multiple"`
	Final     bool          `json:"final"`
	Ends      string        `json:"ends,omitempty"`
	Link      string        `json:"link,omitempty"`
	Untrusted string        `json:"untrusted"`

	self string
}

type answerVotes struct {
	Answer string `json:"answer"`
	Votes  int    `json:"votes"`
}

func (s standing) write(p *page) {
	p.head()
	choose := "one answer each"
	if s.Multiple {
		choose = "several answers each"
	}
	if s.Final {
		p.say("The poll %s is over: %d votes, %s.", s.MessageID, s.Votes, choose)
	} else {
		p.say("The poll %s goes on until %s: %d votes so far, %s.", s.MessageID, s.Ends, s.Votes, choose)
	}
	names := messages{Entity: entityRef{ID: s.self}}
	p.strangers(func() {
		p.b.WriteString(names.authorLabel(s.Author) + " asks: ")
		p.text(s.Question)
		for _, one := range s.Answers {
			p.say("%d votes: %s", one.Votes, quoted(one.Answer))
		}
	})
}
