package relay

import (
	"context"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/disgo/rest"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// pluralKit is PluralKit's application: a bot that says what members wrote again, through webhooks
// of its own, under the names that they chose. What it says, a person says.
const pluralKit = 466378653216014359

// byPerson says whether a person said a message, and not a bot, a webhook or Discord itself.
func byPerson(m discord.Message) bool {
	if m.WebhookID != nil {
		return m.ApplicationID != nil && *m.ApplicationID == pluralKit
	}
	return !m.Author.Bot && !m.Author.System
}

// rests are those of which admins are still to be told.
type rests struct {
	queue queue[entities.Rest]
	words func(entities.Rest) discord.MessageCreate // nil when nobody is told
}

// WordRests says how the admins of a server are told that entities rest in a channel: whoever
// answers the buttons writes them. Without it nobody is told. It is called before [Relay.Run].
func (r *Relay) WordRests(words func(entities.Rest) discord.MessageCreate) { r.rests.words = words }

// rested has a server's admins told that entities rest. It does not wait.
func (r *Relay) rested(of entities.Rest) {
	if of.Notice != 0 && r.rests.words != nil && !r.rests.queue.put(of) {
		r.log.Warn("too many notices at once; one is not told", "guild", of.Guild)
	}
}

// tellRests tells admins where entities rest, until ctx ends.
func (r *Relay) tellRests(ctx context.Context) {
	for {
		of, ok := r.rests.queue.next(ctx)
		if !ok {
			return
		}
		r.tellRest(ctx, of)
	}
}

// tellRest tells it once. That it cannot be told changes nothing: /settings shows it too.
func (r *Relay) tellRest(ctx context.Context, of entities.Rest) {
	ctx, cancel := context.WithTimeout(ctx, noticeTime)
	defer cancel()
	if _, err := r.disc.Rest.CreateMessage(of.Notice, r.rests.words(of), rest.WithCtx(ctx)); err != nil {
		r.log.Warn("tell the admins that entities rest", "guild", of.Guild, "channel", of.Notice, "err", scrubError(err))
	}
}

// heardPersons notes where persons spoke, once for each channel.
func (r *Relay) heardPersons(ctx context.Context, all []utterance) error {
	told := map[snowflake.ID]bool{}
	for _, h := range all {
		channel := h.heard.Event.ChannelID
		if !h.heard.Person || told[channel] {
			continue
		}
		told[channel] = true
		if err := r.registry.PersonSpoke(ctx, ingest, channel); err != nil {
			return err
		}
	}
	return nil
}
