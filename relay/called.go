package relay

import (
	"sync"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"
)

// mostCalled bounds how many people's names are remembered.
const mostCalled = 20_000

// called remembers what people are called on a server. Messages that are asked for come
// without it (Discord: a message has a member in events only).
type called struct {
	mu    sync.Mutex
	names map[member]string
	older map[member]string // those of before; names that are asked for move to the newer ones
}

type member struct{ guild, user snowflake.ID }

// learn notes what somebody is called now.
func (c *called) learn(guild snowflake.ID, user discord.User, nick *string) {
	name := user.EffectiveName()
	if nick != nil && *nick != "" {
		name = *nick
	}
	if name == "" || user.ID == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.put(member{guild, user.ID}, name)
}

func (c *called) put(who member, name string) {
	if _, known := c.names[who]; !known && len(c.names) >= mostCalled/2 {
		c.older, c.names = c.names, nil
	}
	if c.names == nil {
		c.names = map[member]string{}
	}
	c.names[who] = name
}

// name is what somebody is called on a server, as far as it is known.
func (c *called) name(guild, user snowflake.ID) (string, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	who := member{guild, user}
	if name, ok := c.names[who]; ok {
		return name, true
	}
	name, ok := c.older[who]
	if ok {
		c.put(who, name)
	}
	return name, ok
}
