package entities

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Lengths of what people write about an entity, in characters.
const (
	MinName    = 2
	MaxName    = 80 // Discord: a webhook's name
	MaxPersona = 4000
	// MaxDescription keeps what people read about an entity short.
	MaxDescription = 300
	MaxWords       = 10 // mention words of a presence
	MaxWord        = 40
	MaxHouseRules  = 1000
)

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
	return cleanText("persona", persona, MaxPersona)
}

// cleanNickname is cleanName for a name that may be left out.
func cleanNickname(name string) (string, error) {
	if strings.TrimSpace(name) == "" {
		return "", nil
	}
	return cleanName(name)
}

func cleanDescription(text string) (string, error) {
	return cleanText("description", text, MaxDescription)
}

func cleanHouseRules(text string) (string, error) {
	return cleanText("house rules' text", text, MaxHouseRules)
}

func cleanText(what, text string, most int) (string, error) {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1 // nobody types them, and PostgreSQL does not store all of them
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
	text = strings.TrimSpace(text)
	if n := utf8.RuneCountInString(text); n > most {
		return "", Refuse(Invalid, "The %s has at most %d characters; this one has %d.", what, most, n)
	}
	return text, nil
}

// cleanWords trims mention words and drops those that are there twice.
func cleanWords(words []string) ([]string, error) {
	var clean []string
	for _, word := range words {
		word = strings.Join(strings.Fields(word), " ")
		if word == "" || slices.ContainsFunc(clean, func(known string) bool { return sameName(known, word) }) {
			continue
		}
		if n := utf8.RuneCountInString(word); n < MinName || n > MaxWord {
			return nil, Refuse(Invalid, "A mention word has %d to %d characters; one of these has %d. Put commas between the words.", MinName, MaxWord, n)
		}
		if !utf8.ValidString(word) || hidden([]rune(word)) {
			return nil, Refuse(Invalid, "A mention word cannot have invisible or control characters. Type it anew, without copying.")
		}
		clean = append(clean, word)
	}
	if len(clean) > MaxWords {
		return nil, Refuse(Invalid, "At most %d mention words are kept; these are %d.", MaxWords, len(clean))
	}
	return clean, nil
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
