package relay

import (
	"context"
	"time"

	"troupe/entities"
)

// watchPause is how soon somebody who waits in one channel is told that they may not hear it any
// more: nothing would ever come.
const watchPause = 200 * time.Millisecond

// lull is where a client waits that was given nothing.
type lull struct {
	relay *Relay
	actor entities.Actor
	scope entities.Scope
	bell  <-chan struct{}
	over  <-chan time.Time
}

// wait waits until there is something to look at: when the bell rings, or at a later time. Over
// means that nothing more is waited for.
func (l lull) wait(ctx context.Context, later <-chan time.Time) (over bool, err error) {
	var watch <-chan time.Time
	if l.scope.Channel() != 0 {
		ticker := time.NewTicker(watchPause)
		defer ticker.Stop()
		watch = ticker.C
	}
	for {
		select {
		case <-l.bell:
			return false, nil
		case <-later:
			return false, nil
		case <-watch:
			if l.ended(ctx) {
				return true, l.relay.mayWait(ctx, l.actor, l.scope)
			}
		case <-l.over:
			return true, l.relay.mayWait(ctx, l.actor, l.scope)
		case <-ctx.Done():
			return true, context.Cause(ctx)
		}
	}
}

// ended says whether the right to hear the channel is known to have ended. While its server is out
// of touch, or its owner has to be asked for, nothing is known.
func (l lull) ended(ctx context.Context) bool {
	sees, err := l.relay.registry.Sees(ctx, l.actor, l.scope.Channel())
	if _, open := entities.Lacks(err); sees || open {
		return false
	}
	where, known := l.relay.world.Channel(l.scope.Channel())
	return err != nil || !known || !l.relay.world.Pending(where.GuildID)
}
