package mcp

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"troupe/relay"
)

// write gives the messages by channel, one row each. Who the authors are stands once, before
// all rows.
func (m messages) write(p *page) {
	p.head()
	if len(m.Messages) == 0 {
		p.say("%s", m.empty)
	} else {
		p.strangers(func() { m.writeRows(p) })
	}
	p.noteCuts()
}

func (messages) shortens() {}

// writeRows is the part between the fences:
//
//	authors: Sam (human 7), Ada (you)
//	#general (9), server Home:
//	[2026-11-22]
//	 42 10:00 Sam (re 41): the first line
//	  | the next line
//	  + file cat.png (image/png, 12 KB)
func (m messages) writeRows(p *page) {
	if cut := p.cut; m.whole {
		p.cut = 0
		defer func() { p.cut = cut }()
	}
	if len(m.Channels) == 1 {
		m.writeChannel(p, m.Channels[0])
		return
	}
	names := m.legend(func(*message) bool { return true })
	m.writeLegend(p, names)
	for _, c := range m.Channels {
		m.writeUnder(p, c, names)
	}
}

// writeChannel gives one channel's messages, and who their authors are.
func (m messages) writeChannel(p *page, c place) {
	names := m.legend(func(one *message) bool { return one.ChannelID == c.ID })
	m.writeLegend(p, names)
	m.writeUnder(p, c, names)
}

// writeUnder gives one channel's messages under its name.
func (m messages) writeUnder(p *page, c place, names legend) {
	rows := rows{page: p, names: names, whole: m.whole, shown: make(map[string]bool, len(m.Messages)), day: p.now.Format(time.DateOnly)}
	for i := range m.Messages {
		rows.shown[m.Messages[i].ID] = true
	}
	if c.Kind == direct {
		p.say("%s:", direct)
	} else {
		p.say("%s, server %s:", channelLabel(c), quoted(c.Server))
	}
	for i := range m.Messages {
		if one := &m.Messages[i]; one.ChannelID == c.ID {
			rows.dated(one.at.UTC())
			rows.write(one, " "+names.labels[one.Author.person()])
		}
	}
}

// channelLabel is a channel in the head of its messages.
func channelLabel(c place) string {
	label := "#" + quoted(c.Name) + " (" + c.ID
	if c.Kind != "text" {
		label += ", " + c.Kind
	}
	if c.Parent != "" {
		label += " in #" + quoted(c.Parent)
	}
	return label + ")"
}

// legend says who the authors of an answer are, and by which name a row calls each.
type legend struct {
	labels map[author]string
	order  []author
}

// legend names every author apart: whoever shares a name with somebody before gets a number,
// written with a sign that no name has outside quotes.
func (m messages) legend(of func(*message) bool) legend {
	l := legend{labels: make(map[author]string, 8)}
	taken := make(map[string]bool, 8)
	for i := range m.Messages {
		who := m.Messages[i].Author.person()
		if _, known := l.labels[who]; known || !of(&m.Messages[i]) {
			continue
		}
		label := quoted(who.Name)
		for n := 2; taken[label]; n++ {
			label = quoted(who.Name) + "#" + strconv.Itoa(n)
		}
		taken[label] = true
		l.labels[who] = label
		l.order = append(l.order, who)
	}
	return l
}

// person is an author without the id of a webhook, which differs from channel to channel and
// by which nobody can be reached.
func (a author) person() author {
	if a.Kind != string(relay.Human) && a.Kind != string(relay.Bot) {
		a.ID = ""
	}
	return a
}

func (m messages) writeLegend(p *page, l legend) {
	for i, who := range l.order {
		p.b.WriteString([2]string{"authors: ", ", "}[min(i, 1)])
		p.b.WriteString(l.labels[who] + m.standing(who))
	}
	p.b.WriteByte('\n')
}

// authorLabel is an author where no legend names them.
func (m messages) authorLabel(a author) string { return quoted(a.Name) + m.standing(a.person()) }

// standing says what an author is, after their name.
func (m messages) standing(who author) string {
	switch {
	case who.EntityID != "" && who.EntityID == m.Entity.ID:
		return " (you)"
	case who.ID != "":
		return " (" + who.Kind + " " + who.ID + ")"
	default:
		return " (" + who.Kind + ")"
	}
}

// rows writes messages one after the other.
type rows struct {
	*page
	names legend
	whole bool
	shown map[string]bool // ids of the messages that have rows here
	day   string          // of the last row; of now before the first
}

// write gives a message alone, under a line that names its author.
func (one message) write(p *page) {
	rows := rows{page: p}
	rows.write(&one, "")
}

// write gives a message's row, the further lines of its text and the notes about it.
func (r *rows) write(one *message, name string) {
	b := &r.b
	b.WriteByte(' ')
	b.WriteString(one.ID)
	b.WriteByte(' ')
	if r.names.labels == nil {
		b.WriteString(r.clock(one.at))
	} else {
		b.Write(one.at.UTC().AppendFormat(b.AvailableBuffer(), "15:04"))
	}
	b.WriteString(name)
	switch reply := one.ReplyTo; {
	case reply != nil && one.EditedAt != "":
		b.WriteString(" (re " + reply.MessageID + ", edited)")
	case reply != nil:
		b.WriteString(" (re " + reply.MessageID + ")")
	case one.EditedAt != "":
		b.WriteString(" (edited)")
	}
	b.WriteByte(':')
	if one.Content != "" {
		b.WriteByte(' ')
	}
	r.text(one.Content)
	r.notes(one)
}

// dated says a row's day when it is not that of the row before.
func (r *rows) dated(at time.Time) {
	if day := at.Format(time.DateOnly); day != r.day {
		r.day = day
		r.b.WriteString("[" + day + "]\n")
	}
}

// notes tell what a message has besides its text. Of an answered message that has a row here
// nothing more is said.
func (r *rows) notes(one *message) {
	if reply := one.ReplyTo; reply != nil && !r.shown[reply.MessageID] {
		r.b.WriteString(note + "re " + reply.words() + "\n")
	}
	for i := range one.Attachments {
		r.file(&one.Attachments[i])
	}
	for _, extra := range one.Extras {
		r.noted(extra.Kind+": ", extra.Text)
	}
	if len(one.Reactions) > 0 {
		r.b.WriteString(note + "reactions: " + one.reactions() + "\n")
	}
}

// words tell what is answered, as far as that is shown.
func (a replyTo) words() string {
	switch {
	case a.Excerpt != "":
		return quoted(cmp.Or(a.Author, "somebody")) + ": " + oneLine(a.Excerpt)
	case a.Author != "":
		return quoted(a.Author) + ", who wrote no text"
	default:
		return "a message that is gone or not shown"
	}
}

// file names a file. Its address is signed, long and expires: it is given where one message
// is shown whole.
func (r *rows) file(a *attachment) {
	r.b.WriteString(note + "file " + quoted(a.Name) + " (" + mediaType(a.Type) + ", " + size(a.Size) + ")")
	if r.whole && a.URL != "" {
		r.b.WriteString(" " + oneLine(a.URL))
	}
	if a.Alt != "" {
		r.b.WriteString(": " + oneLine(clip(a.Alt, maxAlt)))
	}
	r.b.WriteByte('\n')
}

// maxAlt is how many characters of a file's description are shown.
const maxAlt = 200

// mediaType is a file's type without its parameters.
func mediaType(t string) string {
	t, _, _ = strings.Cut(t, ";")
	return quotedBut(cmp.Or(t, "unknown type"), "/+")
}

// size words a number of bytes.
func size(n int) string {
	switch {
	case n < 1000:
		return strconv.Itoa(n) + " B"
	case n < 1_000_000:
		return strconv.Itoa((n+999)/1000) + " KB"
	default:
		return strconv.FormatFloat(float64(n)/1e6, 'f', 1, 64) + " MB"
	}
}

// emojiLabel is an emoji as add_reaction takes it: a character, or name:id.
func emojiLabel(emoji string) string {
	name, id, custom := strings.Cut(emoji, ":")
	if _, err := strconv.ParseUint(id, 10, 64); custom && err == nil && quoted(name) == name && !strings.Contains(name, " ") {
		return emoji
	}
	return quoted(emoji)
}

func (one *message) reactions() string {
	var b strings.Builder
	for i, r := range one.Reactions {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(emojiLabel(r.Emoji) + " ×" + strconv.Itoa(r.Count))
	}
	return b.String()
}
