package relay

import (
	"context"
	"sync/atomic"
	"time"

	"troupe/entities"
)

// inbox takes what the gateway heard to the event log; listeners are told when it has grown.
type inbox struct {
	heard     chan utterance
	lost      atomic.Int64 // changes and reactions for which there was no room
	aside     atomic.Int64 // events that can never be written
	spilt     spilt
	unsettled []entities.Watermark // of the goroutine that writes the event log
	listeners listeners
}

func newInbox() inbox {
	return inbox{heard: make(chan utterance, heardQueue), listeners: newListeners()}
}

// Inbox gives what is unread, oldest first. Handing in the cursor of the last answer marks what
// it gave as read, in its scope.
func (r *Relay) Inbox(ctx context.Context, actor entities.Actor, req InboxRequest) (Inbox, error) {
	ctx = onBehalf(ctx, actor)
	if req.Overview {
		req.Scope = entities.ScopeAddressed
	}
	after, err := r.startOf(ctx, actor, req.Scope, req.Cursor)
	if err != nil {
		return Inbox{}, err
	}
	found, _, err := r.look(ctx, actor, sight{scope: req.Scope, after: after, limit: limitOf(req.Limit), room: req.Room, shown: req.Measure})
	if err != nil || !req.Overview {
		return found, err
	}
	found.Moved, err = r.moved(ctx, actor)
	return found, err
}

// Wait gives what is unread, at once when there is something, else as soon as there is, else
// nothing when the time is up. Cursors are as with [Relay.Inbox].
func (r *Relay) Wait(ctx context.Context, actor entities.Actor, req WaitRequest) (Inbox, error) {
	ctx = onBehalf(ctx, actor)
	after, err := r.startOf(ctx, actor, req.Scope, req.Cursor)
	if err != nil {
		return Inbox{}, err
	}
	timer := time.NewTimer(min(max(req.Timeout, 0), MaxWait))
	defer timer.Stop()
	waiting := r.inbox.listeners.join(actor, req.Scope)
	defer r.inbox.listeners.leave(waiting)
	lull := lull{relay: r, actor: actor, scope: req.Scope, bell: waiting.bell, over: timer.C}
	at := sight{scope: req.Scope, after: after, limit: limitOf(req.Limit)}
	for {
		found, seen, err := r.look(ctx, actor, at)
		if err != nil || len(found.Items) > 0 {
			return found, err
		}
		at.after = &seen.reached
		if over, err := lull.wait(ctx, again(seen.held)); over || err != nil {
			return found, err
		}
	}
}

// again is when to look once more although nothing happened: Discord may have told by then what
// was missing.
func again(held bool) <-chan time.Time {
	if !held {
		return nil
	}
	return time.After(fillPause)
}

func limitOf(limit int) int {
	if limit <= 0 || limit > MaxNews {
		return MaxNews
	}
	return limit
}

// Ack marks everything up to a cursor as read, in the cursor's scope; without a cursor,
// everything there is.
func (r *Relay) Ack(ctx context.Context, actor entities.Actor, cursor string) error {
	if cursor != "" {
		position, scope, err := r.registry.Position(ctx, actor, cursor)
		if err != nil {
			return err
		}
		return r.registry.Mark(ctx, actor, scope, position)
	}
	latest, err := r.registry.Latest(ctx, actor)
	if err != nil {
		return err
	}
	return r.registry.Mark(ctx, actor, entities.ScopeAll, entities.ReadTo(latest))
}

// startOf is the position from which to look; nil = where the credential stopped reading. A
// cursor that comes back was read, in the scope that it is of.
func (r *Relay) startOf(ctx context.Context, actor entities.Actor, scope entities.Scope, cursor string) (*entities.Reading, error) {
	if err := r.mayWait(ctx, actor, scope); err != nil || cursor == "" {
		return nil, err
	}
	position, of, err := r.registry.Position(ctx, actor, cursor)
	if err != nil {
		return nil, err
	}
	if err := r.registry.Mark(ctx, actor, of, position); err != nil || of != scope {
		return nil, err
	}
	return &position, nil
}

// mayWait refuses a channel that the entity may not hear, and one in which nothing is ever said.
func (r *Relay) mayWait(ctx context.Context, actor entities.Actor, scope entities.Scope) error {
	if scope.Channel() == 0 {
		return nil
	}
	permit, err := r.Authorize(ctx, actor, entities.Hear, scope.Channel())
	if err == nil && !permit.Channel().HoldsMessages() {
		return errHoldsPosts
	}
	return err
}

// Unread counts what is unread.
func (r *Relay) Unread(ctx context.Context, actor entities.Actor) (Unread, error) {
	news, err := r.news(ctx, actor, entities.Query{Scope: entities.ScopeAddressed, Limit: MostCounted})
	if err != nil {
		return Unread{}, err
	}
	moved, err := r.whatMoved(ctx, actor)
	if err != nil {
		return Unread{}, err
	}
	count := Unread{Addressed: len(news.Items), Channels: len(moved)}
	for _, item := range news.Items {
		if item.Event.Kind == entities.EventDM {
			count.Direct++
		}
	}
	return count, nil
}
