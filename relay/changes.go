package relay

import (
	"sync"
	"time"

	"github.com/disgoorg/snowflake/v2"
)

// mostRemembered bounds what is remembered of names and of changes.
const mostRemembered = 10_000

// changes is what is remembered of changes that Discord told of, and would not tell again. It is
// bounded: what is forgotten costs an item too many, or a name.
type changes struct {
	mu      sync.Mutex
	edits   map[snowflake.ID]time.Time // the last edit of a message
	authors map[snowflake.ID]Author    // of messages that were deleted
	undone  map[reactionBy]time.Time   // when reactions were taken back
}

// reactionBy is one person's emoji under a message; 0 is everybody's, "" is every emoji.
type reactionBy struct {
	message, user snowflake.ID
	emoji         string
}

func newChanges() changes {
	return changes{edits: map[snowflake.ID]time.Time{}, authors: map[snowflake.ID]Author{}, undone: map[reactionBy]time.Time{}}
}

// remember keeps a value in a map that is emptied when it is full.
func remember[K comparable, V any](all map[K]V, key K, value V) {
	if len(all) >= mostRemembered {
		clear(all)
	}
	all[key] = value
}

// editedAt notes when a message was edited, and says whether that was not known before.
func (c *changes) editedAt(message snowflake.ID, at time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !at.After(c.edits[message]) {
		return false
	}
	remember(c.edits, message, at)
	return true
}

// wrote notes who had written what was deleted.
func (c *changes) wrote(message snowflake.ID, who Author) {
	c.mu.Lock()
	defer c.mu.Unlock()
	remember(c.authors, message, who)
}

// author says who had written what was deleted.
func (c *changes) author(message snowflake.ID) (Author, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	who, known := c.authors[message]
	return who, known
}

// withdrawn notes that reactions were taken back.
func (c *changes) withdrawn(message, user snowflake.ID, emoji string, at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	remember(c.undone, reactionBy{message, user, emoji}, at)
}

// reacted notes that somebody reacted, perhaps again.
func (c *changes) reacted(message, user snowflake.ID, emoji string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, undone := range []reactionBy{{message, user, emoji}, {message, 0, emoji}, {message, 0, ""}} {
		delete(c.undone, undone)
	}
}

// stands says whether a reaction was not taken back since.
func (c *changes) stands(message, user snowflake.ID, emoji string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, by := range []reactionBy{{message, user, emoji}, {message, 0, emoji}, {message, 0, ""}} {
		if _, undone := c.undone[by]; undone {
			return false
		}
	}
	return true
}
