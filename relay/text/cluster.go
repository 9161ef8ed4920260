package text

import "unicode"

const zeroWidthJoiner = '\u200D'

// joins says whether two characters belong to what a reader takes for one: an accent with its
// letter, an emoji with its skin colour, a family, a flag. It follows Unicode's rules for
// grapheme clusters (UAX 29) and rather joins too much than too little. flags is the number of
// regional indicators right before and including left.
func joins(left, right rune, flags int) bool {
	switch {
	case left == '\r' && right == '\n':
		return true
	case left <= 0x7F && right <= 0x7F:
		return false
	case isSpace(left):
		return false
	case extends(right), left == zeroWidthJoiner:
		return true
	case isFlag(left) && isFlag(right):
		return flags%2 == 1
	case unicode.Is(unicode.Prepended_Concatenation_Mark, left):
		return true
	default:
		return joinsHangul(left, right)
	}
}

// extends says whether a character adds to the one before it.
func extends(r rune) bool {
	switch {
	case r == zeroWidthJoiner, r == '\u200C':
		return true
	case r >= 0x1F3FB && r <= 0x1F3FF: // skin colours
		return true
	case r >= 0xE0020 && r <= 0xE007F: // tags of regional flags
		return true
	default:
		return unicode.Is(unicode.M, r) || unicode.Is(unicode.Variation_Selector, r)
	}
}

func isFlag(r rune) bool { return r >= 0x1F1E6 && r <= 0x1F1FF }

// joinsHangul says whether two letters belong to one Korean syllable.
func joinsHangul(left, right rune) bool {
	leading := func(r rune) bool { return r >= 0x1100 && r <= 0x115F }
	vowel := func(r rune) bool { return r >= 0x1160 && r <= 0x11A7 }
	trailing := func(r rune) bool { return r >= 0x11A8 && r <= 0x11FF }
	whole := func(r rune) bool { return r >= 0xAC00 && r <= 0xD7A3 }
	switch {
	case leading(left):
		return leading(right) || vowel(right) || whole(right)
	case vowel(left):
		return vowel(right) || trailing(right)
	case whole(left):
		return trailing(right) || (vowel(right) && (left-0xAC00)%28 == 0)
	default:
		return trailing(left) && trailing(right)
	}
}
