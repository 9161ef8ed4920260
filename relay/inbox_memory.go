package relay

import (
	"sync"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// mostRemembered bounds what is remembered of what was given and said. What is forgotten costs a
// hint, or a second look at a message that changed.
const mostRemembered = 10_000

// changedMessages are messages that a client was given as changed, or not at all since they
// were gone, with the end of the log then: their changes up to there are no news to it. Without
// this, who reads a long inbox page by page would be told on a later one.
type changedMessages struct {
	mu  sync.Mutex
	all map[changedKey]int64
}

type changedKey struct {
	credential string
	message    snowflake.ID
}

func newChangedMessages() changedMessages {
	return changedMessages{all: map[changedKey]int64{}}
}

func (c *changedMessages) note(actor entities.Actor, message snowflake.ID, position int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.all) >= mostRemembered {
		clear(c.all)
	}
	c.all[changedKey{actor.Credential(), message}] = position
}

// covers says whether a change was part of what the client was given.
func (c *changedMessages) covers(actor entities.Actor, message snowflake.ID, seq int64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return seq <= c.all[changedKey{actor.Credential(), message}]
}
