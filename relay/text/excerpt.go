package text

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

const hidden = "(spoiler)"

// Excerpt shows the beginning of a text in one line of at most n characters, as a quote of what
// somebody else said: plain, without headings, quotes, emphasis and code marks, and with a
// backslash before what would make any. Mentions, custom emoji, timestamps and URLs stay whole or
// are left out; a masked link becomes its words and a URL does not unfold. What lies between the
// first and the last spoiler mark outside code never shows. @everyone and @here mention nobody; a person's
// mention is shown as one, so that allowed_mentions must come from the speaker's own text.
func Excerpt(s string, n int) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	e := excerpt{s: s, marks: read(s), most: n}
	e.shade()
	e.walk()
	return e.line()
}

// excerpt gathers what is shown, one piece for each thing that must not be cut.
type excerpt struct {
	s      string
	most   int
	pieces []string
	length int
	last   rune // of the last piece
	from   int  // the hidden part of s, s[from:to]
	to     int
	marks
}

// shade finds what is hidden. Whatever way a client pairs the marks, every spoiler lies
// between the first and the last of them.
func (e *excerpt) shade() {
	inCode := make([]bool, len(e.s))
	for _, it := range e.spans {
		if it.kind == fence || it.kind == code {
			for i := it.from; i < it.to; i++ {
				inCode[i] = true
			}
		}
	}
	e.from = -1
	for i := range len(e.s) - 1 {
		if e.s[i] == '|' && e.s[i+1] == '|' && !inCode[i] {
			if e.from < 0 {
				e.from = i
			}
			e.to = i + 2
		}
	}
	if e.from >= 0 && e.to-e.from == 2 {
		e.from = -1 // one mark hides nothing
	}
	for _, it := range e.spans { // an atom that reaches into what is hidden is hidden whole
		if it.kind == atom && it.from < e.to && it.to > e.from && e.from >= 0 {
			e.from, e.to = min(e.from, it.from), max(e.to, it.to)
		}
	}
}

var lineStart = regexp.MustCompile(`^[ \t]*(?:(?:>>>|>|#{1,3}|-#)(?:[ \t]+|$))+`)

// walk takes the text apart until the line is full.
func (e *excerpt) walk() {
	skip, atoms := e.skipped()
	begin := true
	for i := 0; i < len(e.s) && e.length <= e.most+1; { // one more: a space at the end is not shown
		switch {
		case e.from >= 0 && i >= e.from && i < e.to:
			e.text(" " + hidden + " ")
			i = e.to
			continue
		case skip[i] > i:
			i = skip[i]
			continue
		case atoms[i] > 0:
			e.atom(e.spans[atoms[i]-1])
			i = e.spans[atoms[i]-1].to
			begin = false
			continue
		}
		if begin {
			begin = false
			if n := len(lineStart.FindString(e.s[i:min(len(e.s), i+64)])); n > 0 && (e.from < i || i+n <= e.from) {
				i += n
				continue
			}
		}
		r, size := utf8.DecodeRuneInString(e.s[i:])
		if r != '\\' || i+1 >= len(e.s) || !e.escaped[i+1] {
			e.text(string(r))
		}
		begin = r == '\n'
		i += size
	}
}

// skipped gives where marks are left out (to which byte), and where atoms begin (their index + 1).
func (e *excerpt) skipped() (skip, atoms []int) {
	skip, atoms = make([]int, len(e.s)+1), make([]int, len(e.s)+1)
	for i, it := range e.spans {
		switch it.kind {
		case atom:
			atoms[it.from] = i + 1
		case soft, code, fence:
			skip[it.from], skip[it.outer] = it.inner, it.to
		}
	}
	return skip, atoms
}

// atom shows one: a masked link as its words, a URL so that it does not unfold.
func (e *excerpt) atom(it span) {
	whole := e.s[it.from:it.to]
	switch {
	case it.inner > it.from: // a masked link
		e.text(e.s[it.inner:it.outer])
	case strings.Contains(whole, "://"):
		whole = strings.Trim(whole, "<>")
		e.piece("<"+harmless(inAddress.Replace(whole))+">", '>')
	default:
		e.piece(whole, '>')
	}
}

// inAddress writes down another way what could ping, end the address or be a mark in it.
var inAddress = strings.NewReplacer("@", "%40", ">", "%3E", "*", "%2A", "|", "%7C", "`", "%60")

// harmless takes out what could turn the line around or hide in it.
func harmless(s string) string {
	return strings.Map(func(r rune) rune {
		if turns(r) || unicode.IsControl(r) {
			return -1
		}
		return r
	}, s)
}

// turns says whether a character changes the direction of what follows it.
func turns(r rune) bool { return unicode.Is(unicode.Bidi_Control, r) }

// text shows plain characters.
func (e *excerpt) text(s string) {
	for _, r := range s {
		switch {
		case isSpace(r):
			if e.last != 0 && e.last != ' ' {
				e.piece(" ", ' ')
			}
		case turns(r) || unicode.IsControl(r):
		case e.last == '@' && strings.ContainsRune("eEhH", r):
			e.piece("\u200B"+string(r), r)
		case e.last == ':' && r == '/':
			e.piece("\u200B/", r) // an address that only comes about by leaving marks out
		case strings.ContainsRune("\\*_~`|[]<>", r), e.length == 0 && strings.ContainsRune("#-+", r):
			e.piece("\\"+string(r), r)
		case len(e.pieces) > 0 && (extends(r) || e.last == zeroWidthJoiner || joins(e.last, r, e.flags())):
			e.join(r)
		default:
			e.piece(string(r), r)
		}
	}
}

func (e *excerpt) flags() int {
	if len(e.pieces) == 0 {
		return 0
	}
	return utf8.RuneCountInString(e.pieces[len(e.pieces)-1])
}

func (e *excerpt) piece(s string, last rune) {
	e.pieces = append(e.pieces, s)
	e.length += Length(s)
	e.last = last
}

// join adds a character to the one before it.
func (e *excerpt) join(r rune) {
	e.pieces[len(e.pieces)-1] += string(r)
	e.length++
	e.last = r
}

var listNumber = regexp.MustCompile(`^\d+\. `)

// line puts the pieces together, as many as there is room for.
func (e *excerpt) line() string {
	for len(e.pieces) > 0 && e.pieces[len(e.pieces)-1] == " " {
		e.pieces, e.length = e.pieces[:len(e.pieces)-1], e.length-1
	}
	cut := e.length > e.most
	for len(e.pieces) > 0 && (e.length >= e.most && cut || e.pieces[len(e.pieces)-1] == " ") {
		e.length -= Length(e.pieces[len(e.pieces)-1])
		e.pieces = e.pieces[:len(e.pieces)-1]
	}
	out := strings.Join(e.pieces, "")
	if cut && e.most > 0 {
		out += "…"
	}
	if listNumber.MatchString(out) {
		out = strings.Replace(out, ". ", ".\u00A0", 1) // no list
	}
	return out
}
