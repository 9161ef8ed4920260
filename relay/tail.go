package relay

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"
)

// Bounds of what is known of channels.
const (
	mostTails   = 256        // channels
	longestTail = MaxHistory // messages of one
	mostTouches = 4096       // changes that are remembered for who waits for Discord
)

// tail is what was said last in a channel, without a hole. It begins when Discord is asked for
// the newest messages, and events keep it up.
type tail struct {
	guild  snowflake.ID
	filled bool         // Discord answered; before, there is only what was said since it was asked
	floor  snowflake.ID // nothing is missing from here on; 0: from the channel's first message on
	spots  []spot       // oldest first
	used   uint64       // the number of the read that used it last
}

// spot is a message in a tail. Its text stands in the cache, or Discord must be asked.
type spot struct{ id, author snowflake.ID }

func (s spot) against(id snowflake.ID) int { return cmp.Compare(s.id, id) }

// add takes a message that was said.
func (t *tail) add(s spot) {
	at, known := slices.BinarySearchFunc(t.spots, s.id, spot.against)
	if known || s.id < t.floor {
		return
	}
	t.spots = slices.Insert(t.spots, at, s)
	t.shorten()
}

func (t *tail) shorten() {
	if more := len(t.spots) - longestTail; more > 0 {
		t.spots = slices.Delete(t.spots, 0, more)
		t.floor = t.spots[0].id
	}
}

func (t *tail) remove(id snowflake.ID) {
	if at, known := slices.BinarySearchFunc(t.spots, id, spot.against); known {
		t.spots = slices.Delete(t.spots, at, at+1)
	}
}

// fill takes the newest messages as Discord gave them, oldest first and at least one. All says
// that the channel has no others.
func (t *tail) fill(answer []spot, all bool) {
	was := t.filled
	t.filled = true
	first, last := answer[0].id, answer[len(answer)-1].id
	if t.floor > last {
		return // more was said meanwhile than is kept
	}
	floor := first
	if all {
		floor = 0
	}
	var spots []spot
	if was {
		// What it had further back is still without a hole.
		floor = min(floor, t.floor)
		for _, s := range t.spots {
			if s.id < first {
				spots = append(spots, s)
			}
		}
	}
	spots = append(spots, answer...)
	for _, s := range t.spots {
		if s.id > last {
			spots = append(spots, s)
		}
	}
	t.spots, t.floor = spots, floor
	t.shorten()
}

// touches are the messages that changed last, so that an answer of Discord's that was on its way
// meanwhile is not taken for newer.
type touches struct {
	count uint64 // how many there were ever
	last  []touched
}

type touched struct {
	id   snowflake.ID
	gone bool
}

func (t *touches) add(id snowflake.ID, gone bool) {
	if t.last == nil {
		t.last = make([]touched, mostTouches)
	}
	t.last[t.count%mostTouches] = touched{id, gone}
	t.count++
}

// all makes everything uncertain that was asked before.
func (t *touches) all() { t.count += mostTouches + 1 }

// since lists the messages that changed since a mark, with whether they are gone. Known is false
// when it is not known any more.
func (t *touches) since(mark uint64) (changed map[snowflake.ID]bool, known bool) {
	if t.count-mark > mostTouches {
		return nil, false
	}
	changed = make(map[snowflake.ID]bool, t.count-mark)
	for at := mark; at < t.count; at++ {
		one := t.last[at%mostTouches]
		changed[one.id] = changed[one.id] || one.gone
	}
	return changed, true
}

// mark is taken before Discord is asked for messages that shall be kept.
func (c *messageCache) mark() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.touches.count
}

// begin notes that Discord is about to be asked for a channel's newest messages.
func (c *messageCache) begin(guild, channel snowflake.ID) (mark uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, known := c.tails[channel]; !known {
		if len(c.tails) >= mostTails {
			c.forgetOldest()
		}
		c.tails[channel] = &tail{guild: guild}
	}
	c.use(c.tails[channel])
	return c.touches.count
}

func (c *messageCache) use(t *tail) {
	c.reads++
	t.used = c.reads
}

func (c *messageCache) forgetOldest() {
	var oldest snowflake.ID
	for channel, t := range c.tails {
		if oldest == 0 || t.used < c.tails[oldest].used {
			oldest = channel
		}
	}
	delete(c.tails, oldest)
}

// fill takes a channel's newest messages, asked for after the mark. All says that the channel
// has no others. That it has none is not believed: so Discord answers as well where the bot may
// not read.
func (c *messageCache) fill(channel snowflake.ID, mark uint64, messages []discord.Message, all bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	changed, known := c.touches.since(mark)
	t, tailed := c.tails[channel]
	if !known || !tailed {
		return
	}
	answer := make([]spot, 0, len(messages))
	for _, m := range messages {
		if !changed[m.ID] {
			answer = append(answer, spot{m.ID, m.Author.ID})
		}
	}
	if len(answer) == 0 {
		return
	}
	slices.SortFunc(answer, func(a, b spot) int { return a.against(b.id) })
	t.fill(answer, all)
	c.keepBut(changed, messages)
}

// arrive takes a message into its channel's tail, if there is one. It is heard too unless its
// author is hidden.
func (c *messageCache) arrive(m discord.Message, heard bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t, tailed := c.tails[m.ChannelID]
	if !tailed {
		return
	}
	t.add(spot{m.ID, m.Author.ID})
	if _, known := c.byID[m.ID]; heard && !known {
		c.set(m, false)
	}
}

// expect notes a message of ours that Discord has, and of which the gateway will tell.
func (c *messageCache) expect(channel, id, author snowflake.ID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t, tailed := c.tails[channel]; tailed {
		t.add(spot{id, author})
	}
}

// depart takes deleted messages out.
func (c *messageCache) depart(channel snowflake.ID, ids ...snowflake.ID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range ids {
		c.touch(id, true)
		c.drop(id)
		if t, tailed := c.tails[channel]; tailed {
			t.remove(id)
		}
	}
}

// unsettle forgets what is known of a guild's channels: the bot may not have been told of all
// that was said, or will not be.
func (c *messageCache) unsettle(guild snowflake.ID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for channel, t := range c.tails {
		if t.guild == guild {
			delete(c.tails, channel)
		}
	}
	c.touches.all()
}

// newest gives a channel's newest messages whose authors are shown, oldest first, if all of them
// are known as they are now.
func (c *messageCache) newest(channel snowflake.ID, limit int, now time.Time, shown func(author snowflake.ID) bool) ([]discord.Message, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t, tailed := c.tails[channel]
	if !tailed || !t.filled {
		return nil, false
	}
	c.use(t)
	found := make([]discord.Message, 0, min(limit, len(t.spots)))
	for _, s := range slices.Backward(t.spots) {
		if len(found) == limit {
			break
		}
		if !shown(s.author) {
			continue
		}
		one, known := c.byID[s.id]
		if !known || one.stale || !lasts(one.message, now) {
			return nil, false
		}
		found = append(found, one.message)
	}
	slices.Reverse(found)
	return found, len(found) == limit || t.floor == 0
}

// fileLife is how long a file's address must be good for at least.
const fileLife = time.Hour

// lasts says whether a message is as it was when it was heard, for all that events tell. Of the
// votes of a poll they do not tell, and the addresses of files expire (Discord: about a day).
func lasts(m discord.Message, now time.Time) bool {
	if m.Poll != nil && (m.Poll.Results == nil || !m.Poll.Results.IsFinalized) {
		return false
	}
	return !slices.ContainsFunc(m.Attachments, func(a discord.Attachment) bool {
		address, err := url.Parse(a.URL)
		if err != nil {
			return true
		}
		expires, err := strconv.ParseInt(address.Query().Get("ex"), 16, 64)
		return err == nil && now.Add(fileLife).After(time.Unix(expires, 0))
	})
}
