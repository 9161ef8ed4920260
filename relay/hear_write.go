package relay

import (
	"context"
	"fmt"
	"time"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// ingest writes what was heard to the event log until ctx ends, and then what is left. Nothing is
// written ahead of what could not be: the next start would take that for settled.
func (r *Relay) ingest(ctx context.Context) {
	var pace gathering
	for {
		select {
		case first := <-r.inbox.heard:
			pace.wait(ctx)
			if !r.note(ctx, r.batch(first)) {
				return
			}
			r.tellSpilt(ctx)
		case <-ctx.Done():
			for len(r.inbox.heard) > 0 && r.note(ctx, r.batch(<-r.inbox.heard)) {
			}
			return
		}
	}
}

func (r *Relay) batch(first utterance) []utterance {
	all := []utterance{first}
	for len(all) < heardAtOnce {
		select {
		case next := <-r.inbox.heard:
			all = append(all, next)
		default:
			return all
		}
	}
	return all
}

// doubtful is after how many attempts it is looked whether what was heard is at fault, when the
// database does not say so.
const doubtful = 4

// note writes what was heard down. While the database cannot write it is tried again as long as
// the program runs; meanwhile more is gathered in the queue. What can never be written is set
// aside, and holds up nothing else. It says no when ctx ended before that.
func (r *Relay) note(ctx context.Context, all []utterance) (done bool) {
	pause := 100 * time.Millisecond
	for tries := 1; ; tries++ {
		err := r.write(all)
		switch {
		case err == nil:
			return true
		case entities.Unfit(err) || (tries >= doubtful && r.doubts(err)):
			return r.notePart(ctx, all, err)
		}
		r.log.Error("write the event log", "err", err, "events", len(all))
		if !sleep(ctx, pause) {
			return false
		}
		pause = min(2*pause, 5*time.Second)
	}
}

// doubts says whether it is not the database that keeps an attempt from working.
func (r *Relay) doubts(err error) bool {
	ctx, cancel := context.WithTimeout(context.Background(), ownTime)
	defer cancel()
	return !entities.Away(err) && r.registry.Writable(ctx, ingest) == nil
}

// notePart finds what is at fault among what was heard together, half by half.
func (r *Relay) notePart(ctx context.Context, all []utterance, err error) (done bool) {
	if len(all) == 1 {
		r.setAside(all[0], err)
		return true
	}
	half := len(all) / 2
	return r.note(ctx, all[:half]) && r.note(ctx, all[half:])
}

// setAside gives up what can never be written. Whoever waits for it goes on.
func (r *Relay) setAside(u utterance, err error) {
	e := u.heard.Event
	r.inbox.aside.Add(1)
	r.log.Error("an event cannot be written to the event log; it is set aside",
		"kind", e.Kind, "guild", e.GuildID, "channel", e.ChannelID, "message", e.MessageID, "err", err)
	if u.echo != nil {
		r.landLater(u.echo, e.ChannelID, e.MessageID) // it is a line all the same
	}
	u.done()
}

// done tells those who wait for it.
func (u utterance) done() {
	if u.echo != nil {
		close(u.echo.noted)
	}
	if u.written != nil {
		close(u.written)
	}
}

func (r *Relay) write(all []utterance) error {
	// What was heard is noted even while the program ends.
	ctx, cancel := context.WithTimeout(context.Background(), ownTime)
	defer cancel()
	actor := ingest
	heard := make([]entities.Heard, 0, len(all))
	for _, h := range all {
		if h.heard.Event.Kind == "" {
			continue
		}
		if err := h.heard.Fits(); err != nil {
			return fmt.Errorf("look at what was heard: %w", err)
		}
		heard = append(heard, h.heard)
	}
	if err := r.attribute(ctx, actor, heard); err != nil {
		return err
	}
	// First, so that whoever is woken by a person answers that person.
	if err := r.heardPersons(ctx, all); err != nil {
		return err
	}
	appended, err := r.registry.Append(ctx, actor, heard)
	if err != nil {
		return err
	}
	r.noteSettled(ctx, marksOf(all))
	for _, h := range all {
		h.done()
	}
	r.wake(appended)
	return nil
}

// mostUnsettled bounds the watermarks that wait to be written. Those past it are had again: what is
// not settled is looked for at the next login.
const mostUnsettled = 1000

// noteSettled writes watermarks down. What was heard is in the log by then and is not written again
// because of them: what cannot be written now is, with the next.
func (r *Relay) noteSettled(ctx context.Context, marks []entities.Watermark) {
	marks = append(r.inbox.unsettled, marks...)
	r.inbox.unsettled = nil
	err := r.registry.SetWatermarks(ctx, ingest, marks)
	if err == nil {
		return
	}
	r.log.Error("note up to where channels are settled", "err", err, "channels", len(marks))
	if !entities.Unfit(err) {
		r.inbox.unsettled = marks[max(0, len(marks)-mostUnsettled):]
	}
}

// attribute fills in whose lines the messages are, as far as it was not known from an echo.
func (r *Relay) attribute(ctx context.Context, actor entities.Actor, heard []entities.Heard) error {
	var unknown []snowflake.ID
	for _, h := range heard {
		e := h.Event
		if _, ours := r.webhooks.owner(e.AuthorID); ours && e.AuthorEntity == "" {
			unknown = append(unknown, e.MessageID)
		}
	}
	speakers, err := r.registry.Speakers(ctx, actor, unknown)
	if err != nil {
		return err
	}
	for i := range heard {
		if speaker, ok := speakers[heard[i].Event.MessageID]; ok {
			heard[i].Event.AuthorEntity = speaker.ID
		}
	}
	return nil
}
