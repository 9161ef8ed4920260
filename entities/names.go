package entities

import (
	"cmp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Lengths of what people write about an entity, in characters.
const (
	MinName    = 2
	MaxName    = 80 // Discord: a webhook's name
	MaxPersona = 4000
)

// cleanName trims a name and says what Discord would refuse about it
// (resources/user, "Usernames and Nicknames"; resources/webhook).
func cleanName(name string) (string, error) {
	name = strings.Join(strings.Fields(name), " ")
	if n := utf8.RuneCountInString(name); n < MinName || n > MaxName {
		return "", Refuse(Invalid, "A name has %d to %d characters; this one has %d.", MinName, MaxName, n)
	}
	if !utf8.ValidString(name) || strings.ContainsFunc(name, invisible) || !straightJoined(name) {
		return "", Refuse(Invalid, "A name cannot have invisible or control characters. Type it anew, without copying.")
	}
	for _, mark := range []string{"@", "#", ":", "```"} {
		if strings.Contains(name, mark) {
			return "", Refuse(Invalid, "Discord does not take %q in a name. Choose one without it.", mark)
		}
	}
	folded := strings.ToLower(name)
	for _, word := range []string{"discord", "clyde"} {
		if strings.Contains(folded, word) {
			return "", Refuse(Invalid, "Discord does not take %q in a name. Choose one without it.", word)
		}
	}
	switch folded {
	case "everyone", "here", "system message":
		return "", Refuse(Invalid, "Discord keeps the name %q for itself. Choose another one.", name)
	}
	return name, nil
}

// joiners glue letters of several scripts and emoji; elsewhere they are invisible.
func joiner(r rune) bool { return r == '\u200c' || r == '\u200d' }

func invisible(r rune) bool {
	switch r {
	case '\u2028', '\u2029', unicode.ReplacementChar, '\u3164', '\u115f', '\u1160', '\uffa0', '\u2800', '\u034f':
		return true
	}
	return unicode.IsControl(r) || (unicode.Is(unicode.Cf, r) && !joiner(r))
}

// straightJoined says whether every joiner stands between characters that it can join.
func straightJoined(name string) bool {
	runes := []rune(name)
	joins := func(i int) bool {
		return i >= 0 && i < len(runes) && runes[i] > unicode.MaxLatin1 && !joiner(runes[i])
	}
	for i, r := range runes {
		if joiner(r) && (!joins(i-1) || !joins(i+1)) {
			return false
		}
	}
	return true
}

// sameName says whether two names look the same but for case and joiners.
func sameName(a, b string) bool {
	without := func(s string) string {
		return strings.Map(func(r rune) rune {
			if joiner(r) {
				return -1
			}
			return r
		}, s)
	}
	return strings.EqualFold(without(a), without(b))
}

func cleanPersona(persona string) (string, error) {
	persona = strings.TrimSpace(strings.ToValidUTF8(persona, "\uFFFD"))
	if n := utf8.RuneCountInString(persona); n > MaxPersona {
		return "", Refuse(Invalid, "A persona has at most %d characters; this one has %d.", MaxPersona, n)
	}
	return persona, nil
}

const longestSlug = 24

// Slug is the entity's name in small letters, digits and hyphens, at most 24 of them, as
// programs want a server to be called; "entity" when nothing of the name remains.
func (e Entity) Slug() string {
	var b strings.Builder
	for _, r := range strings.ToLower(e.Name) {
		switch {
		case (r >= 'a' && r <= 'z') || (r >= '0' && r <= '9'):
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	slug := b.String()
	return cmp.Or(strings.Trim(slug[:min(len(slug), longestSlug)], "-"), "entity")
}
