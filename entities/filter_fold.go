package entities

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"troupe/entities/lookalike"
)

// fold writes a text so that what looks the same is the same: without case, accents, anything
// invisible, and the letters of other alphabets that look like Latin ones. What is between
// words is one space.
func fold(text string) string {
	text = strings.Map(reveal, strings.ToValidUTF8(text, "\uFFFD"))
	// A folded letter can have a decomposition again, such as that of İ.
	text = norm.NFKD.String(cases.Fold().String(norm.NFKD.String(text)))
	text = norm.NFC.String(strings.Map(bare, text))
	return strings.Join(strings.Fields(text), " ")
}

// clarify writes a text without what is invisible and with the plain letters for those that are
// only another way to write them. Case and accents stay, and no letter becomes several.
func clarify(text string) string {
	text = norm.NFC.String(strings.Map(reveal, strings.ToValidUTF8(text, "\uFFFD")))
	return strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf {
			return r
		}
		var buf [utf8.UTFMax]byte
		form := norm.NFKC.Bytes(buf[:utf8.EncodeRune(buf[:], r)])
		if plain, size := utf8.DecodeRune(form); size == len(form) {
			return plain
		}
		return r
	}, text)
}

// reveal drops what is invisible, and gives the letters that are drawn in boxes.
func reveal(r rune) rune {
	switch {
	case r < utf8.RuneSelf && r >= ' ' && r != 0x7f:
		return r
	case unicode.IsSpace(r):
		return r
	case r == '\u3164' || r == '\uffa0' || r == '\u2800': // Hangul fillers and empty Braille: they are as wide as a letter
		return ' '
	case r == '\u115f' || r == '\u1160' || r == '\u17b4' || r == '\u17b5' || r == '\u034f':
		return -1
	case unicode.IsControl(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Variation_Selector, r):
		return -1
	case r >= '🅐' && r <= '🅩':
		return r - '🅐' + 'a'
	case r >= '🅰' && r <= '🆉':
		return r - '🅰' + 'a'
	default:
		return r
	}
}

// bare drops accents, and gives the Latin letter for one that looks like it. Marks that make
// another letter, as in the scripts of India and in kana, stay.
func bare(r rune) rune {
	switch {
	case r < utf8.RuneSelf:
		return r
	case r == '\u3099' || r == '\u309a':
		return r
	case unicode.In(r, unicode.Mn, unicode.Me) && unicode.In(r, unicode.Inherited, unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Hebrew, unicode.Arabic, unicode.Syriac):
		return -1
	case r == '\u0640': // it only stretches Arabic words
		return -1
	}
	return plainLetter(r)
}

// plainLetter gives the small Latin letter for a small letter that looks like one.
//
//nolint:funlen // a table
func plainLetter(r rune) rune {
	switch r {
	case 'а', 'α', 'ɑ', 'ᴀ':
		return 'a'
	case 'в', 'β', 'ʙ', 'ь':
		return 'b'
	case 'с', 'ᴄ', 'ϲ':
		return 'c'
	case 'ԁ', 'ᴅ', 'đ', 'ɗ':
		return 'd'
	case 'е', 'ε', 'є', 'ᴇ':
		return 'e'
	case 'ғ', 'ƒ', 'ꜰ':
		return 'f'
	case 'ɡ', 'ɢ', 'ց':
		return 'g'
	case 'н', 'һ', 'ʜ', 'ħ', 'հ':
		return 'h'
	case 'і', 'ι', 'ı', 'ɪ', 'ɩ':
		return 'i'
	case 'ј', 'ᴊ', 'ȷ', 'ϳ':
		return 'j'
	case 'к', 'κ', 'ᴋ':
		return 'k'
	case 'ӏ', 'ʟ', 'ł':
		return 'l'
	case 'м', 'ᴍ':
		return 'm'
	case 'п', 'η', 'ɴ', 'ո':
		return 'n'
	case 'о', 'ο', 'ᴏ', 'ø', 'օ':
		return 'o'
	case 'р', 'ρ', 'ᴘ':
		return 'p'
	case 'ԛ', 'զ':
		return 'q'
	case 'г', 'ʀ':
		return 'r'
	case 'ѕ', 'ꜱ':
		return 's'
	case 'т', 'τ', 'ᴛ', 'ŧ':
		return 't'
	case 'υ', 'μ', 'ᴜ', 'ս':
		return 'u'
	case 'ѵ', 'ν', 'ᴠ':
		return 'v'
	case 'ԝ', 'ω', 'ᴡ':
		return 'w'
	case 'х', 'χ':
		return 'x'
	case 'у', 'ү', 'γ', 'ʏ':
		return 'y'
	case 'ᴢ', 'ƶ':
		return 'z'
	case '‘', '’', 'ʼ':
		return '\''
	case '“', '”':
		return '"'
	case '‐', '‑', '‒', '–', '—':
		return '-'
	default:
		return lookalike.Letter(r)
	}
}

// inWord says whether a character is part of a word that ends where such characters end.
func inWord(r rune) bool {
	return (unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r)) && !unspaced(r)
}

// unspaced says whether a character belongs to a script that puts no spaces between words, or
// that glues endings to them: there a word can stand within others.
func unspaced(r rune) bool {
	return r == 'ー' || unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Bopomofo,
		unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar, unicode.Tibetan)
}
