package mcp

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// fenceName names the part of an answer that strangers wrote.
const fenceName = "untrusted-discord-text"

// lineSafe shows what cannot be seen: control, bidi, zero-width and tag characters become
// \u{1b} and the like, line ends stay. What it gives names every hidden character, and no
// text can pretend to be such a name or the fence.
func lineSafe(s string) string {
	if plain(s) {
		return s
	}
	s = strings.ToValidUTF8(strings.ReplaceAll(s, "\r\n", "\n"), "\uFFFD")
	var b strings.Builder
	b.Grow(len(s) + 16)
	var before rune // the last rune that was written as it is
	for i, r := range s {
		rest := s[i+utf8.RuneLen(r):]
		if r == '\n' || !hides(before, r, rest) {
			b.WriteRune(r)
			before = r
			continue
		}
		fmt.Fprintf(&b, `\u{%x}`, r)
		before = 0
	}
	return b.String()
}

// oneLine is lineSafe with line ends shown too.
func oneLine(s string) string {
	return strings.ReplaceAll(lineSafe(s), "\n", `\u{a}`)
}

// quoted gives a name on one line, in quotes when it has anything that could be taken for
// the words around it.
func quoted(name string) string {
	name = oneLine(name)
	odd := func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) && !strings.ContainsRune(" -_.", r) && !unicode.Is(unicode.So, r) && !joins(r)
	}
	if name != "" && strings.TrimSpace(name) == name && !strings.ContainsFunc(name, odd) {
		return name
	}
	return `"` + strings.ReplaceAll(name, `"`, `\u{22}`) + `"`
}

// plain says whether a text needs no look: printable ASCII without what could begin an
// escape or a fence.
func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < ' ' && c != '\n') || c > '~' || c == '\\' || c == '<' {
			return false
		}
	}
	return true
}

// hides says whether r, between the rune before it and the rest of the text, would hide
// something or pretend to be ours.
func hides(before, r rune, rest string) bool {
	switch {
	case r == '\t':
		return false
	case r == '\\':
		return strings.HasPrefix(rest, "u{")
	case r == '<':
		name := strings.TrimPrefix(rest, "/")
		return len(name) >= len(fenceName) && strings.EqualFold(name[:len(fenceName)], fenceName)
	case joins(r):
		// Emoji and several scripts need a joiner or an emoji's style after a visible sign.
		// More than one in a row, or one after a Latin letter, only hides.
		next, _ := utf8.DecodeRuneInString(rest)
		visible := before > unicode.MaxASCII && !joins(before)
		if r == zeroWidthJoiner || r == zeroWidthNonJoiner {
			return (!visible && before != emojiStyle) || next == utf8.RuneError || next <= unicode.MaxASCII || joins(next)
		}
		key := strings.ContainsRune("0123456789#*", before) && next == keycap
		return !visible && !key
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Cs, unicode.Co, unicode.Variation_Selector) || blank(r) || unassigned(r)
}

const (
	zeroWidthNonJoiner = '\u200c'
	zeroWidthJoiner    = '\u200d'
	textStyle          = '\ufe0e'
	emojiStyle         = '\ufe0f'
	keycap             = '\u20e3'
)

func joins(r rune) bool {
	return r == zeroWidthJoiner || r == zeroWidthNonJoiner || r == textStyle || r == emojiStyle
}

// blank are letters and signs that show nothing.
func blank(r rune) bool {
	switch r {
	case '\u034f', '\u115f', '\u1160', '\u17b4', '\u17b5', '\u2800', '\u3164', '\uffa0':
		return true
	default:
		return false
	}
}

// unassigned are the code points beyond the planes that people write in: tag characters, the
// supplementary selectors and what comes after them.
func unassigned(r rune) bool {
	return r >= 0xe0000 || (r >= 0xfdd0 && r <= 0xfdef) || r&0xfffe == 0xfffe
}

// clip cuts a text after n characters and says how many are missing.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for i := range s {
		if n == 0 {
			return fmt.Sprintf("%s … [%d more characters]", s[:i], utf8.RuneCountInString(s[i:]))
		}
		n--
	}
	return s
}
