package text

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// leastRoom is the least that a part may hold.
const leastRoom = 100

// TooManyPartsError says that a text needs more messages than are allowed for it.
type TooManyPartsError struct {
	Need int // the parts that the text needs
	Most int // the parts that were allowed
}

func (e *TooManyPartsError) Error() string {
	return fmt.Sprintf("the text needs %d messages of at most %d characters, and at most %d may be sent", e.Need, MaxMessage, e.Most)
}

// Split makes of a text at most so many messages, each valid and of at most [MaxMessage]
// characters. It cuts at paragraphs, lines, sentences, words, else between characters; never
// inside what readers take for one character, nor inside a mention, custom emoji, timestamp,
// masked link or URL that fits in a message. A code fence, inline code or spoiler that is cut
// is closed and opened again, so that code stays code and a spoiler stays hidden. Only the
// white space that it cuts at is lost. Parts are filled at least by half where the text allows
// it, and more tightly where they would be too many.
//
// A text of white space only has no parts. The error is a [*TooManyPartsError].
func Split(s string, most int) ([]string, error) { return SplitAt(s, most, MaxMessage) }

// SplitAt is [Split] into parts of at most room characters, of which there are at most
// [MaxMessage] and at least a hundred.
func SplitAt(s string, most, room int) ([]string, error) {
	room = min(max(room, leastRoom), MaxMessage)
	s = strings.ToValidUTF8(s, "\uFFFD")
	b := findBreaks(s)
	b.room = room
	var parts []string
	for _, least := range []int{room / 2, room * 3 / 4, room * 15 / 16} {
		found := b.cut(least)
		if parts == nil || len(found) < len(parts) {
			parts = found
		}
		if len(parts) <= most {
			return parts, nil
		}
	}
	return nil, &TooManyPartsError{Need: len(parts), Most: most}
}

// cut makes parts that are filled with at least so many characters where that is possible.
func (b *breaks) cut(least int) []string {
	var parts []string
	add := func(part string) {
		if part != "" {
			parts = append(parts, part)
		}
	}
	at, opening := trimLeft(b.s, 0, len(b.s)), ""
	for at < len(b.s) {
		end, whole := b.end(at, Length(opening), least)
		if whole {
			if rest := trimRight(b.s, at, len(b.s)); rest > at {
				add(opening + b.s[at:rest])
			}
			break
		}
		add(b.part(at, end, opening))
		at, opening = b.next(end)
	}
	return parts
}

// end chooses where the part that begins at a place ends. whole says that all the rest fits.
func (b *breaks) end(from, opening, least int) (end int, whole bool) {
	var full, fair, some choice
	n := opening
	for i := from; ; {
		if i > from && n+b.closing(i) <= b.room {
			some.take(i, b.ranks[i])
			if n >= b.room/8 {
				fair.take(i, b.ranks[i])
			}
			if n >= least {
				full.take(i, b.ranks[i])
			}
		}
		if i >= len(b.s) {
			return len(b.s), true
		}
		_, size := utf8.DecodeRuneInString(b.s[i:])
		if n++; n > b.room {
			break
		}
		i += size
	}
	for _, c := range []struct {
		choice
		worst rank
	}{{full, codeWord}, {fair, codeWord}, {full, character}, {some, character}, {some, ugly}} {
		if c.rank >= c.worst {
			return c.at, false
		}
	}
	return b.force(from, opening), false
}

// choice is the best place to cut so far, the last one of several equal ones.
type choice struct {
	at   int
	rank rank
}

func (c *choice) take(at int, r rank) {
	if r != never && r >= c.rank {
		c.at, c.rank = at, r
	}
}

// force cuts where nothing allows it: a mark longer than a message.
func (b *breaks) force(from, n int) int {
	i := from
	for i < len(b.s) && (i == from || n+b.closing(i)+1 < b.room) {
		_, size := utf8.DecodeRuneInString(b.s[i:])
		i += size
		n++
	}
	return i
}

// closing gives how many characters close what is open at a place.
func (b *breaks) closing(at int) int {
	n := 0
	if i := b.code[at]; i >= 0 {
		n += len(b.closer(b.spans[i]))
	}
	if b.spoiler[at] >= 0 {
		n += len("||")
	}
	return n
}

func (b *breaks) closer(it span) string {
	if it.kind == fence {
		return "\n```"
	}
	return b.s[it.outer:it.to]
}

func (b *breaks) opener(it span) string {
	switch it.kind {
	case fence:
		return "```" + it.language + "\n"
	default:
		return b.s[it.from:it.inner]
	}
}

// part gives the text between two places, closed as it must be; empty if there is nothing.
func (b *breaks) part(from, to int, opening string) string {
	end := trimRight(b.s, from, to)
	if end <= from {
		return "" // nothing but marks that the next part opens again
	}
	closing := ""
	for _, open := range []int{b.code[to], b.spoiler[to]} {
		if open < 0 {
			continue
		}
		it := b.spans[open]
		if end > from && end <= it.inner && it.from >= from { // opened for white space only
			end = trimRight(b.s, from, it.from)
			continue
		}
		closing += b.closer(it)
	}
	if end <= from {
		return ""
	}
	return opening + b.s[from:end] + closing
}

// next gives where the part after a cut begins and what is opened again before it.
func (b *breaks) next(cut int) (at int, opening string) {
	at = trimLeft(b.s, cut, len(b.s))
	for _, open := range []int{b.code[cut], b.spoiler[cut]} {
		if open < 0 {
			continue
		}
		it := b.spans[open]
		switch {
		case at >= it.outer:
			at = trimLeft(b.s, max(at, it.to), len(b.s))
		case it.kind == fence:
			at, opening = b.indent(cut, at), b.opener(it)
		default:
			opening = b.opener(it) + opening
		}
	}
	return at, opening
}

// indent gives back the white space at the beginning of a fence's line, unless it is absurd.
func (b *breaks) indent(cut, at int) int {
	const most = 200
	begin := strings.LastIndexByte(b.s[cut:at], '\n') + 1
	if begin == 0 || at-cut-begin > most {
		return at
	}
	return cut + begin
}
