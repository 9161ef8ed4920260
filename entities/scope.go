package entities

import (
	"github.com/disgoorg/snowflake/v2"
)

// Scope is a part of the event log: all of it, or what a client narrows it to.
type Scope string

// The scopes, beside that of a channel.
const (
	ScopeAll       Scope = ""
	ScopeAddressed Scope = "addressed" // what addresses the entity, direct messages too
	ScopeDM        Scope = "dm"
)

// ScopeOf is the scope of one channel or thread.
func ScopeOf(channel snowflake.ID) Scope { return Scope("c:" + channel.String()) }
