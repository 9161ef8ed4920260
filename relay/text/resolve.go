package text

import (
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/disgoorg/snowflake/v2"
)

// maxHandles is how many different people a text may name with "@".
const maxHandles = 10

// maxName is the longest name that is looked for, in characters: that of a channel or thread.
const maxName = 100

// Named is somebody or something with a name. One id may come with several names: username,
// display name, nickname.
type Named struct {
	ID   snowflake.ID
	Name string
}

// Finder knows whom and what a text may name.
type Finder struct {
	// People gives those with a name that begins with prefix, one of [Handles]. It is asked
	// once for each. Nil means nobody.
	People func(prefix string) []Named
	// Channels gives every channel and thread that may be named. It is asked at most once. Nil
	// means none.
	Channels func() []Named
	// Spares says of whom no name becomes a mention. Whoever has the same name is not taken for
	// them. Nil means nobody.
	Spares func(person snowflake.ID) bool
}

// Resolved is a text whose names have become mentions.
type Resolved struct {
	Text string
	// People are those whom the text mentions, each once, in order: by name or as <@id>, but
	// not in code, where Discord mentions nobody.
	People []snowflake.ID
	// Ambiguous are the names that more than one person or channel has, as they were written,
	// with "@" or "#". They stay as they are.
	Ambiguous []string
}

// Handles gives the first words of the names that may stand after "@" in a text, each once
// whatever its case and at most 10, so that somebody can look for people by them before
// [Resolve]. "everyone" and "here" are none.
func Handles(s string) []string {
	var found []string
	seen := map[string]bool{}
	for _, at := range slices.Sorted(maps.Keys(places(s, read(s), '@'))) {
		word := handle(s[at+1:])
		if key := folded(word); word != "" && !seen[key] && len(found) < maxHandles {
			seen[key] = true
			found = append(found, word)
		}
	}
	return found
}

// Resolve makes mentions of "@Name" and "#channel" where they are unambiguous: upper and lower
// case are one, names may hold spaces, and the longest name wins. Nothing changes in code, in
// addresses, in mentions and after a backslash. The text may become longer: split it
// afterwards.
func Resolve(s string, find Finder) Resolved {
	r := resolver{s: s, find: find, handles: Handles(s), people: map[string]names{}}
	found := read(s)
	ends := places(s, found, '@', '#')
	for _, it := range found.spans {
		if it.kind == atom {
			ends[it.from] = it.to
		}
	}
	var out strings.Builder
	done := 0
	for _, at := range slices.Sorted(maps.Keys(ends)) {
		if at < done {
			continue
		}
		if end := ends[at]; end > at {
			r.mention(s[at:end])
			continue
		}
		if mark, end := r.named(at); mark != "" {
			out.WriteString(s[done:at] + mark)
			done = end
		}
	}
	r.Text = out.String() + s[done:]
	return r.Resolved
}

// places finds the signs in a text that a name may follow, by where they are.
func places(s string, found marks, signs ...byte) map[int]int {
	closed := make([]bool, len(s))
	for _, it := range found.spans {
		if it.kind == fence || it.kind == code || it.kind == atom {
			for i := it.from; i < it.to; i++ {
				closed[i] = true
			}
		}
	}
	at := map[int]int{}
	for i := range len(s) {
		if slices.Contains(signs, s[i]) && !closed[i] && !found.escaped[i] && begins(s[:i]) {
			at[i] = 0
		}
	}
	return at
}

// begins says whether a name's sign may follow this text: not inside a word, an e-mail address
// or the like.
func begins(before string) bool {
	const most = 8 // marks of emphasis
	before = strings.TrimRight(before[max(0, len(before)-most):], "*_~|")
	last, size := utf8.DecodeLastRuneInString(before)
	if size == 0 || isSpace(last) {
		return true
	}
	if ideographs(last) {
		return true
	}
	return !isWord(last) && !strings.ContainsRune(`/\.@#<&=+%-:`+"`", last)
}

// handle gives the first word of a name that a text begins with, or "".
func handle(s string) string {
	end, script := 0, ""
	for i, r := range s {
		if i > 0 && unbroken(r) != script && isWord(r) && !extends(r) {
			break // a name may end where another script begins
		}
		script = unbroken(r)
		if !isWord(r) && (r != '.' || i == 0 || !startsWord(s[i+1:])) {
			break
		}
		if end = i + utf8.RuneLen(r); r == utf8.RuneError {
			return ""
		}
		if utf8.RuneCountInString(s[:end]) == 32 { // Discord: the longest name of a person
			break
		}
	}
	if end == 0 { // a name may begin with an emoji
		short := s[:min(len(s), 64)]
		if i := strings.IndexFunc(short, isSpace); i >= 0 {
			short = short[:i]
		}
		return strings.TrimRight(strings.ToValidUTF8(short, ""), `.,:;!?'"()[]{}<>*_~|`+"`@#\\")
	}
	word := s[:end]
	if strings.EqualFold(word, "everyone") || strings.EqualFold(word, "here") {
		return ""
	}
	return word
}

func startsWord(s string) bool {
	r, size := utf8.DecodeRuneInString(s)
	return size > 0 && isWord(r)
}

// folded makes equal what differs only in upper and lower case.
func folded(s string) string {
	return strings.Map(fold, s)
}

func fold(r rune) rune {
	least := r
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		least = min(least, next)
	}
	return least
}

// names are ids by their folded names.
type names map[string][]snowflake.ID

func index(all []Named) names {
	found := names{}
	for _, n := range all {
		key := folded(strings.TrimSpace(n.Name))
		if key != "" && !slices.Contains(found[key], n.ID) {
			found[key] = append(found[key], n.ID)
		}
	}
	return found
}

type resolver struct {
	s        string
	find     Finder
	handles  []string
	people   map[string]names
	channels names
	Resolved
}

// mention notes a person whom the text mentions by id.
func (r *resolver) mention(mark string) {
	id, ok := strings.CutPrefix(strings.TrimSuffix(mark, ">"), "<@")
	if !ok {
		return
	}
	if parsed, err := snowflake.Parse(strings.TrimPrefix(id, "!")); err == nil {
		r.add(parsed)
	}
}

func (r *resolver) add(id snowflake.ID) {
	if !slices.Contains(r.People, id) {
		r.People = append(r.People, id)
	}
}

// named gives the mention that stands for the name after the sign at a place, and where the
// name ends; "" if there is none.
func (r *resolver) named(at int) (mark string, end int) {
	known := r.candidates(at)
	ids, end := longest(r.s, at+1, known)
	switch {
	case len(ids) == 0:
		return "", 0
	case len(ids) > 1:
		if written := r.s[at:end]; !slices.Contains(r.Ambiguous, written) {
			r.Ambiguous = append(r.Ambiguous, written)
		}
		return "", 0
	case r.s[at] == '#':
		return "<#" + ids[0].String() + ">", end
	case r.find.Spares != nil && r.find.Spares(ids[0]):
		return "", 0
	default:
		r.add(ids[0])
		return "<@" + ids[0].String() + ">", end
	}
}

func (r *resolver) candidates(at int) names {
	if r.s[at] == '#' {
		if r.channels == nil && r.find.Channels != nil {
			r.channels = index(r.find.Channels())
		}
		return r.channels
	}
	word := handle(r.s[at+1:])
	key := folded(word)
	for _, known := range r.handles {
		if word == "" || r.find.People == nil || folded(known) != key {
			continue
		}
		if _, asked := r.people[key]; !asked {
			r.people[key] = index(r.find.People(known))
		}
		return r.people[key]
	}
	return nil
}

// longest gives who has the longest name that stands in s at a place, and where it ends.
func longest(s string, at int, known names) (ids []snowflake.ID, end int) {
	if len(known) == 0 {
		return nil, 0
	}
	n := 0
	var written []byte
	for i, r := range s[at:] {
		if n++; n > maxName || r == '\n' {
			break
		}
		next := at + i + utf8.RuneLen(r)
		if r == utf8.RuneError {
			break
		}
		written = utf8.AppendRune(written, fold(r))
		if ends(r, s[next:]) {
			if found := known[string(written)]; len(found) > 0 {
				ids, end = found, next
			}
		}
	}
	return ids, end
}

// ends says whether a name whose last character is given may end before a text.
func ends(last rune, after string) bool {
	next, size := utf8.DecodeRuneInString(after)
	switch {
	case size == 0:
		return true
	case extends(next):
		return false
	case !isWord(last):
		return true
	case isWord(next):
		return unbroken(last) != unbroken(next) && next != '_'
	case next == '@':
		return false
	default:
		return !strings.ContainsRune("-.", next) || !startsWord(after[size:])
	}
}

// unbroken gives the script of a letter if words of that script stand without spaces, so that
// another script ends them; "" for all other scripts.
func unbroken(r rune) string {
	for _, script := range []string{"Han", "Hiragana", "Katakana", "Hangul", "Thai", "Lao", "Khmer", "Myanmar"} {
		if r > 0x2FF && unicode.Is(unicode.Scripts[script], r) {
			return script
		}
	}
	return ""
}
