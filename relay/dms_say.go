package relay

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/disgo/rest"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// DMLine is something that an entity writes to a person.
type DMLine struct {
	User    snowflake.ID
	Content string // 1 to [MaxLine] characters
	// Key is the caller's own name for this line, as [Line.Key] is.
	Key string
}

func (l DMLine) body() string { return "dm\x00" + l.User.String() + "\x00" + l.Content }

// letter is what a line in direct messages has that others have not.
type letter struct {
	user    snowflake.ID
	channel snowflake.ID
	fresh   bool // the person is told with it whose AI writes
}

// SendDM writes to a person as the bot, under the entity's name. It answers as [Relay.Say] does.
// A message whose outcome Discord did not tell is given to it again with the same nonce, which
// Discord takes once.
func (r *Relay) SendDM(ctx context.Context, actor entities.Actor, line DMLine) (Sent, error) {
	permit, err := r.mayWrite(ctx, actor, line.User)
	if err != nil {
		return Sent{}, err
	}
	channel := permit.Channel()
	if channel == 0 {
		if channel, err = r.openDM(ctx, line.User); err != nil {
			return Sent{}, wordDM(err)
		}
	}
	r.dms.learn(channel, discord.User{ID: line.User})
	draft := entities.Draft{Key: line.Key, Body: line.body()}
	known, err := r.registry.KnownDM(ctx, actor, permit, channel, draft)
	if err != nil {
		return Sent{}, err
	}
	if known.Again {
		return r.repeatDM(ctx, actor, line.User, known)
	}
	if r.drained() {
		return Sent{}, errEnding
	}
	s, err := r.composeDM(actor, permit, channel, line)
	if err != nil {
		return Sent{}, err
	}
	free, full := s.mouth.turns.free(permit.Entity().ID)
	if full {
		return Sent{}, entities.Refuse(entities.Unavailable, "Too many lines to this person wait already. Nothing was sent; try again in some minutes.")
	}
	draft.Parts, draft.Said, draft.Waits = s.texts(), s.said, !free
	draft.Opened = func(begun entities.Begun) {
		s.line, s.hashes, s.queued = begun.Line, begun.Parts, begun.Line.State == entities.LineQueued
		r.speeches.open(s)
	}
	begun, err := r.registry.BeginDM(ctx, actor, permit, channel, draft)
	if err != nil {
		return Sent{}, err
	}
	if begun.Again {
		return r.repeatDM(ctx, actor, line.User, begun)
	}
	if !s.mouth.turns.join(s) {
		r.fail(ctx, s, errEnding)
	} else if r.drained() { // meanwhile
		r.dismiss(s.mouth)
	}
	return r.outcome(ctx, s)
}

// mayWrite asks whether an entity may write to a person, after asking Discord for what that
// depends on.
func (r *Relay) mayWrite(ctx context.Context, actor entities.Actor, user snowflake.ID) (entities.DMPermit, error) {
	return lacking(ctx, r, func() (entities.DMPermit, error) { return r.registry.MayWrite(ctx, actor, user) })
}

const (
	letterTries = 3
	letterPause = time.Second
)

// utterDM sends a line's parts, one after the other.
func (r *Relay) utterDM(s *speech) {
	ctx := r.life
	for s.next < len(s.parts) {
		if !s.room && !r.another(ctx, s) {
			r.fail(ctx, s, errEnding)
			return
		}
		s.room = false
		id, stands, err := r.mail(ctx, s)
		s.mouth.turns.answered(stands)
		if long, ok := errors.AsType[*LongWaitError](err); ok && r.keeps(s, long.Wait) {
			if !s.mouth.turns.back(s, r.now().Add(long.Wait)) {
				r.fail(ctx, s, errEnding)
			}
			return
		}
		switch {
		case err != nil && undone(err):
			r.fail(ctx, s, wordDM(err))
			return
		case err != nil:
			r.log.Warn("a direct message's outcome is not known", "entity", s.line.EntityID, "err", scrubError(err))
			r.recordEnd(ctx, s, entities.LineUnknown)
			r.end(s, r.sentAs(s, StatusUnknown), nil)
			return
		}
		r.landedDM(ctx, s, id)
		s.next++
	}
	r.end(s, r.sentAs(s, StatusSent), nil)
}

// mail gives Discord a line's next part. Within a few minutes it takes a nonce once (Discord:
// enforce_nonce), so a message whose outcome it did not tell is given again.
func (r *Relay) mail(ctx context.Context, s *speech) (id snowflake.ID, stands bool, err error) {
	part := s.parts[s.next]
	body := discord.MessageCreate{
		Content: part.Content, Embeds: part.Embeds, Components: part.Components, AllowedMentions: part.AllowedMentions,
		Nonce: fmt.Sprintf("%x-%d", s.line.ID, s.next), EnforceNonce: true,
	}
	for try := range letterTries {
		if try > 0 && (r.drained() || !sleep(ctx, letterPause)) {
			return 0, false, err
		}
		var got executed
		asking, cancel := context.WithTimeout(ctx, r.patience.post)
		again := r.guarded(asking, func() error { return r.departDM(asking, s, try > 0) }, func(opts ...rest.RequestOpt) error {
			return r.disc.Rest.Do(rest.CreateMessage.Compile(nil, s.letter.channel), body, &got, opts...)
		})
		cancel()
		switch {
		case again == nil && got.ID != 0:
			return got.ID, true, nil
		case again == nil:
			again = errors.New("discord answered without the message")
		case try > 0 && undone(again): // of the first try nobody knows
			return 0, false, err
		case undone(again):
			return 0, false, again
		}
		err = again
	}
	return 0, false, err
}

// departDM decides once more when Discord is about to be asked, after all waiting.
func (r *Relay) departDM(ctx context.Context, s *speech, again bool) error {
	if _, err := r.mayWrite(ctx, s.actor, s.letter.user); err != nil || again || !s.queued {
		return err
	}
	if err := r.registry.Start(ctx, ingest, s.line.ID); err != nil {
		return fmt.Errorf("%w: %w", errNotSent, err)
	}
	s.queued = false
	return nil
}

// landedDM writes down whose a message is, now or as soon as the database lets it, and that the
// person was told whose AI writes.
func (r *Relay) landedDM(ctx context.Context, s *speech, id snowflake.ID) {
	s.at = s.letter.channel
	s.ids = append(s.ids, id)
	line, part, channel := s.line, s.next, s.letter.channel
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), ownTime)
	defer cancel()
	if err := r.registry.Land(ctx, ingest, line, part, channel, id); err != nil {
		r.log.Error("write down whose direct message it is", "entity", line.EntityID, "err", err)
		r.put(record{"write down whose direct message it is", func(ctx context.Context) error {
			return r.registry.Land(ctx, ingest, line, part, channel, id)
		}})
	}
	r.dms.unsettle(s.letter.user, line.EntityID)
	if !s.letter.fresh || s.next > 0 {
		return
	}
	permit, err := r.mayWrite(ctx, s.actor, s.letter.user)
	if err == nil {
		err = r.registry.Introduce(ctx, s.actor, permit, channel)
	}
	if err != nil { // then they are told once more
		r.log.Warn("note that a person was told whose AI wrote", "entity", line.EntityID, "err", err)
	}
}

// wordDM words what Discord answers where it is about direct messages.
func wordDM(err error) error {
	switch code(err) {
	case rest.JSONErrorCodeCannotSendMessagesToThisUser:
		return entities.Refuse(entities.NotAllowed, "Discord does not let the bot write to this person: their privacy settings take no direct messages, or they blocked the bot. Only they can change that. Speak to them on a server that you share.")
	case rest.JSONErrorCodeCannotSendMessagesToThisUserDueToHavingNoMutualGuilds:
		return entities.Refuse(entities.NotAllowed, "Discord does not let the bot write to this person: they share no server with the bot any more.")
	case rest.JSONErrorCodeOpeningDirectMessagesTooFast:
		return entities.Refuse(entities.Unavailable, "Discord lets the bot open no more direct messages just now. Nothing was sent; try again in some minutes.")
	case rest.JSONErrorCodeUnknownUser, rest.JSONErrorCodeInvalidRecipients:
		return entities.Refuse(entities.NotFound, "Discord knows no such person.")
	}
	if _, limited := errors.AsType[*LongWaitError](err); !limited && httpStatus(err) == http.StatusForbidden {
		return entities.Refuse(entities.NotAllowed, "Discord does not let the bot write to this person, and does not say why. Nothing was sent. The person may have left the bot's servers or Discord; else whoever runs the bot finds more in its log.")
	}
	return word(err)
}
