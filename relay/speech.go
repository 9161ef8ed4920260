package relay

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

const (
	// Writing down what became of a line may meet a busy disk.
	ownTries = 3
	ownPause = 300 * time.Millisecond
	ownTime  = 5 * time.Second
)

// speech is a line on its way: it waits for its turn and is said part by part. It has a life of
// its own, so that a client that hangs up leaves no line half said.
type speech struct {
	actor  entities.Actor
	right  entities.Right // to say it
	line   entities.Line  // as it was begun; others read it
	hashes []entities.LinePart
	parts  []discord.WebhookMessageCreate
	mouth  *mouth
	letter *letter // nil but of direct messages
	begun  bool    // it has its turn; turns guards it
	room   bool    // for its next message, taken from the limit that Discord does not tell
	flying bool    // counted among those on their way; turns guards it

	said   entities.Said // as its entity's rules judge it
	queued bool          // Discord was not asked yet
	held   time.Time     // since when Discord does not take it; zero while it does

	next int          // the part to be said
	at   snowflake.ID // where it stands: the line's channel, or the post that it opened
	ids  []snowflake.ID

	ambiguous []string // names in it that several have

	done chan struct{} // closed when sent and err are there
	sent Sent
	err  error
}

// speeches are the lines on their way.
type speeches struct {
	mu      sync.Mutex
	all     map[int64]*speech
	running sync.WaitGroup
}

func (o *speeches) open(s *speech) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.all[s.line.ID] = s
}

func (o *speeches) close(s *speech) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.all, s.line.ID)
}

func (o *speeches) of(line int64) *speech {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.all[line]
}

func (o *speeches) count() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.all)
}

func (s *speech) texts() []string {
	texts := make([]string, 0, len(s.parts))
	for _, part := range s.parts {
		var question *discord.PollMedia
		if part.Poll != nil {
			question = &part.Poll.Question
		}
		texts = append(texts, told(part.Content, question))
	}
	return texts
}

// begin says a line whose turn it is.
func (r *Relay) begin(s *speech) {
	if s.letter != nil {
		r.speeches.running.Go(func() { r.utterDM(s) })
		return
	}
	r.speeches.running.Go(func() { r.utter(s) })
}

// utter says a line's parts, one after the other, until all are there or something stands
// against the next one.
func (r *Relay) utter(s *speech) {
	ctx := r.life
	for s.next < len(s.parts) {
		if !s.room && !r.another(ctx, s) {
			r.fail(ctx, s, errEnding)
			return
		}
		s.room = false
		permit, err := r.reauthorize(ctx, s)
		if err != nil {
			s.mouth.turns.answered(false)
			r.fail(ctx, s, err)
			return
		}
		f, stands, err := r.post(ctx, permit, s)
		if long, ok := errors.AsType[*LongWaitError](err); ok && r.keeps(s, long.Wait) {
			if !s.mouth.turns.back(s, r.now().Add(long.Wait)) {
				r.fail(ctx, s, r.silence())
			}
			return
		}
		if err != nil {
			r.fail(ctx, s, word(err))
			return
		}
		if !stands && !r.await(ctx, s, f) {
			r.lost(ctx, s, f)
			return
		}
		r.landed(ctx, s, f)
		s.next++
	}
	r.end(s, r.sentAs(s, StatusSent), nil)
}

// keeps says whether a line goes on waiting for Discord to take it.
func (r *Relay) keeps(s *speech, wait time.Duration) bool {
	if s.held.IsZero() {
		s.held = r.now()
	}
	return r.now().Add(wait).Sub(s.held) < r.patience.hold && !r.drained()
}

// another waits until one more message of the line may go out.
func (r *Relay) another(ctx context.Context, s *speech) bool {
	for {
		until := s.mouth.turns.another()
		if until.IsZero() {
			return true
		}
		timer := time.NewTimer(until.Sub(r.now()))
		select {
		case <-timer.C:
		case <-r.draining:
			timer.Stop()
			return false
		case <-ctx.Done():
			timer.Stop()
			return false
		}
	}
}

// reauthorize decides again when it is the line's turn: rights may have changed while it waited.
func (r *Relay) reauthorize(ctx context.Context, s *speech) (entities.Permit, error) {
	if r.drained() {
		return entities.Permit{}, errEnding
	}
	permit, err := r.Authorize(ctx, s.actor, s.right, s.line.ChannelID)
	if waited := s.queued || !s.held.IsZero(); err != nil || !waited || s.next > 0 {
		return permit, err
	}
	if permit.Entity().Name != s.parts[0].Username {
		return permit, entities.Refuse(entities.Conflict, "Your name there changed while the line waited. Nothing was sent; say it again.")
	}
	return permit, r.registry.Screen(ctx, s.actor, permit, s.said)
}

// landed sees to it that it is written down whose a message is: with its echo, which costs no
// transaction of its own, or without it. That it stands is told even when this fails: a line that
// is said again would be worse than one that is written down later.
func (r *Relay) landed(ctx context.Context, s *speech, f *flight) {
	s.at = f.echo.ChannelID
	s.ids = append(s.ids, f.echo.ID)
	if r.notedWithEcho(s.mouth, f) {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), ownTime)
	defer cancel()
	for try := range ownTries {
		if try > 0 && !sleep(ctx, ownPause) {
			break
		}
		err := r.registry.Land(ctx, ingest, f.line, f.part, f.echo.ChannelID, f.echo.ID)
		if err == nil {
			return
		}
		r.log.Error("write down whose line it is", "message", f.echo.ID, "entity", f.line.EntityID, "err", err)
	}
	r.landLater(f, f.echo.ChannelID, f.echo.ID)
}

// notedWithEcho waits a little for a message's echo, and for it to be written down.
func (r *Relay) notedWithEcho(m *mouth, f *flight) bool {
	if f.alone {
		return false
	}
	timer := time.NewTimer(r.patience.soon)
	defer timer.Stop()
	select {
	case <-f.echoed:
	case <-timer.C:
		if m.unexpect(f) {
			return false
		}
	}
	timer.Reset(ownTime)
	select {
	case <-f.noted:
		return true
	case <-timer.C:
	case <-r.life.Done():
	}
	return false
}

// landLater writes down whose a message is as soon as the database lets it.
func (r *Relay) landLater(f *flight, channel, message snowflake.ID) {
	line, part := f.line, f.part
	r.put(record{"write down whose line it is", func(ctx context.Context) error {
		return r.registry.Land(ctx, ingest, line, part, channel, message)
	}})
}

// rematch writes down a message that was taken for another's.
func (r *Relay) rematch(other *flight) {
	if other != nil && other.lost {
		r.landLater(other, other.echo.ChannelID, other.echo.ID)
	}
}

// lost leaves a line whose outcome nobody told: its flight stays open for a late echo.
func (r *Relay) lost(ctx context.Context, s *speech, f *flight) {
	if !s.mouth.lose(f, r.now()) {
		r.landed(ctx, s, f) // it came this moment
	} else if ctx.Err() == nil {
		r.recordEnd(ctx, s, entities.LineUnknown)
	} // otherwise the next run of the program looks for it
	if len(s.ids) == len(s.parts) {
		r.end(s, r.sentAs(s, StatusSent), nil)
		return
	}
	r.end(s, r.sentAs(s, StatusUnknown), nil)
}

// fail ends a line against whose next part something stands. What was said of it stays.
func (r *Relay) fail(ctx context.Context, s *speech, err error) {
	if _, stands := errors.AsType[*strayLineError](err); stands {
		r.recordEnd(ctx, s, entities.LinePartial)
		r.end(s, Sent{}, err)
		return
	}
	if s.next == 0 {
		r.recordEnd(ctx, s, entities.LineFailed)
		r.end(s, Sent{}, err)
		return
	}
	r.recordEnd(ctx, s, entities.LinePartial)
	sent := r.sentAs(s, StatusPartial)
	if refusal, ok := entities.AsRefusal(err); ok {
		sent.Why = refusal.Text
	} else {
		r.log.Error("say the rest of a line", "entity", s.line.EntityID, "err", err)
	}
	r.end(s, sent, nil)
}

// recordEnd writes down how a line ended, now or as soon as the database lets it.
func (r *Relay) recordEnd(ctx context.Context, s *speech, state entities.LineState) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), ownTime)
	defer cancel()
	if err := r.registry.Settle(ctx, ingest, s.line.ID, state); err != nil {
		r.log.Error("note how a line ended", "entity", s.line.EntityID, "err", err)
		r.put(record{"note how a line ended", func(ctx context.Context) error {
			return r.registry.Settle(ctx, ingest, s.line.ID, state)
		}})
	}
}

func (r *Relay) sentAs(s *speech, status SendStatus) Sent {
	sent := Sent{Status: status, MessageIDs: s.ids, ChannelID: s.line.ChannelID, Parts: len(s.parts), Ambiguous: s.ambiguous}
	if len(s.ids) > 0 {
		sent.ChannelID = s.at
		sent.Link = messageLink(s.line.GuildID, s.at, s.ids[0])
	}
	return sent
}

// end tells everybody who waits for a line how it ended.
func (r *Relay) end(s *speech, sent Sent, err error) {
	s.sent, s.err = sent, err
	r.ends.note(sent.Status, err)
	r.speeches.close(s)
	close(s.done)
	s.mouth.turns.leave(s)
}
