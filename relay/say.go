package relay

import (
	"context"
	"errors"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/disgo/rest"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// patience is how long is waited for what may not come. Turn, post and echo are a line's: a
// caller has an answer within their sum.
type patience struct {
	turn    time.Duration // for the channel's turn
	post    time.Duration // for Discord to take the line
	echo    time.Duration // for the echo of a line that Discord may have taken; it takes a second
	members time.Duration // for the gateway to tell of members
	settled time.Duration // between looks whether the start is over
}

// usualPatience gives a line 25 s, which clients bear.
var usualPatience = patience{turn: 9 * time.Second, post: 10 * time.Second, echo: 6 * time.Second, members: 5 * time.Second, settled: time.Minute}

// Writing down whose a line is may meet a busy disk.
const (
	ownTries = 3
	ownPause = 300 * time.Millisecond
	ownTime  = 5 * time.Second
)

// Say speaks for an entity: through the channel's webhook, under the entity's name and
// avatar. It answers when Discord has the line and it is written down whose it is.
func (r *Relay) Say(ctx context.Context, actor entities.Actor, line Line) (Sent, error) {
	permit, err := r.Authorize(ctx, actor, entities.Post, line.Channel)
	if err != nil {
		return Sent{}, err
	}
	message, err := r.compose(permit, line)
	if err != nil {
		return Sent{}, err
	}
	giveBack, err := r.registry.Spend(ctx, actor, permit)
	if err != nil {
		return Sent{}, err
	}
	r.speaking.Add(1)
	defer r.speaking.Add(-1)
	sent, err := r.speak(ctx, actor, permit, line, message)
	if _, stands := errors.AsType[*strayLineError](err); err != nil && !stands {
		giveBack()
	}
	return sent, err
}

// strayLineError says that a line stands after all, where it does not belong.
type strayLineError struct{ error }

func (e *strayLineError) Unwrap() error { return e.error }

// speak says a composed line: when it is its turn, if it may still be said.
func (r *Relay) speak(ctx context.Context, actor entities.Actor, permit entities.Permit, line Line, message discord.WebhookMessageCreate) (Sent, error) {
	// A client that hangs up must not leave a line half said.
	ctx = context.WithoutCancel(ctx)
	waiting, cancel := context.WithTimeout(ctx, r.patience.turn)
	defer cancel()
	mouth := r.webhooks.at(permit.WebhookChannel().ID)
	release, ok := mouth.take(waiting, r.draining)
	if !ok {
		return Sent{}, entities.Refuse(entities.Unavailable, "That channel is busy: others are speaking there. Nothing was sent; try again in a moment.")
	}
	defer release()
	// Rights may have changed while it waited for its turn.
	permit, err := r.Authorize(ctx, actor, entities.Post, line.Channel)
	if err != nil {
		return Sent{}, err
	}
	sent, lost, err := r.deliver(ctx, mouth, permit, message)
	release()
	if lost == nil {
		return sent, err
	}
	return r.await(ctx, mouth, lost)
}

// Drain ends at once every wait for a channel's turn and for an echo, so that Say returns
// within the time of one request. Call it when closing, before the calls are waited for.
func (r *Relay) Drain() { r.drain.Do(func() { close(r.draining) }) }

// errAgain says that Discord has not got the line, and that another webhook might do.
var errAgain = errors.New("the channel's webhook cannot be used")

// deliver sends a message through the channel's webhook and settles whose it is. A webhook
// that is gone, or that was moved to another channel, is made anew once. Lost is a line of
// which Discord did not say whether it took it.
func (r *Relay) deliver(ctx context.Context, m *mouth, permit entities.Permit, message discord.WebhookMessageCreate) (sent Sent, lost *flight, err error) {
	ctx, cancel := context.WithTimeout(ctx, r.patience.post)
	defer cancel()
	sent, lost, err = r.execute(ctx, m, permit, message)
	if errors.Is(err, errAgain) {
		r.webhooks.forget(permit.WebhookChannel().ID)
		sent, lost, err = r.execute(ctx, m, permit, message)
	}
	if err != nil {
		err = word(err)
	}
	return sent, lost, err
}

func (r *Relay) execute(ctx context.Context, m *mouth, permit entities.Permit, message discord.WebhookMessageCreate) (Sent, *flight, error) {
	id, token, err := r.webhook(ctx, m, permit.WebhookChannel())
	if err != nil {
		return Sent{}, nil, err
	}
	f := &flight{permit: permit, name: message.Username, content: message.Content, since: r.now(), echoed: make(chan snowflake.ID, 1)}
	params := rest.CreateWebhookMessageParams{Wait: true}
	if where := permit.Channel(); where.IsThread() {
		params.ThreadID, f.channel = where.ID, where.ID
	} else if !where.IsForum() {
		f.channel = where.ID
	}
	// Only these two are read, so that nothing else in the answer can hide that the line stands.
	var answer struct {
		ID        snowflake.ID `json:"id"`
		ChannelID snowflake.ID `json:"channel_id"`
	}
	m.depart(f)
	err = r.disc.Rest.Do(rest.CreateWebhookMessage.Compile(params.ToQueryValues(), id, token), message, &answer, rest.WithCtx(ctx))
	switch {
	case err == nil && answer.ID != 0 && answer.ChannelID != 0:
		m.land(f)
		return r.settle(ctx, m, permit, answer.ChannelID, answer.ID)
	case definite(err) || errors.Is(err, errNotSent):
		m.land(f)
		if c := code(err); c == rest.JSONErrorCodeUnknownWebhook || c == rest.JSONErrorCodeInvalidWebhookToken {
			err = errors.Join(errAgain, err)
		}
		return Sent{}, nil, err
	}
	r.log.Warn("a line's outcome is not known yet", "channel", permit.Channel().ID, "entity", permit.Entity().ID, "err", scrubError(err))
	return Sent{}, f, nil
}

// await looks for the echo of a line that Discord may or may not have taken. The line is
// never sent again; an echo that comes later still makes it the entity's.
func (r *Relay) await(ctx context.Context, m *mouth, f *flight) (Sent, error) {
	timer := time.NewTimer(r.patience.echo)
	defer timer.Stop()
	select {
	case id := <-f.echoed:
		channel := f.channel
		if channel == 0 {
			channel = f.permit.Channel().ID
		}
		return r.owned(ctx, f.permit, channel, id), nil
	case <-timer.C:
	case <-r.draining:
	}
	m.lose(f, r.now())
	return Sent{Status: StatusUnknown, ChannelID: f.permit.Channel().ID}, nil
}

// settle looks where a line landed. In another channel than the one that was permitted (the
// webhook was moved there) it is taken back.
func (r *Relay) settle(ctx context.Context, m *mouth, permit entities.Permit, channel, message snowflake.ID) (Sent, *flight, error) {
	if want := permit.Channel(); channel == want.ID || want.IsForum() {
		return r.owned(ctx, permit, channel, message), nil, nil
	}
	r.log.Warn("a webhook had been moved to another channel; the line is taken back", "channel", permit.Channel().ID, "landed", channel)
	m.mu.Lock()
	id, token := m.id, m.token
	m.mu.Unlock()
	if err := r.disc.Rest.DeleteWebhookMessage(id, token, message, 0, rest.WithCtx(ctx)); err != nil && !gone(err) {
		r.webhooks.forget(permit.WebhookChannel().ID)
		r.log.Error("a line stands in a channel where it does not belong", "channel", channel, "message", message, "err", scrubError(err))
		return Sent{}, nil, &strayLineError{entities.Refuse(entities.Unavailable, "The line went to another channel, because somebody moved the bot's webhook, and could not be taken back. Tell an admin of that server.")}
	}
	return Sent{}, nil, errAgain
}

// owned writes down whose line a message is. That it stands is told even when this fails: a
// line that is said again would be worse than one without an owner.
func (r *Relay) owned(ctx context.Context, permit entities.Permit, channel, message snowflake.ID) Sent {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), ownTime)
	defer cancel()
	for try := range ownTries {
		if try > 0 && !sleep(ctx, ownPause) {
			break
		}
		err := r.registry.Own(ctx, ingest, permit, message, r.now())
		if err == nil {
			break
		}
		r.log.Error("write down whose line it is", "message", message, "entity", permit.Entity().ID, "err", err)
	}
	return Sent{Status: StatusSent, MessageID: message, ChannelID: channel, Link: messageLink(permit.Guild().ID, channel, message)}
}
