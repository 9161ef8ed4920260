package lookalike

import (
	_ "embed"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

//go:embed confusables.txt
var confusables string

// prototypes are what stands for a character in comparisons. They are read once.
var prototypes = sync.OnceValue(func() map[rune]string {
	table := map[rune]string{}
	for line := range strings.Lines(confusables) {
		prototype, alike, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if !ok || strings.HasPrefix(line, "# ") {
			continue
		}
		for _, r := range alike {
			table[r] = prototype
		}
	}
	return table
})

// fancies are letters of other kinds that people write Latin with, and which Unicode does not
// list, because a careful eye can tell them apart.
var fancies = sync.OnceValue(func() map[rune]rune {
	table := map[rune]rune{}
	for _, pair := range []struct {
		latin rune
		fancy string
	}{
		{'a', "ᴀɅⲀⲁᗩᎪλΛꭺ∆ДᏗ"},
		{'b', "ʙßᏴᗷъ"},
		{'c', "ᴄᏟᑕ"},
		{'d', "ᴅᎠᗪᗞδд"},
		{'e', "ᴇɛεєꞓᎬᗴΣξ"},
		{'f', "ꜰᖴ"},
		{'g', "ɢᏀᘜ"},
		{'h', "ʜᎻᕼ"},
		{'i', "ɪᎥ"},
		{'j', "ᴊᎫᒍ"},
		{'k', "ᴋᏦĸκК"},
		{'l', "ʟᏞᒪ"},
		{'m', "ᴍʍᎷᗰ"},
		{'n', "ɴηпπᏁᑎᴎոиИ"},
		{'o', "ᴏσ"},
		{'p', "ᴘᏢᑭ"},
		{'q', "ꞯ"},
		{'r', "ʀΓᏒᖇяЯᴦг"},
		{'s', "ꜱᏕᔕ"},
		{'t', "ᴛᎢτтᏖ"},
		{'u', "ᴜᑌυ"},
		{'v', "ᴠᐯ"},
		{'w', "ᴡѠᗯωшщ"},
		{'x', "᙭×χ"},
		{'y', "ʏᎩγ"},
		{'z', "ᴢᏃ"},
	} {
		for _, r := range pair.fancy {
			table[r] = pair.latin
		}
	}
	for i := range rune(26) {
		table['🅐'+i], table['🅰'+i] = 'a'+i, 'a'+i
	}
	return table
})

// digits are those that stand for letters, and signs that do within a word.
var digits = map[rune]rune{
	'0': 'o', '1': 'l', '3': 'e', '4': 'a', '5': 's', '7': 't', '8': 'b', '9': 'g', '!': 'l', '|': 'l', '$': 's', '€': 'e',
}

// plain says whether r can be seen and is of ASCII, which needs no table.
func plain(r rune) bool { return r >= ' ' && r < unicode.MaxASCII }

// ignored says whether r shows nothing itself.
func ignored(r rune) bool {
	if plain(r) {
		return false
	}
	return unicode.In(r, unicode.Cf, unicode.Cc, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// stray says whether r is a mark that can be put on any letter, and that its language does
// not need to tell names apart.
func stray(r rune) bool {
	if plain(r) {
		return false
	}
	switch r {
	case '\u3099', '\u309a': // か and が are two letters
		return false
	}
	switch {
	case !unicode.Is(unicode.M, r):
		return false
	case unicode.Is(unicode.Inherited, r), unicode.Is(unicode.Me, r):
		return true
	}
	// Points that Arabic and Hebrew are mostly written without.
	return (r >= 0x0591 && r <= 0x05c7) || (r >= 0x0610 && r <= 0x061a) || (r >= 0x064b && r <= 0x065f)
}

// seen replaces the characters of a name by those that stand for them.
func seen(b *strings.Builder, r rune) {
	if prototype, ok := prototypes()[r]; ok {
		b.WriteString(prototype)
		return
	}
	b.WriteRune(r)
}

// fold takes the case away.
func fold(r rune) rune { return unicode.ToLower(unicode.ToUpper(r)) }

// misread are the two letters that normalization turns into what they do not look like, and
// signs that it would turn into letters.
var misread = strings.NewReplacer("Ϲ", "C", "ϲ", "c", "™", "®", "℠", "®")

func decomposed(name string) []rune { return []rune(norm.NFKD.String(misread.Replace(name))) }

// Letter gives the small Latin letter that a letter looks like, or the letter itself.
func Letter(r rune) rune {
	for _, form := range []rune{r, unicode.ToUpper(r)} {
		if looks := prototypes()[form]; len(looks) == 1 && unicode.IsLetter(rune(looks[0])) {
			return unicode.ToLower(rune(looks[0]))
		}
		if latin, ok := fancies()[form]; ok {
			return latin
		}
	}
	return r
}
