package relay

import (
	"context"
	"time"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// patience is how long is waited for what may not come.
type patience struct {
	answer  time.Duration // for a line, before its caller is told that it is still under way
	goodbye time.Duration // for a line that is under way when the program ends
	compose time.Duration // for what a line names: people, and the message that it answers
	post    time.Duration // for Discord to take a message
	soon    time.Duration // for the echo of a message that Discord has
	echo    time.Duration // for word of a message that Discord may have taken
	face    time.Duration // before a message without a picture is looked at again
	hold    time.Duration // for Discord to take a line that it does not take yet
	members time.Duration // for the gateway to tell of members
	settled time.Duration // between looks whether the start is over
}

// usualPatience answers within 25 s, which clients bear.
var usualPatience = patience{
	answer: 19 * time.Second, compose: 5 * time.Second, goodbye: 6 * time.Second, post: 10 * time.Second, soon: 200 * time.Millisecond, echo: 10 * time.Second, face: 15 * time.Second, hold: 2 * time.Minute, members: 5 * time.Second, settled: time.Minute,
}

// Say speaks for an entity: through the channel's webhook, under the entity's name and avatar.
// It answers when Discord has the line and it is written down whose it is, or within 25 seconds
// with how far it has come. A line is said once, whatever happens: one whose outcome is not
// known is not sent again.
func (r *Relay) Say(ctx context.Context, actor entities.Actor, line Line) (Sent, error) {
	permit, err := r.Authorize(ctx, actor, line.right(), line.Channel)
	if err != nil {
		return Sent{}, err
	}
	// First, since what the call says may by now be refused, or say something else.
	known, err := r.registry.Known(ctx, actor, permit, entities.Draft{Key: line.Key, Body: line.body()})
	if err != nil {
		return Sent{}, err
	}
	if known.Again {
		return r.repeat(ctx, actor, permit, known)
	}
	if r.drained() {
		return Sent{}, errEnding
	}
	composing, cancel := context.WithTimeout(ctx, r.patience.compose)
	defer cancel()
	s, err := r.compose(composing, actor, permit, line)
	if err != nil {
		return Sent{}, err
	}
	s.mouth = r.webhooks.at(permit.WebhookChannel().ID)
	free, full := s.mouth.turns.free(permit.Entity().ID)
	free = free && r.unhindered(s.mouth)
	if full {
		return Sent{}, entities.Refuse(entities.Unavailable, "That channel is busy: too many lines wait there already. Nothing was sent; try again in some minutes.")
	}
	begun, err := r.registry.Begin(ctx, actor, permit, entities.Draft{
		Key: line.Key, Body: line.body(), Parts: s.texts(), Said: s.said, Waits: !free,
		Opened: func(begun entities.Begun) {
			s.line, s.hashes, s.queued = begun.Line, begun.Parts, begun.Line.State == entities.LineQueued
			r.speeches.open(s)
		},
	})
	if err != nil {
		return Sent{}, err
	}
	if begun.Again {
		return r.repeat(ctx, actor, permit, begun)
	}
	if !s.mouth.turns.join(s) {
		r.fail(ctx, s, r.silence())
	} else if r.drained() { // meanwhile
		r.dismiss(s.mouth)
	}
	return r.outcome(ctx, s)
}

var errEnding = entities.Refuse(entities.Unavailable, "The bot is being stopped or updated. Nothing was sent; try again in a minute.")

// outcome waits for a line that is under way and tells how it went.
func (r *Relay) outcome(ctx context.Context, s *speech) (Sent, error) {
	timer := time.NewTimer(r.patience.answer)
	defer timer.Stop()
	ending := r.draining
	for {
		select {
		case <-s.done:
			r.answered(ctx, s.line)
			return s.sent, s.err
		case <-timer.C:
			r.answered(ctx, s.line)
			return Sent{Status: StatusQueued, ChannelID: s.line.ChannelID}, nil
		case <-ctx.Done():
			r.deliver([]entities.Line{s.line}, false)
			return Sent{}, context.Cause(ctx)
		case <-ending:
			ending = nil
			timer.Reset(r.patience.goodbye)
		}
	}
}

// repeat answers a call that was made before with what became of its line.
func (r *Relay) repeat(ctx context.Context, actor entities.Actor, permit entities.Permit, begun entities.Begun) (Sent, error) {
	if s := r.speeches.of(begun.Line.ID); s != nil {
		return r.outcome(ctx, s)
	}
	if begun.Line.State == entities.LineUnknown || begun.Line.State == entities.LineSending {
		r.lookBack(ctx, permit.WebhookChannel(), begun)
	}
	begun, err := r.registry.Outcome(ctx, ingest, begun.Line.ID)
	if err != nil {
		return Sent{}, err
	}
	// It is told only to who may still see where it stands.
	if permit, err = r.Authorize(ctx, actor, entities.Post, permit.Channel().ID); err != nil {
		return Sent{}, err
	}
	r.answered(ctx, begun.Line)
	return standing(permit, begun)
}

// standing words how a line stands by its row.
func standing(permit entities.Permit, begun entities.Begun) (Sent, error) {
	sent := Sent{Status: StatusUnknown, ChannelID: begun.Line.ChannelID, Parts: len(begun.Parts)}
	for _, part := range begun.Parts {
		if part.MessageID != 0 {
			sent.MessageIDs = append(sent.MessageIDs, part.MessageID)
		}
	}
	switch begun.Line.State {
	case entities.LineSent:
		sent.Status = StatusSent
	case entities.LinePartial:
		sent.Status = StatusPartial
	case entities.LineFailed:
		return Sent{}, entities.Refuse(entities.Unavailable, "That line was not sent. Nothing stands; send it again if you still mean it.")
	case entities.LineQueued: // by an earlier run of the program, which ended first
		return Sent{}, entities.Refuse(entities.Unavailable, "That line was not sent: the bot was restarted while it waited. Nothing stands; send it again in a minute if you still mean it.")
	case entities.LineSending, entities.LineUnknown:
	}
	if len(sent.MessageIDs) > 0 {
		sent.ChannelID = begun.Channel
		sent.Link = messageLink(permit.Guild().ID, sent.ChannelID, sent.MessageIDs[0])
	}
	return sent, nil
}

// Drain ends at once every wait for a channel's turn; what Discord was asked already is waited
// for a little. Call it when closing, before the calls are waited for.
func (r *Relay) Drain() {
	r.drain.Do(func() {
		close(r.draining)
		for _, m := range r.webhooks.all() {
			r.dismiss(m)
		}
	})
}

// dismiss ends the lines that wait for a channel's turn.
func (r *Relay) dismiss(m *mouth) {
	for _, s := range m.turns.close() {
		r.fail(context.Background(), s, r.silence())
	}
}

// silence is why nobody speaks in a channel any more.
func (r *Relay) silence() error {
	if r.drained() {
		return errEnding
	}
	return entities.Refuse(entities.NotFound, "That channel is gone. Nothing was sent.")
}

// forsake forgets a channel that is gone, and ends the lines that wait for it. It does not wait.
func (r *Relay) forsake(channel snowflake.ID) {
	if m := r.webhooks.drop(channel); m != nil {
		r.speeches.running.Go(func() { r.dismiss(m) })
	}
}

func (r *Relay) drained() bool {
	select {
	case <-r.draining:
		return true
	default:
		return false
	}
}
