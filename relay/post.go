package relay

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/disgoorg/disgo/rest"
	"github.com/disgoorg/snowflake/v2"

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

// depart decides once more when Discord is about to be asked, after all waiting, and notes that
// Discord may have the line from now on.
func (r *Relay) depart(ctx context.Context, s *speech) error {
	permit, err := r.Authorize(ctx, s.actor, s.right, s.line.ChannelID)
	if err != nil {
		return err
	}
	if allowed := s.parts[s.next].AllowedMentions; !permit.MentionsAll() && len(allowed.Roles)+len(allowed.Parse) > 0 {
		return entities.Refuse(entities.NotAllowed, "You may ping roles and everyone there no more. Nothing was sent; say it without.")
	}
	if !s.queued {
		return nil
	}
	if err := r.registry.Start(ctx, ingest, s.line.ID); err != nil {
		return fmt.Errorf("%w: %w", errNotSent, err)
	}
	s.queued = false
	return nil
}

// executed is of Discord's answer what matters: nothing else in it can hide that the line stands.
type executed struct {
	ID        snowflake.ID `json:"id"`
	ChannelID snowflake.ID `json:"channel_id"`
	Author    struct {
		Avatar *string `json:"avatar"`
	} `json:"author"`
}

func (r *Relay) execute(ctx context.Context, permit entities.Permit, s *speech, via hook) (f *flight, stands bool, err error) {
	f = newFlight(s.line, s.next, s.hashes[s.next].Hash, r.now())
	f.name = s.parts[s.next].Username
	params := rest.CreateWebhookMessageParams{Wait: true}
	switch where := permit.Channel(); {
	case s.at != 0 && (where.IsThread() || where.IsForum()):
		params.ThreadID, f.channel = s.at, s.at
	case where.IsThread():
		params.ThreadID, f.channel = where.ID, where.ID
	case !where.IsForum():
		f.channel = where.ID
	}
	var got executed
	// The line may have waited since it was composed.
	pings := s.parts[s.next].AllowedMentions
	pings.Users = r.pingable(pings.Users)
	s.mouth.depart(f)
	err = r.guarded(ctx, func() error { return r.depart(ctx, s) }, func(opts ...rest.RequestOpt) error {
		return r.disc.Rest.Do(rest.CreateWebhookMessage.Compile(params.ToQueryValues(), via.id, via.token), s.parts[s.next], &got, opts...)
	})
	switch {
	case err == nil && got.ID != 0 && got.ChannelID != 0:
		r.rematch(s.mouth.land(f, got.ID, got.ChannelID))
		s.mouth.carried(via)
		r.cache.expect(got.ChannelID, got.ID, via.id)
		if err = r.settle(ctx, via, permit, f, got); err != nil {
			s.mouth.unexpect(f)
		}
		return f, true, err
	case undone(err):
		r.rematch(s.mouth.abort(f))
		if anotherMightDo(err) {
			err = errors.Join(errAgain, err)
		}
		return nil, false, err
	}
	r.log.Warn("a line's outcome is not known yet", "channel", permit.Channel().ID, "entity", permit.Entity().ID, "err", scrubError(err))
	return f, false, nil
}

// settle looks where a part landed. In another channel than the one that was permitted (the
// webhook was moved there) it is taken back.
func (r *Relay) settle(ctx context.Context, via hook, permit entities.Permit, f *flight, got executed) error {
	if r.belongs(ctx, permit.Channel(), f.channel, got.ChannelID) {
		if permit.Entity().Avatar == "" {
			return nil
		}
		if got.Author.Avatar == nil {
			r.faceless(permit, got.ChannelID, got.ID)
		} else {
			r.faces.set(permit.Entity().ID, true, r.now())
		}
		return nil
	}
	r.log.Warn("a webhook had been moved to another channel; the line is taken back", "channel", permit.Channel().ID, "landed", got.ChannelID)
	if err := r.disc.Rest.DeleteWebhookMessage(via.id, via.token, got.ID, threadIn(permit.Channel(), got.ChannelID), rest.WithCtx(ctx)); err != nil && !gone(err) {
		r.webhooks.forget(permit.WebhookChannel().ID)
		r.log.Error("a line stands in a channel where it does not belong", "channel", got.ChannelID, "message", got.ID, "err", scrubError(err))
		return &strayLineError{entities.Refuse(entities.Unavailable, "The line went to another channel, because somebody moved the bot's webhook, and could not be taken back. Tell an admin of that server.")}
	}
	return errors.Join(errAgain, entities.Refuse(entities.Unavailable, "Somebody moved the bot's webhook to another channel, so the line was taken back. Nothing stands; try again in a minute."))
}

// strayLineError says that a line stands after all, where it does not belong.
type strayLineError struct{ error }

func (e *strayLineError) Unwrap() error { return e.error }

// belongs says whether a part landed where it was permitted: in the channel, or in a new post of
// the forum, of which Discord says only the post's id.
func (r *Relay) belongs(ctx context.Context, want entities.Channel, post, landed snowflake.ID) bool {
	if !want.IsForum() || post != 0 {
		return landed == want.ID || landed == post
	}
	if _, known := r.world.Channel(landed); !known {
		if err := r.lookUp(ctx, landed); err != nil {
			r.log.Warn("look up a new post", "channel", landed, "err", scrubError(err))
		}
	}
	made, known := r.world.Channel(landed)
	return !known || made.ParentID == want.ID
}

// threadIn is the thread in which a line stands that was to open a post; 0 for other lines.
func threadIn(want entities.Channel, landed snowflake.ID) snowflake.ID {
	if want.IsForum() {
		return landed
	}
	return 0
}
