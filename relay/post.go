package relay

import (
	"context"
	"errors"
	"net/http"

	"github.com/disgoorg/disgo/rest"

	"troupe/entities"
)

// mostWebhooks is through how many webhooks one message is tried: each may be deleted just when
// it is about to be used.
const mostWebhooks = 5

// errAgain says that Discord has not got the line, and that another webhook might do.
var errAgain = errors.New("the channel's webhook cannot be used")

// post gives Discord the line's next part through the channel's webhook. A webhook that is gone,
// or that was moved to another channel, is made anew; one whose token is refused is read anew.
// Stands says that Discord has it; when there is no error either, Discord did not say.
func (r *Relay) post(ctx context.Context, permit entities.Permit, s *speech) (f *flight, stands bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, r.patience.post)
	defer cancel()
	var last hook
	for range mostWebhooks {
		via, none := r.webhook(ctx, s.mouth, permit.WebhookChannel())
		if none != nil {
			err = none
			break
		}
		if via == last {
			break // it was read anew and is the same: what it was answered stays true
		}
		f, stands, err = r.execute(ctx, permit, s, via)
		if !errors.Is(err, errAgain) {
			break
		}
		s.mouth.failed(via, code(err) == rest.JSONErrorCodeUnknownWebhook)
		last = via
	}
	s.mouth.turns.answered(err == nil)
	return f, stands, err
}

// anotherMightDo says of a refusal whether another webhook, or the same with another token, might do.
func anotherMightDo(err error) bool {
	switch code(err) {
	// A thread is unknown to the webhook of another channel, to which it may have been moved.
	case rest.JSONErrorCodeUnknownWebhook, rest.JSONErrorCodeInvalidWebhookToken, rest.JSONErrorCodeUnknownChannel:
		return true
	default:
		return httpStatus(err) == http.StatusUnauthorized // there is no other token in the request
	}
}

// unhindered says whether a message to a channel would go out at once, as far as Discord's limits
// go: its webhook is known, and nobody waits for it.
func (r *Relay) unhindered(m *mouth) bool {
	m.mu.Lock()
	via, known := m.hook, m.read == m.changes
	m.mu.Unlock()
	return known && via.id != 0 && r.limiter.free(rest.CreateWebhookMessage.Compile(nil, via.id, via.token))
}
