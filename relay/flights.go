package relay

import (
	"bytes"
	"slices"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// flight is a message on its way to Discord. Its echo may come before the answer does, or long
// after we stopped waiting for one.
type flight struct {
	line    entities.Line
	part    int
	hash    []byte       // of who says what
	name    string       // of who says it; "" when that was another run of the program
	channel snowflake.ID // 0 while a new post has no id yet
	since   time.Time
	alone   bool            // it is not written down with an echo
	lost    bool            // nobody waits for its answer any more
	echo    discord.Message // its ids, once it was heard or answered
	echoed  chan struct{}   // closed when it was heard
	noted   chan struct{}   // closed when it is written down with its echo
}

func newFlight(line entities.Line, part int, hash []byte, since time.Time) *flight {
	return &flight{line: line, part: part, hash: hash, since: since, echoed: make(chan struct{}), noted: make(chan struct{})}
}

// Bounds of the flights of which Discord never said what became of them.
const (
	lostLife  = 15 * time.Minute
	mostLost  = 200 // a channel
	mostKnown = 200 // a channel
)

func (m *mouth) depart(f *flight) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.flights = append(m.flights, f)
}

// abort ends a flight that Discord refused.
func (m *mouth) abort(f *flight) (other *flight) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.end(f)
	if f.echo.ID == 0 {
		return nil
	}
	return m.pass(f.echo, f.hash)
}

// land ends a flight whose answer came: its echo is still expected. One that was taken for its
// own and is not is then another's.
func (m *mouth) land(f *flight, message, channel snowflake.ID) (other *flight) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.end(f)
	m.know(message)
	heard := f.echo
	f.echo = discord.Message{ID: message, ChannelID: channel}
	switch heard.ID {
	case message:
		return nil
	case 0:
		m.expected[message] = f
		return nil
	default:
		f.alone = true
		return m.pass(heard, f.hash)
	}
}

// pass gives an echo that was taken for another's to the flight that it is of.
func (m *mouth) pass(echo discord.Message, hash []byte) *flight {
	at := slices.IndexFunc(m.flights, func(g *flight) bool { return g.fits(echo, hash) })
	if at < 0 {
		return nil
	}
	other := m.flights[at]
	m.end(other)
	other.hear(echo)
	return other
}

// unexpect gives up on a flight's echo; it says false when it was heard meanwhile.
func (m *mouth) unexpect(f *flight) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, waits := m.expected[f.echo.ID]
	delete(m.expected, f.echo.ID)
	return waits
}

func (m *mouth) end(f *flight) {
	m.flights = slices.DeleteFunc(m.flights, func(g *flight) bool { return g == f })
}

// know remembers that a message's flight is over.
func (m *mouth) know(message snowflake.ID) {
	if m.known = append(m.known, message); len(m.known) > mostKnown {
		m.known = slices.Clone(m.known[mostKnown/2:])
	}
}

// hear notes a flight's echo.
func (f *flight) hear(message discord.Message) {
	f.echo = discord.Message{ID: message.ID, ChannelID: message.ChannelID}
	close(f.echoed)
}

// lose keeps a flight open for an echo that may come late; it says false when the echo has
// come meanwhile.
func (m *mouth) lose(f *flight, now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if f.echo.ID != 0 {
		return false
	}
	f.lost = true
	lost := 0
	m.flights = slices.DeleteFunc(m.flights, func(g *flight) bool { return g.lost && now.Sub(g.since) > lostLife })
	for _, g := range slices.Backward(m.flights) {
		if !g.lost {
			continue
		}
		if lost++; lost > mostLost {
			m.end(g)
		}
	}
	return true
}

// claim finds the flight that a message is, which was heard or else found, and ends it. Late says
// that nobody waits for it.
func (m *mouth) claim(message discord.Message, hash []byte, heard bool) (f *flight, late bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if f, ok := m.expected[message.ID]; ok {
		delete(m.expected, message.ID)
		close(f.echoed)
		return f, false
	}
	if slices.Contains(m.known, message.ID) {
		return nil, false
	}
	if f = m.match(message, hash); f == nil {
		return nil, false
	}
	m.end(f)
	m.know(message.ID)
	f.alone = !heard
	f.hear(message)
	return f, f.lost
}

// match finds a flight by channel and hash: one that somebody waits for first, since an answer
// that names another message sets that right. Discord may store a text a little differently;
// since an entity has one line at a time under way to a channel, that one is meant even so.
func (m *mouth) match(message discord.Message, hash []byte) *flight {
	var lost, underWay *flight
	for _, f := range m.flights {
		switch {
		case !f.in(message.ChannelID):
		case bytes.Equal(f.hash, hash) && !f.lost:
			return f
		case bytes.Equal(f.hash, hash) && lost == nil:
			lost = f
		case !f.lost && f.name == message.Author.Username:
			underWay = f
		}
	}
	if lost != nil {
		return lost
	}
	return underWay
}

func (f *flight) in(channel snowflake.ID) bool { return f.channel == 0 || f.channel == channel }

func (f *flight) fits(message discord.Message, hash []byte) bool {
	return f.in(message.ChannelID) && bytes.Equal(f.hash, hash)
}
