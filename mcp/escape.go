package mcp

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"troupe/entities/lookalike"
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
	flag := 0       // where the flag ends that is being written
	for i, r := range s {
		if r >= ' ' && r < '\x7f' && r != '\\' && r != '<' {
			b.WriteByte(byte(r))
			before = r
			continue
		}
		rest := s[i+utf8.RuneLen(r):]
		if r == blackFlag {
			flag = i + utf8.RuneLen(r) + regional(rest)
		}
		if r == '\n' || i < flag || !hides(before, r, rest) {
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
func quoted(name string) string { return quotedBut(name, "") }

// quotedBut is quoted for names in which some more signs are usual.
func quotedBut(name, usual string) string {
	name = oneLine(name)
	odd := func(r rune) bool {
		if r < utf8.RuneSelf {
			return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && !strings.ContainsRune(" -_.", r) && !strings.ContainsRune(usual, r)
		}
		return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) && !unicode.Is(unicode.So, r) && !joins(r) && !skin(r)
	}
	if name != "" && strings.TrimSpace(name) == name && !strings.ContainsFunc(name, odd) {
		return name
	}
	return `"` + strings.ReplaceAll(name, `"`, `\u{22}`) + `"`
}

// skin says whether r colors the emoji before it.
func skin(r rune) bool { return r >= '\U0001f3fb' && r <= '\U0001f3ff' }

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
	case angles(r):
		return likeFence(rest)
	case unicode.IsMark(r) && (before == 0 || before == '\n') && !unicode.Is(unicode.Variation_Selector, r):
		return true // it would change what stands before the text
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
	if unicode.Is(unicode.Prepended_Concatenation_Mark, r) || (freeSelector(r) && unicode.Is(unicode.Mongolian, before)) {
		return false // Arabic and Mongolian show these
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Cs, unicode.Co, unicode.Variation_Selector) || blank(r) || unassigned(r)
}

// angles says whether a sign could open a fence in the eyes of a reader.
func angles(r rune) bool {
	switch r {
	case '<', '\uff1c', '\ufe64', '\u2039', '\u00ab', '\u3008', '\u2329', '\u300a', '\u27e8', '\u27ea', '\u226a', '\u227a', '\u29fc', '\u276e', '\u276c', '\u2770', '\u1438', '\u02c2', '\u22d6', '\U0001d236':
		return true
	default:
		return false
	}
}

// likeFence says whether what follows an opening sign reads like the fence's name.
func likeFence(rest string) bool {
	want := lookalike.Sight(strings.ReplaceAll(fenceName, "-", ""))
	for i, r := range rest {
		if i > mostFence || want == "" {
			break
		}
		if !unicode.IsLetter(r) && !unicode.IsSymbol(r) && !unicode.IsNumber(r) {
			continue // a dash, a slash, a blank or what hides
		}
		sign := lookalike.Sight(string(r))
		if sign == "" {
			continue
		}
		if !strings.HasPrefix(want, sign) {
			return false
		}
		want = want[len(sign):]
	}
	return want == ""
}

// mostFence is how many bytes after an opening sign are looked at.
const mostFence = 400

// blackFlag with tag characters after it is the flag of a part of a country. Those that are
// drawn are three; any others would only hide text.
const blackFlag = '\U0001f3f4'

// regional gives how many bytes of tags belong to a black flag before them.
func regional(rest string) int {
	for _, flag := range [...]string{"gbeng", "gbsct", "gbwls"} {
		if tags := tagged(flag); strings.HasPrefix(rest, tags) {
			return len(tags)
		}
	}
	return 0
}

func tagged(name string) string {
	var b strings.Builder
	for _, r := range name {
		b.WriteRune(0xe0000 + r)
	}
	b.WriteRune(0xe007f)
	return b.String()
}

// freeSelector chooses a Mongolian letter's form.
func freeSelector(r rune) bool { return (r >= '\u180b' && r <= '\u180d') || r == '\u180f' }

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
	kept, left := clipped(s, n)
	if left == 0 {
		return s
	}
	return fmt.Sprintf("%s … [%d more characters]", kept, left)
}

// clipped gives the first n characters of a text, all for 0, and how many are left. An emoji
// or a letter with its marks is not cut in two.
func clipped(s string, n int) (kept string, left int) {
	if n <= 0 || len(s) <= n {
		return s, 0
	}
	for i, r := range s {
		if n > 0 {
			n--
			continue
		}
		if joins(r) || unicode.IsMark(r) || strings.HasSuffix(s[:i], string(zeroWidthJoiner)) {
			if n--; n > -mostJoined {
				continue
			}
		}
		return s[:i], utf8.RuneCountInString(s[i:])
	}
	return s, 0
}

// mostJoined bounds how much longer a text gets because of what belongs to its last character.
const mostJoined = 16
