package relay

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/disgo/rest"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// MaxHistory is how many messages one request gives at most. Discord: the same.
const MaxHistory = 100

// History reads older messages of a channel, thread or post, oldest first.
func (r *Relay) History(ctx context.Context, actor entities.Actor, req HistoryRequest) ([]Message, error) {
	permit, err := r.registry.Authorize(ctx, actor, entities.ReadHistory, req.Channel)
	if err != nil {
		return nil, err
	}
	if err := req.check(permit.Channel()); err != nil {
		return nil, err
	}
	page, err := r.disc.Rest.GetMessages(req.Channel, req.Around, req.Before, req.After, req.Limit, rest.WithCtx(ctx))
	if err != nil {
		return nil, word(fmt.Errorf("read messages: %w", err), permit.Channel())
	}
	slices.SortFunc(page, func(a, b discord.Message) int { return compare(a.ID, b.ID) })
	// Rights may have changed while Discord answered.
	if _, err := r.registry.Authorize(ctx, actor, entities.ReadHistory, req.Channel); err != nil {
		return nil, err
	}
	return r.present(ctx, actor, permit.Guild().ID, page)
}

func (req HistoryRequest) check(where entities.Channel) error {
	if !where.HoldsMessages() {
		return entities.Refuse(entities.Invalid, "#%s holds posts, not messages: name one of its posts. list_channels shows the active ones.", where.Name)
	}
	if req.Limit < 1 || req.Limit > MaxHistory {
		return entities.Refuse(entities.Invalid, "limit is from 1 to %d.", MaxHistory)
	}
	given := 0
	for _, id := range []snowflake.ID{req.Before, req.After, req.Around} {
		if id != 0 {
			given++
		}
	}
	if given > 1 {
		return entities.Refuse(entities.Invalid, "Give only one of before, after and around.")
	}
	return nil
}

func compare(a, b snowflake.ID) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	default:
		return 0
	}
}

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
	id, known, err := r.registry.ResolveChannel(ctx, actor, ref)
	if err != nil || known || !r.lookups.may(actor.EntityID(), id, r.now()) {
		return id, err
	}
	found, err := r.disc.Rest.GetChannel(id, rest.WithCtx(ctx))
	if err != nil {
		r.lookups.missed(id, r.now())
		if definite(err) {
			return id, nil
		}
		return 0, wordTransport(fmt.Errorf("look up a channel: %w", err))
	}
	thread, ok := found.(discord.GuildThread)
	if !ok {
		r.lookups.missed(id, r.now())
		return id, nil
	}
	r.learnThread(thread, false)
	return id, nil
}
