package mcp

import (
	"context"

	"troupe/relay"
)

var sendDM = define("send_dm", words{
	title: "Send direct message",
	text:  "Writes privately to your owner, or to a person who spoke to you first.",
}, nothing, speaks, func(ctx context.Context, c *call, in sendDMInput) (sent, error) {
	user, err := c.person(ctx, in.User)
	if err != nil {
		return sent{}, err
	}
	done, err := c.server.relay.SendDM(ctx, c.actor, relay.DMLine{User: user, Content: in.Content, Key: in.Key})
	if err != nil {
		return sent{}, err
	}
	return sentOf(done), nil
})

type sendDMInput struct {
	User    string `json:"user" doc:"id, @name or display name"`
	Content string `json:"content" doc:"as in send_message"`
	Key     string `json:"idempotency_key,omitempty" doc:"as in send_message"`
}
