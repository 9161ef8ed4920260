package relay

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/disgo/rest"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// readBacks are when a channel is looked at for a line of which Discord did not say whether it
// took it, in parts of the time that is waited for its echo.
var readBacks = []float64{0.2, 0.55, 0.9}

// await waits for word of a message that Discord may or may not have taken: its echo, or the
// message itself where it should stand. It is never sent again.
func (r *Relay) await(ctx context.Context, s *speech, f *flight) bool {
	s.mouth.turns.lend(s)
	begin := time.Now()
	for _, share := range append(slices.Clone(readBacks), 1) {
		timer := time.NewTimer(time.Duration(share*float64(r.patience.echo)) - time.Since(begin))
		select {
		case <-f.echoed:
			timer.Stop()
			return true
		case <-timer.C:
		case <-r.draining:
			timer.Stop()
			return r.found(ctx, s.mouth, f)
		case <-ctx.Done():
			timer.Stop()
			return false
		}
		if share < 1 && r.found(ctx, s.mouth, f) {
			return true
		}
	}
	return false
}

// found looks for a flight's message where it should stand.
func (r *Relay) found(ctx context.Context, m *mouth, f *flight) bool {
	if f.channel != 0 {
		if err := r.readBack(ctx, m, f.channel); err != nil {
			r.log.Warn("look for a line whose outcome is not known", "channel", f.channel, "err", scrubError(err))
		}
	}
	select {
	case <-f.echoed:
		return true
	default:
		return false
	}
}

// readBack looks through a channel's newest messages for those that lost flights became.
func (r *Relay) readBack(ctx context.Context, m *mouth, channel snowflake.ID) error {
	m.reading.Lock()
	defer m.reading.Unlock()
	ctx, cancel := context.WithTimeout(ctx, r.patience.post)
	defer cancel()
	messages, err := r.disc.Rest.GetMessages(channel, 0, 0, 0, MaxHistory, rest.WithCtx(ctx))
	if err != nil {
		return err
	}
	var ours []discord.Message
	for _, message := range messages {
		if message.WebhookID != nil && r.spokeThrough(*message.WebhookID, message) {
			ours = append(ours, message)
		}
	}
	ids := make([]snowflake.ID, 0, len(ours))
	for _, message := range ours {
		ids = append(ids, message.ID)
	}
	owned, err := r.registry.Speakers(ctx, ingest, ids)
	if err != nil {
		return err
	}
	for _, message := range slices.Backward(ours) { // the oldest first
		if _, known := owned[message.ID]; known {
			continue
		}
		if f, late := r.claimAt(m, message, false); f != nil && late {
			if err := r.registry.Land(ctx, ingest, f.line, f.part, f.echo.ChannelID, f.echo.ID); err != nil {
				r.landLater(f, f.echo.ChannelID, f.echo.ID)
			}
		}
	}
	return nil
}

// spokeThrough says whether a message came through a webhook of our application.
func (r *Relay) spokeThrough(webhook snowflake.ID, message discord.Message) bool {
	if message.ApplicationID != nil {
		return *message.ApplicationID == r.disc.ApplicationID
	}
	_, ours := r.webhooks.owner(webhook)
	return ours
}

// claimAt finds the flight of a channel's that a message is, which was heard or found. Late says
// that nobody waits for it any more.
func (r *Relay) claimAt(m *mouth, message discord.Message, heard bool) (f *flight, late bool) {
	var question *discord.PollMedia
	if message.Poll != nil {
		question = &message.Poll.Question
	}
	hash, err := r.registry.Fingerprint(context.Background(), ingest, message.Author.Username, told(message.Content, question))
	if err != nil {
		r.log.Error("tell a line by its text", "err", err)
		return nil, false
	}
	return m.claim(message, hash, heard)
}

// claim finds the flight that a message is the echo of, and ends it.
func (r *Relay) claim(message discord.Message) *flight {
	if message.WebhookID == nil {
		return nil
	}
	m, ok := r.webhooks.owner(*message.WebhookID)
	if !ok || !m.open() {
		return nil
	}
	f, _ := r.claimAt(m, message, true)
	return f
}

// open says whether any message's outcome is still to be learnt.
func (m *mouth) open() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.flights)+len(m.expected) > 0
}

// lookBack looks for the missing parts of a line that an earlier call, or an earlier run of the
// program, began.
func (r *Relay) lookBack(ctx context.Context, parent entities.Channel, begun entities.Begun) {
	m := r.webhooks.at(parent.ID)
	r.reopen(m, begun)
	where, ok := r.world.Channel(begun.Line.ChannelID)
	if !ok || where.IsForum() {
		return
	}
	if err := r.readBack(ctx, m, where.ID); err != nil {
		r.log.Warn("look for a line whose outcome is not known", "channel", where.ID, "err", scrubError(err))
	}
}

// reopen waits for echoes of the missing parts of a line.
func (r *Relay) reopen(m *mouth, begun entities.Begun) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, part := range begun.Parts {
		known := func(f *flight) bool { return f.line.ID == part.LineID && f.part == part.Part }
		if part.MessageID != 0 || slices.ContainsFunc(m.flights, known) {
			continue
		}
		f := newFlight(begun.Line, part.Part, part.Hash, begun.Line.At)
		f.lost = true
		if where, ok := r.world.Channel(begun.Line.ChannelID); ok && !where.IsForum() {
			f.channel = where.ID
		}
		m.flights = append(m.flights, f)
	}
}

// recover learns what became of the lines that were under way when the program ended last. It
// goes round them until Discord and the database have answered for each, or ctx ends: a server in
// an outage holds up no other one's.
func (r *Relay) recover(ctx context.Context) {
	var open []entities.Begun
	for pause := time.Second / 2; ; pause = min(2*pause, longestPause) {
		var err error
		if open, err = r.registry.OpenLines(ctx, ingest); err == nil {
			break
		}
		r.log.Warn("read the open lines", "err", err)
		if !sleep(ctx, pause) {
			return
		}
	}
	for pause := time.Second / 2; len(open) > 0; pause = min(2*pause, longestPause) {
		open = slices.DeleteFunc(open, func(begun entities.Begun) bool { return r.recovered(ctx, begun) })
		if len(open) > 0 && !sleep(ctx, pause) {
			return
		}
	}
}

func (r *Relay) recovered(ctx context.Context, begun entities.Begun) bool {
	if r.speeches.of(begun.Line.ID) != nil {
		return true // it is this run's own
	}
	err := r.recoverLine(ctx, begun)
	if err != nil && ctx.Err() == nil && !errors.Is(err, errUntold) {
		r.log.Warn("learn what became of a line; it is tried again", "entity", begun.Line.EntityID, "err", scrubError(err))
	}
	return err == nil
}

func (r *Relay) recoverLine(ctx context.Context, begun entities.Begun) error {
	if begun.Line.State == entities.LineQueued {
		return r.registry.Settle(ctx, ingest, begun.Line.ID, entities.LineFailed)
	}
	if begun.Line.GuildID == 0 {
		return r.recoverDM(ctx, begun)
	}
	where, ok := r.world.Channel(begun.Line.ChannelID)
	if !ok && r.world.Pending(begun.Line.GuildID) {
		return errUntold
	}
	if ok {
		parent := where
		if where.IsThread() {
			if parent, ok = r.world.Channel(where.ParentID); !ok {
				return errUntold
			}
		}
		m := r.webhooks.at(parent.ID)
		// Its echo comes through a webhook that must be known.
		if found, err := r.findWebhook(ctx, m, parent); err == nil && found.id != 0 {
			r.webhooks.remember(found.id, m)
		}
		r.reopen(m, begun)
		if !where.IsForum() {
			if err := r.readBack(ctx, m, where.ID); err != nil && !hopeless(err) {
				return err
			}
		}
	}
	if begun.Line.State == entities.LineSending {
		return r.registry.Settle(ctx, ingest, begun.Line.ID, entities.LineUnknown)
	}
	return nil
}

var errUntold = errors.New("what Discord has to tell of the channel is not known yet")
