package relay

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"
)

// Bounds of the cache: message text is kept in memory only, and not much of it.
const (
	cachedMessages = 5000
	cachedBytes    = 8 << 20
)

// messageCache keeps the newest messages, first in first out, by count and size.
type messageCache struct {
	mu    sync.Mutex
	byID  map[snowflake.ID]cached
	order []snowflake.ID
	bytes int
}

type cached struct {
	message discord.Message
	size    int
}

func newMessageCache() messageCache { return messageCache{byID: map[snowflake.ID]cached{}} }

func (c *messageCache) put(m discord.Message) {
	m.Member = nil // what its author is called is remembered for all of them
	if !m.Flags.Has(discord.MessageFlagIsComponentsV2) {
		m.Components = nil
	}
	size := 512 + len(m.Content)
	for _, embed := range m.Embeds {
		size += 256 + len(embed.Title) + len(embed.Description)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if old, ok := c.byID[m.ID]; ok {
		c.bytes += size - old.size
	} else {
		c.bytes += size
		c.order = append(c.order, m.ID)
	}
	c.byID[m.ID] = cached{message: m, size: size}
	for len(c.byID) > cachedMessages || c.bytes > cachedBytes {
		c.drop(c.order[0])
		c.order = c.order[1:]
	}
	if len(c.order) > 2*cachedMessages {
		c.order = slices.DeleteFunc(c.order, func(id snowflake.ID) bool { _, ok := c.byID[id]; return !ok })
	}
}

// update changes a message that is there. An update from the gateway may lack fields, so that
// a message which is not there is not made from it.
func (c *messageCache) update(m discord.Message) {
	c.mu.Lock()
	_, ok := c.byID[m.ID]
	c.mu.Unlock()
	if ok {
		c.put(m)
	}
}

// proxyTime is how soon after a person's message its proxy comes, and the deletion after that.
const proxyTime = 30 * time.Second

// proxied says whether a webhook has said a message again, as PluralKit and its like do: for a
// person who speaks under several names they say it under one of them, without the marks that
// chose it, and delete what the person said.
func (c *messageCache) proxied(old discord.Message, now time.Time) bool {
	if old.WebhookID != nil || old.Author.Bot || now.Sub(old.ID.Time()) > proxyTime {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range slices.Backward(c.order) {
		if id == old.ID {
			break
		}
		m, ok := c.byID[id]
		if !ok || m.message.WebhookID == nil || m.message.ChannelID != old.ChannelID || id < old.ID {
			continue
		}
		if said := m.message.Content; len(m.message.Attachments) == len(old.Attachments) && strings.Contains(old.Content, said) && (said != "" || len(old.Attachments) > 0) {
			return true
		}
	}
	return false
}

func (c *messageCache) get(id snowflake.ID) (discord.Message, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	found, ok := c.byID[id]
	return found.message, ok
}

func (c *messageCache) remove(ids ...snowflake.ID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range ids {
		c.drop(id)
	}
}

func (c *messageCache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.byID)
	c.order, c.bytes = nil, 0
}

// drop forgets a message; its place in the order goes when its turn comes.
func (c *messageCache) drop(id snowflake.ID) {
	if found, ok := c.byID[id]; ok {
		c.bytes -= found.size
		delete(c.byID, id)
	}
}
