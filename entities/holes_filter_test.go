package entities

import "testing"

// What Discord shows as one word is one: a masked link in the middle of it shows its words only,
// and letters of other alphabets look the same (the filter has a small table of its own, fold's
// plainLetter, and not entities/lookalike's).
func TestWordsThatReadTheSame(t *testing.T) {
	blocked := newBlocklist([]FilterTerm{{Kind: WordTerm, Term: "bother"}})
	for name, said := range map[string]string{
		"a masked link":  "bo[t](https://example.com)her",
		"masked at once": "[bo](https://example.com)[ther](https://example.com)",
		"Coptic":         "ⲃother",
		"Lisu":           "ꓐOTHER",
		"Cherokee":       "ᏴOTHER",
	} {
		if (filter{blocked: blocked}).judge(Said{Text: said}, &reading{text: said}) == nil {
			t.Errorf("%s: %q may be said", name, said)
		}
	}
}
