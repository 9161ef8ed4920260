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

// History reads older messages of a channel, thread or post, oldest first. Discord is asked for
// them, unless they are the newest ones and all known.
func (r *Relay) History(ctx context.Context, actor entities.Actor, req HistoryRequest) ([]Message, error) {
	ctx = onBehalf(ctx, actor)
	permit, err := r.Authorize(ctx, actor, entities.ReadHistory, req.Channel)
	if err != nil {
		return nil, err
	}
	if err := req.check(permit.Channel()); err != nil {
		return nil, err
	}
	if messages, known := r.remembered(req); known {
		return r.present(ctx, actor, permit.Guild().ID, messages)
	}
	messages, err := r.older(ctx, req)
	if err != nil {
		return nil, word(err)
	}
	// Rights may have changed while Discord answered.
	if _, err := r.Authorize(ctx, actor, entities.ReadHistory, req.Channel); err != nil {
		return nil, err
	}
	return r.present(ctx, actor, permit.Guild().ID, messages)
}

// mostPages is how often Discord is asked for one answer, where people who hide said much.
const mostPages = 5

// older reads messages and looks further where people who hide said something, so that whoever
// reads on from the last one that is given comes past those.
func (r *Relay) older(ctx context.Context, req HistoryRequest) ([]discord.Message, error) {
	at := page{around: req.Around, before: req.Before, after: req.After, limit: req.Limit}
	var shown []discord.Message
	for range mostPages {
		ask := r.messages
		if at == (page{limit: req.Limit}) {
			ask = r.newest
		}
		found, last, err := ask(ctx, req.Channel, at)
		if err != nil {
			return nil, err
		}
		begin := len(shown)
		for _, m := range found {
			if r.shows(m.Author.ID) {
				shown = append(shown, m)
			}
		}
		if len(shown)-begin == len(found) || len(shown) >= req.Limit || len(found) < at.limit || at.around != 0 {
			break
		}
		if at.after != 0 {
			at.after = last
		} else {
			at.before = slices.MinFunc(found, byID).ID
		}
	}
	slices.SortFunc(shown, byID)
	switch n := len(shown) - req.Limit; {
	case n <= 0:
		return shown, nil
	case at.after != 0:
		return shown[:req.Limit], nil
	default:
		return shown[n:], nil
	}
}

func byID(a, b discord.Message) int { return cmp.Compare(a.ID, b.ID) }

var errHoldsPosts = &entities.Refusal{Reason: entities.Invalid, Text: "That channel holds posts, not messages: name one of its posts. list_channels shows the active ones."}

func (req HistoryRequest) check(where entities.Channel) error {
	if !where.HoldsMessages() {
		return errHoldsPosts
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
