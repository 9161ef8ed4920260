package relay

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/disgo/rest"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// Bounds of asking Discord for channels that are not known: each miss costs one of the
// invalid requests for which Discord bans an address.
const (
	lookupsPerMinute = 10
	missesKept       = 1000
	missLife         = 5 * time.Minute
)

// lookups bounds how often entities can make us ask for channels by id.
type lookups struct {
	mu     sync.Mutex
	asked  map[entities.ID][]time.Time
	misses map[snowflake.ID]time.Time
}

func newLookups() lookups {
	return lookups{asked: map[entities.ID][]time.Time{}, misses: map[snowflake.ID]time.Time{}}
}

// may says whether an entity may ask for a channel now, and notes that it did.
func (l *lookups) may(id entities.ID, channel snowflake.ID, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Sub(l.misses[channel]) < missLife {
		return false
	}
	recent := slices.DeleteFunc(l.asked[id], func(at time.Time) bool { return now.Sub(at) > time.Minute })
	if len(recent) >= lookupsPerMinute {
		l.asked[id] = recent
		return false
	}
	l.asked[id] = append(recent, now)
	return true
}

// untried says that a channel was not found missing lately.
func (l *lookups) untried(channel snowflake.ID, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return now.Sub(l.misses[channel]) >= missLife
}

func (l *lookups) missed(channel snowflake.ID, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.misses) >= missesKept {
		clear(l.misses)
	}
	l.misses[channel] = now
}

// Resolve finds the channel that an entity means. An archived thread is not among what
// Discord announces; it is asked for by its id.
func (r *Relay) Resolve(ctx context.Context, actor entities.Actor, ref string) (snowflake.ID, error) {
	ctx = onBehalf(ctx, actor)
	if err := r.meetOwner(ctx, actor); err != nil {
		return 0, err
	}
	id, known, err := r.registry.ResolveChannel(ctx, actor, ref)
	if err != nil || known || !r.lookups.may(actor.EntityID(), id, r.now()) {
		return id, err
	}
	if err := r.lookUp(ctx, id); err != nil {
		return 0, wordTransport(err)
	}
	return id, nil
}

// lookUp asks Discord for a thread that is not known. That there is none is no error; it is
// remembered for a while.
func (r *Relay) lookUp(ctx context.Context, id snowflake.ID) error {
	var raw json.RawMessage
	err := r.disc.Rest.Do(rest.GetChannel.Compile(nil, id), nil, &raw, rest.WithCtx(ctx))
	if err != nil && !hopeless(err) {
		return fmt.Errorf("look up a channel: %w", err)
	}
	if err == nil {
		if found, err := decode[discord.UnmarshalChannel](raw); err == nil {
			if thread, ok := found.Channel.(discord.GuildThread); ok {
				r.learnThread(thread, r.joined(id))
				return nil
			}
		}
	}
	r.lookups.missed(id, r.now())
	return nil
}
