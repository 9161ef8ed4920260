package relay

import (
	"context"
	"slices"
	"sync"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// listener is a client that waits for something to happen in its scope.
type listener struct {
	actor entities.Actor
	scope entities.Scope
	bell  chan struct{} // holds one ring
	told  func()        // is called instead of ringing; nil = it rings
}

// listeners are all clients that wait.
type listeners struct {
	mu  sync.Mutex
	all map[*listener]struct{}
}

func newListeners() listeners { return listeners{all: map[*listener]struct{}{}} }

// join lets a client wait. What is noted from now on rings its bell.
func (w *listeners) join(actor entities.Actor, scope entities.Scope) *listener {
	return w.add(&listener{actor: actor, scope: scope, bell: make(chan struct{}, 1)})
}

func (w *listeners) add(joined *listener) *listener {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all[joined] = struct{}{}
	return joined
}

func (w *listeners) leave(one *listener) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.all, one)
}

func (w *listeners) list() []*listener {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := make([]*listener, 0, len(w.all))
	for one := range w.all {
		list = append(list, one)
	}
	return list
}

func (w *listener) ring() {
	if w.told != nil {
		w.told()
		return
	}
	select {
	case w.bell <- struct{}{}:
	default: // it has not looked since the last ring
	}
}

// Watch calls told, which must not wait, whenever something may have happened in a scope that the
// actor may be told of, until stop is called. A call that is under way then may still come. A
// channel that the actor may not hear is refused; one that it may not hear any more is silent.
func (r *Relay) Watch(ctx context.Context, actor entities.Actor, scope entities.Scope, told func()) (stop func(), err error) {
	if err := r.mayWait(ctx, actor, scope); err != nil {
		return nil, err
	}
	watching := r.inbox.listeners.add(&listener{actor: actor, scope: scope, told: told})
	return func() { r.inbox.listeners.leave(watching) }, nil
}

// wake rings for those to whom something of what was noted may be told. Whether it is told is
// decided when they look.
func (r *Relay) wake(noted []entities.Noted) {
	if len(noted) == 0 {
		return
	}
	list := r.inbox.listeners.list()
	if len(list) == 0 {
		return
	}
	s := stirOf(noted)
	for _, w := range list {
		if r.stirs(s, w) {
			w.ring()
		}
	}
}

// stir is what happened, as far as it matters for who is woken.
type stir struct {
	sounds    []sound
	addressed map[entities.ID]bool
	own       map[entities.ID][]entities.Event // what is for one entity only
}

// sound is that somebody spoke in a channel.
type sound struct {
	channel snowflake.ID
	by      entities.ID
}

func stirOf(noted []entities.Noted) stir {
	s := stir{addressed: map[entities.ID]bool{}, own: map[entities.ID][]entities.Event{}}
	for _, n := range noted {
		for _, id := range n.To {
			s.addressed[id] = true
		}
		e := n.Event
		if e.EntityID != "" {
			s.own[e.EntityID] = append(s.own[e.EntityID], e)
		} else if heard := (sound{e.ChannelID, e.AuthorEntity}); !slices.Contains(s.sounds, heard) {
			s.sounds = append(s.sounds, heard)
		}
	}
	return s
}

// stirs says whether something of it may be for a listener. What cannot be decided now is.
func (r *Relay) stirs(s stir, w *listener) bool {
	self := w.actor.EntityID()
	if s.addressed[self] && (w.scope == entities.ScopeAll || w.scope == entities.ScopeAddressed) {
		return true
	}
	for _, e := range s.own[self] {
		if w.scope == entities.ScopeAll || (w.scope == entities.ScopeDM && e.GuildID == 0) || w.scope == entities.ScopeOf(e.ChannelID) {
			return true
		}
	}
	if w.scope == entities.ScopeAddressed || w.scope == entities.ScopeDM {
		return false
	}
	return slices.ContainsFunc(s.sounds, func(heard sound) bool {
		if heard.by == self || (w.scope != entities.ScopeAll && w.scope != entities.ScopeOf(heard.channel)) {
			return false
		}
		sees, err := r.registry.Sees(context.Background(), w.actor, heard.channel)
		return sees || err != nil
	})
}
