package mcp

import (
	"context"
	"errors"
	"slices"
	"sync"

	"troupe/entities"
	"troupe/relay"
)

// How much runs at once.
const (
	maxCalls          = 1024 // of all entities together
	maxCallsPerEntity = 32
	maxWaitsPerEntity = 10
)

// Why a call ends early, or does not begin.
var (
	errRevoked      = errors.New("the entity's credentials ended")
	errDisconnected = errors.New("the client was disconnected")
	errClosing      = errors.New("the program is closing")
	errTooMany      = errors.New("the entity has too many calls in flight")
	errOverload     = errors.New("there are too many calls in flight")
)

// call is one request of an entity, from its credential to its answer.
type call struct {
	server *Server
	actor  entities.Actor
	waits  bool
	lists  bool // it asks which tools there are
	openAI bool // see fromOpenAI
	// receipt notes the lines whose answers are still to reach the client.
	receipt *relay.Receipt
	// ctx is what a tool runs under; end ends it. It is not the request's own context: the
	// transport writes no answer once that one has ended, and a call that is cut is answered.
	ctx context.Context
	end context.CancelCauseFunc
}

// calls are all calls in flight.
type calls struct {
	mu       sync.Mutex
	byEntity map[entities.ID]map[*call]struct{}
	running  int
	waiting  int
	most     int // at once, of all entities together
	closing  bool
	drained  chan struct{} // closed when closing and nothing runs any more
}

func newCalls() calls {
	return calls{byEntity: map[entities.ID]map[*call]struct{}{}, drained: make(chan struct{}), most: maxCalls}
}

// begin counts a call in, or says why it cannot begin.
func (c *calls) begin(started *call) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	own := c.byEntity[started.actor.EntityID()]
	switch {
	case c.closing:
		return errClosing
	case len(own) >= maxCallsPerEntity:
		return errTooMany
	case c.running >= c.most:
		return errOverload
	}
	if own == nil {
		own = map[*call]struct{}{}
		c.byEntity[started.actor.EntityID()] = own
	}
	own[started] = struct{}{}
	c.running++
	return nil
}

// wait turns a call into one that waits, or says why it cannot.
func (c *calls) wait(waiter *call) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing {
		return errClosing
	}
	waits := 0
	for other := range c.byEntity[waiter.actor.EntityID()] {
		if other.waits {
			waits++
		}
	}
	if waits >= maxWaitsPerEntity {
		return errTooMany
	}
	waiter.waits = true
	c.waiting++
	return nil
}

// done counts a call out.
func (c *calls) done(ended *call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	id := ended.actor.EntityID()
	delete(c.byEntity[id], ended)
	if len(c.byEntity[id]) == 0 {
		delete(c.byEntity, id)
	}
	c.running--
	if ended.waits {
		c.waiting--
	}
	if c.closing && c.running == 0 {
		close(c.drained)
	}
}

// cut ends all calls of an entity, or those of some of its credentials.
func (c *calls) cut(id entities.ID, cause error, credentials ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for running := range c.byEntity[id] {
		if len(credentials) == 0 || slices.Contains(credentials, running.actor.Credential()) {
			running.end(cause)
		}
	}
}

// close lets no call begin, ends those that wait and tells when none runs any more.
func (c *calls) close() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing {
		return c.drained
	}
	c.closing = true
	for _, own := range c.byEntity {
		for running := range own {
			if running.waits {
				running.end(errClosing)
			}
		}
	}
	if c.running == 0 {
		close(c.drained)
	}
	return c.drained
}

func (c *calls) count() (running, waiting int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.running, c.waiting
}
