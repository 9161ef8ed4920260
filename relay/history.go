package relay

import (
	"cmp"
	"context"
	"slices"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// MaxHistory is how many messages one request gives at most. Discord: the same.
const MaxHistory = 100

// History reads older messages of a channel, thread or post, oldest first.
func (r *Relay) History(ctx context.Context, actor entities.Actor, req HistoryRequest) ([]Message, error) {
	permit, err := r.Authorize(ctx, actor, entities.ReadHistory, req.Channel)
	if err != nil {
		return nil, err
	}
	if err := req.check(permit.Channel()); err != nil {
		return nil, err
	}
	messages, _, err := r.messages(ctx, req.Channel, page{around: req.Around, before: req.Before, after: req.After, limit: req.Limit})
	if err != nil {
		return nil, word(err)
	}
	slices.SortFunc(messages, func(a, b discord.Message) int { return cmp.Compare(a.ID, b.ID) })
	// Rights may have changed while Discord answered.
	if _, err := r.Authorize(ctx, actor, entities.ReadHistory, req.Channel); err != nil {
		return nil, err
	}
	return r.present(ctx, actor, permit.Guild().ID, messages)
}

func (req HistoryRequest) check(where entities.Channel) error {
	if !where.HoldsMessages() {
		return entities.Refuse(entities.Invalid, "That channel holds posts, not messages: name one of its posts. list_channels shows the active ones.")
	}
	if req.Limit < 1 || req.Limit > MaxHistory {
		return entities.Refuse(entities.Invalid, "limit is from 1 to %d.", MaxHistory)
	}
	given := 0
	for _, id := range []snowflake.ID{req.Before, req.After, req.Around} {
		if id != 0 {
			given++
		}
	}
	if given > 1 {
		return entities.Refuse(entities.Invalid, "Give only one of before, after and around.")
	}
	return nil
}
