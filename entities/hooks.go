package entities

import "sync"

// hooks are called when something happened.
type hooks[T any] struct {
	mu  sync.Mutex
	all []func(T)
}

func (h *hooks[T]) add(fn func(T)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all = append(h.all, fn)
}

func (h *hooks[T]) call(of T) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, fn := range h.all {
		fn(of)
	}
}

// OnRevoked calls fn, which must not wait, whenever all credentials of an entity have ended:
// its key was rotated or it was deleted. What they opened must end at once.
func (r *Registry) OnRevoked(fn func(ID)) { r.revoked.add(fn) }

func (r *Registry) credentialsEnded(id ID) { r.revoked.call(id) }

// Ended are OAuth grants of an entity that have ended, while its other credentials go on.
type Ended struct {
	Entity      ID
	Credentials []string // their public ids
}

// OnEnded calls fn, which must not wait, whenever grants of an entity have ended: they were
// disconnected or revoked, or one of their tokens was used twice. What they opened must end at once.
func (r *Registry) OnEnded(fn func(Ended)) { r.ended.add(fn) }

// OnRest calls fn, which must neither wait nor call the registry, whenever entities begin to
// rest in a channel.
func (r *Registry) OnRest(fn func(Rest)) { r.rested.add(fn) }
