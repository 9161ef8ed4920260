package relay

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/disgoorg/disgo/rest"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// The program's own purposes.
var (
	ingest = entities.System("ingest")
	keeper = entities.System("keep what is known of Discord")
)

// Authorize asks whether an entity may use a right in a channel. When that depends on what
// Discord has not told yet, Discord is asked first.
func (r *Relay) Authorize(ctx context.Context, actor entities.Actor, right entities.Right, channel snowflake.ID) (entities.Permit, error) {
	for range mostGaps {
		permit, err := r.registry.Authorize(ctx, actor, right, channel)
		gap, lacks := entities.Lacks(err)
		if !lacks {
			return permit, err
		}
		if broken := r.fill(ctx, gap); broken != nil {
			if ctx.Err() == nil {
				r.log.Warn("ask Discord about an owner; their entity is refused", "guild", gap.Guild, "err", scrubError(broken))
			}
			return entities.Permit{}, err
		}
	}
	return r.registry.Authorize(ctx, actor, right, channel)
}

// sees says whether an entity may hear a channel, after asking Discord for what that depends
// on. When Discord does not answer it is an error, and no "no".
func (r *Relay) sees(ctx context.Context, actor entities.Actor, channel snowflake.ID) (bool, error) {
	for range mostGaps {
		sees, err := r.registry.Sees(ctx, actor, channel)
		gap, lacks := entities.Lacks(err)
		if !lacks {
			return sees, err
		}
		if broken := r.fill(ctx, gap); broken != nil {
			return false, err
		}
	}
	return r.registry.Sees(ctx, actor, channel)
}

// mostGaps is how many things one decision can lack: the owner's membership in the guild, and
// in a private thread.
const mostGaps = 2

// news gives what is new for an entity, after asking Discord for what that depends on.
func (r *Relay) news(ctx context.Context, actor entities.Actor, query entities.Query) (entities.News, error) {
	for range mostGaps {
		news, err := r.registry.News(ctx, actor, query)
		if err != nil || len(news.Items) > 0 || news.Lacks == nil {
			return news, err
		}
		if err := r.fill(ctx, *news.Lacks); err != nil {
			if ctx.Err() == nil {
				r.log.Warn("ask Discord about an owner; their entity's news wait", "guild", news.Lacks.Guild, "err", scrubError(err))
			}
			return news, nil
		}
	}
	return r.registry.News(ctx, actor, query)
}

// Channels lists the channels that an entity can see, after asking Discord for what that
// depends on. Servers about which Discord does not answer are left out.
func (r *Relay) Channels(ctx context.Context, actor entities.Actor) ([]entities.ChannelView, error) {
	if err := r.meetOwner(ctx, actor); err != nil {
		return nil, err
	}
	return r.registry.Channels(ctx, actor)
}

// meetOwner asks Discord about an entity's owner, wherever that is not known.
func (r *Relay) meetOwner(ctx context.Context, actor entities.Actor) error {
	gaps, err := r.registry.Unknown(ctx, actor)
	if err != nil {
		return err
	}
	r.fillAll(ctx, gaps)
	return nil
}

// Orphans lists the entities whose owners have left, after asking Discord about those of whom it
// is not known whether they are back.
func (r *Relay) Orphans(ctx context.Context, actor entities.Actor) ([]entities.Entity, error) {
	gaps, err := r.registry.OrphanGaps(ctx, actor)
	if err != nil {
		return nil, err
	}
	r.fillAll(ctx, gaps)
	return r.registry.Orphans(ctx, actor)
}

func (r *Relay) fillAll(ctx context.Context, gaps []entities.Gap) {
	for _, gap := range gaps {
		if err := r.fill(ctx, gap); err != nil && ctx.Err() == nil {
			r.log.Warn("ask Discord about an owner", "guild", gap.Guild, "err", scrubError(err))
		}
	}
}

// How long what was asked is not asked again: Discord gave no answer, and so many entities may
// wait for the same one.
const fillPause = 5 * time.Second

// filling is a question to Discord that all who need its answer wait for.
type filling struct {
	done chan struct{}
	err  error     // when done
	at   time.Time // when done
}

// fillings are the questions that are open, or failed a moment ago.
type fillings struct {
	mu  sync.Mutex
	all map[entities.Gap]*filling
}

// begin gives the question that is open, or makes a new one, which the caller must ask and end.
func (f *fillings) begin(gap entities.Gap, now time.Time) (open *filling, mine bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if open, ok := f.all[gap]; ok && (open.at.IsZero() || now.Sub(open.at) < fillPause) {
		return open, false
	}
	open = &filling{done: make(chan struct{})}
	f.all[gap] = open
	return open, true
}

func (f *fillings) end(gap entities.Gap, open *filling, now time.Time, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	open.err, open.at = err, now
	if err == nil {
		delete(f.all, gap)
	}
	close(open.done)
}

// fill asks Discord for a person's membership in a guild, or in a private thread. Who needs the
// same waits for one answer.
func (r *Relay) fill(ctx context.Context, gap entities.Gap) error {
	open, mine := r.fillings.begin(gap, r.now())
	if mine {
		var err error
		// Another may have asked between the refusal and now.
		if !r.world.Knows(gap, r.now()) {
			// Whether or not the one who wanted to know waits on: others may.
			err = r.ask(context.WithoutCancel(ctx), gap)
		}
		r.fillings.end(gap, open, r.now(), err)
		return err
	}
	select {
	case <-open.done:
		return open.err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (r *Relay) ask(ctx context.Context, gap entities.Gap) error {
	ctx, cancel := context.WithTimeout(onOwnBehalf(ctx), ownTime)
	defer cancel()
	asked := r.now()
	if gap.Thread != 0 {
		_, err := r.disc.Rest.GetThreadMember(gap.Thread, gap.User, false, rest.WithCtx(ctx))
		if err != nil && !noMember(err) {
			return fmt.Errorf("read who is in a thread: %w", err)
		}
		r.world.SetThreadMember(gap.Thread, gap.User, err == nil, asked)
		return nil
	}
	// From now on events tell of changes, also of those while Discord answers.
	r.world.Expect(gap.Guild, gap.User, asked)
	m, err := r.disc.Rest.GetMember(gap.Guild, gap.User, rest.WithCtx(ctx))
	switch {
	case err == nil:
		r.world.SetMember(gap.Guild, membership(*m), true, asked)
	case noMember(err):
		r.away(gap.Guild, gap.User, asked)
	default:
		return fmt.Errorf("read an owner's membership: %w", err)
	}
	return nil
}

// noMember says whether Discord knows that somebody is no member. Any other "not found" is no
// answer to that question.
func noMember(err error) bool {
	return slices.Contains([]rest.JSONErrorCode{rest.JSONErrorCodeUnknownMember, rest.JSONErrorCodeUnknownUser}, code(err))
}
