package relay

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// webhookName is what admins see among their channel's integrations.
const webhookName = "troupe"

// webhooks knows our one webhook of each channel. The tokens stay in memory; after a restart
// Discord is asked again.
type webhooks struct {
	begin func(*speech)
	now   func() time.Time

	mu       sync.Mutex
	channels map[snowflake.ID]*mouth
	ours     map[snowflake.ID]*mouth // by webhook id: those that were ours at some time
}

// mouth is a channel's webhook, those who want to speak through it and the messages whose
// echoes are still to come.
type mouth struct {
	turns *turns

	mu       sync.Mutex
	hook     hook
	changes  int                        // how often the channel's webhooks may have changed
	read     int                        // changes when the hook was read
	dead     []snowflake.ID             // webhooks of which Discord said that they are gone
	untried  map[snowflake.ID]time.Time // webhooks made of late that carried no line yet
	flights  []*flight
	expected map[snowflake.ID]*flight // by message: answered, and not heard yet
	known    []snowflake.ID           // messages whose flights are over, of late
	reading  sync.Mutex               // one looks for lost messages at a time
	finding  sync.Mutex               // one looks for the webhook, or makes it, at a time
}

// hook is a webhook and what it takes to speak through it.
type hook struct {
	id    snowflake.ID
	token string
}

func newWebhooks(begin func(*speech), now func() time.Time) webhooks {
	return webhooks{begin: begin, now: now, channels: map[snowflake.ID]*mouth{}, ours: map[snowflake.ID]*mouth{}}
}

func (w *webhooks) at(channel snowflake.ID) *mouth {
	w.mu.Lock()
	defer w.mu.Unlock()
	m, ok := w.channels[channel]
	if !ok {
		m = &mouth{turns: newTurns(w.begin, w.now), untried: map[snowflake.ID]time.Time{}, expected: map[snowflake.ID]*flight{}}
		w.channels[channel] = m
	}
	return m
}

// all are the mouths that are known.
func (w *webhooks) all() []*mouth {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Collect(maps.Values(w.channels))
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
func (w *webhooks) drop(channel snowflake.ID) (gone *mouth) {
	w.mu.Lock()
	defer w.mu.Unlock()
	gone = w.channels[channel]
	delete(w.channels, channel)
	maps.DeleteFunc(w.ours, func(_ snowflake.ID, m *mouth) bool { return m == gone })
	return gone
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

// webhook gives our webhook of a channel. It is found by our application's id, and made when
// there is none. All who ask at once get the same one.
func (r *Relay) webhook(ctx context.Context, m *mouth, where entities.Channel) (hook, error) {
	return r.hookBy(ctx, m, where, r.makeWebhook)
}

// standingWebhook gives our webhook of a channel. It makes none: one that is made now has said
// nothing.
func (r *Relay) standingWebhook(ctx context.Context, where entities.Channel) (hook, error) {
	return r.hookBy(ctx, r.webhooks.at(where.ID), where, func(context.Context, *mouth, entities.Channel) (hook, error) {
		return hook{}, errNoWebhook
	})
}

// errNoWebhook says that a channel has no webhook of ours.
var errNoWebhook = errors.New("the channel has no webhook of ours")

// hookBy gives our webhook of a channel, or what otherwise gives when there is none.
func (r *Relay) hookBy(ctx context.Context, m *mouth, where entities.Channel, otherwise func(context.Context, *mouth, entities.Channel) (hook, error)) (hook, error) {
	m.finding.Lock()
	defer m.finding.Unlock()
	m.mu.Lock()
	known := m.hook
	changes, fresh := m.changes, m.read == m.changes
	m.mu.Unlock()
	if known.id != 0 && fresh {
		return known, nil
	}
	found, err := r.findWebhook(ctx, m, where)
	if err == nil && found.id == 0 {
		found, err = otherwise(ctx, m, where)
	}
	if err != nil {
		return hook{}, err
	}
	r.webhooks.remember(found.id, m)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.hook, m.read = found, changes
	return found, nil
}

// findWebhook looks for our webhook among a channel's; a zero one when it has none.
func (r *Relay) findWebhook(ctx context.Context, m *mouth, where entities.Channel) (hook, error) {
	known, err := r.channelWebhooks(ctx, where.ID)
	if err != nil {
		return hook{}, err
	}
	for _, webhook := range known {
		if incoming, ok := webhook.(discord.IncomingWebhook); ok && incoming.Token != "" && r.made(incoming) && !m.buried(incoming.ID()) {
			return hook{incoming.ID(), incoming.Token}, nil
		}
	}
	return hook{}, nil
}

// made says whether our application made a webhook. Discord shows the token of no other.
func (r *Relay) made(webhook discord.IncomingWebhook) bool {
	if webhook.ApplicationID != nil {
		return *webhook.ApplicationID == r.disc.ApplicationID
	}
	_, ours := r.webhooks.owner(webhook.ID())
	return ours
}

// slowed hears that a webhook's channel takes no more for a while.
func (r *Relay) slowed(webhook string, wait time.Duration) {
	id, _, _ := strings.Cut(strings.TrimPrefix(webhook, "webhook.id="), ":")
	parsed, err := snowflake.Parse(id)
	if err != nil {
		return // another resource's limit
	}
	if m, ok := r.webhooks.owner(parsed); ok {
		m.turns.slowed(wait)
	}
}
