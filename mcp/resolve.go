package mcp

import (
	"context"
	"reflect"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// resolve turns what the arguments name into ids that the entity may use: the channel by
// relay, and messages only in that channel, so that a link leads nowhere else. It gives the
// channel, or 0 when the tool was called without one.
func (c *call) resolve(ctx context.Context, tool string, fields []field, input reflect.Value) (snowflake.ID, error) {
	channel, messages := named(fields, input)
	if channel == nil {
		return 0, nil
	}
	for _, m := range messages {
		if channel.ref == "" && m.link != "" {
			channel.ref = m.channel.String()
		}
	}
	if channel.ref == "" {
		if len(messages) > 0 {
			return 0, entities.Refuse(entities.Invalid, "%s needs channel, unless the message is given as a link.", tool)
		}
		return 0, nil
	}
	id, err := c.server.relay.Resolve(ctx, c.actor, channel.ref)
	if err != nil {
		return 0, err
	}
	for _, m := range messages {
		if m.link != "" && m.channel != id {
			return 0, entities.Refuse(entities.Invalid, "The link leads to another channel than the one named. Leave channel out, or give the message's id.")
		}
	}
	channel.ID = id
	return id, nil
}

// named finds the channel argument and the messages that were given.
func named(fields []field, input reflect.Value) (channel *channelArg, messages []messageArg) {
	for _, f := range fields {
		switch f.kind {
		case channelType:
			channel, _ = input.Field(f.index).Addr().Interface().(*channelArg)
		case messageType:
			if m, ok := input.Field(f.index).Interface().(messageArg); ok && m.ID != 0 {
				messages = append(messages, m)
			}
		}
	}
	return channel, messages
}
