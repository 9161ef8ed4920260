package relay

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/disgo/rest"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay/text"
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

// repeatDM answers a call that was made before with what became of its line.
func (r *Relay) repeatDM(ctx context.Context, actor entities.Actor, user snowflake.ID, begun entities.Begun) (Sent, error) {
	if s := r.speeches.of(begun.Line.ID); s != nil {
		return r.outcome(ctx, s)
	}
	if begun.Line.State == entities.LineUnknown || begun.Line.State == entities.LineSending {
		if err := r.findLetters(ctx, begun); err != nil {
			r.log.Warn("look for a direct message whose outcome is not known", "err", scrubError(err))
		}
	}
	begun, err := r.registry.Outcome(ctx, ingest, begun.Line.ID)
	if err != nil {
		return Sent{}, err
	}
	if _, err := r.mayWrite(ctx, actor, user); err != nil {
		return Sent{}, err
	}
	r.answered(ctx, begun.Line)
	return standing(entities.Permit{}, begun)
}

// composeDM makes of a line the messages that Discord takes. Each is headed by the entity's name:
// in direct messages all that it says comes from the bot.
func (r *Relay) composeDM(actor entities.Actor, permit entities.DMPermit, channel snowflake.ID, line DMLine) (*speech, error) {
	content := strings.TrimSpace(strings.ToValidUTF8(line.Content, "\uFFFD"))
	if content == "" {
		return nil, entities.Refuse(entities.Invalid, "There is nothing to say: content is empty.")
	}
	if n := text.Length(content); n > MaxLine {
		return nil, entities.Refuse(entities.Invalid, "content has %d characters; one call takes %d. Say it in several.", n, MaxLine)
	}
	head := dmHead(permit.Entity())
	texts, err := splitUnder(head, content)
	if err != nil {
		return nil, err
	}
	s := &speech{actor: actor, done: make(chan struct{}), mouth: r.webhooks.at(channel)}
	s.letter = &letter{user: line.User, channel: channel, fresh: !permit.Introduced()}
	for _, part := range texts {
		mentions := nobody()
		s.parts = append(s.parts, discord.WebhookMessageCreate{Content: head + part, AllowedMentions: &mentions, Embeds: r.portrait(permit.Entity())})
	}
	if s.letter.fresh {
		s.parts[0].Embeds = []discord.Embed{r.introduction(permit)}
		s.parts[0].Components = []discord.LayoutComponent{discord.NewActionRow(discord.NewDangerButton("Block", BlockButton+string(permit.Entity().ID)))}
	}
	s.said = entities.Said{Text: line.Content}
	return s, nil
}

// dmHead is the first line of every message of an entity's in direct messages.
func dmHead(e entities.Entity) string { return "**" + Plain(e.Name) + "**\n" }

// splitUnder cuts a text so that each part has room for a head.
func splitUnder(head, content string) ([]string, error) {
	texts, err := text.SplitAt(content, entities.MaxParts, MaxContent-text.Length(head))
	if _, many := errors.AsType[*text.TooManyPartsError](err); many {
		return nil, entities.Refuse(entities.Invalid, "content does not fit into %d messages. Say it in several calls. Nothing was sent.", entities.MaxParts)
	}
	if err != nil {
		return nil, fmt.Errorf("split a line: %w", err)
	}
	if len(texts) == 0 {
		return nil, entities.Refuse(entities.Invalid, "There is nothing to say: nothing of content can be seen.")
	}
	return texts, nil
}

// portrait shows the entity's picture, if it has one.
func (r *Relay) portrait(e entities.Entity) []discord.Embed {
	if e.Avatar == "" {
		return nil
	}
	return []discord.Embed{{Author: &discord.EmbedAuthor{Name: Clip(e.Name, 256), IconURL: r.AvatarURL(e.Avatar)}}}
}

// introduction tells a person at the first message whose AI writes, and what they can do.
func (r *Relay) introduction(permit entities.DMPermit) discord.Embed {
	e := permit.Entity()
	whose := "It belongs to <@" + e.OwnerID.String() + ">."
	if permit.ToOwner() {
		whose = "It is yours."
	}
	card := discord.Embed{Description: "**" + Plain(e.Name) + "** is an AI identity that speaks through this bot. " + whose +
		"\nReply to one of its messages to answer it. `/talk` chooses whom you write to; `/privacy` refuses direct messages of all of them."}
	if shown := r.portrait(e); shown != nil {
		card.Author = shown[0].Author
	}
	return card
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

// findLetters looks in direct messages for the parts of a line of which it is not known whether
// Discord took them.
func (r *Relay) findLetters(ctx context.Context, begun entities.Begun) error {
	messages, err := r.disc.Rest.GetMessages(begun.Line.ChannelID, 0, 0, 0, MaxHistory, rest.WithCtx(ctx))
	if err != nil {
		return err
	}
	ids := make([]snowflake.ID, 0, len(messages))
	for _, m := range messages {
		ids = append(ids, m.ID)
	}
	owned, err := r.registry.Speakers(ctx, ingest, ids)
	if err != nil {
		return err
	}
	for _, part := range begun.Parts {
		for _, m := range messages {
			if _, known := owned[m.ID]; known || part.MessageID != 0 || m.Author.ID != r.world.Bot() || m.CreatedAt.Before(begun.Line.At.Add(-time.Minute)) {
				continue
			}
			hash, err := r.registry.Fingerprint(ctx, ingest, "", m.Content)
			if err != nil {
				return err
			}
			if string(hash) == string(part.Hash) {
				if err := r.registry.Land(ctx, ingest, begun.Line, part.Part, begun.Line.ChannelID, m.ID); err != nil {
					return err
				}
				owned[m.ID] = entities.Entity{ID: begun.Line.EntityID}
				break
			}
		}
	}
	return nil
}

// recoverDM learns what became of a direct message that was under way when the program ended.
func (r *Relay) recoverDM(ctx context.Context, begun entities.Begun) error {
	if err := r.findLetters(ctx, begun); err != nil && !hopeless(err) {
		return err
	}
	if begun.Line.State == entities.LineSending {
		return r.registry.Settle(ctx, ingest, begun.Line.ID, entities.LineUnknown)
	}
	return nil
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
	case rest.JSONErrorCodeUnknownUser:
		return entities.Refuse(entities.NotFound, "Discord knows no such person.")
	default:
		return word(err)
	}
}
