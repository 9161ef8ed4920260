package entities

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// reading is a text in all the ways in which it can be read, each made when it is first needed.
type reading struct {
	text    string
	worded  []string // for words
	pattern []string // for patterns
}

// maskedLinks are those of which people see their words only.
var maskedLinks = regexp.MustCompile(`\[([^\]\[]*)\]\([^()\s]*\)`)

// forWords gives the text folded: as it stands, without Discord's markup, as masked links show it, and with nothing but
// letters and digits.
func (r *reading) forWords() []string {
	if r.worded == nil {
		plain := fold(r.text)
		r.worded = append(r.worded, plain)
		unmarked := strings.Map(func(c rune) rune {
			if strings.ContainsRune("*_~|`\\", c) {
				return -1
			}
			return c
		}, plain)
		loose := strings.Map(func(c rune) rune {
			if inWord(c) || unspaced(c) {
				return c
			}
			return ' '
		}, plain)
		shown := fold(maskedLinks.ReplaceAllString(r.text, "$1"))
		for _, other := range []string{unmarked, strings.Join(strings.Fields(loose), " "), shown} {
			if other != plain {
				r.worded = append(r.worded, other)
			}
		}
	}
	return r.worded
}

// forPatterns gives the text as it was given and, if that is something else, without what is
// hidden in it.
func (r *reading) forPatterns() []string {
	if r.pattern == nil {
		r.pattern = append(r.pattern, r.text)
		if plain := clarify(r.text); plain != r.text {
			r.pattern = append(r.pattern, plain)
		}
	}
	return r.pattern
}

// blockedWord is a word or phrase that is not to be said.
type blockedWord struct {
	written string
	folded  string
	open    bool // it may go on: its last character ends no word
}

// wordList finds words by the first piece of their folded text.
type wordList map[string][]blockedWord

func (l wordList) add(written string) {
	folded := fold(written)
	last, _ := utf8.DecodeLastRuneInString(folded)
	first := folded[:piece(folded)]
	l[first] = append(l[first], blockedWord{written: written, folded: folded, open: !inWord(last)})
}

// piece is how many bytes the first piece of a folded text has: a word, or one character that
// is none.
func piece(text string) int {
	for i, r := range text {
		if !inWord(r) {
			if i == 0 {
				return utf8.RuneLen(r)
			}
			return i
		}
	}
	return len(text)
}

// find gives the first blocked word of a folded text.
func (l wordList) find(text string) (string, bool) {
	for len(text) > 0 {
		n := piece(text)
		for _, word := range l[text[:n]] {
			rest, begins := strings.CutPrefix(text, word.folded)
			if !begins {
				continue
			}
			if next, _ := utf8.DecodeRuneInString(rest); word.open || rest == "" || !inWord(next) {
				return word.written, true
			}
		}
		text = text[n:]
	}
	return "", false
}
