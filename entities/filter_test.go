package entities_test

import (
	"strings"
	"testing"

	"troupe/entities"
)

func TestBlockedWords(t *testing.T) {
	zalgo := func(word string) string {
		var b strings.Builder
		for _, r := range word {
			b.WriteString(string(r) + "\u0301\u0336\u034f\u0489")
		}
		return b.String()
	}
	for word, texts := range map[string][]string{
		"bad": {
			"bad", "BAD", "so bad!", "(bad)", "it's bad", "bad\nbad", "foo_bad_bar", "**bad**", "> bad", "a\tbad\tb", "bad😀", "😀bad", "badです",
			"b\u200bad", "\u200bb\u200da\u2060d\ufeff", "b\u00adad", "ba\ufe0fd", "\u202ebad\u202c", "\u2066bad\u2069", "b\U000E0041ad", "b\u180ead",
			zalgo("bad"), "bäd", "ba\u0308d", "ｂａｄ", "𝐛𝐚𝐝", "𝔟𝔞𝔡", "ⓑⓐⓓ", "🅱🅰🅳", "🅑🅐🅓", "ᴮᴬᴰ", "ʙᴀᴅ", "bаd", "вad", "ʙɑԁ", "ＢАＤ",
			"b**a**d", "b||a||d", "~~b~~ad", "b`a`d", `b\ad`, "b_a_d", "```\nbad\n```", "`bad`", "||bad||", "<:bad:123>", "https://example.com/bad", "\u3164bad\u2800",
		},
		"bad word":     {"bad word", "Bad\n\n Word", "bad\u00a0word", "bad-word", "bad_word", "bad. Word", "bad   word", "bad \u200b word", "bad\u3000word", "bad\u3164word", "b**ad w**ord"},
		"Straße":       {"strasse", "STRASSE", "straße"},
		"don't":        {"don't", "don’t", "DON'T"},
		"naïve":        {"naive", "NAÏVE", "nai\u0308ve"},
		"istanbul":     {"İstanbul", "ISTANBUL", "ıstanbul"},
		"c++":          {"c++", "C++!", "in C++.", "c++11"},
		"c#":           {"C#", "c# and more"},
		"🍆":            {"🍆", "so🍆so", "🍆🍆"},
		"👍":            {"👍🏽", "👍\ufe0f"},
		"👩‍👧":          {"👩‍👧", "👩👧"},
		"$$$":          {"$$$", "win$$$now"},
		":)":           {"hi :)"},
		"плохо":        {"Плохо", "ПЛОХО!", "пло\u200bхо", "плохо\u0301"},
		"ёлка":         {"елка", "ЁЛКА"},
		"κακό":         {"ΚΑΚΟ", "κακο"},
		"שלום":         {"שָׁלוֹם", "\u200fשלום\u200f"},
		"سيئ":          {"سَيِّئ", "ســيئ"},
		"बुरा":         {"बुरा", "यह बुरा है"},
		"坏":            {"这是坏的", "坏"},
		"ばか":           {"ばかですね", "それはばかだ"},
		"바보":           {"바보야", "그 바보"},
		"แย่":          {"มันแย่มาก"},
		"\u0628\u062f": {"بد"},
	} {
		for _, text := range texts {
			if said(entities.Rules{Words: []string{word}}, text) == "" {
				t.Errorf("%q may be said although %q is blocked", text, word)
			}
		}
	}
	for word, texts := range map[string][]string{
		"bad":      {"", "badly", "abad", "bad1", "1bad", "Baden-Baden", "bde", "b a d", "badя", "ab\u200bad", "b ad"},
		"bad word": {"bad", "word", "bad words", "abad word", "word bad", "badword", "bad new word"},
		"c#":       {"c", "vitamin c", "ac#"},
		"c++":      {"c", "c+", "ac++"},
		"ばか":       {"はか", "ぱか"},
		"बुरा":     {"बरा", "बुराई"},
		"🍆":        {"🍇", "eggplant"},
		":)":       {":", ")", ":("},
		"plohо":    {"other"},
	} {
		for _, text := range texts {
			if rule := said(entities.Rules{Words: []string{word}}, text); rule != "" {
				t.Errorf("%q may not be said: it %s", text, rule)
			}
		}
	}
	if rule := said(entities.Rules{Words: []string{"Cruel", "bad"}}, "so CRUEL"); !strings.Contains(rule, `"Cruel"`) {
		t.Errorf("the rule is %q", rule)
	}
}

func said(rules entities.Rules, text string) string { return rules.Judge(entities.Said{Text: text}) }

func TestBlockedPatterns(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		refused       bool
	}{
		{`(?i)free\s+money`, "get FREE \n money now", true},
		{`(?i)free\s+money`, "free\u200b money", true},
		{`(?i)free\s+money`, "ｆｒｅｅ ｍｏｎｅｙ", true},
		{`free\s+money`, "Free money", false},
		{`\d{4}`, "call １２３４", true},
		{`\x{200B}`, "a\u200bb", true},
		{`^[a-z ]+$`, "UPPER", false},
		{`[A-Z]{5}`, "SHOUT", true},
		{`ä`, "a\u0308", true},
		{`a`, "ä", false},
		{`.`, "\xff", true},
	} {
		if rule := said(entities.Rules{Patterns: []string{c.pattern}}, c.text); (rule != "") != c.refused {
			t.Errorf("/%s/ on %q: %q", c.pattern, c.text, rule)
		}
	}
	if !entities.Unreadable("(", "anything") {
		t.Error("a pattern that cannot be read lets through what it may have blocked")
	}
}

func TestLinks(t *testing.T) {
	const (
		none = iota
		ours
		foreign
	)
	for text, kind := range map[string]int{
		"no link at all":                                    none,
		"example.com/path":                                  none, // Discord makes no link of it
		"a:b and 10:30 and note: this":                      none,
		"and/or, http, https:, discord.gg":                  none,
		"<#123> <@456> <:smile:789>":                        none,
		"[x](y) [note]: see (below)":                        none,
		"https://example.com":                               foreign,
		"HTTPS://EXAMPLE.COM":                               foreign,
		"see http://example.com.":                           foreign,
		"<https://example.com>":                             foreign,
		"[x](https://example.com)":                          foreign,
		"[x](<https://example.com>)":                        foreign,
		"[x]( https:example.com)":                           foreign,
		`[x](https\:\/\/example.com)`:                       foreign,
		`https:\\example.com`:                               foreign,
		"`https://example.com`":                             foreign,
		"```\nhttps://example.com\n```":                     foreign,
		"||https://example.com||":                           foreign,
		"steam://run/1":                                     foreign,
		"discord://-/settings":                              foreign,
		"ｈｔｔｐｓ：／／example.com":                               foreign,
		"ht\u200btps://example.com":                         foreign,
		"https://discord.com/channels/1/2/3":                ours,
		"<https://discord.com/channels/1/2/3>":              ours,
		"[x](https://ptb.discord.com/channels/@me/2), ok":   ours,
		"https://canary.discord.com/channels/1/2...":        ours,
		"https://discordapp.com/channels/1/2?x=/../":        ours,
		"https://cdn.discordapp.com/attachments/1/2/a..png": ours,
		"https://cdn.discordapp.com/attachments/1/2/my%20picture.png?ex=1&hm=2": ours,
		"https://media.discordapp.net/attachments/1/2/a.png":                    ours,
		"https://discord.com":                                          foreign,
		"https://discord.com/invite/abc":                               foreign,
		"https://discord.gg/abc":                                       foreign,
		"discord.gg/abc":                                               foreign,
		"DISCORD.GG/abc":                                               foreign,
		"come: www.discord.gg/abc":                                     foreign,
		"discord.com/invite/abc":                                       foreign,
		"discordapp.com/invite/abc":                                    foreign,
		"discord.gift/abc":                                             foreign,
		"discord.new/abc":                                              foreign,
		"dis\u200bcord.gg/abc":                                         foreign,
		"https://discord.com.evil.com/channels/1/2":                    foreign,
		"https://discord.com@evil.com/channels/1/2":                    foreign,
		"https://evil.com/discord.com/channels/1/2":                    foreign,
		`https://discord.com\@evil.com/channels/`:                      foreign,
		"https://discord.com/channels/../invite/abc":                   foreign,
		"https://discord.com/channels/1/%2e%2E/%2e./invite/abc":        foreign,
		"https://discord.com/channels/1)/../../invite/abc":             foreign,
		"https://dіscord.com/channels/1/2":                             foreign, // a Cyrillic letter
		"https://media.discordapp.net/external/x/https/evil.com/a.png": foreign,
		"[https://discord.com/channels/1/2](https://evil.com)":         foreign,
		"https://discord.com/channels/1/2 https://evil.com":            foreign,
		"[a](https://discord.com/channels/1/2)[b](evil:x)":             foreign,
	} {
		for policy, refused := range map[entities.LinkPolicy]bool{
			entities.LinksAllowed: false, entities.LinksToUs: kind == foreign, entities.LinksRefused: kind != none,
		} {
			rules := entities.Rules{Filter: entities.Filter{Links: policy}}
			if rule := said(rules, text); (rule != "") != refused {
				t.Errorf("links %q: %q gives %q", policy, text, rule)
			}
		}
	}
}

func TestPingsAndLength(t *testing.T) {
	for _, c := range []struct {
		policy  entities.MentionPolicy
		pings   entities.Pings
		refused bool
	}{
		{entities.MentionsAllowed, entities.Pings{People: 20, Groups: 3}, false},
		{entities.MentionsOne, entities.Pings{}, false},
		{entities.MentionsOne, entities.Pings{People: 1}, false},
		{entities.MentionsOne, entities.Pings{People: 2}, true},
		{entities.MentionsOne, entities.Pings{Groups: 1}, true},
		{entities.MentionsRefused, entities.Pings{}, false},
		{entities.MentionsRefused, entities.Pings{People: 1}, true},
		{entities.MentionsRefused, entities.Pings{Groups: 1}, true},
	} {
		rules := entities.Rules{Filter: entities.Filter{Mentions: c.policy}}
		if rule := rules.Judge(entities.Said{Text: "x", Pings: c.pings}); (rule != "") != c.refused {
			t.Errorf("%q with %+v: %q", c.policy, c.pings, rule)
		}
	}
	rules := entities.Rules{Filter: entities.Filter{Length: 3}}
	if rule := said(rules, "äöü"); rule != "" {
		t.Errorf("three characters: %q", rule)
	}
	if rule := said(rules, "äöüß"); !strings.Contains(rule, "at most 3 characters in a line, and this one has 4") {
		t.Errorf("four characters: %q", rule)
	}
}

func TestRulesThatCannotBe(t *testing.T) {
	many := func(n int, f func(i int) string) []string {
		var all []string
		for i := range n {
			all = append(all, f(i))
		}
		return all
	}
	word := func(i int) string { return strings.Repeat("x", i%7) + string(rune('a'+i%26)) + string(rune('a'+i/26)) }
	for name, c := range map[string]struct {
		rules entities.Rules
		says  string
	}{
		"links":                   {entities.Rules{Filter: entities.Filter{Links: "cats"}}, "Links are"},
		"pings":                   {entities.Rules{Filter: entities.Filter{Mentions: "cats"}}, "may ping"},
		"a length below nothing":  {entities.Rules{Filter: entities.Filter{Length: -1}}, "from 1 to 8000"},
		"a length that is none":   {entities.Rules{Filter: entities.Filter{Length: 8001}}, "from 1 to 8000"},
		"too many words":          {entities.Rules{Words: many(101, word)}, "At most 100 words"},
		"a long word":             {entities.Rules{Words: []string{strings.Repeat("ä", 61)}}, "at most 60 characters"},
		"a word of nothing":       {entities.Rules{Words: []string{"\u200d"}}, "invisible"},
		"a word with control":     {entities.Rules{Words: []string{"a\x00b"}}, "invisible"},
		"a word of marks alone":   {entities.Rules{Words: []string{"\u0301"}}, "invisible"},
		"a word with bad bytes":   {entities.Rules{Words: []string{"a\xff"}}, "invisible"},
		"too many patterns":       {entities.Rules{Patterns: many(21, word)}, "At most 20 patterns"},
		"a long pattern":          {entities.Rules{Patterns: []string{strings.Repeat("x", 201)}}, "at most 200 characters"},
		"an open bracket":         {entities.Rules{Patterns: []string{"(a"}}, "The pattern /(a/ is wrong: missing closing ) at (a."},
		"look-ahead":              {entities.Rules{Patterns: []string{"(?=a)"}}, "invalid or unsupported Perl syntax"},
		"one that fits all":       {entities.Rules{Patterns: []string{"a*"}}, "fits everything"},
		"one with a line in it":   {entities.Rules{Patterns: []string{"a\nb"}}, "invisible or control"},
		"one that is too large":   {entities.Rules{Patterns: []string{"((a|b){30}c){30}"}}, "too large together"},
		"many that are too large": {entities.Rules{Patterns: []string{"[ab]c{400}", "[ac]c{400}", "[ad]c{400}"}}, "too large together"},
		"all together":            {entities.Rules{Words: many(99, func(i int) string { return strings.Repeat("y", 50) + word(i) })}, "characters too long together"},
	} {
		if _, err := c.rules.Clean(); !entities.IsRefusal(err, entities.Invalid) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	clean, err := entities.Rules{Words: []string{" b  c ", "", "B C", "a"}, Patterns: []string{"x+", "x+", ""}}.Clean()
	if err != nil || strings.Join(clean.Words, "|")+"/"+strings.Join(clean.Patterns, "|") != "a|b c/x+" {
		t.Errorf("cleaned to %+v, %v", clean, err)
	}
}
