package text_test

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"troupe/relay/text"
)

const plenty = 1 << 20 // parts; more than any test needs

func split(t testing.TB, s string) []string {
	t.Helper()
	parts, err := text.Split(s, plenty)
	if err != nil {
		t.Fatal(err)
	}
	return parts
}

func TestLengthCountsCodePoints(t *testing.T) {
	for s, want := range map[string]int{"": 0, "é": 1, "e\u0301": 2, "😀": 1, "👨‍👩‍👧": 5, "\xff": 1} {
		if got := text.Length(s); got != want {
			t.Errorf("Length(%q) = %d, want %d", s, got, want)
		}
	}
}

func TestSplitCutsAt(t *testing.T) {
	a, b := strings.Repeat("a", 1200), strings.Repeat("b", 1200)
	words := strings.TrimSpace(strings.Repeat("word ", 300))
	emoji := "<:party_parrot:123456789012345678>"
	url := "https://example.com/" + strings.Repeat("x", 1500)
	family := "👨‍👩‍👧‍👦"
	for name, test := range map[string]struct {
		in   string
		want []string
	}{
		"nothing":        {" \n\t ", nil},
		"what fits":      {" hello \n", []string{"hello"}},
		"a paragraph":    {a + "\n\n" + words + "\n" + b, []string{a, words, b}},
		"a line":         {a + " x\ny " + b, []string{a + " x", "y " + b}},
		"a sentence":     {a + " x. y " + b, []string{a + " x.", "y " + b}},
		"a word":         {a + " " + b, []string{a, b}},
		"a character":    {strings.Repeat("a", 2500), []string{strings.Repeat("a", 2000), strings.Repeat("a", 500)}},
		"an emoji":       {strings.Repeat("a", 1990) + emoji, []string{strings.Repeat("a", 1990), emoji}},
		"a mention":      {strings.Repeat("a", 1990) + "<@123456789012345678>", []string{strings.Repeat("a", 1990), "<@123456789012345678>"}},
		"a URL":          {"see " + a + url + " " + b, []string{"see " + a, url, b}},
		"a masked link":  {strings.Repeat("a", 1980) + "[a link of words](https://example.com)", []string{strings.Repeat("a", 1980), "[a link of words](https://example.com)"}},
		"a family":       {strings.Repeat("a", 1995) + family, []string{strings.Repeat("a", 1995), family}},
		"a flag":         {strings.Repeat("a", 1997) + "🇩🇪🇫🇷", []string{strings.Repeat("a", 1997) + "🇩🇪", "🇫🇷"}},
		"an accent":      {strings.Repeat("a", 1999) + "e\u0301", []string{strings.Repeat("a", 1999), "e\u0301"}},
		"bold":           {a + " **" + words[:899] + "** c", []string{a, "**" + words[:899] + "** c"}},
		"inline code":    {a + " `" + words[:899] + "` c", []string{a, "`" + words[:899] + "` c"}},
		"a long spoiler": {"||" + a + " " + b + "||", []string{"||" + a + "||", "||" + b + "||"}},
		"a fence":        {"```go\n" + a + "\n\tx\n  " + b + "\n```", []string{"```go\n" + a + "\n\tx\n```", "```go\n  " + b + "\n```"}},
		"a fence before": {a + "\n```go\n" + words + "\n```", []string{a, "```go\n" + words + "\n```"}},
		"a hidden fence": {"||```go\n" + a + "\n" + b + "\n```||", []string{"||```go\n" + a + "\n```||", "||```go\n" + b + "\n```||"}},
		"an empty head":  {"```go\n" + strings.Repeat(" ", 5000) + "x\n```", []string{"```go\nx\n```"}},
		"an open fence":  {"```go\n" + a + "\n" + b, []string{"```go\n" + a, b}},
		"sentences without spaces": {
			strings.Repeat("字", 1900) + "。" + strings.Repeat("字", 1900),
			[]string{strings.Repeat("字", 1900) + "。", strings.Repeat("字", 1900)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := split(t, test.in); !slices.Equal(got, test.want) {
				t.Errorf("got %d parts %.90q, want %.90q", len(got), got, test.want)
			}
		})
	}
}

func TestSplitRefusesTooManyParts(t *testing.T) {
	_, err := text.Split(strings.Repeat("a", 8001), 4)
	var tooMany *text.TooManyPartsError
	if !errors.As(err, &tooMany) || tooMany.Need != 5 || tooMany.Most != 4 {
		t.Fatalf("got %v", err)
	}
	// Half-filled parts would be six: they are filled more when they must be.
	lines := strings.Repeat(strings.Repeat("a", 1050)+"\n\n"+strings.Repeat("b ", 400), 4)
	if parts, err := text.Split(lines, 4); err != nil || len(parts) != 4 {
		t.Fatalf("%d parts, %v", len(parts), err)
	}
}

// checkParts fails unless every part is a valid message and together they are the text.
func checkParts(t testing.TB, s string, parts []string) {
	t.Helper()
	s = strings.ToValidUTF8(s, "\uFFFD")
	for _, part := range parts {
		if n := text.Length(part); n > text.MaxMessage || !utf8.ValidString(part) {
			t.Fatalf("a part has %d characters", n)
		}
		if strings.TrimFunc(part, unicode.IsSpace) != part || part == "" {
			t.Fatalf("a part is not trimmed: %.40q", part)
		}
		if emptyFence.MatchString(part) && !twoFences.MatchString(s) {
			t.Fatalf("a part is nothing but marks: %q", part)
		}
	}
	if !joined(blank.ReplaceAllString(s, ""), parts) {
		t.Fatalf("the parts are not the text: %q in %q", s, parts)
	}
}

var (
	blank      = regexp.MustCompile(`[\s\p{Z}\x{85}\x1c-\x1f\v]+`)
	openFence  = regexp.MustCompile("^```[A-Za-z0-9_+\\-.#]*\n")
	emptyFence = regexp.MustCompile("^(\\|\\|)?```(?:[A-Za-z0-9_+\\-.#]{0,40}\n)?\\s*```(\\|\\|)?$")
	twoFences  = regexp.MustCompile("```[A-Za-z0-9_+\\-.#]*\\s*```") // a text's own
	// Spans of nothing but white space may go, when they would be a message of their own.
	emptySpan = regexp.MustCompile("^(?:\\|\\|)?```[A-Za-z0-9_+\\-.#]*```(?:\\|\\|)?|^`{2,16}|^\\|\\|\\|\\|")
)

// joined says whether the parts, with or without the marks that may have been added at their
// ends, follow each other in s, which has no white space.
func joined(s string, parts []string) bool {
	failed := map[[2]int]bool{}
	bodies := make([][]string, len(parts)) // what each part may be without added marks
	for i, part := range parts {
		for _, head := range heads(part) {
			for _, body := range tails(part[head:]) {
				bodies[i] = append(bodies[i], blank.ReplaceAllString(body, ""))
			}
		}
	}
	var follow func(s string, parts []string) bool
	follow = func(s string, parts []string) bool {
		at := [2]int{len(s), len(parts)}
		if failed[at] {
			return false
		}
		if len(parts) == 0 && s == "" {
			return true
		}
		if len(parts) > 0 {
			for _, body := range bodies[len(bodies)-len(parts)] {
				if rest, ok := strings.CutPrefix(s, body); ok && body != "" && follow(rest, parts[1:]) {
					return true
				}
			}
		}
		if end := emptySpan.FindStringIndex(s); end != nil && follow(s[end[1]:], parts) {
			return true
		}
		failed[at] = true
		return false
	}
	return follow(s, parts)
}

// heads are how many bytes at a part's beginning may have been added.
func heads(part string) []int {
	found := []int{0}
	for _, bars := range []int{0, len(part) - len(strings.TrimPrefix(part, "||"))} {
		found = append(found, bars)
		found = append(found, bars+len(openFence.FindString(part[bars:])))
		for n := 1; n <= 8 && strings.HasPrefix(part[bars:], strings.Repeat("`", n)); n++ {
			found = append(found, bars+n)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// tails are a part without the marks that may have been added at its end.
func tails(part string) []string {
	found := []string{part}
	rest := strings.TrimSuffix(part, "||")
	if rest != part {
		found = append(found, rest)
	}
	for _, rest := range found {
		if cut, ok := strings.CutSuffix(rest, "\n```"); ok {
			found = append(found, cut)
		}
		for n := 1; n <= 8 && strings.HasSuffix(rest, strings.Repeat("`", n)); n++ {
			found = append(found, rest[:len(rest)-n])
		}
	}
	return found
}

// pieces are what hostile and ordinary texts are made of.
var pieces = []string{
	"`", "``", "```", "```go\n", "```\n", "\n```\n", "||", "|", "**", "*", "__", "~~", "\\", " ", "\n", "\n\n", "word ", "A sentence. ",
	"https://example.com/a_b ", "[words](https://example.com)", "<@123456789012345678>", "<:name:123456789012345678>", "<t:1700000000:R>",
	"👨‍👩‍👧", "🇩🇪", "e\u0301", "שלום", "字字。", "\u200d", "\u202e", "@everyone", "> ", "# ", "-# ", "@Ada ", "#general ", "\xff", "(", "]", "[", "|||",
}

func drawText(t *rapid.T) string {
	var b strings.Builder
	for range rapid.IntRange(0, 30).Draw(t, "pieces") {
		b.WriteString(strings.Repeat(rapid.SampledFrom(pieces).Draw(t, "piece"), rapid.SampledFrom([]int{1, 1, 2, 7, 150, 900}).Draw(t, "times")))
	}
	return b.String()
}

func TestSplitLosesNothing(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		s := drawText(r)
		checkParts(t, s, split(t, s))
	})
}

func TestSplitKeepsSpoilersHidden(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		inner := rapid.StringMatching("[a-z .\n`|*]{0,12}SECRET ").Draw(r, "secret")
		inner = bars.ReplaceAllString(inner, "|")
		s := strings.Repeat("x ", rapid.IntRange(0, 1500).Draw(r, "before")) + "|| " + strings.Repeat(inner, rapid.IntRange(1, 400).Draw(r, "times")) + " || end"
		for _, part := range split(t, s) {
			if shown := spoilers.ReplaceAllString(part, ""); strings.Contains(shown, "SECRET") {
				r.Fatalf("a secret is seen in %q", part)
			}
		}
	})
}

// bars are what would end the spoiler early.
var bars = regexp.MustCompile(`\|{2,}`)

var spoilers = regexp.MustCompile(`(?s)\|\|.+?\|\|`)

// hostile are texts that have broken splitters.
func hostile() map[string]string {
	return map[string]string{
		"backticks":         strings.Repeat("`", 8000),
		"spaced backticks":  "`` " + strings.Repeat("` ", 4000) + "``",
		"joiners":           strings.Repeat("\u200d", 8000),
		"accents":           "e" + strings.Repeat("\u0301", 8000),
		"bars":              strings.Repeat("|", 8000),
		"spaces in a fence": "```\n" + strings.Repeat(" ", 8000) + "\n```",
		"long info":         "```" + strings.Repeat("x", 3000) + "\ncode\n```",
		"unclosed fences":   strings.Repeat("```go\nx\n", 1001),
		"nested spoilers":   strings.Repeat("||a ", 2001),
		"flags":             strings.Repeat("🇩🇪", 4000),
		"right to left":     strings.Repeat("שלום ", 1600),
		"brackets":          strings.Repeat("[", 4000) + strings.Repeat("](http://x", 400),
		"angles":            strings.Repeat("<https://", 900),
		"invalid":           strings.Repeat("\xff", 8000),
		"a long URL":        "https://example.com/" + strings.Repeat("x", 8000),
		"ticks that differ": ticks(),
	}
}

func ticks() string {
	var b strings.Builder
	for n := range 125 {
		b.WriteString(strings.Repeat("`", n) + " ")
	}
	return b.String()
}

func TestSplitOfHostileTexts(t *testing.T) {
	for name, s := range hostile() {
		t.Run(name, func(t *testing.T) { checkParts(t, s, split(t, s)) })
	}
}

func FuzzSplit(f *testing.F) {
	for _, piece := range pieces {
		f.Add(piece, 300, "word ", 100, "```")
	}
	f.Fuzz(func(t *testing.T, a string, n int, b string, m int, c string) {
		if n < 0 || m < 0 || len(a)*n > 20_000 || len(b)*m > 20_000 || len(c) > 20_000 {
			return
		}
		s := strings.Repeat(a, n) + b + c + strings.Repeat(b, m) + a + c
		checkParts(t, s, split(t, s))
	})
}

func BenchmarkSplit(b *testing.B) {
	for name, size := range map[string]int{"8000": 8000, "32000": 32000} {
		s := strings.Repeat("Some **words** with `code`, <@123456789012345678> and ||a secret||.\n", size/68)
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(s)))
			for b.Loop() {
				if _, err := text.Split(s, plenty); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
