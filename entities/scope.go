package entities

import "github.com/disgoorg/snowflake/v2"

// Scope is a part of the event log: all of it, or what a client narrows it to. That of one
// channel or thread is its id.
type Scope snowflake.ID

// The scopes that are no channel's.
const (
	ScopeAll       Scope = 0
	ScopeAddressed Scope = 1 // what addresses the entity, direct messages too
	ScopeDM        Scope = 2
)

// ScopeOf is the scope of one channel or thread.
func ScopeOf(channel snowflake.ID) Scope { return Scope(channel) }

// Channel is the channel that a scope narrows to; 0 when it is another scope.
func (s Scope) Channel() snowflake.ID {
	if s <= ScopeDM {
		return 0
	}
	return snowflake.ID(s)
}
