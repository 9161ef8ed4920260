package text

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// kind is what a span of a text is on Discord.
type kind uint8

const (
	fence   kind = iota + 1 // ```go … ```
	code                    // `…`
	spoiler                 // ||…||
	atom                    // a mention, custom emoji, timestamp, link or URL: one thing that is not cut
	soft                    // bold, italic, underlined, struck through
)

// span is something that Discord shows in a way of its own. The text between its marks is
// s[inner:outer], the whole is s[from:to].
type span struct {
	kind                   kind
	from, inner, outer, to int
	language               string // of a fence
}

// marks are what Discord makes of a text. Spans lie in the order of where they begin; fences,
// code and atoms may lie inside a spoiler, and soft spans anywhere.
type marks struct {
	spans   []span
	escaped []bool // the character at this byte follows a backslash that takes away its meaning
}

// reader reads a text once, from left to right, as Discord's clients do: whatever begins first wins.
type reader struct {
	s     string
	links map[int]span  // by where they begin
	ticks map[int][]int // where runs of so many backticks are, not yet passed
	open  map[string]int
	marks
}

// read finds what Discord makes of a text.
func read(s string) marks {
	r := reader{s: s, links: links(s), ticks: backticks(s), open: map[string]int{}}
	r.escaped = make([]bool, len(s))
	r.between(0, len(s))
	return r.marks
}

// between reads s[from:to].
func (r *reader) between(from, to int) {
	lastFence, lastSpoiler := strings.LastIndex(r.s[from:to], "```")+from, strings.LastIndex(r.s[from:to], "||")+from
	clear(r.open)
	for i := from; i < to; {
		found, ok := r.at(i, to, lastFence, lastSpoiler)
		switch {
		case ok && found.kind == spoiler:
			r.spans = append(r.spans, found)
			r.between(found.inner, found.outer)
			clear(r.open)
			i = found.to
		case ok:
			r.spans = append(r.spans, found)
			i = found.to
		default:
			i = r.plain(i, to)
		}
	}
}

// at gives the span that begins at i and ends at to or before.
func (r *reader) at(i, to, lastFence, lastSpoiler int) (span, bool) {
	switch rest := r.s[i:to]; {
	case rest[0] == '`':
		if found, ok := r.fence(i, to, lastFence); ok {
			return found, true
		}
		return r.code(i, to)
	case strings.HasPrefix(rest, "||") && i+3 <= lastSpoiler:
		end := strings.Index(r.s[i+3:to], "||")
		return span{kind: spoiler, from: i, inner: i + 2, outer: i + 3 + end, to: i + 5 + end}, end >= 0
	case rest[0] == '[':
		found, ok := r.links[i]
		return found, ok && found.to <= to && Length(r.s[found.from:found.to]) <= MaxMessage
	case rest[0] == '<':
		if n := bracketed(rest); n > 0 {
			return r.atom(i, n), true
		}
	case rest[0] == 'h' || rest[0] == 's':
		if n := address(rest); n > 0 {
			return r.atom(i, n), true
		}
	}
	return span{}, false
}

// pointed are mentions, custom emoji, timestamps, commands and guild navigation. Discord:
// reference, message formatting.
var pointed = regexp.MustCompile(`^<(?:@[!&]?\d{1,20}|#\d{1,20}|a?:\w{1,64}:\d{1,20}|t:-?\d{1,17}(?::[a-zA-Z])?|/[^\s<>:]{1,32}(?: [^\s<>:]{1,32}){0,2}:\d{1,20}|id:[a-z-]{1,32}(?::\d{1,20})?)>`)

// longestPointed is the most bytes that pointed can match: a command of three words.
const longestPointed = 450

// bracketed gives the length of what stands between angle brackets at a text's beginning, if
// Discord makes something of it, or 0. <https://…> is a link that does not unfold.
func bracketed(s string) int {
	if n := len(pointed.FindString(s[:min(len(s), longestPointed)])); n > 0 {
		return n
	}
	if !strings.HasPrefix(s, "<http://") && !strings.HasPrefix(s, "<https://") {
		return 0
	}
	end := strings.IndexFunc(s[1:], func(r rune) bool { return isSpace(r) || r == '<' || r == '>' })
	if end < 0 || s[1+end] != '>' || strings.HasSuffix(s[:1+end], "//") {
		return 0
	}
	return end + 2
}

func (r *reader) atom(from, size int) span {
	return span{kind: atom, from: from, inner: from, outer: from + size, to: from + size}
}

// address gives the length of the URL that a text begins with, or 0.
func address(s string) int {
	scheme := 0
	for _, known := range []string{"https://", "http://", "steam://"} {
		if strings.HasPrefix(s, known) {
			scheme = len(known)
		}
	}
	if scheme == 0 {
		return 0
	}
	end := strings.IndexFunc(s, func(r rune) bool { return isSpace(r) || r == '<' })
	if end < 0 {
		end = len(s)
	}
	end = len(strings.TrimRight(s[:end], `.,:;"'])`))
	if end <= scheme {
		return 0
	}
	return end
}

var language = regexp.MustCompile(`^[A-Za-z0-9_+\-.#]{1,40}\n`)

func (r *reader) fence(i, to, last int) (span, bool) {
	if !strings.HasPrefix(r.s[i:to], "```") {
		return span{}, false
	}
	body, lang := i+3, language.FindString(r.s[i+3:min(to, i+3+41)])
	for _, lang := range []string{lang, ""} {
		start := body + len(lang)
		for start < to && r.s[start] == '\n' {
			start++
		}
		if start+1 > last || start >= to {
			continue
		}
		end := start + 1 + strings.Index(r.s[start+1:to], "```")
		return span{kind: fence, from: i, inner: start, outer: end, to: end + 3, language: strings.TrimSuffix(lang, "\n")}, true
	}
	return span{}, false
}

// code finds inline code: a run of backticks up to the next one of the same length. Where
// there is none, a shorter run may begin it.
func (r *reader) code(i, to int) (span, bool) {
	n := 1
	for i+n < to && r.s[i+n] == '`' {
		n++
	}
	if i > 0 && r.s[i-1] == '`' && !r.escaped[i-1] {
		return span{}, false // its run has been tried whole
	}
	for size := n; size > 0; size-- {
		runs := r.ticks[size]
		for len(runs) > 0 && runs[0] < i+n {
			runs = runs[1:]
		}
		if _, known := r.ticks[size]; known {
			r.ticks[size] = runs
		}
		if len(runs) > 0 && runs[0]+size <= to {
			return span{kind: code, from: i, inner: i + size, outer: runs[0], to: runs[0] + size}, true
		}
	}
	return span{}, false
}

// backticks finds the runs of backticks, by their length.
func backticks(s string) map[int][]int {
	runs := map[int][]int{}
	for i := 0; i < len(s); i++ {
		if s[i] != '`' {
			continue
		}
		from := i
		for i+1 < len(s) && s[i+1] == '`' {
			i++
		}
		runs[i+1-from] = append(runs[i+1-from], from)
	}
	return runs
}

// links finds the masked links, [words](https://…), by where they begin.
func links(s string) map[int]span {
	found := map[int]span{}
	var open []int
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '[':
			open = append(open, i)
		case ']':
			if len(open) == 0 {
				continue
			}
			from := open[len(open)-1]
			open = open[:len(open)-1]
			if size := target(s[i+1:]); size > 0 && from+1 < i {
				found[from] = span{kind: atom, from: from, inner: from + 1, outer: i, to: i + 1 + size}
			}
		}
	}
	return found
}

var linked = regexp.MustCompile(`^\(\s*<?(?:https?|discord)://(?:[^\s()<>]|\([^\s()<>]*\))+>?(?:\s+["'][^"'\n]*["'])?\s*\)`)

// target gives the length of the parenthesis of a link that a text begins with, or 0.
func target(s string) int {
	if !strings.HasPrefix(s, "(") {
		return 0
	}
	return len(linked.FindString(s[:min(len(s), MaxMessage)]))
}

// plain passes one character that begins nothing, and notes emphasis and escapes.
func (r *reader) plain(i, to int) int {
	switch c := r.s[i]; {
	case c == '\\' && i+1 < to && escapable(r.s[i+1:to]):
		r.escaped[i+1] = true
		_, size := utf8.DecodeRuneInString(r.s[i+1:])
		return i + 1 + size
	case strings.IndexByte("*_~", c) >= 0:
		n := 1
		for i+n < to && r.s[i+n] == c {
			n++
		}
		r.emphasis(i, n, to)
		return i + n
	case c == '\n' && i+1 < to && r.s[i+1] == '\n':
		clear(r.open)
	}
	_, size := utf8.DecodeRuneInString(r.s[i:to])
	return i + size
}

// escapable says whether a backslash before this text takes away a character's meaning.
func escapable(s string) bool {
	c, _ := utf8.DecodeRuneInString(s)
	return !isSpace(c) && (c > 0x7F || !isWord(c) || c == '_')
}

// emphasis opens or closes bold, italic and the like by a run of marks.
func (r *reader) emphasis(i, n, to int) {
	mark := r.s[i : i+n]
	if n > 3 || (mark[0] == '~' && n != 2) {
		return
	}
	before, _ := utf8.DecodeLastRuneInString(r.s[:i])
	after, _ := utf8.DecodeRuneInString(r.s[i+n : to])
	opens := i+n < to && !isSpace(after)
	closes := i > 0 && !isSpace(before)
	if mark[0] == '_' && opens && closes && isWord(before) && isWord(after) {
		return
	}
	from, isOpen := r.open[mark]
	switch {
	case isOpen && closes:
		r.spans = append(r.spans, span{kind: soft, from: from, inner: from + n, outer: i, to: i + n})
		delete(r.open, mark)
	case !isOpen && opens:
		r.open[mark] = i
	}
}
