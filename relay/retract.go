package relay

import (
	"context"
	"errors"
	"fmt"

	"github.com/disgoorg/disgo/rest"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// Retract deletes an entity's own line. One that is gone already counts as deleted.
func (r *Relay) Retract(ctx context.Context, actor entities.Actor, channel, message snowflake.ID) error {
	permit, err := r.Authorize(ctx, actor, entities.Retract, channel)
	if err != nil {
		return err
	}
	if err := r.registry.Owned(ctx, actor, permit, message); err != nil {
		return err
	}
	l := ownLine{channel: permit.Channel(), governing: permit.WebhookChannel(), message: message}
	return r.deleteLine(ctx, l, func() error { return r.mayStill(ctx, actor, entities.Retract, channel, message) })
}

// DeleteLine deletes what an entity said, for a person who may: its owner, and those who
// moderate where they act. channel is where they act, by Discord's word.
func (r *Relay) DeleteLine(ctx context.Context, actor entities.Actor, channel, message snowflake.ID) error {
	removal, err := r.registry.MayDeleteLine(ctx, actor, channel, message)
	if err != nil {
		return err
	}
	l := ownLine{message: message}
	if l.channel, l.governing, err = r.whereabouts(ctx, channel); err != nil {
		return wordTransport(err)
	}
	err = r.deleteLine(ctx, l, func() error {
		_, err := r.registry.MayDeleteLine(ctx, actor, channel, message)
		return err
	})
	if err != nil {
		return err
	}
	// It is deleted, whether or not the person's connection lasts.
	return r.registry.LineDeleted(context.WithoutCancel(ctx), actor, removal)
}

// whereabouts gives a channel or thread, and the channel that its webhook belongs to. An
// archived thread is asked for.
func (r *Relay) whereabouts(ctx context.Context, id snowflake.ID) (channel, governing entities.Channel, err error) {
	channel, known := r.world.Channel(id)
	if !known {
		if err := r.lookUp(ctx, id); err != nil {
			return channel, governing, err
		}
		channel, known = r.world.Channel(id)
	}
	governing = channel
	if known && channel.IsThread() {
		governing, known = r.world.Channel(channel.ParentID)
	}
	if !known {
		return channel, governing, entities.Refuse(entities.Unavailable, "The bot does not know this channel. An admin of this server can let its role see the channel.")
	}
	return channel, governing, nil
}

// deleteLine deletes a line by the webhook that said it, or where that is gone as the bot.
func (r *Relay) deleteLine(ctx context.Context, l ownLine, check func() error) error {
	err := r.byWebhook(ctx, l, func(id snowflake.ID, token string) error {
		return r.guarded(ctx, check, func(opts ...rest.RequestOpt) error {
			return r.disc.Rest.DeleteWebhookMessage(id, token, l.message, threadOf(l.channel), opts...)
		})
	})
	if errors.Is(err, errLineLost) || forbidden(err) {
		err = r.deleteAsBot(ctx, l, check)
	}
	r.cache.doubt(l.message) // the gateway tells of it later
	if err == nil || errors.Is(err, errLineGone) {
		return nil
	}
	return wordChange(err)
}

// forbidden says whether Discord answered that the bot lacks a right.
func forbidden(err error) bool {
	c := code(err)
	return c == rest.JSONErrorCodeMissingAccess || c == rest.JSONErrorCodeLackPermissionsToPerformAction
}

func (r *Relay) deleteAsBot(ctx context.Context, l ownLine, check func() error) error {
	err := r.guarded(ctx, check, func(opts ...rest.RequestOpt) error {
		return r.disc.Rest.DeleteMessage(l.channel.ID, l.message, opts...)
	})
	switch {
	case gone(err):
		return errLineGone
	case forbidden(err):
		return entities.Refuse(entities.NotAllowed, "The webhook that said this message is gone or out of the bot's reach, so the bot needs Manage Messages in that channel to delete it. "+
			"An admin of that server can grant that to the bot's role, or a moderator can delete the message themselves.")
	case err != nil:
		return fmt.Errorf("delete a line: %w", err)
	default:
		return nil
	}
}
