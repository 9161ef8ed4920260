package entities

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/disgoorg/snowflake/v2"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// summons are the names, words and roles by which the entities on one server are called. It is
// made anew when any of them changes, and never changed, so that what a message costs does not
// grow with the number of entities.
type summons struct {
	nodes []summon // a tree of characters; the first is its root
	roles map[snowflake.ID][]ID
}

// summon is a beginning of a name.
type summon struct {
	next map[rune]int32
	// calls are the entities whose name ends here.
	calls []ID
}

func newSummons(guild snowflake.ID, here []*entry) *summons {
	s := &summons{nodes: []summon{{}}, roles: map[snowflake.ID][]ID{}}
	for _, e := range here {
		in := e.stays[guild]
		s.add(e.nameIn(guild), e.ID)
		for _, word := range in.words {
			s.add(word, e.ID)
		}
		if in.RoleID != 0 {
			s.roles[in.RoleID] = append(s.roles[in.RoleID], e.ID)
		}
	}
	return s
}

func (s *summons) add(name string, id ID) {
	at := int32(0)
	for _, r := range spelled(name) {
		next, ok := s.nodes[at].next[r]
		if !ok {
			next = int32(len(s.nodes)) //nolint:gosec // entities times characters of a name are far fewer
			s.nodes = append(s.nodes, summon{})
			if s.nodes[at].next == nil {
				s.nodes[at].next = map[rune]int32{}
			}
			s.nodes[at].next[r] = next
		}
		at = next
	}
	if at != 0 && !slices.Contains(s.nodes[at].calls, id) {
		s.nodes[at].calls = append(s.nodes[at].calls, id)
	}
}

// find gives the entities whose names stand in a text, as words of their own. Where several names
// begin the longest counts: who writes to "Ada Lovelace" does not mean "Ada".
func (s *summons) find(text string) []ID {
	if len(s.nodes) == 1 {
		return nil
	}
	var called []ID
	letters := spelled(unquoted(text))
	for i := 0; i < len(letters); i++ {
		if !parted(letters, i) {
			continue
		}
		calls, end := s.longest(letters, i)
		for _, id := range calls {
			if !slices.Contains(called, id) {
				called = append(called, id)
			}
		}
		i = max(i, end-1)
	}
	return called
}

// longest is the longest name that begins at a character, and where it ends.
func (s *summons) longest(letters []rune, from int) (calls []ID, end int) {
	at := int32(0)
	for i := from; i < len(letters); i++ {
		next, ok := s.nodes[at].next[letters[i]]
		if !ok {
			break
		}
		at = next
		if found := s.nodes[at].calls; len(found) > 0 && parted(letters, i+1) {
			calls, end = found, i+1
		}
	}
	return calls, end
}

// parted says whether a word may begin or end before a character.
//
// Some scripts are written without spaces, or glue endings to names: what stands beside a name
// there is as a rule another word, and only a dictionary could tell. So every letter of theirs may
// be the end of one: rather an entity is called by chance than that nobody can call it at all.
func parted(letters []rune, i int) bool {
	if i == 0 || i == len(letters) {
		return true
	}
	before, after := letters[i-1], letters[i]
	switch {
	case !wordly(before) || !wordly(after):
		return true
	case unicode.Is(unicode.M, after), after == 'ー': // they belong to the letter before
		return false
	default:
		return unspaced(before) || unspaced(after)
	}
}

func wordly(r rune) bool {
	if r < utf8.RuneSelf {
		return r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z'
	}
	return unicode.In(r, unicode.L, unicode.M, unicode.N)
}

// spelled writes a text so that the same words are the same characters, however they are typed:
// without case, wide and composed forms, and anything invisible. Between words is one space.
func spelled(text string) []rune {
	plain := true
	for i := 0; i < len(text) && plain; i++ {
		plain = text[i] < utf8.RuneSelf
	}
	if !plain {
		text = strings.Map(reveal, strings.ToValidUTF8(text, "\uFFFD"))
		text = norm.NFKC.String(cases.Fold().String(norm.NFKC.String(text)))
	}
	letters := make([]rune, 0, len(text))
	for _, r := range text {
		if unicode.IsSpace(r) {
			if r = ' '; len(letters) > 0 && letters[len(letters)-1] == ' ' {
				continue
			}
		} else if r >= 'A' && r <= 'Z' {
			r += 'a' - 'A'
		}
		letters = append(letters, r)
	}
	return letters
}

// silent is what calls nobody although a name may stand in it: code, links, and what Discord
// shows as something else: emoji, mentions, commands, times (Discord: reference, "Message
// Formatting").
var silent = regexp.MustCompile("(?s)```.*?```|``.*?``|`[^`]+`|" +
	`<a?:\w+:\d+>|<(?:@[!&]?|#)\d+>|</[^<>:]+:\d+>|<t:-?\d+(?::\w)?>|<id:\w+>|[a-zA-Z][a-zA-Z0-9+.-]*://[^\s<>]+`)

func unquoted(text string) string {
	if !strings.ContainsAny(text, "`<") && !strings.Contains(text, "://") {
		return text
	}
	return silent.ReplaceAllString(text, " ")
}

// summonsOf gives the names on a server. Made once, they hold until the roster changes there.
func (s *roster) summonsOf(guild snowflake.ID) *summons {
	s.mu.RLock()
	known, changes := s.summons[guild], s.changes
	s.mu.RUnlock()
	if known != nil {
		return known
	}
	made := newSummons(guild, s.in(guild))
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.changes == changes { // else they may be of a moment that was never
		s.summons[guild] = made
	}
	return made
}
