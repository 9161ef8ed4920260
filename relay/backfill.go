package relay

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/disgo/rest"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

const (
	missedAtOnce = 6    // channels side by side
	mostMissed   = 1000 // messages of a channel that are fetched; a gap tells of the others
	// missedPause is the time from one request for missed messages to the next: 10 a second, a
	// fifth of what Discord allows a bot.
	missedPause = 100 * time.Millisecond
	// longestMissedPause is the longest time after which Discord is asked again for what it did
	// not give.
	longestMissedPause = 15 * time.Second
)

// lookForMissed looks whether anything was said in a guild while there was no session, which
// begins with GUILD_CREATE. What is said from now on waits behind what was missed.
func (r *Relay) lookForMissed(g discord.GatewayGuild) {
	look := func(id snowflake.ID, last *snowflake.ID) {
		if last != nil && *last != 0 && r.hears(id) {
			r.backlog.begin(g.ID, id, *last)
		}
	}
	for _, c := range g.Channels {
		if c, ok := c.(discord.GuildMessageChannel); ok { // a forum's last message is a post
			look(c.ID(), c.LastMessageID())
		}
	}
	for _, c := range g.Threads {
		look(c.ID(), c.LastMessageID())
	}
	r.backlog.archives.begin(g.ID, r.now())
}

// catchUp fetches what was missed until ctx ends.
func (r *Relay) catchUp(ctx context.Context) {
	var (
		todo    []*missing
		running sync.WaitGroup
		slots   = make(chan struct{}, missedAtOnce)
	)
	defer running.Wait()
	running.Go(func() { r.lookThroughArchives(ctx) })
	for {
		var free chan struct{}
		if len(todo) > 0 {
			free = slots
		}
		select {
		case <-r.backlog.knock:
			todo = append(todo, r.compare(ctx, r.backlog.take())...)
		case free <- struct{}{}:
			next := todo[0]
			todo = todo[1:]
			running.Go(func() {
				defer func() { <-slots }()
				r.mend(ctx, next)
			})
		case <-ctx.Done():
			return
		}
	}
}

// compare finds out up to which message channels are settled, and gives those for which there is
// something to do.
func (r *Relay) compare(ctx context.Context, fresh []*missing) []*missing {
	var marks map[snowflake.ID]snowflake.ID
	for pause := time.Second; marks == nil && slices.ContainsFunc(fresh, func(m *missing) bool { return !m.known }); pause = min(2*pause, longestMissedPause) {
		// What was heard before is in the log then.
		err := r.handIn(ctx, utterance{}, true)
		if err == nil {
			marks, err = r.registry.Watermarks(ctx, ingest)
		}
		if err == nil || ctx.Err() != nil {
			break
		}
		r.log.Error("read what is settled", "err", err)
		if !sleep(ctx, pause) {
			break
		}
	}
	if ctx.Err() != nil {
		return nil // the next start looks again
	}
	return slices.DeleteFunc(fresh, func(m *missing) bool {
		if mark, ok := marks[m.channel]; ok && !m.known {
			m.reached, m.known = mark, true
		}
		if !m.known { // nobody hears it any more
			m.reached, m.known = m.until, true
		}
		return r.backlog.idle(m)
	})
}

// mend fetches what was missed in a channel, and then lets what was said meanwhile follow.
func (r *Relay) mend(ctx context.Context, m *missing) {
	pause := time.Second
	for ctx.Err() == nil {
		step := r.backlog.next(m)
		var err error
		switch {
		case step.over:
			return
		case step.held != nil:
			err = r.release(ctx, m, step.held)
		default:
			err = r.fetchMissed(ctx, m, step)
		}
		if err == nil {
			pause = time.Second
			continue
		}
		if ctx.Err() == nil {
			r.log.Warn("fetch what was missed; trying again", "channel", m.channel, "err", scrubError(err), "pause", pause)
		}
		sleep(ctx, pause)
		pause = min(2*pause, longestMissedPause)
	}
}

// fetchMissed fetches a page, or leaves a gap.
func (r *Relay) fetchMissed(ctx context.Context, m *missing, step backlogStep) error {
	until := step.until
	if !r.hears(m.channel) { // the server looks anew when it is there again
		m.reached = until
		return nil
	}
	if m.fetched >= step.most {
		return r.leaveGap(ctx, m, until)
	}
	if !r.backlog.turn(ctx) {
		return context.Cause(ctx)
	}
	asking, cancel := context.WithTimeout(ctx, ownTime)
	defer cancel()
	page, err := r.disc.Rest.GetMessages(m.channel, 0, 0, m.reached, MaxHistory, rest.WithCtx(asking))
	switch httpStatus(err) {
	case http.StatusNotFound:
		m.reached = until
		return r.arrive(ctx, m)
	case http.StatusForbidden:
		return r.leaveGap(ctx, m, until)
	}
	if err != nil {
		return fmt.Errorf("read messages: %w", err)
	}
	slices.SortFunc(page, byID)
	for _, message := range page {
		message.GuildID = &m.guild
		err := r.tellMissed(ctx, m, held{message: message})
		if errors.Is(err, errUnheard) {
			m.reached = max(m.reached, until) // as above
			return nil
		}
		if err != nil {
			return err
		}
	}
	m.fetched += len(page)
	if len(page) < MaxHistory {
		m.reached = max(m.reached, until) // which was deleted
	}
	if m.reached < until {
		return nil
	}
	return r.arrive(ctx, m)
}

// leaveGap says that messages are missing up to one, and goes on behind it.
func (r *Relay) leaveGap(ctx context.Context, m *missing, until snowflake.ID) error {
	gap := entities.Event{Kind: entities.EventGap, GuildID: m.guild, ChannelID: m.channel, MessageID: m.reached, UntilID: until, At: r.now().UTC()}
	if err := r.handIn(ctx, utterance{heard: entities.Heard{Event: gap}}, false); err != nil {
		return err
	}
	r.log.Warn("more was missed in a channel than is fetched", "channel", m.channel, "after", m.reached, "until", until)
	m.reached = until
	return r.arrive(ctx, m)
}

// release lets messages follow that were heard while older ones were fetched.
func (r *Relay) release(ctx context.Context, m *missing, waiting []held) error {
	for _, one := range waiting {
		if one.message.ID > m.reached {
			err := r.tellMissed(ctx, m, one)
			if errors.Is(err, errUnheard) {
				continue
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// errUnheard says that nobody hears a channel now: what was missed there is not settled.
var errUnheard = errors.New("nobody hears this channel")

// tellMissed puts one message of a channel on its way, behind those before it.
func (r *Relay) tellMissed(ctx context.Context, m *missing, one held) error {
	message, echo := one.message, one.echo
	if r.isNews(message) {
		if echo == nil {
			if echo = r.backlog.echo(m, message.ID); echo == nil {
				echo = r.claim(message)
			}
		}
		if echo == nil && !r.hears(m.channel) {
			return errUnheard
		}
		if echo != nil || !r.hidden(message) {
			r.backlog.keep(m, message.ID, func() { r.cache.put(message) })
			if err := r.handIn(ctx, utteranceOf(message, echo), false); err != nil {
				return err
			}
		}
	}
	m.reached = max(m.reached, message.ID)
	return nil
}

// arrive notes that a channel is settled, when all before that is in the log.
func (r *Relay) arrive(ctx context.Context, m *missing) error {
	return r.handIn(ctx, utterance{settled: &entities.Watermark{ChannelID: m.channel, GuildID: m.guild, MessageID: m.reached}}, false)
}

// handIn gives something to the event log as soon as there is room, and may wait until it is
// written.
func (r *Relay) handIn(ctx context.Context, u utterance, written bool) error {
	if written {
		u.written = make(chan struct{})
	}
	select {
	case r.inbox.heard <- u:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if !written {
		return nil
	}
	select {
	case <-u.written:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
