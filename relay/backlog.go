package relay

import (
	"context"
	"sync"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/disgo/gateway"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// Bounds of what waits while older messages are fetched. Past them it is fetched too.
const (
	mostHeld      = 1000 // messages of a channel
	mostHeldInAll = 5000
	mostTouched   = 1000 // changed messages of a channel; past them none is kept in memory
)

// backlog are the channels in which older messages are fetched before what is said now is noted.
type backlog struct {
	mu       sync.Mutex
	channels map[snowflake.ID]*missing
	fresh    []*missing // that nobody looks after yet
	held     int
	turns    time.Time // when the next request may go out
	knock    chan struct{}
	archives archives
}

// missing is a channel of which messages are missing in the event log. Who looks after it has
// known, reached and fetched for itself; the rest is the backlog's.
type missing struct {
	guild, channel snowflake.ID
	known          bool         // reached is
	reached        snowflake.ID // all up to here is settled
	fetched        int
	anew           bool         // another outage is to be mended: what was fetched counts no more
	most           int          // messages to fetch, before the rest is a gap
	until          snowflake.ID // messages are to be fetched up to here
	held           []held       // what was said since
	echoes         map[snowflake.ID]*flight
	touched        map[snowflake.ID]bool // changed while older ones were fetched
}

// held is a message that waits for those before it.
type held struct {
	message discord.Message
	echo    *flight
}

// backlogStep is what is to be done next for a channel.
type backlogStep struct {
	until snowflake.ID // fetch up to here, when nothing else is to be done
	most  int          // but no more messages than these
	held  []held       // note these
	over  bool
}

func newBacklog() backlog {
	return backlog{channels: map[snowflake.ID]*missing{}, knock: make(chan struct{}, 1), archives: newArchives()}
}

// begin says that a channel has messages up to one, of which some may have been missed.
func (b *backlog) begin(guild, channel, until snowflake.ID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	m := b.open(guild, channel)
	m.until, m.anew = max(m.until, until), true
}

// lose says that a heard message found no room: it is fetched when there is some.
func (b *backlog) lose(u utterance) {
	e := u.heard.Event
	b.mu.Lock()
	defer b.mu.Unlock()
	_, open := b.channels[e.ChannelID]
	m := b.open(e.GuildID, e.ChannelID)
	if !open {
		m.known, m.reached = true, e.MessageID-1
	}
	m.until = max(m.until, e.MessageID)
	m.most++
	m.remember(e.MessageID, u.echo)
}

// open is called with the lock.
func (b *backlog) open(guild, channel snowflake.ID) *missing {
	m, ok := b.channels[channel]
	if !ok {
		m = &missing{guild: guild, channel: channel, most: mostMissed, echoes: map[snowflake.ID]*flight{}, touched: map[snowflake.ID]bool{}}
		b.channels[channel] = m
		b.fresh = append(b.fresh, m)
		select {
		case b.knock <- struct{}{}:
		default:
		}
	}
	return m
}

func (m *missing) remember(message snowflake.ID, echo *flight) {
	if echo != nil {
		m.echoes[message] = echo
	}
}

// take gives the channels that nobody looks after yet.
func (b *backlog) take() []*missing {
	b.mu.Lock()
	defer b.mu.Unlock()
	fresh := b.fresh
	b.fresh = nil
	return fresh
}

// hold keeps a message back while older ones of its channel are fetched. What there is no room
// for is fetched as well.
func (b *backlog) hold(message discord.Message, echo *flight) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	m, ok := b.channels[message.ChannelID]
	if !ok {
		return false
	}
	if len(m.held) >= mostHeld || b.held >= mostHeldInAll {
		for _, one := range m.held {
			m.remember(one.message.ID, one.echo)
		}
		b.held -= len(m.held)
		m.most += len(m.held) + 1
		m.held, m.until = nil, max(m.until, message.ID)
		m.remember(message.ID, echo)
		return true
	}
	m.held = append(m.held, held{message, echo})
	b.held++
	return true
}

// next says what is to be done for a channel. When it is over, what is said there is held back no
// more.
func (b *backlog) next(m *missing) backlogStep {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case m.until > m.reached:
		if m.anew {
			m.fetched, m.anew = 0, false
		}
		return backlogStep{until: m.until, most: m.most}
	case len(m.held) > 0:
		waiting := m.held
		b.held -= len(waiting)
		m.held = nil
		return backlogStep{held: waiting}
	default:
		delete(b.channels, m.channel)
		return backlogStep{over: true}
	}
}

// idle ends what there is nothing to be done for.
func (b *backlog) idle(m *missing) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if m.until > m.reached || len(m.held) > 0 {
		return false
	}
	delete(b.channels, m.channel)
	return true
}

// echo is whose echo a fetched message is, where that was found out when it was heard.
func (b *backlog) echo(m *missing, message snowflake.ID) *flight {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, one := range m.held {
		if one.message.ID == message {
			return one.echo
		}
	}
	return m.echoes[message]
}

// touch notes which messages changed: what is fetched of them may be their old text.
func (b *backlog) touch(event gateway.EventData) {
	var (
		channel snowflake.ID
		ids     []snowflake.ID
	)
	switch e := event.(type) {
	case gateway.EventMessageUpdate:
		channel, ids = e.ChannelID, []snowflake.ID{e.ID}
	case gateway.EventMessageDelete:
		channel, ids = e.ChannelID, []snowflake.ID{e.ID}
	case gateway.EventMessageDeleteBulk:
		channel, ids = e.ChannelID, e.IDs
	default:
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if m, ok := b.channels[channel]; ok && len(m.touched) < mostTouched {
		for _, id := range ids {
			m.touched[id] = true
		}
	}
}

// keep calls put for a message that did not change since it was fetched.
func (b *backlog) keep(m *missing, message snowflake.ID, put func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !m.touched[message] && len(m.touched) < mostTouched {
		put()
	}
}

// turn waits until the next request for missed messages may go out; it says false when ctx ended
// meanwhile.
func (b *backlog) turn(ctx context.Context) bool {
	b.mu.Lock()
	now := time.Now()
	at := now
	if b.turns.After(now) {
		at = b.turns
	}
	b.turns = at.Add(missedPause)
	b.mu.Unlock()
	linger(ctx, at.Sub(now))
	return ctx.Err() == nil
}

// marksOf are the watermarks among what was handed in.
func marksOf(all []utterance) []entities.Watermark {
	var marks []entities.Watermark
	for _, u := range all {
		if u.settled != nil {
			marks = append(marks, *u.settled)
		}
	}
	return marks
}
