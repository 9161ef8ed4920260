package text_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/disgoorg/snowflake/v2"

	"troupe/relay/text"
)

var finder = text.Finder{
	People: func(prefix string) []text.Named {
		var found []text.Named
		for _, n := range []text.Named{
			{1, "Ada"}, {1, "ada.l"}, {2, "Ada Lovelace"}, {3, "Sam"}, {4, "sam"}, {5, "太郎"}, {6, "Ωmega"}, {7, "Jean-Luc"}, {8, "🌸 Rose"}, {9, "everyone"},
		} {
			if strings.HasPrefix(strings.ToLower(n.Name), strings.ToLower(prefix)) {
				found = append(found, n)
			}
		}
		return found
	},
	Channels: func() []text.Named {
		return []text.Named{{10, "general"}, {11, "general-talk"}, {12, "Big plans"}, {13, "twice"}, {14, "twice"}, {15, "日本語"}}
	},
}

func TestResolve(t *testing.T) {
	for name, test := range map[string]struct {
		in, want  string
		people    []snowflake.ID
		ambiguous []string
	}{
		"a name":              {"Hi @Ada!", "Hi <@1>!", []snowflake.ID{1}, nil},
		"any case":            {"@ADA", "<@1>", []snowflake.ID{1}, nil},
		"any script's case":   {"@ωMEGA", "<@6>", []snowflake.ID{6}, nil},
		"the longest":         {"@ada lovelace, @Ada", "<@2>, <@1>", []snowflake.ID{2, 1}, nil},
		"an apostrophe":       {"@Ada's", "<@1>'s", []snowflake.ID{1}, nil},
		"a dotted name":       {"@ada.l.", "<@1>.", []snowflake.ID{1}, nil},
		"a hyphen":            {"@jean-luc @Ada-Marie", "<@7> @Ada-Marie", []snowflake.ID{7}, nil},
		"a longer word":       {"@Adam", "@Adam", nil, nil},
		"two of that name":    {"@Sam", "@Sam", nil, []string{"@Sam"}},
		"another script":      {"@太郎さん", "<@5>さん", []snowflake.ID{5}, nil},
		"an emoji":            {"@🌸 rose", "<@8>", []snowflake.ID{8}, nil},
		"emphasis":            {"**@Ada** ||@ada||", "**<@1>** ||<@1>||", []snowflake.ID{1}, nil},
		"e-mail":              {"me@ada and x.@Ada", "me@ada and x.@Ada", nil, nil},
		"a URL":               {"https://x.y/@Ada (@Ada)", "https://x.y/@Ada (<@1>)", []snowflake.ID{1}, nil},
		"code":                {"`@Ada` ```\n@Ada\n``` @Ada", "`@Ada` ```\n@Ada\n``` <@1>", []snowflake.ID{1}, nil},
		"escaped":             {`\@Ada`, `\@Ada`, nil, nil},
		"mentions stay":       {"<@42> <@!43> `<@44>` <@42>", "<@42> <@!43> `<@44>` <@42>", []snowflake.ID{42, 43}, nil},
		"everyone":            {"@everyone @here @Everyone", "@everyone @here @Everyone", nil, nil},
		"channels":            {"#general #general-talk, #big plans.", "<#10> <#11>, <#12>.", nil, nil},
		"no channel":          {"##general a#general #generally # general", "##general a#general #generally # general", nil, nil},
		"two channels":        {"#twice", "#twice", nil, []string{"#twice"}},
		"a channel elsewhere": {"#日本語", "<#15>", nil, nil},
		"broken bytes":        {"@Ada\xff \xff@Ada", "<@1>\xff \xff<@1>", []snowflake.ID{1}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := text.Resolve(test.in, finder)
			if got.Text != test.want || !slices.Equal(got.People, test.people) || !slices.Equal(got.Ambiguous, test.ambiguous) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestHandles(t *testing.T) {
	got := text.Handles("@Ada and @ada, @j.doe @everyone `@code` a@b @[bot] @🌸 rose")
	if want := []string{"Ada", "j.doe", "[bot", "🌸"}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	var many strings.Builder
	for i := range 50 {
		fmt.Fprintf(&many, "@name%d ", i)
	}
	if got := text.Handles(many.String()); len(got) != 10 || got[0] != "name0" {
		t.Errorf("got %q", got)
	}
}

func TestResolveAsksOnceForEach(t *testing.T) {
	asked := map[string]int{}
	text.Resolve("@Ada @ada @bob #x #y", text.Finder{
		People:   func(prefix string) []text.Named { asked[prefix]++; return nil },
		Channels: func() []text.Named { asked["#"]++; return []text.Named{} },
	})
	if asked["Ada"] != 1 || asked["bob"] != 1 || asked["#"] != 1 || len(asked) != 3 {
		t.Errorf("asked %v", asked)
	}
}

func FuzzResolve(f *testing.F) {
	for _, piece := range pieces {
		f.Add(piece + "@Ada #general " + piece)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 20_000 {
			return
		}
		got := text.Resolve(s, finder)
		if got := text.Resolve(s, text.Finder{}); got.Text != s {
			t.Fatalf("nobody is known, and %q became %q", s, got.Text)
		}
		// Taking the mentions back gives the text, but for the case of the names.
		if strings.Count(got.Text, "<@") < strings.Count(s, "<@") || strings.Contains(got.Text, "<@9>") != strings.Contains(s, "<@9>") {
			t.Fatalf("%q became %q", s, got.Text)
		}
		for _, id := range got.People {
			if !strings.Contains(got.Text, "<@"+id.String()+">") && !strings.Contains(got.Text, "<@!") && !strings.Contains(got.Text, "<@0") {
				t.Fatalf("%d is not named in %q", id, got.Text)
			}
		}
	})
}

func BenchmarkResolve(b *testing.B) {
	for name, size := range map[string]int{"8000": 8000, "32000": 32000} {
		s := strings.Repeat("Hello @Ada Lovelace, see #general-talk and `@code` @nobody. ", size/60)
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(s)))
			for b.Loop() {
				text.Resolve(s, finder)
			}
		})
	}
}
