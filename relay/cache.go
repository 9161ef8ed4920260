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

// messageCache keeps the newest messages, first in first out, by count and size, and knows of
// which channels it has all that was said last (see tail).
type messageCache struct {
	mu      sync.Mutex
	byID    map[snowflake.ID]cached
	answers map[snowflake.ID][]snowflake.ID // ids of cached messages that quote one, by its id
	order   []snowflake.ID
	bytes   int
	tails   map[snowflake.ID]*tail // by channel
	reads   uint64                 // how often a tail was used
	touches touches
}

type cached struct {
	message discord.Message
	size    int
	// stale: something about it changed that is not known. Its own text is as it was heard.
	stale bool
}

func newMessageCache() messageCache {
	return messageCache{byID: map[snowflake.ID]cached{}, answers: map[snowflake.ID][]snowflake.ID{}, tails: map[snowflake.ID]*tail{}}
}

// put takes a message that was said a moment ago. One that is there was heard before, or is
// newer: Discord's REST told of it.
func (c *messageCache) put(m discord.Message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, known := c.byID[m.ID]; !known {
		c.set(m, false)
	}
}

// keep takes messages that Discord was asked for after the mark was taken, but for those of
// which something happened meanwhile.
func (c *messageCache) keep(mark uint64, messages ...discord.Message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if changed, known := c.touches.since(mark); known {
		c.keepBut(changed, messages)
	}
}

// keepBut is keep while the caller holds mu.
func (c *messageCache) keepBut(changed map[snowflake.ID]bool, messages []discord.Message) {
	for _, m := range messages {
		_, touched := changed[m.ID]
		if quoted := m.ReferencedMessage; quoted != nil && !touched {
			_, touched = changed[quoted.ID]
		}
		if !touched {
			c.set(m, false)
		}
	}
}

// set puts a message in the place of the one that is there. The caller holds mu.
func (c *messageCache) set(m discord.Message, stale bool) {
	m.Member = nil // what its author is called is remembered for all of them
	if !m.Flags.Has(discord.MessageFlagIsComponentsV2) {
		m.Components = nil
	}
	size := sizeOf(m)
	if old, ok := c.byID[m.ID]; ok {
		c.bytes += size - old.size
		c.unquote(old.message)
	} else {
		c.bytes += size
		c.order = append(c.order, m.ID)
	}
	c.byID[m.ID] = cached{message: m, size: size, stale: stale}
	if quoted := m.ReferencedMessage; quoted != nil {
		c.answers[quoted.ID] = append(c.answers[quoted.ID], m.ID)
	}
	for len(c.byID) > cachedMessages || c.bytes > cachedBytes {
		c.drop(c.order[0])
		c.order = c.order[1:]
	}
	if len(c.order) > 2*cachedMessages {
		c.order = slices.DeleteFunc(c.order, func(id snowflake.ID) bool { _, ok := c.byID[id]; return !ok })
	}
}

// unquote forgets that a message quotes another. The caller holds mu.
func (c *messageCache) unquote(m discord.Message) {
	if m.ReferencedMessage == nil {
		return
	}
	id := m.ReferencedMessage.ID
	left := slices.DeleteFunc(c.answers[id], func(by snowflake.ID) bool { return by == m.ID })
	if len(left) == 0 {
		delete(c.answers, id)
	} else {
		c.answers[id] = left
	}
}

// update changes a message that is there. An update from the gateway may lack fields, so that
// a message which is not there is not made from it.
func (c *messageCache) update(m discord.Message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.touch(m.ID, false)
	old, ok := c.byID[m.ID]
	switch {
	case !ok:
	case m.Author.ID == 0:
		c.drop(m.ID)
	case before(m, old.message):
	default:
		m.ReferencedMessage = old.message.ReferencedMessage
		// Of reactions an update does not tell for sure.
		stale := old.stale || len(old.message.Reactions) > 0 || len(m.Reactions) > 0
		m.Reactions = nil
		c.set(m, stale)
	}
}

// before says whether a message is an older version of another.
func before(m, than discord.Message) bool {
	return than.EditedTimestamp != nil && (m.EditedTimestamp == nil || m.EditedTimestamp.Before(*than.EditedTimestamp))
}

// doubt notes that something about messages changes that nobody tells: their reactions, or what
// we are about to change ourselves.
func (c *messageCache) doubt(ids ...snowflake.ID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range ids {
		c.touches.add(id, false)
		if found, ok := c.byID[id]; ok {
			found.stale, found.message.Reactions = true, nil
			c.byID[id] = found
		}
	}
}

// touch notes a change of a message: those that quote it quote what was. The caller holds mu.
func (c *messageCache) touch(id snowflake.ID, gone bool) {
	c.touches.add(id, gone)
	for _, by := range c.answers[id] {
		if found, ok := c.byID[by]; ok {
			found.stale = true
			c.byID[by] = found
		}
	}
}

// proxyTime is how soon after a person's message its proxy comes, and the deletion after that.
const proxyTime = 30 * time.Second

// proxied says whether a webhook has said a message again, as PluralKit and its like do: for a
// person who speaks under several names they say it under one of them, without the marks that
// chose it, and delete what the person said.
//
// What entities say through our own webhooks, of which ours tells, is said by nobody again.
func (c *messageCache) proxied(old discord.Message, now time.Time, ours func(*discord.Message) bool) bool {
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
		if !ok || m.message.WebhookID == nil || m.message.ChannelID != old.ChannelID || id < old.ID || ours(&m.message) {
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

// remove forgets messages. Whether they are gone is another matter: see depart.
func (c *messageCache) remove(ids ...snowflake.ID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range ids {
		c.touch(id, false)
		c.drop(id)
	}
}

func (c *messageCache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.byID)
	clear(c.answers)
	clear(c.tails)
	c.order, c.bytes = nil, 0
	c.touches.all()
}

// drop forgets a message; its place in the order goes when its turn comes.
func (c *messageCache) drop(id snowflake.ID) {
	if found, ok := c.byID[id]; ok {
		c.bytes -= found.size
		c.unquote(found.message)
		delete(c.byID, id)
	}
}
