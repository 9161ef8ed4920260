package relay

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/disgo/rest"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// webhookName is what admins see among their channel's integrations.
const webhookName = "troupe"

// webhooks knows our one webhook of each channel, and lets one line at a time through each:
// so lines keep their order, and an echo is told to belong to the line under way. The tokens
// stay in memory; after a restart Discord is asked again.
type webhooks struct {
	mu       sync.Mutex
	channels map[snowflake.ID]*mouth
	ours     map[snowflake.ID]*mouth // by webhook id: those that were ours at some time
}

// mouth is a channel's webhook and the line that is going through it.
type mouth struct {
	turn chan struct{} // holds one: whoever has taken it speaks

	mu      sync.Mutex
	id      snowflake.ID
	token   string
	flight  *flight
	expired bool
}

// flight is a line on its way to Discord. Its echo may come before the answer does.
type flight struct {
	entity  entities.ID
	channel snowflake.ID // 0 while a new post has no id yet
	name    string
	content string
	echoed  chan snowflake.ID // gets the message's id, once
}

func newWebhooks() webhooks {
	return webhooks{channels: map[snowflake.ID]*mouth{}, ours: map[snowflake.ID]*mouth{}}
}

func (w *webhooks) at(channel snowflake.ID) *mouth {
	w.mu.Lock()
	defer w.mu.Unlock()
	m, ok := w.channels[channel]
	if !ok {
		m = &mouth{turn: make(chan struct{}, 1)}
		w.channels[channel] = m
	}
	return m
}

// forget makes the next line ask Discord for the channel's webhook again.
func (w *webhooks) forget(channel snowflake.ID) {
	w.mu.Lock()
	m, ok := w.channels[channel]
	w.mu.Unlock()
	if !ok {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.expired = true
}

func (w *webhooks) remember(id snowflake.ID, m *mouth) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ours[id] = m
}

func (w *webhooks) owner(id snowflake.ID) (*mouth, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	m, ok := w.ours[id]
	return m, ok
}

// take waits for the channel's turn to speak.
func (m *mouth) take(ctx context.Context) (release func(), err error) {
	select {
	case m.turn <- struct{}{}:
		return func() { <-m.turn }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (m *mouth) depart(f *flight) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.flight = f
}

// claim says which entity's line under way a message is the echo of.
func (w *webhooks) claim(message discord.Message) (entities.ID, bool) {
	if message.WebhookID == nil {
		return "", false
	}
	m, ok := w.owner(*message.WebhookID)
	if !ok {
		return "", false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	f := m.flight
	// Discord trims the text of a message, and the text of one's own is never withheld.
	if f == nil || f.name != message.Author.Username || f.content != strings.TrimSpace(message.Content) || (f.channel != 0 && f.channel != message.ChannelID) {
		return "", false
	}
	select {
	case f.echoed <- message.ID:
	default:
	}
	return f.entity, true
}

// webhook gives our webhook of a channel; it is called by whoever has the turn there. It is
// found by our application's id, and made when there is none.
func (r *Relay) webhook(ctx context.Context, m *mouth, where entities.Channel) (id snowflake.ID, token string, err error) {
	m.mu.Lock()
	id, token, expired := m.id, m.token, m.expired
	m.mu.Unlock()
	if id != 0 && !expired {
		return id, token, nil
	}
	id, token, err = r.findWebhook(ctx, where)
	if err == nil && id == 0 {
		id, token, err = r.makeWebhook(ctx, where)
	}
	if err != nil {
		return 0, "", err
	}
	r.webhooks.remember(id, m)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.id, m.token, m.expired = id, token, false
	return id, token, nil
}

func (r *Relay) findWebhook(ctx context.Context, where entities.Channel) (snowflake.ID, string, error) {
	known, err := r.disc.Rest.GetWebhooks(where.ID, rest.WithCtx(ctx))
	if err != nil {
		return 0, "", fmt.Errorf("read the channel's webhooks: %w", err)
	}
	for _, webhook := range known {
		incoming, ok := webhook.(discord.IncomingWebhook)
		if ok && incoming.ApplicationID != nil && *incoming.ApplicationID == r.disc.ApplicationID && incoming.Token != "" {
			return incoming.ID(), incoming.Token, nil
		}
	}
	return 0, "", nil
}

func (r *Relay) makeWebhook(ctx context.Context, where entities.Channel) (snowflake.ID, string, error) {
	webhook, err := r.disc.Rest.CreateWebhook(where.ID, discord.WebhookCreate{Name: webhookName}, rest.WithCtx(ctx), rest.WithReason("entities speak through it"))
	if err != nil {
		return 0, "", fmt.Errorf("make the channel's webhook: %w", err)
	}
	if webhook == nil || webhook.Token == "" {
		return 0, "", errors.New("make the channel's webhook: Discord gave no token")
	}
	return webhook.ID(), webhook.Token, nil
}
