package relay

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/disgo/rest"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

const (
	// MaxPins is how many pinned messages one call gives at most. Discord: 50 on a page.
	MaxPins = 50
	// PinsPerMinute is how often one entity may pin or unpin: Discord says each pin aloud in the
	// channel.
	PinsPerMinute = 5
)

// PinsRequest asks for the pinned messages of a channel.
type PinsRequest struct {
	Channel snowflake.ID
	Before  time.Time // only those that were pinned before it; the zero time means all
	// Limit is from 1 to 50. Those that were pinned in the same moment as the last one come along.
	Limit int
}

// Pinned is a message that is pinned.
type Pinned struct {
	Message
	PinnedAt time.Time
}

// PinList is what is pinned, the one that was pinned last first.
type PinList struct {
	Pins []Pinned
	More bool // there are some that were pinned earlier
}

// Pins gives the pinned messages of a channel, without those of people who hide.
func (r *Relay) Pins(ctx context.Context, actor entities.Actor, req PinsRequest) (PinList, error) {
	ctx, cancel := context.WithTimeout(onBehalf(ctx, actor), contextTime)
	defer cancel()
	permit, err := r.Authorize(ctx, actor, entities.ListPins, req.Channel)
	if err != nil {
		return PinList{}, err
	}
	switch {
	case !permit.Channel().HoldsMessages():
		return PinList{}, errHoldsPosts
	case req.Limit < 1 || req.Limit > MaxPins:
		return PinList{}, entities.Refuse(entities.Invalid, "limit is from 1 to %d.", MaxPins)
	}
	pins, more, err := r.pinned(ctx, req)
	if err != nil {
		return PinList{}, word(err)
	}
	// Rights may have changed while Discord answered.
	if _, err := r.Authorize(ctx, actor, entities.ListPins, req.Channel); err != nil {
		return PinList{}, err
	}
	said, at := make([]discord.Message, 0, len(pins)), make(map[snowflake.ID]time.Time, len(pins))
	for _, pin := range pins {
		said = append(said, pin.Message)
		at[pin.Message.ID] = pin.PinnedAt.UTC()
	}
	shown, err := r.present(ctx, actor, permit.Guild().ID, r.veil(said))
	if err != nil {
		return PinList{}, err
	}
	list := PinList{More: more}
	for _, m := range shown {
		list.Pins = append(list.Pins, Pinned{m, at[m.ID]})
	}
	return list, nil
}

// pinned reads what is pinned in a channel, and further where people who hide said much of it.
func (r *Relay) pinned(ctx context.Context, req PinsRequest) (pins []discord.MessagePin, more bool, err error) {
	before := req.Before
	for range mostPages {
		query := discord.QueryValues{"limit": MaxPins}
		if !before.IsZero() {
			query["before"] = before.UTC().Format(time.RFC3339Nano)
		}
		var answer struct {
			Items   []json.RawMessage `json:"items"`
			HasMore bool              `json:"has_more"`
		}
		if err := r.disc.Rest.Do(rest.GetChannelPins.Compile(query, req.Channel), nil, &answer, rest.WithCtx(ctx)); err != nil {
			return nil, false, fmt.Errorf("read what is pinned: %w", err)
		}
		for _, pin := range decodeAll[discord.MessagePin](r, "GET pins", answer.Items) {
			before = pin.PinnedAt
			if pin.Message.ChannelID != req.Channel || !r.shows(pin.Message.Author.ID) {
				continue
			}
			if n := len(pins); n >= req.Limit && !pins[n-1].PinnedAt.Equal(pin.PinnedAt) {
				return pins, true, nil
			}
			pins = append(pins, pin)
		}
		if more = answer.HasMore; !more || len(answer.Items) == 0 {
			break
		}
	}
	return pins, more, nil
}

// Pin pins a message, or with pinned = false takes its pin away. It says whether that changed
// anything.
func (r *Relay) Pin(ctx context.Context, actor entities.Actor, channel, message snowflake.ID, pinned bool) (changed bool, err error) {
	ctx, cancel := context.WithTimeout(onBehalf(ctx, actor), contextTime)
	defer cancel()
	permit, err := r.Authorize(ctx, actor, entities.Pin, channel)
	if err != nil {
		return false, err
	}
	if !permit.Channel().HoldsMessages() {
		return false, errNoMessage
	}
	m, err := r.whole(ctx, channel, message)
	if err != nil {
		return false, word(err)
	}
	shown, err := r.present(ctx, actor, permit.Guild().ID, r.veil([]discord.Message{m}))
	switch {
	case err != nil:
		return false, err
	case len(shown) == 0:
		return false, errNoMessage
	case m.Pinned == pinned:
		return false, r.may(ctx, actor, entities.Pin, channel)
	}
	if err := r.pinning.take(actor.EntityID(), r.now()); err != nil {
		return false, err
	}
	return true, r.changePin(ctx, actor, permit, m, pinned)
}

// changePin has Discord do it. Its audit log tells which entity it was.
func (r *Relay) changePin(ctx context.Context, actor entities.Actor, permit entities.Permit, m discord.Message, pinned bool) error {
	check := func() error {
		if !r.shows(m.Author.ID) {
			return errNoMessage
		}
		return r.may(ctx, actor, entities.Pin, m.ChannelID)
	}
	doing, change := "pin a message", r.disc.Rest.PinMessage
	if !pinned {
		doing, change = "unpin a message", r.disc.Rest.UnpinMessage
	}
	err := r.guarded(ctx, check, func(opts ...rest.RequestOpt) error {
		return change(m.ChannelID, m.ID, append(opts, rest.WithReason("by the entity "+permit.Entity().Name))...)
	})
	if err != nil {
		return word(fmt.Errorf("%s: %w", doing, err))
	}
	return nil
}
