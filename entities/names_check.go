package entities

import (
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"troupe/entities/lookalike"
)

// cleanName trims a name and says what Discord would refuse about it
// (resources/user, "Usernames and Nicknames"; resources/webhook), and what nobody may call
// themselves anywhere.
func cleanName(name string) (string, error) {
	name = strings.Join(strings.Fields(name), " ")
	if n := utf8.RuneCountInString(name); n < MinName || n > MaxName {
		return "", Refuse(Invalid, "A name has %d to %d characters; this one has %d.", MinName, MaxName, n)
	}
	if !utf8.ValidString(name) || hidden([]rune(name)) {
		return "", Refuse(Invalid, "A name cannot have invisible or control characters. Type it anew, without copying.")
	}
	if !strings.ContainsFunc(name, visible) {
		return "", Refuse(Invalid, "There is nothing to see in this name. Choose one with a letter, a digit or a sign.")
	}
	for _, mark := range []string{"@", "#", ":", "```"} {
		if strings.Contains(name, mark) {
			return "", Refuse(Invalid, "Discord does not take %q in a name. Choose one without it.", mark)
		}
	}
	folded := strings.ToLower(name)
	for _, word := range brands {
		if strings.Contains(folded, word) {
			return "", Refuse(Invalid, "Discord does not take %q in a name. Choose one without it.", word)
		}
	}
	if _, err := letters.DecodeString(folded); err == nil && len(name) == letters.EncodedLen(entityIDSize) {
		return "", Refuse(Invalid, "This name looks like the id of an entity. Choose another one.")
	}
	switch folded {
	case "everyone", "here", "system message":
		return "", Refuse(Invalid, "Discord keeps the name %q for itself. Choose another one.", name)
	}
	return name, pretends(name)
}

// brands are what no webhook's name may contain. Discord: resources/webhook, "Create Webhook".
var brands = []string{"discord", "clyde"}

// authority are words by which people know who has a say on a server.
var authority = []string{
	"system", "staff", "admin", "admins", "administrator", "administrators", "mod", "mods", "moderator", "moderators",
	"owner", "owners", "official", "support",
	"администратор", "админ", "модератор", "administrador", "moderador", "administrateur", "modérateur", "管理员", "管理者",
}

// fillers make no name of an authority: "The Mod Team".
var fillers = []string{"the", "server", "team", "head", "chief", "senior", "community", "guild", "message", "messages"}

// pretence is what names are held against everywhere.
type pretence struct {
	brands, calls, authority, fillers []lookalike.Shape
}

var pretences = sync.OnceValue(func() pretence {
	return pretence{
		brands: shapes(brands), calls: shapes([]string{"everyone", "here"}),
		authority: shapes(authority), fillers: shapes(fillers),
	}
})

func shapes(names []string) []lookalike.Shape {
	out := make([]lookalike.Shape, 0, len(names))
	for _, name := range names {
		out = append(out, lookalike.ShapeOf(name))
	}
	return out
}

// pretends refuses a name that claims to be Discord's, everybody's or an authority's, in
// whatever disguise.
func pretends(name string) error {
	shape, known := lookalike.ShapeOf(name), pretences()
	for i, brand := range known.brands {
		if shape.Hides(brand) || shape.Like(brand) {
			return Refuse(Invalid, "This name reads like %q, which Discord keeps for itself. Choose one without it.", brands[i])
		}
	}
	if slices.ContainsFunc(known.calls, shape.Like) {
		return Refuse(Invalid, "This name reads like a call to everyone. Choose another one.")
	}
	if slices.ContainsFunc(known.authority, shape.Like) || claims(shape, known) {
		return Refuse(Invalid, "This name makes people think that the server's staff or Discord speaks. Choose one that nobody can take for theirs; “Ada the helper” is fine.")
	}
	return nil
}

// claims says whether all of a name's words are an authority's, or say nothing beside one.
func claims(shape lookalike.Shape, known pretence) bool {
	found := false
	for _, word := range shape.Words {
		one := lookalike.ShapeOf(word)
		switch {
		case slices.ContainsFunc(known.authority, one.Like):
			found = true
		case !slices.ContainsFunc(known.fillers, one.Like):
			return false
		}
	}
	return found
}

// joiners glue letters of several scripts and emoji; elsewhere they are invisible.
func joiner(r rune) bool { return r == '\u200c' || r == '\u200d' }

func invisible(r rune) bool {
	switch r {
	case '\u2028', '\u2029', unicode.ReplacementChar, '\u2800', '\U0001d159', '\U00016fe4':
		return true
	}
	if joiner(r) || unicode.Is(unicode.Variation_Selector, r) {
		return false // by what stands before and after it
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Other_Default_Ignorable_Code_Point) || (r >= 0xe0000 && r <= 0xe0fff)
}

// visible says whether something is seen of r when it stands alone.
func visible(r rune) bool {
	return !invisible(r) && unicode.In(r, unicode.L, unicode.N, unicode.P, unicode.S)
}

// hidden says whether a name has characters that nobody sees. Joiners and variation selectors
// have to stand where they change what is seen.
func hidden(name []rune) bool {
	at := func(i int) rune {
		if i < 0 || i >= len(name) {
			return 0
		}
		return name[i]
	}
	joins := func(r rune) bool { return r > unicode.MaxLatin1 && !joiner(r) && !unicode.Is(unicode.Z, r) }
	for i, r := range name {
		switch {
		case invisible(r):
			return true
		case joiner(r) && (!joins(at(i-1)) || !joins(at(i+1))):
			return true
		case unicode.Is(unicode.Variation_Selector, r) && !varies(at(i-1)):
			return true
		}
	}
	return false
}

// varies says whether r may be drawn in several ways: emoji and signs, digits in their boxes,
// and letters of scripts with variants.
func varies(r rune) bool {
	return unicode.In(r, unicode.S, unicode.Nd, unicode.Po, unicode.Pd, unicode.Han, unicode.Mongolian, unicode.Phags_Pa, unicode.Myanmar)
}
