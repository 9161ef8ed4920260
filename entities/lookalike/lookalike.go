// Package lookalike says which names people could take for each other. It compares and
// judges nothing itself: a name of any script is as good as another.
package lookalike

import (
	"slices"
	"strings"
	"unicode"
)

// Sight is what a name looks like to somebody who reads it: equal for names that differ only
// in case, in what cannot be seen, or in characters that Unicode lists as look-alikes (UTS #39).
func Sight(name string) string {
	var b strings.Builder
	for _, r := range decomposed(strings.Map(fold, name)) {
		if !ignored(r) {
			seen(&b, r)
		}
	}
	return strings.Join(strings.Fields(strings.Map(fold, b.String())), " ")
}

// Shape is what remains of a name when all is taken away with which one name is dressed up as
// another: case, marks, spaces, signs and digits in the place of letters, letters of other
// scripts.
type Shape struct {
	// Words are the name's words as they look, without signs.
	Words []string
	// forms are the whole name: as it looks as it is written, in small letters and in capital
	// ones, since letters that look alike are not the same ones in both cases.
	forms []string
	// strict are forms to compare one by one: in small letters, with 1 as l and as i, and as
	// it is written, with I as l. They keep i and l apart.
	strict  [3]string
	symbols string
	spaced  bool
}

// ShapeOf takes a name apart.
func ShapeOf(name string) Shape {
	words, symbols := split(decomposed(name))
	s := Shape{symbols: symbols, spaced: len(words) > 1 && !slices.ContainsFunc(words, func(w []rune) bool { return len(w) > 1 })}
	for _, way := range []func([]rune) []rune{
		func(w []rune) []rune { return w },
		func(w []rune) []rune { return mapped(w, unicode.ToLower) },
		func(w []rune) []rune { return mapped(w, unicode.ToUpper) },
	} {
		var whole strings.Builder
		for _, word := range words {
			shape := letters(way(word), s.spaced)
			whole.WriteString(shape)
			if len(s.forms) == 0 {
				s.Words = append(s.Words, merged(shape))
			}
		}
		if form := merged(whole.String()); form != "" && !slices.Contains(s.forms, form) {
			s.forms = append(s.forms, form)
		}
	}
	for i, way := range []func(rune) rune{unicode.ToLower, loweredUpright, uprightL} {
		for _, word := range words {
			s.strict[i] += letters(mapped(word, way), s.spaced)
		}
		s.strict[i] = pairs.Replace(s.strict[i])
	}
	return s
}

// Like says whether one whole name could be taken for the other, whatever signs and emoji
// stand around it.
func (s Shape) Like(other Shape) bool {
	return slices.ContainsFunc(s.forms, func(form string) bool { return slices.Contains(other.forms, form) })
}

// LikeWithSymbols is Like for names that their signs and emoji tell apart, and of which many
// differ in one letter: "Unit I" and "Unit L" are two.
func (s Shape) LikeWithSymbols(other Shape) bool {
	if s.symbols != other.symbols {
		return false
	}
	for i, form := range s.strict {
		if form == other.strict[i] {
			return true
		}
	}
	return false
}

// Hides says whether one of the name's words has the other's letters in it, or all of its
// letters, each of which stands alone, have.
func (s Shape) Hides(other Shape) bool {
	for _, part := range other.forms {
		for _, word := range s.Words {
			if strings.Contains(word, part) {
				return true
			}
		}
		for _, form := range s.forms {
			if (s.spaced || len(s.Words) == 1) && strings.Contains(form, part) {
				return true
			}
		}
	}
	return false
}

// split takes a name apart into words, and gives the signs that are not punctuation.
func split(name []rune) (words [][]rune, symbols string) {
	var (
		word []rune
		rest strings.Builder
	)
	name = slices.DeleteFunc(name, ignored)
	for i, r := range name {
		switch {
		case stray(r):
		case inWord(name, i):
			word = append(word, r)
		default:
			if len(word) > 0 {
				words, word = append(words, word), nil
			}
			if unicode.Is(unicode.So, r) {
				rest.WriteRune(r)
			}
		}
	}
	if len(word) > 0 {
		words = append(words, word)
	}
	return words, rest.String()
}

// inWord says whether the character at i is a letter, or is there in the place of one.
func inWord(name []rune, i int) bool {
	r := name[i]
	if solid(r) {
		return true
	}
	if _, ok := digits[r]; !ok {
		_, looks := prototypes()[r]
		_, dressed := fancies()[r]
		return looks || dressed
	}
	// A sign at the end of a word is a sign.
	return i+1 < len(name) && solid(name[i+1]) && (r != '!' || (i > 0 && solid(name[i-1])))
}

func solid(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r) }

// letters are what a word looks like. Digits are letters among letters only: "Agent 5" is a
// name of its own.
func letters(word []rune, spaced bool) string {
	number := !spaced && !slices.ContainsFunc(word, func(r rune) bool { return !unicode.IsDigit(r) })
	var b strings.Builder
	for _, r := range word {
		if number {
			b.WriteRune(r)
		} else if letter, ok := digits[r]; ok {
			b.WriteRune(letter)
		} else {
			seen(&b, r)
		}
	}
	return latin(b.String())
}

// latin takes from what characters look like the case and the marks that are not needed, and
// reads dressed-up letters.
func latin(word string) string {
	var b strings.Builder
	marked := false // the last letter is of a script whose marks are not needed
	for _, r := range decomposed(word) {
		if plain(r) {
			b.WriteRune(unicode.ToLower(r))
			marked = true
			continue
		}
		if unicode.Is(unicode.M, r) {
			if !marked || !stray(r) {
				b.WriteRune(r)
			}
			continue
		}
		marked = unicode.In(r, unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Common)
		if plain, ok := fancies()[r]; ok {
			r = plain
		}
		r = fold(r)
		if plain, ok := fancies()[r]; ok {
			r = plain
		}
		b.WriteRune(r)
	}
	return b.String()
}

// merged is a word without the difference between letters, or pairs of them, that look alike
// in most typefaces.
func merged(word string) string {
	return strings.ReplaceAll(pairs.Replace(word), "i", "l")
}

// pairs are two letters that look like one.
var pairs = strings.NewReplacer("rn", "m", "vv", "w")

// loweredUpright reads strokes as i.
func loweredUpright(r rune) rune {
	switch r {
	case '1', '!', '|':
		return 'i'
	}
	return unicode.ToLower(r)
}

// uprightL keeps L apart from l, which I looks like.
func uprightL(r rune) rune {
	if r == 'L' {
		return '⅃'
	}
	return r
}

func mapped(word []rune, by func(rune) rune) []rune {
	out := make([]rune, len(word))
	for i, r := range word {
		out[i] = by(r)
	}
	return out
}
