// Package text makes of what an entity says what Discord takes: parts of one message's length,
// mentions, excerpts, checked embeds. Its one rule: it is pure. It asks nobody, decides nothing
// and keeps nothing; every function needs time about linear in its input.
package text

import (
	"unicode"
	"unicode/utf8"
)

// MaxMessage is the most that one message's content holds, in characters as [Length] counts
// them. Discord: execute webhook, edit webhook message.
const MaxMessage = 2000

// Length counts a text as Discord does: in Unicode code points, not in bytes or UTF-16 units.
// Discord's staff say so (discord-api-docs #1315: "the number of codepoints in the string"),
// and its OpenAPI's maxLength means the same (JSON Schema). A byte that is no UTF-8 counts as
// one, as the U+FFFD that it becomes.
func Length(s string) int { return utf8.RuneCountInString(s) }

// isSpace says whether Discord trims a character at a message's ends; Python's str.strip does.
func isSpace(r rune) bool {
	return unicode.IsSpace(r) || (r >= 0x1C && r <= 0x1F)
}

// trimRight gives where s[from:to] ends without the white space at its end.
func trimRight(s string, from, to int) int {
	for to > from {
		r, size := utf8.DecodeLastRuneInString(s[from:to])
		if !isSpace(r) {
			break
		}
		to -= size
	}
	return to
}

// trimLeft gives where s[from:to] begins without the white space at its beginning.
func trimLeft(s string, from, to int) int {
	for from < to {
		r, size := utf8.DecodeRuneInString(s[from:to])
		if !isSpace(r) {
			break
		}
		from += size
	}
	return from
}

// isWord says whether a character belongs to a word in any script.
func isWord(r rune) bool {
	return r == '_' || unicode.In(r, unicode.L, unicode.N, unicode.M)
}
