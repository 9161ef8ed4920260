package entities

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// blocklist is the terms of one level, ready to judge. It does not change.
type blocklist struct {
	written  []FilterTerm // as they were saved, in the order of their terms
	words    wordList
	patterns []blockedPattern
}

// newBlocklist makes one of saved terms; nil of none.
func newBlocklist(terms []FilterTerm) *blocklist {
	if len(terms) == 0 {
		return nil
	}
	terms = slices.Clone(terms)
	slices.SortFunc(terms, func(a, b FilterTerm) int { return strings.Compare(a.Term, b.Term) })
	l := &blocklist{written: terms, words: wordList{}}
	for _, t := range terms {
		switch t.Kind {
		case WordTerm:
			l.words.add(t.Term)
		case PatternTerm:
			expression, _, err := compile(t.Term)
			if err != nil {
				expression = nil
			}
			l.patterns = append(l.patterns, blockedPattern{t.Term, expression})
		}
	}
	return l
}

// size is how many terms there are.
func (l *blocklist) size() int {
	if l == nil {
		return 0
	}
	return len(l.written)
}

// of lists the terms of a kind.
func (l *blocklist) of(kind TermKind) []string {
	var terms []string
	if l != nil {
		for _, t := range l.written {
			if t.Kind == kind {
				terms = append(terms, t.Term)
			}
		}
	}
	return terms
}

func (l *blocklist) judge(read *reading) *breach {
	if l == nil {
		return nil
	}
	if len(l.words) > 0 {
		for _, text := range read.forWords() {
			if word, found := l.words.find(text); found {
				return &breach{fmt.Sprintf("blocks %q, also when it is written in another way", word), "a blocked word"}
			}
		}
	}
	for _, p := range l.patterns {
		if slices.ContainsFunc(read.forPatterns(), p.matches) {
			return &breach{fmt.Sprintf("blocks whatever fits the pattern /%s/", p.written), "a blocked pattern"}
		}
	}
	return nil
}

// cleanBlocked trims words and patterns, drops those that are there twice, and says what is
// wrong with them.
func cleanBlocked(words, patterns []string) (cleanedWords, cleanedPatterns []string, err error) {
	if cleanedWords, err = cleanBlockedWords(words); err != nil {
		return nil, nil, err
	}
	if cleanedPatterns, err = cleanPatterns(patterns); err != nil {
		return nil, nil, err
	}
	all := 0
	for _, term := range slices.Concat(cleanedWords, cleanedPatterns) {
		all += utf8.RuneCountInString(term) + len("//\n")
	}
	if all > MaxBlocked {
		return nil, nil, Refuse(Invalid, "Blocked words and patterns are %d characters too long together. Leave some out; a pattern can stand for many words.", all-MaxBlocked)
	}
	return cleanedWords, cleanedPatterns, nil
}

func cleanBlockedWords(words []string) ([]string, error) {
	var clean []string
	known := map[string]bool{}
	for _, word := range words {
		if word = strings.Join(strings.Fields(word), " "); word == "" {
			continue
		}
		if n := utf8.RuneCountInString(word); n > MaxBlockedWord {
			return nil, Refuse(Invalid, "A blocked word has at most %d characters; one of these has %d. Put each on a line of its own.", MaxBlockedWord, n)
		}
		folded := fold(word)
		if !utf8.ValidString(word) || strings.ContainsFunc(word, invisible) || folded == "" {
			return nil, Refuse(Invalid, "A blocked word cannot have invisible or control characters. Type it anew, without copying.")
		}
		if !known[folded] {
			known[folded], clean = true, append(clean, word)
		}
	}
	if len(clean) > MaxBlockedWords {
		return nil, Refuse(Invalid, "At most %d words can be blocked; these are %d. A pattern can stand for many words.", MaxBlockedWords, len(clean))
	}
	return clean, nil
}

func cleanPatterns(patterns []string) ([]string, error) {
	var clean []string
	steps := 0
	for _, pattern := range patterns {
		if pattern == "" || slices.Contains(clean, pattern) {
			continue
		}
		if !utf8.ValidString(pattern) || strings.ContainsFunc(pattern, func(r rune) bool { return unicode.IsControl(r) || invisible(r) }) {
			return nil, Refuse(Invalid, `A pattern cannot have invisible or control characters. Write them as \x{200B}.`)
		}
		_, n, err := compile(pattern)
		if err != nil {
			return nil, err
		}
		steps, clean = steps+n, append(clean, pattern)
	}
	if len(clean) > MaxBlockedPatterns {
		return nil, Refuse(Invalid, "At most %d patterns can be blocked; these are %d.", MaxBlockedPatterns, len(clean))
	}
	if steps > mostSteps {
		return nil, Refuse(Invalid, "The patterns are too large together: they repeat or list too much, and every line would wait for them. Make them simpler.")
	}
	return clean, nil
}
