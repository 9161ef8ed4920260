package relay

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/disgo/rest"
	"github.com/disgoorg/snowflake/v2"
)

// decode reads one value of Discord's. disgo's decoders may panic on what they do not know.
func decode[T any](raw json.RawMessage) (value T, err error) {
	defer func() {
		if broken := recover(); broken != nil {
			err = fmt.Errorf("disgo's decoder panicked: %T", broken)
		}
	}()
	err = json.Unmarshal(raw, &value)
	return value, err
}

// decodeAll reads a list and leaves out, and counts, what cannot be read: one element of an
// unknown kind must not hide all the others.
func decodeAll[T any](r *Relay, what string, list []json.RawMessage) []T {
	values := make([]T, 0, len(list))
	for _, raw := range list {
		value, err := decode[T](raw)
		if err != nil {
			if r.tally.skipped(what, 1) {
				r.log.Warn("Discord sent something that cannot be read; it is left out", "what", what)
			}
			continue
		}
		values = append(values, value)
	}
	return values
}

// page is where in a channel's history to read; at most one id is set.
type page struct {
	around, before, after snowflake.ID
	limit                 int
}

// messages reads messages of a channel, in no order. Last is the newest id among them, also
// of those that could not be read.
func (r *Relay) messages(ctx context.Context, channel snowflake.ID, at page) (messages []discord.Message, last snowflake.ID, err error) {
	list, err := r.rawMessages(ctx, channel, at)
	if err != nil {
		return nil, 0, err
	}
	messages, last = r.decodeMessages(list)
	return messages, last, nil
}

func (r *Relay) rawMessages(ctx context.Context, channel snowflake.ID, at page) (list []json.RawMessage, err error) {
	query := discord.QueryValues{"limit": at.limit}
	for name, id := range map[string]snowflake.ID{"around": at.around, "before": at.before, "after": at.after} {
		if id != 0 {
			query[name] = id
		}
	}
	if err := r.disc.Rest.Do(rest.GetMessages.Compile(query, channel), nil, &list, rest.WithCtx(ctx)); err != nil {
		return nil, fmt.Errorf("read messages: %w", err)
	}
	return list, nil
}

func (r *Relay) decodeMessages(list []json.RawMessage) (messages []discord.Message, last snowflake.ID) {
	for _, raw := range list {
		var m struct {
			ID snowflake.ID `json:"id"`
		}
		if json.Unmarshal(raw, &m) == nil {
			last = max(last, m.ID)
		}
	}
	return decodeAll[discord.Message](r, "GET messages", list), last
}

// channelWebhooks reads the webhooks of a channel.
func (r *Relay) channelWebhooks(ctx context.Context, channel snowflake.ID) ([]discord.Webhook, error) {
	var list []json.RawMessage
	if err := r.disc.Rest.Do(rest.GetChannelWebhooks.Compile(nil, channel), nil, &list, rest.WithCtx(ctx)); err != nil {
		return nil, fmt.Errorf("read the channel's webhooks: %w", err)
	}
	decoded := decodeAll[discord.UnmarshalWebhook](r, "GET webhooks", list)
	webhooks := make([]discord.Webhook, 0, len(decoded))
	for _, w := range decoded {
		webhooks = append(webhooks, w.Webhook)
	}
	return webhooks, nil
}
