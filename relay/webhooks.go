package relay

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/disgo/rest"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// webhookName is what admins see among their channel's integrations.
const webhookName = "troupe"

// webhooks knows our one webhook of each channel, and lets one line at a time through each, so
// that lines keep their order. The tokens stay in memory; after a restart Discord is asked
// again.
type webhooks struct {
	mu       sync.Mutex
	channels map[snowflake.ID]*mouth
	ours     map[snowflake.ID]*mouth // by webhook id: those that were ours at some time
}

// mouth is a channel's webhook and the lines whose echoes are still to come.
type mouth struct {
	turn chan struct{} // holds one: whoever has taken it speaks

	mu      sync.Mutex
	id      snowflake.ID
	token   string
	changes int // how often the channel's webhooks may have changed
	known   int // changes when id and token were read
	flights []*flight
}

// flight is a line on its way to Discord. Its echo may come before the answer does, or long
// after we stopped waiting for one.
type flight struct {
	permit  entities.Permit
	channel snowflake.ID // 0 while a new post has no id yet
	name    string
	content string
	since   time.Time
	lost    bool              // nobody waits for its answer any more
	echoed  chan snowflake.ID // gets the message's id, once
}

// Bounds of the flights of which Discord never said what became of them.
const (
	lostLife = 15 * time.Minute
	mostLost = 20 // a channel
)

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
	m.changes++
}

// drop forgets everything about a channel that is gone.
func (w *webhooks) drop(channel snowflake.ID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	gone := w.channels[channel]
	delete(w.channels, channel)
	maps.DeleteFunc(w.ours, func(_ snowflake.ID, m *mouth) bool { return m == gone })
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

// take waits for the channel's turn to speak, until ctx ends or stop is closed.
func (m *mouth) take(ctx context.Context, stop <-chan struct{}) (release func(), ok bool) {
	select {
	case m.turn <- struct{}{}:
		return sync.OnceFunc(func() { <-m.turn }), true
	case <-ctx.Done():
	case <-stop:
	}
	return nil, false
}

func (m *mouth) depart(f *flight) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.flights = append(m.flights, f)
}

// land ends a flight: its answer came, or its echo did.
func (m *mouth) land(f *flight) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.flights = slices.DeleteFunc(m.flights, func(g *flight) bool { return g == f })
}

// lose keeps a flight open for an echo that may come late.
func (m *mouth) lose(f *flight, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f.lost = true
	lost := 0
	m.flights = slices.DeleteFunc(m.flights, func(g *flight) bool { return g.lost && now.Sub(g.since) > lostLife })
	for _, g := range slices.Backward(m.flights) {
		if !g.lost {
			continue
		}
		if lost++; lost > mostLost {
			m.flights = slices.DeleteFunc(m.flights, func(h *flight) bool { return h == g })
		}
	}
}

// claim finds the flight that a message is the echo of, and ends it.
func (w *webhooks) claim(message discord.Message) (*flight, bool) {
	if message.WebhookID == nil {
		return nil, false
	}
	m, ok := w.owner(*message.WebhookID)
	if !ok {
		return nil, false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	f := m.match(message)
	if f == nil {
		return nil, false
	}
	m.flights = slices.DeleteFunc(m.flights, func(g *flight) bool { return g == f })
	f.echoed <- message.ID
	return f, true
}

// match finds a flight by name, channel and text. Discord may store a text a little
// differently; since one line at a time is under way, that one is meant even so.
func (m *mouth) match(message discord.Message) *flight {
	var underWay *flight
	for _, f := range m.flights {
		if f.name != message.Author.Username || (f.channel != 0 && f.channel != message.ChannelID) {
			continue
		}
		if sameText(f.content, message.Content) {
			return f
		}
		if !f.lost {
			underWay = f
		}
	}
	return underWay
}

func sameText(a, b string) bool { return slices.Equal(strings.Fields(a), strings.Fields(b)) }

// webhook gives our webhook of a channel; it is called by whoever has the turn there. It is
// found by our application's id, and made when there is none.
func (r *Relay) webhook(ctx context.Context, m *mouth, where entities.Channel) (id snowflake.ID, token string, err error) {
	m.mu.Lock()
	id, token = m.id, m.token
	changes, fresh := m.changes, m.known == m.changes
	m.mu.Unlock()
	if id != 0 && fresh {
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
	m.id, m.token, m.known = id, token, changes
	return id, token, nil
}

func (r *Relay) findWebhook(ctx context.Context, where entities.Channel) (snowflake.ID, string, error) {
	known, err := r.channelWebhooks(ctx, where.ID)
	if err != nil {
		return 0, "", err
	}
	for _, webhook := range known {
		if incoming, ok := webhook.(discord.IncomingWebhook); ok && incoming.Token != "" && r.made(incoming) {
			return incoming.ID(), incoming.Token, nil
		}
	}
	return 0, "", nil
}

// made says whether our application made a webhook. Discord shows the token of no other.
func (r *Relay) made(webhook discord.IncomingWebhook) bool {
	if webhook.ApplicationID != nil {
		return *webhook.ApplicationID == r.disc.ApplicationID
	}
	_, ours := r.webhooks.owner(webhook.ID())
	return ours
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
