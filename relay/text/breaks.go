package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// rank is how good a place to cut is; 0 is none.
type rank uint8

const (
	never       rank = iota
	ugly             // beside a mark, where an added one would run into it
	inside           // inside an atom or what readers take for one character
	character        // inside a word
	codeWord         // at a space in inline code
	hiddenWord       // at a space in a spoiler
	softWord         // at a space in emphasised text
	fencedWord       // at a space in a fence
	hiddenLine       // between the lines of a spoiler
	word             // at a space
	fencedLine       // between a fence's lines
	sentence         // between sentences
	line             // between lines
	paragraphed      // between paragraphs, before and after a fence
)

// breaks tells of every byte of a text how good a place to cut lies before it, and what is
// open there.
type breaks struct {
	s       string
	room    int // what a part holds, in characters
	spans   []span
	ranks   []rank
	spoiler []int // the spoiler that is open here: its index in spans, or -1
	code    []int // the fence or inline code that is open here
}

// longestTicks is the longest run of backticks that is added again where inline code is cut.
const longestTicks = 8

func findBreaks(s string) *breaks {
	found := read(s)
	b := &breaks{s: s, spans: found.spans, ranks: make([]rank, len(s)+1), spoiler: make([]int, len(s)+1), code: make([]int, len(s)+1)}
	for i := range b.code {
		b.code[i], b.spoiler[i] = -1, -1
	}
	b.rankText()
	for i, escaped := range found.escaped {
		if escaped {
			b.ranks[i] = min(b.ranks[i], ugly)
		}
	}
	for i, it := range b.spans {
		b.rankSpan(i, it)
	}
	return b
}

// rankText ranks every place as if there were no marks.
func (b *breaks) rankText() {
	last, flags := rune(-1), 0
	for i, r := range b.s {
		if isFlag(last) {
			flags++
		} else {
			flags = 0
		}
		switch {
		case last < 0:
		case joins(last, r, flags):
			b.ranks[i] = inside
		case isSpace(r) && !isSpace(last):
			b.ranks[i] = b.gap(i)
		case isSpace(r), isSpace(last): // white space is cut away whole
		case strings.ContainsRune("。！？", last) && !unicode.IsPunct(r):
			b.ranks[i] = sentence
		case ideographs(last) && ideographs(r):
			b.ranks[i] = word
		default:
			b.ranks[i] = character
		}
		last = r
	}
}

func ideographs(r rune) bool {
	return r > 0x2E7F && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana)
}

// gap ranks the white space that begins at i.
func (b *breaks) gap(i int) rank {
	lines := 0
	for _, r := range b.s[i:] {
		if !isSpace(r) {
			break
		}
		if r == '\n' {
			lines++
		}
		if lines > 1 {
			return paragraphed
		}
	}
	if lines == 1 {
		return line
	}
	before := strings.TrimRight(b.s[max(0, i-16):i], "\"')]}*_~|»”’")
	if last, _ := utf8.DecodeLastRuneInString(before); strings.ContainsRune(".!?…:;", last) {
		return sentence
	}
	return word
}

// rankSpan lowers the places inside a span and raises those around a fence.
func (b *breaks) rankSpan(index int, it span) {
	switch it.kind {
	case atom:
		limit := MaxMessage
		if b.spoiler[it.from] >= 0 {
			limit -= 4
		}
		if Length(b.s[it.from:it.to]) <= limit {
			b.lower(it.from+1, it.to, func(r rank) rank { return min(r, inside) })
		}
	case soft:
		b.forbid(it.from, it.inner)
		b.forbid(it.outer, it.to)
		b.lower(it.inner, it.outer+1, func(r rank) rank { return min(r, softWord) })
	case spoiler:
		b.hide(index, it)
	case code:
		if it.inner-it.from > longestTicks {
			return
		}
		b.enclose(b.code, index, it)
		b.lower(it.inner, it.outer+1, func(r rank) rank { return min(r, codeWord) })
		b.beside(it, '`', ugly)
	case fence:
		b.enclose(b.code, index, it)
		b.lower(it.inner, it.outer+1, func(r rank) rank {
			switch {
			case r >= line:
				return fencedLine
			case r > character:
				return fencedWord
			default:
				return r
			}
		})
		b.raise(it)
	}
}

// raise prefers the lines before and after a fence to those within it.
func (b *breaks) raise(it span) {
	if b.spoiler[it.from] >= 0 {
		return
	}
	for _, i := range []int{trimRight(b.s, 0, it.from), it.to} {
		if b.ranks[i] == line {
			b.ranks[i] = paragraphed
		}
	}
}

func (b *breaks) hide(index int, it span) {
	b.enclose(b.spoiler, index, it)
	b.lower(it.inner, it.outer+1, func(r rank) rank {
		switch {
		case r >= line:
			return hiddenLine
		case r > character:
			return hiddenWord
		default:
			return r
		}
	})
	b.beside(it, '|', never)
}

// enclose notes that a span is open inside its marks, and keeps the marks themselves whole.
func (b *breaks) enclose(open []int, index int, it span) {
	b.forbid(it.from, it.inner)
	b.forbid(it.outer, it.to)
	for i := it.inner; i <= it.outer; i++ {
		open[i] = index
	}
}

// forbid takes away the places inside a mark.
func (b *breaks) forbid(from, to int) {
	for i := from + 1; i < to; i++ {
		b.ranks[i] = never
	}
}

// beside lowers the places next to a character, or next to white space that is next to it:
// a mark that is added there would run into it.
func (b *breaks) beside(it span, mark byte, to rank) {
	touching := false
	for i := it.inner; i < it.outer; i++ {
		if b.s[i] == mark {
			b.ranks[i] = min(b.ranks[i], to)
			for j := i - 1; j >= it.inner && b.s[j] == ' '; j-- {
				b.ranks[j] = min(b.ranks[j], to)
			}
			touching = true
			continue
		}
		if touching {
			b.ranks[i] = min(b.ranks[i], to)
		}
		touching = touching && b.s[i] == ' '
	}
}

func (b *breaks) lower(from, to int, by func(rank) rank) {
	for i := from; i < to; i++ {
		b.ranks[i] = by(b.ranks[i])
	}
}
