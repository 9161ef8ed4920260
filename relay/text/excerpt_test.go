package text_test

import (
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"troupe/relay/text"
)

func TestExcerpt(t *testing.T) {
	for name, test := range map[string]struct {
		in   string
		n    int
		want string
	}{
		"short":            {"hello", 5, "hello"},
		"cut":              {"hello world", 8, "hello w…"},
		"cut at a space":   {"hello world", 6, "hello…"},
		"cut right before": {"hello world", 5, "hell…"},
		"one line":         {"a\n\n  b\u2028c", 80, "a b c"},
		"a heading":        {"# > -# Title", 80, "Title"},
		"lines' marks":     {"> said\n- answer", 80, "said - answer"},
		"a list":           {"- one", 80, `\- one`},
		"a numbered list":  {"1. one", 80, "1.\u00A0one"},
		"emphasis":         {"**bold** __line__ *it* a*b", 80, `bold line it a\*b`},
		"code":             {"`x := a || b`", 80, `x := a \|\| b`},
		"a fence":          {"```go\nfunc f()\n{}\n```", 80, "func f() {}"},
		"a spoiler":        {"he is ||dead|| now", 80, "he is (spoiler) now"},
		"two spoilers":     {"||a|| b ||c|| d", 80, "(spoiler) d"},
		"an odd mark":      {"||a|| b ||c", 80, "(spoiler) c"},
		"a URL's bars":     {"http://x.y/|| a || secret || b", 80, "(spoiler) b"},
		"an emoji":         {"abc <:name:123456789012345678>", 20, "abc…"},
		"mentions":         {"<@123456789012345678> hi", 80, "<@123456789012345678> hi"},
		"everyone":         {"@everyone @**here**", 80, "@\u200Beveryone @\u200Bhere"},
		"a URL":            {"see https://example.com/a_b.", 80, "see <https://example.com/a_b>."},
		"a hidden URL":     {"ht**tp**://evil", 80, "http:\u200B//evil"},
		"a masked link":    {"[click](https://evil.example) me", 80, "click me"},
		"a family":         {"👨‍👩‍👧 x", 5, "…"},
		"direction":        {"a\u202Eb", 80, "ab"},
		"forged mention":   {"<**@1**>", 80, `\<@1\>`},
		"nothing":          {" \n", 80, ""},
		"no room":          {"abc", 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := text.Excerpt(test.in, test.n); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func checkExcerpt(t testing.TB, s string, n int) {
	t.Helper()
	got := text.Excerpt(s, n)
	if text.Length(got) > max(n, 0) || strings.TrimSpace(got) != got {
		t.Fatalf("%q of %d characters for %d", got, text.Length(got), n)
	}
	lower := strings.ToLower(got)
	if strings.Contains(lower, "@everyone") || strings.Contains(lower, "@here") || strings.ContainsFunc(got, unicode.IsControl) {
		t.Fatalf("%q is not harmless", got)
	}
	if strings.Contains(got, "||") || strings.Contains(got, "```") || strings.Contains(got, "**") {
		t.Fatalf("%q has marks", got)
	}
	for _, mark := range []string{"# ", "> ", "-# ", "- ", "* "} {
		if strings.HasPrefix(got, mark) {
			t.Fatalf("%q begins with %q", got, mark)
		}
	}
	shown := strings.NewReplacer(`\<`, "", `\>`, "").Replace(got)
	if strings.Count(shown, "<") != strings.Count(shown, ">") {
		t.Fatalf("something is cut in %q", got)
	}
}

func TestExcerptHidesSpoilers(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		before, after := drawText(r), drawText(r)
		for _, mark := range []string{"`", "|"} { // in code and past bars of their own they are no spoiler
			before = strings.ReplaceAll(before, mark, "")
		}
		before = strings.TrimRight(before, "\\")
		if got := text.Excerpt(before+" ||SECRET|| "+after, 100_000); strings.Contains(got, "SECRET") {
			r.Fatalf("the secret is seen: %q", got)
		}
	})
}

func TestExcerptOfHostileTexts(t *testing.T) {
	for name, s := range hostile() {
		t.Run(name, func(t *testing.T) { checkExcerpt(t, s, 80) })
	}
}

func FuzzExcerpt(f *testing.F) {
	for _, piece := range pieces {
		f.Add(piece+" text "+piece, 20)
	}
	f.Fuzz(func(t *testing.T, s string, n int) {
		if len(s) <= 20_000 && n <= 20_000 {
			checkExcerpt(t, s, n)
		}
	})
}

func TestReply(t *testing.T) {
	link := "https://discord.com/channels/1/2/3"
	for name, test := range map[string]struct{ author, excerpt, link, want string }{
		"ordinary":     {"Ada", "hello", link, "-# ↪ [Ada](" + link + "): hello"},
		"no excerpt":   {"Ada", "", link, "-# ↪ [Ada](" + link + ")"},
		"no link":      {"Ada", "hi", "javascript:x", "-# ↪ Ada: hi"},
		"a broken one": {"Ada", "hi", link + ") x", "-# ↪ Ada: hi"},
		"markdown":     {"**A**](http://evil)\n# x", "hi", "", "-# ↪ \\*\\*A\\*\\*)(http:\u200B//evil) # x: hi"},
		"a mention":    {"<@1> @everyone", "", "", "-# ↪ \\<@\u200B1\\> @\u200Beveryone"},
		"an invite":    {"discord.gg/x", "", "", "-# ↪ discord.\u200Bgg/x"},
		"nobody":       {" \u202E\n", "x", "", "-# ↪ somebody: x"},
		"lines":        {"A", "a\nb", "", "-# ↪ A: a b"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := text.Reply(test.author, test.excerpt, test.link); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestReplyFits(t *testing.T) {
	long := strings.Repeat("*@.", 5000)
	got := text.Reply(long, text.Excerpt(long, 500), "https://discord.com/"+strings.Repeat("1", 180))
	if n := text.Length(got); n > text.MaxReply || strings.Contains(got, "\n") {
		t.Errorf("%d characters: %q", n, got)
	}
}
