package entities

import "sync"

// hooks are called when an entity's credentials end.
type hooks struct {
	mu  sync.Mutex
	all []func(ID)
}

// OnRevoked calls fn, which must not wait, whenever all credentials of an entity have ended:
// its key was rotated or it was deleted. What they opened must end at once.
func (r *Registry) OnRevoked(fn func(ID)) {
	r.revoked.mu.Lock()
	defer r.revoked.mu.Unlock()
	r.revoked.all = append(r.revoked.all, fn)
}

func (r *Registry) credentialsEnded(id ID) {
	r.revoked.mu.Lock()
	defer r.revoked.mu.Unlock()
	for _, fn := range r.revoked.all {
		fn(id)
	}
}
