package relay

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/disgo/rest"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

const (
	// mostUntried is how many webhooks are made for one channel within untriedFor that carry no
	// line. Whoever deletes more of them does so on purpose, and we do not fight. One that carried
	// a line was of use and does not count, however soon it vanishes.
	mostUntried = 10
	untriedFor  = 10 * time.Minute
	// mostBuried is how many webhooks that are gone are remembered of one channel, which can
	// have 15.
	mostBuried = 32
)

// failed notes that a webhook cannot be used. Several lines may find that out of the same one;
// by then another may be known, which stays.
func (m *mouth) failed(via hook, gone bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if gone && !slices.Contains(m.dead, via.id) {
		m.dead = append(m.dead, via.id)
		m.dead = m.dead[max(0, len(m.dead)-mostBuried):]
	}
	if m.hook == via && m.read == m.changes {
		m.changes++
	}
}

// buried says whether Discord answered that a webhook is gone. It is not to be used again, even
// when a list still has it (topics/rate-limits, "Invalid Request Limit").
func (m *mouth) buried(id snowflake.ID) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Contains(m.dead, id)
}

// carried notes that a line went through a webhook.
func (m *mouth) carried(via hook) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.untried, via.id)
}

// mayMake refuses one more webhook when too many vanished before they were of use.
func (m *mouth) mayMake(now time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	var next time.Time
	for id, made := range m.untried {
		switch until := made.Add(untriedFor); {
		case !until.After(now):
			delete(m.untried, id)
		case next.IsZero() || until.Before(next):
			next = until
		}
	}
	if len(m.untried) < mostUntried {
		return nil
	}
	return entities.Refuse(entities.Unavailable, "%s The bot makes another one in %s.", webhookVanishes, next.Sub(now).Round(time.Second)+time.Second)
}

const webhookVanishes = "The webhook through which entities speak there keeps vanishing. An admin of that server can look whether somebody or another bot deletes it."

// makeWebhook makes a channel's webhook. The caller holds m.finding.
func (r *Relay) makeWebhook(ctx context.Context, m *mouth, where entities.Channel) (hook, error) {
	if err := m.mayMake(r.now()); err != nil {
		return hook{}, err
	}
	webhook, err := r.disc.Rest.CreateWebhook(where.ID, discord.WebhookCreate{Name: webhookName}, rest.WithCtx(ctx), rest.WithReason("entities speak through it"))
	if err != nil {
		return hook{}, fmt.Errorf("make the channel's webhook: %w", err)
	}
	if webhook == nil || webhook.Token == "" {
		return hook{}, errors.New("make the channel's webhook: Discord gave no token")
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.untried[webhook.ID()] = r.now()
	return hook{webhook.ID(), webhook.Token}, nil
}
