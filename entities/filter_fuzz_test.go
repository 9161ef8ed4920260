package entities_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"troupe/entities"
)

// FuzzFilter holds the filters to what they promise of any text: a blocked word between spaces
// is found, whatever stands around it, and so is a link; clean rules are clean; and no text
// takes long.
func FuzzFilter(f *testing.F) {
	for _, seed := range [][4]string{
		{"bad", "so ", " it is", `b+a+d`},
		{"bad word", "\u200b", "\u0301", `(?i)free\s+money`},
		{"ﷺ", "ab\u0628", "\u0651\u064b", `\p{L}{3}`},
		{"🍆", "👩‍👧", "\U000E0041", `(.*a){30}x`},
		{"ばか", "か\u3099", "\u309a", `[^\x00-\x7F]`},
		{"\u093f", "\u0915", "\u093f\u093f\u093f", `^.$`},
		{"İ", "\xf0\x9f", "\xff", `i`},
		{"각", "\u1100\u1161", "\u11a8", `\x{200B}`},
		{"https://", "[x](https://discord.com/channels/1/2", ")", `(a|b|ab|ba){40}x`},
		{strings.Repeat("\u0940", 40), "\u0915", strings.Repeat("\u0940", 40), `(((a?){9}){9}){5}b`},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3])
	}
	f.Fuzz(func(t *testing.T, word, before, after, pattern string) {
		text := before + " " + word + " " + after
		if len(text) > entities.MaxFilterLength {
			t.Skip("longer than a line")
		}
		for name, rules := range map[string]entities.Rules{
			"word": {Words: []string{word}}, "pattern": {Patterns: []string{pattern}},
		} {
			rules, err := rules.Clean()
			if err != nil {
				if _, ok := entities.AsRefusal(err); !ok {
					t.Fatalf("%s: %v", name, err)
				}
				continue
			}
			if again, err := rules.Clean(); err != nil || strings.Join(again.Words, "\n") != strings.Join(rules.Words, "\n") {
				t.Fatalf("%s: clean rules are cleaned to %q, %v", name, again.Words, err)
			}
			if len(rules.Words) > 0 && said(rules, text) == "" {
				t.Fatalf("%q may be said although %q is blocked", text, word)
			}
			begun := time.Now()
			rule := said(rules, long(text, 2000))
			if took := time.Since(begun); took > 2*time.Second {
				t.Fatalf("%s: it took %v", name, took)
			}
			if len(rules.Words) > 0 && rule == "" {
				t.Fatalf("%q is found once and not when it is repeated", word)
			}
		}
		for _, policy := range []entities.LinkPolicy{entities.LinksToUs, entities.LinksRefused} {
			rules := entities.Rules{Filter: entities.Filter{Links: policy}}
			if said(rules, text) != "" && policy == entities.LinksToUs && said(entities.Rules{Filter: entities.Filter{Links: entities.LinksRefused}}, text) == "" {
				t.Fatalf("%q has a foreign link and no link", text)
			}
			if said(rules, text+" https://example.com") == "" {
				t.Fatalf("a link after %q is overlooked", text)
			}
		}
	})
}

// long repeats a text until it has so many bytes.
func long(text string, bytes int) string { return strings.Repeat(text+" ", bytes/len(text)+1) }

// What costs most is bounded: the largest rules on the longest lines.
func TestTheLargestRulesOnTheLongestLine(t *testing.T) {
	rules := entities.Rules{Filter: entities.Filter{Links: entities.LinksToUs}, Patterns: []string{`(a|b|ab|ba){90}x`, `(.*a){30}x`}}
	for i := range entities.MaxBlockedWords {
		rules.Words = append(rules.Words, fmt.Sprintf("a%d a", i), "a "+strings.Repeat("a ", i%20)+"b")
	}
	rules.Words = rules.Words[:entities.MaxBlockedWords]
	rules, err := rules.Clean()
	require(t, err)
	for _, text := range []string{"a", "a ", "ä", "ab", "ﷺ", "a\u0301\u0336", "https://discord.com/channels/", "a*", "[x](", "\U0001F468\u200d"} {
		begun := time.Now()
		if rule := said(rules, strings.Repeat(text, entities.MaxFilterLength/len([]rune(text)))); rule != "" {
			t.Errorf("%q: %s", text, rule)
		}
		if took := time.Since(begun); took > 5*time.Second {
			t.Errorf("%q took %v", text, took)
		}
	}
}
