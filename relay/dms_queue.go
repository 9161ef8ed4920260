package relay

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

const (
	// mostPrivate bounds how many direct messages of one person wait to be routed, and
	// mostPrivateInAll those of all. What comes past them is fetched later.
	mostPrivate      = 200
	mostPrivateInAll = 5000
)

// private is one of the things that happen in a person's direct messages with the bot: they wrote
// something, or took it back; something is to be fetched; or something is to be done in between.
type private struct {
	message discord.Message
	mark    uint64       // of the cache, when the message was heard
	deleted snowflake.ID // 0 unless they took this back
	missed  *missedDMs   // nil unless what they wrote before what follows is to be fetched
	do      func(context.Context)
	since   time.Time // when it was put there
}

// said says whether it is a message.
func (p private) said() bool { return p.deleted == 0 && p.missed == nil && p.do == nil }

// pile is what waits of one person, in order. Whoever looks after it takes from its front.
type pile struct {
	items []private
	line  int // in which it stands: 0 in none
	busy  bool
	until time.Time // it rests until then
	pause time.Duration
}

// The lines in which piles wait. Those with nothing but something to fetch stand in the last one.
const (
	firstLine = 1
	lastLine  = 2
)

// dms are the direct messages that are on their way to entities.
type dms struct {
	knock chan struct{}

	mu       sync.Mutex
	piles    map[snowflake.ID]*pile // by user
	first    []snowflake.ID
	last     []snowflake.ID
	resting  []snowflake.ID
	held     int                           // messages in all piles
	ending   bool                          // nothing rests any more
	left     map[snowflake.ID]bool         // whose piles are left to the next start
	login    int                           // the session's number
	behind   map[snowflake.ID]bool         // whose messages are fetched in this session; nil when all known ones' are
	channels map[snowflake.ID]snowflake.ID // of direct messages, by user
	users    map[snowflake.ID]snowflake.ID // by channel
	names    map[snowflake.ID]string       // of users
	shown    map[snowflake.ID]entities.ID  // by user: with whom they were shown last that they talk
}

func newDMs() dms {
	return dms{
		knock: make(chan struct{}, 1), piles: map[snowflake.ID]*pile{}, shown: map[snowflake.ID]entities.ID{},
		channels: map[snowflake.ID]snowflake.ID{}, users: map[snowflake.ID]snowflake.ID{}, names: map[snowflake.ID]string{},
	}
}

// begin notes that a session begins: what anybody wrote before it and was not heard is fetched. Who
// they are is told to [dms.compare], with the number that is given back.
func (d *dms) begin() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.login++
	d.behind = map[snowflake.ID]bool{}
	for user, p := range d.piles {
		d.fetch(user, p, 0)
		d.behind[user] = true
	}
	return d.login
}

// compare takes who is known to write to the bot.
func (d *dms) compare(login int, marks []entities.DMMark) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if login != d.login {
		return // the next session compares anew
	}
	for _, mark := range marks {
		if !d.behind[mark.User] {
			d.fetch(mark.User, d.of(mark.User), 0)
		}
	}
	d.behind = nil
}

// of is called with the lock, as what follows.
func (d *dms) of(user snowflake.ID) *pile {
	p, ok := d.piles[user]
	if !ok {
		p = &pile{}
		d.piles[user] = p
	}
	return p
}

// fetch has fetched what comes after all that waits of a person: at least from one message on,
// 0 when that follows from what is settled.
func (d *dms) fetch(user snowflake.ID, p *pile, from snowflake.ID) {
	if n := len(p.items); n > 1 || (n == 1 && !p.busy) {
		if p.items[n-1].missed != nil {
			return
		}
	}
	p.items = append(p.items, private{missed: &missedDMs{from: from}, since: time.Now()})
	d.queue(user, p)
}

// queue has a pile looked after, unless somebody does already.
func (d *dms) queue(user snowflake.ID, p *pile) {
	line := firstLine
	if len(p.items) == 1 && p.items[0].missed != nil {
		line = lastLine
	}
	if p.busy || !p.until.IsZero() || p.line == line || p.line == firstLine {
		return
	}
	if p.line = line; line == firstLine {
		d.first = append(d.first, user)
	} else {
		d.last = append(d.last, user)
	}
	d.wake()
}

func (d *dms) wake() {
	select {
	case d.knock <- struct{}{}:
	default:
	}
}

// hear puts a message behind what waits of a person. What there is no room for is fetched later.
func (d *dms) hear(user snowflake.ID, m discord.Message, mark uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.left[user] {
		return
	}
	p := d.of(user)
	if d.behind != nil && !d.behind[user] {
		d.behind[user] = true
		d.fetch(user, p, 0)
	}
	if len(p.items) >= mostPrivate || d.held >= mostPrivateInAll {
		d.fetch(user, p, m.ID-1)
		return
	}
	p.items = append(p.items, private{message: m, mark: mark, since: time.Now()})
	d.held++
	d.queue(user, p)
}

// put puts something else behind what waits of a person. It says false when there is no room.
func (d *dms) put(user snowflake.ID, next private) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	p := d.of(user)
	if len(p.items) >= 2*mostPrivate || d.left[user] {
		return false
	}
	p.items = append(p.items, next)
	d.queue(user, p)
	return true
}

// next takes the pile whose turn it is and gives what is at its front; [dms.done] or [dms.rest] has
// to follow. It says false when ctx ends first, or when the program ends and there is nothing.
func (d *dms) next(ctx context.Context) (snowflake.ID, private, bool) {
	for {
		user, front, wait := d.pick()
		if user != 0 {
			return user, front, true
		}
		if wait == 0 {
			return 0, private{}, false
		}
		timer := time.NewTimer(wait)
		select {
		case <-d.knock:
			timer.Stop()
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			d.wake()
			return 0, private{}, false
		}
	}
}

// pick gives nobody and how long there is nothing to do, 0 for ever.
func (d *dms) pick() (snowflake.ID, private, time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now, wait := time.Now(), longestPause
	d.resting = slices.DeleteFunc(d.resting, func(user snowflake.ID) bool {
		p := d.piles[user]
		if left := p.until.Sub(now); left > 0 && !d.ending {
			wait = min(wait, left)
			return false
		}
		p.until = time.Time{}
		d.queue(user, p)
		return true
	})
	for line, users := range []*[]snowflake.ID{&d.first, &d.last} {
		for len(*users) > 0 {
			user := (*users)[0]
			*users = (*users)[1:]
			p := d.piles[user]
			if p == nil || p.line != line+1 {
				continue // it changed the line meanwhile
			}
			p.line, p.busy = 0, true
			if len(d.first)+len(d.last) > 0 {
				d.wake()
			}
			return user, p.items[0], 0
		}
	}
	if d.ending {
		d.wake() // for the others to end too
		return 0, private{}, 0
	}
	return 0, private{}, wait
}

// done ends what was at the front of a person's pile, which goes to the end of its line.
func (d *dms) done(user snowflake.ID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	p := d.piles[user]
	if p.items[0].said() {
		d.held--
	}
	p.busy, p.pause = false, 0
	if p.items = p.items[1:]; len(p.items) == 0 {
		delete(d.piles, user)
		return
	}
	d.queue(user, p)
}

// rest leaves what is at the front of a person's pile there for a while, and gives how long. While
// the program ends it leaves all of it.
func (d *dms) rest(user snowflake.ID) time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	p := d.piles[user]
	p.busy = false
	if d.ending { // nothing that comes later may overtake it
		d.left[user] = true
		delete(d.piles, user)
		return 0
	}
	p.pause = min(max(2*p.pause, shortestRest), longestPause)
	p.until = time.Now().Add(p.pause)
	d.resting = append(d.resting, user)
	d.wake()
	return p.pause
}

// end has nothing rest any more.
func (d *dms) end() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ending, d.left = true, map[snowflake.ID]bool{}
	d.wake()
}

// follower is the first message behind the front of a person's pile; 0 for none.
func (d *dms) follower(user snowflake.ID) snowflake.ID {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, one := range d.piles[user].items[1:] {
		if one.said() {
			return one.message.ID
		}
	}
	return 0
}
