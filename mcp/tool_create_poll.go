package mcp

import (
	"context"

	"troupe/entities"
	"troupe/relay"
)

var createPoll = define("create_poll", words{
	title: "Create poll",
	text: "Asks people in a channel, thread or post to vote, under your own name and avatar. A poll cannot be edited. " +
		"poll_results shows how it stands. With an idempotency_key the same call, made again, does not ask twice.",
}, entities.MakePoll, speaks, func(ctx context.Context, c *call, in createPollInput) (sent, error) {
	done, err := c.server.relay.Say(ctx, c.actor, relay.Line{
		Channel: in.Channel.ID, Key: in.Key,
		Poll: &relay.Poll{Question: in.Question, Answers: in.Answers, Multiple: in.Multiple, Hours: in.Hours},
	})
	if err != nil {
		return sent{}, err
	}
	return sentOf(done), nil
}).when(entities.CanPoll)

type createPollInput struct {
	Channel  channelArg `json:"channel" doc:"id, #name, name, server/#name, a thread's or post's name, or a link"`
	Question string     `json:"question" doc:"at most 300 characters"`
	Answers  []string   `json:"answers" doc:"1 to 10, of at most 55 characters each"`
	Multiple bool       `json:"multiple,omitempty" doc:"people can choose several answers"`
	Hours    int        `json:"hours,omitempty" doc:"how long people can vote" range:"1,768,24"`
	Key      string     `json:"idempotency_key,omitempty" doc:"your own name for this poll: calls with the same one ask once within a day"`
}
