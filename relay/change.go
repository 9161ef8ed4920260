package relay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/disgoorg/disgo/rest"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// ownLine is where an entity's line stands: the channel or thread, and the channel whose webhook
// said it.
type ownLine struct {
	channel, governing entities.Channel
	message            snowflake.ID
}

var (
	// errLineGone says that a line is not there any more.
	errLineGone = errors.New("the line is gone")
	// errLineLost says that a line stands, and that the webhook which said it is gone.
	errLineLost = errors.New("the webhook of the line is gone")
)

// wordChange words why a line could not be changed.
func wordChange(err error) error {
	switch {
	case errors.Is(err, errLineGone):
		return entities.Refuse(entities.NotFound, "That message is gone: somebody deleted it.")
	case errors.Is(err, errLineLost):
		return entities.Refuse(entities.Conflict, "That message was said through a webhook that is gone by now, so nobody can edit it any more. Deleting it and saying it anew is possible.")
	default:
		return word(err)
	}
}

// guarded makes a request that is allowed by a check at the last moment: after it has waited
// for its turn among Discord's limits.
func (r *Relay) guarded(ctx context.Context, check func() error, request func(...rest.RequestOpt) error) error {
	var refused error
	err := request(rest.WithCtx(ctx), rest.WithCheck(func() bool {
		refused = check()
		return refused == nil
	}))
	if refused != nil {
		return refused
	}
	return err
}

// undone says whether what was asked of Discord was certainly not done: it refused, or the
// request never left.
func undone(err error) bool {
	_, refused := entities.AsRefusal(err)
	return refused || definite(err) || errors.Is(err, errNotSent)
}

// byWebhook does something to a line with the webhook that said it. The error is errLineGone
// or errLineLost when that cannot be.
func (r *Relay) byWebhook(ctx context.Context, l ownLine, request func(id snowflake.ID, token string) error) error {
	used, err := r.askWebhook(ctx, l.governing, request)
	if unusable(err) {
		r.webhooks.forget(l.governing.ID)
		used, err = r.askWebhook(ctx, l.governing, request)
	}
	if err == nil || (!errors.Is(err, errNoWebhook) && !unusable(err) && !gone(err)) {
		return err
	}
	// A webhook knows no messages but its own.
	by, stands := r.saidBy(ctx, l)
	switch {
	case stands != nil:
		return stands
	case by == used && !unusable(err):
		return err
	default:
		return errLineLost
	}
}

// unusable says whether a webhook is gone or has another token by now.
func unusable(err error) bool {
	c := code(err)
	return c == rest.JSONErrorCodeUnknownWebhook || c == rest.JSONErrorCodeInvalidWebhookToken
}

func (r *Relay) askWebhook(ctx context.Context, where entities.Channel, request func(id snowflake.ID, token string) error) (used snowflake.ID, err error) {
	via, err := r.standingWebhook(ctx, where)
	if err != nil {
		return 0, err
	}
	return via.id, request(via.id, via.token)
}

// saidBy asks Discord which webhook said a line; the error is errLineGone when it is not there.
func (r *Relay) saidBy(ctx context.Context, l ownLine) (webhook snowflake.ID, err error) {
	var raw json.RawMessage
	if err := r.disc.Rest.Do(rest.GetMessage.Compile(nil, l.channel.ID, l.message), nil, &raw, rest.WithCtx(ctx)); err != nil {
		if gone(err) {
			return 0, errLineGone
		}
		return 0, fmt.Errorf("look at a line: %w", err)
	}
	var answer struct {
		WebhookID snowflake.ID `json:"webhook_id"`
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		return 0, fmt.Errorf("look at a line: %w", err)
	}
	return answer.WebhookID, nil
}
