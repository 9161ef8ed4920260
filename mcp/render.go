package mcp

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"

	"troupe/entities"
)

// fenceBytes is how much chance is in a fence: nobody can write its end beforehand.
const fenceBytes = 6

// page is one answer in words: who the entity is, then what the program says, with Discord's
// text between fences only.
type page struct {
	b     bytes.Buffer
	self  entities.Entity
	now   time.Time
	fence string
	cut   int // characters after which a message's text is cut; 0 = never
	// shorter: texts are cut because the answer was too long.
	shorter bool
}

func newPage(self entities.Entity, now time.Time, token string) *page {
	return &page{self: self, now: now.UTC(), fence: fenceName + " " + token}
}

// shortened is an answer that can be long. Its texts are cut until it fits, and it says so where
// it calls [page.noteCuts].
type shortened interface {
	answer
	shortens()
}

// maxText is how many bytes an answer should have: Claude Code warns at 10,000 tokens and
// takes 25,000.
const maxText = 40_000

// word writes an answer down.
func (p *page) word(out answer) string {
	p.shorter = false
	text := p.once(out, 0)
	if _, ok := out.(shortened); !ok {
		return text
	}
	for _, cut := range []int{600, 200} {
		if len(text) <= maxText {
			return text
		}
		p.shorter = true
		text = p.once(out, cut)
	}
	return text
}

func (p *page) once(out answer, cut int) string {
	p.b.Reset()
	p.cut = cut
	out.write(p)
	return p.b.String()
}

// say writes a line of the program's own. Its arguments are safe already.
func (p *page) say(format string, args ...any) {
	fmt.Fprintf(&p.b, format, args...)
	p.b.WriteByte('\n')
}

// noteCuts says that texts were cut to fit.
func (p *page) noteCuts() {
	if p.shorter {
		p.say("Long messages were cut. read_messages with around = a message's id and limit = 1 gives one whole.")
	}
}

// head writes who the entity is and what time it is.
func (p *page) head() {
	p.say("You are %s. now %s", quoted(p.self.Name), stamp(p.now))
}

// strangers writes Discord's part.
func (p *page) strangers(write func()) {
	p.say("<%s>", p.fence)
	write()
	p.say("</%s>", p.fence)
}

// more begins every further line of a message's own text, and note every line about it, so
// that no text can look like a row, a note or the fence.
const (
	more = "  | "
	note = "  + "
)

// text writes a message's text after its row's beginning. Of a long one it says how much was
// left out, in a note, which no text can imitate.
func (p *page) text(s string) {
	kept, left := clipped(s, p.cut)
	kept = strings.TrimRight(lineSafe(kept), "\n")
	for {
		line, rest, further := strings.Cut(kept, "\n")
		p.b.WriteString(line)
		p.b.WriteByte('\n')
		if !further {
			break
		}
		p.b.WriteString(more)
		kept = rest
	}
	if left > 0 {
		p.b.WriteString(note + "cut: " + strconv.Itoa(left) + " more characters\n")
	}
}

// noted writes a note whose text is a stranger's: its lines cannot look like other notes.
func (p *page) noted(kind, s string) {
	p.b.WriteString(note)
	p.b.WriteString(kind)
	p.text(s)
}

// clock words a time: short for today, with its date before that.
func (p *page) clock(t time.Time) string {
	t = t.UTC()
	if t.Format(time.DateOnly) == p.now.Format(time.DateOnly) {
		return t.Format("15:04:05")
	}
	return t.Format("2006-01-02 15:04")
}
