package relay

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/disgo/rest"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// missedDMs are what a person wrote while nobody listened, or faster than it could be taken.
type missedDMs struct {
	from    snowflake.ID // where to begin with somebody who is not known; 0 for nowhere
	reached snowflake.ID // what was looked at so far
	fetched int
	since   time.Time       // when it was begun
	last    discord.Message // that was routed
	to      entities.Entity
}

// lookForMissedDMs has fetched what people wrote while there was no session. Discord tells of direct
// messages in the first shard's only, and of their channels nowhere.
func (r *Relay) lookForMissedDMs() {
	login := r.dms.begin()
	r.put(record{"look for direct messages that were missed", func(ctx context.Context) error {
		marks, err := r.registry.DMMarks(ctx, ingest)
		if err == nil {
			r.dms.compare(login, marks)
		}
		return err
	}})
}

var errDMsEnding = errors.New("the program ends")

// fetchDMs fetches what a person wrote before what follows in their pile, in order, and routes it.
// They are asked once for whom it is, and shown once who received it.
func (r *Relay) fetchDMs(ctx context.Context, user snowflake.ID, missed *missedDMs) error {
	for {
		mark, known, err := r.dmMark(ctx, user, missed)
		if err != nil || mark.Channel == 0 {
			return err
		}
		r.dms.learn(mark.Channel, discord.User{ID: user})
		until := r.dms.follower(user)
		missed.reached = max(missed.reached, mark.After)
		if until != 0 && missed.reached >= until-1 {
			break
		}
		if r.drained() {
			return errDMsEnding // the next start fetches it
		}
		over, err := r.fetchDMPage(ctx, mark, missed, known, until)
		if err != nil {
			return err
		}
		// Of most people there is nothing. Where to begin follows from our clock, then, and is no
		// message: noted, it would hide what is written until then.
		if missed.fetched > 0 {
			if err := r.registry.SettleDM(ctx, ingest, user, missed.reached); err != nil {
				return err
			}
		}
		if over {
			break
		}
	}
	return r.sumUp(ctx, user, missed)
}

// dmMark is how far a person's direct messages are settled, and whether the person is known. Of one
// who is not, and was not heard either, the channel is 0.
func (r *Relay) dmMark(ctx context.Context, user snowflake.ID, missed *missedDMs) (mark entities.DMMark, known bool, err error) {
	marks, err := r.registry.DMMarks(ctx, ingest, user)
	if err != nil || len(marks) > 0 {
		return append(marks, mark)[0], true, err
	}
	if missed.from != 0 {
		mark = entities.DMMark{User: user, Channel: r.dms.channel(user), After: missed.from}
	}
	return mark, false, nil
}

// fetchDMPage fetches and routes some messages. It says whether there are no more.
func (r *Relay) fetchDMPage(ctx context.Context, at entities.DMMark, missed *missedDMs, known bool, until snowflake.ID) (over bool, err error) {
	if missed.fetched >= mostMissed {
		return true, r.loseDMs(ctx, at, missed, until)
	}
	page, cached, err := r.askForDMs(ctx, at.Channel, missed.reached, MaxHistory)
	if hopeless(err) {
		r.log.Warn("direct messages cannot be read; they are left out", "channel", at.Channel, "err", scrubError(err))
		return true, nil
	}
	if err != nil {
		return false, err
	}
	for _, m := range page {
		if until != 0 && m.ID >= until {
			return true, nil // it was heard, and all after it
		}
		if r.isDM(m) && m.Author.ID == at.User {
			if err := r.routeMissed(ctx, m, cached, missed, known); err != nil {
				return false, err
			}
		}
		missed.reached = max(missed.reached, m.ID)
		missed.fetched++
	}
	return len(page) < MaxHistory, nil
}

// askForDMs gives messages after one, oldest first, with what the cache knew before.
func (r *Relay) askForDMs(ctx context.Context, channel, after snowflake.ID, limit int) ([]discord.Message, uint64, error) {
	if !r.backlog.turn(ctx) {
		return nil, 0, context.Cause(ctx)
	}
	asking, cancel := context.WithTimeout(ctx, ownTime)
	defer cancel()
	mark := r.cache.mark()
	page, err := r.disc.Rest.GetMessages(channel, 0, 0, after, limit, rest.WithCtx(asking))
	if err != nil {
		return nil, 0, fmt.Errorf("read direct messages: %w", err)
	}
	slices.SortFunc(page, byID)
	return page, mark, nil
}

func (r *Relay) routeMissed(ctx context.Context, m discord.Message, cached uint64, missed *missedDMs, known bool) error {
	routed, err := r.route(ctx, m, known, missed.since)
	if entities.Unfit(err) {
		r.setAsideDM(m, err)
		return nil
	}
	if err != nil || routed.Noted == nil {
		return err
	}
	r.cache.keep(cached, m)
	r.wake([]entities.Noted{*routed.Noted})
	missed.last, missed.to = m, routed.Entity
	return nil
}

// loseDMs leaves a gap in place of what is too much to be fetched.
func (r *Relay) loseDMs(ctx context.Context, at entities.DMMark, missed *missedDMs, until snowflake.ID) error {
	last := until - 1
	if until == 0 {
		newest, _, err := r.askForDMs(ctx, at.Channel, 0, 1)
		if err != nil {
			return err
		}
		if len(newest) == 0 || newest[0].ID <= missed.reached {
			return nil
		}
		last = newest[0].ID
	}
	noted, err := r.registry.LoseDMs(ctx, ingest, at.User, missed.reached, last)
	if err != nil {
		return err
	}
	r.log.Warn("a person wrote more than is fetched", "user", at.User, "after", missed.reached, "until", last)
	missed.reached = last
	r.wake(noted)
	return nil
}

// sumUp shows a person what became of what they wrote while nobody listened, unless that is long
// ago: who received it, and whom they can choose for what nobody did.
func (r *Relay) sumUp(ctx context.Context, user snowflake.ID, missed *missedDMs) error {
	if m := missed.last; m.ID != 0 && r.now().Sub(m.CreatedAt) < entities.WaitingLife {
		r.acknowledge(ctx, m, missed.to)
	}
	marks, err := r.registry.DMMarks(ctx, ingest, user)
	if err != nil || len(marks) == 0 || marks[0].Unasked == 0 {
		return err
	}
	return r.askWhom(ctx, marks[0].Channel, user, marks[0].Unasked)
}

const (
	// turnTime is how long something waits for a person's earlier messages.
	turnTime     = 20 * time.Second
	shortestRest = time.Second / 2
)

// inTurn does something when all that a person wrote before has gone its way.
func (r *Relay) inTurn(ctx context.Context, user snowflake.ID, do func(context.Context)) error {
	begun, done := make(chan struct{}), make(chan struct{})
	given := make(chan struct{})
	step := func(working context.Context) {
		defer close(done)
		select {
		case begun <- struct{}{}:
			do(working)
		case <-given:
		}
	}
	late := entities.Refuse(entities.Unavailable, "What you wrote before is still on its way, and this would change whom it reaches. Nothing was changed; try again in a minute.")
	if !r.dms.put(user, private{do: step}) {
		return late
	}
	timer := time.NewTimer(turnTime)
	defer timer.Stop()
	defer close(given)
	select {
	case <-begun:
		<-done
		return nil
	case <-timer.C:
	case <-ctx.Done():
	case <-r.draining:
	}
	return late
}
