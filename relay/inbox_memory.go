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

// spoke is where entities said something last.
type spoke struct {
	mu   sync.Mutex
	last map[spokeKey]snowflake.ID
}

type spokeKey struct {
	entity  entities.ID
	channel snowflake.ID
}

func newSpoke() spoke { return spoke{last: map[spokeKey]snowflake.ID{}} }

// note takes what entities said out of what was noted.
func (s *spoke) note(noted []entities.Noted) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range noted {
		if e := n.Event; e.Kind == entities.EventMessage && e.AuthorEntity != "" {
			s.set(spokeKey{e.AuthorEntity, e.ChannelID}, e.MessageID)
		}
	}
}

// set notes one line. Callers hold mu.
func (s *spoke) set(key spokeKey, message snowflake.ID) {
	if len(s.last) >= mostRemembered {
		clear(s.last)
	}
	s.last[key] = max(s.last[key], message)
}

// since says whether an entity is known to have said something in a channel after a message.
func (s *spoke) since(entity entities.ID, channel, message snowflake.ID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last[spokeKey{entity, channel}] > message
}
