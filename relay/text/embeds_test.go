package text_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/disgoorg/disgo/discord"

	"troupe/relay/text"
)

func TestEmbeds(t *testing.T) {
	long := func(n int) string { return strings.Repeat("é", n) }
	resource := func(url string) *discord.EmbedResource { return &discord.EmbedResource{URL: url} }
	fields := func(n int) []discord.EmbedField {
		return slices.Repeat([]discord.EmbedField{{Name: "n", Value: "v"}}, n)
	}
	for name, test := range map[string]struct {
		embed discord.Embed
		field string // of the error; empty: none
	}{
		"the longest":       {discord.Embed{Title: long(256), Description: long(4096), Footer: &discord.EmbedFooter{Text: long(1648)}}, ""},
		"25 fields":         {discord.Embed{Fields: fields(25), Color: 0xFFFFFF}, ""},
		"only a picture":    {discord.Embed{Image: resource("https://x.y/z.png")}, ""},
		"too much together": {discord.Embed{Title: long(256), Description: long(4096), Footer: &discord.EmbedFooter{Text: long(1649)}}, "embeds"},
		"title":             {discord.Embed{Title: long(257)}, "embeds[0].title"},
		"description":       {discord.Embed{Description: long(4097)}, "embeds[0].description"},
		"26 fields":         {discord.Embed{Fields: fields(26)}, "embeds[0].fields"},
		"field name":        {discord.Embed{Fields: []discord.EmbedField{{Name: long(257), Value: "v"}}}, "embeds[0].fields[0].name"},
		"field value":       {discord.Embed{Fields: []discord.EmbedField{{Name: "n", Value: long(1025)}}}, "embeds[0].fields[0].value"},
		"empty field":       {discord.Embed{Fields: []discord.EmbedField{{Name: "n", Value: " "}}}, "embeds[0].fields[0].value"},
		"footer":            {discord.Embed{Footer: &discord.EmbedFooter{Text: long(2049)}}, "embeds[0].footer.text"},
		"author":            {discord.Embed{Author: &discord.EmbedAuthor{Name: long(257)}}, "embeds[0].author.name"},
		"empty":             {discord.Embed{Color: 1}, "embeds[0]"},
		"colour":            {discord.Embed{Title: "t", Color: 0x1000000}, "embeds[0].color"},
		"no colour":         {discord.Embed{Title: "t", Color: -1}, "embeds[0].color"},
		"script":            {discord.Embed{Title: "t", URL: "javascript:alert(1)"}, "embeds[0].url"},
		"attachment":        {discord.Embed{Image: resource("attachment://x.png")}, "embeds[0].image.url"},
		"no host":           {discord.Embed{Thumbnail: resource("https://")}, "embeds[0].thumbnail.url"},
		"long address":      {discord.Embed{Image: resource("https://x.y/" + long(2048))}, "embeds[0].image.url"},
	} {
		t.Run(name, func(t *testing.T) {
			err := text.Embeds([]discord.Embed{test.embed})
			var wrong *text.EmbedError
			if errors.As(err, &wrong) != (test.field != "") || (wrong != nil && wrong.Field != test.field) {
				t.Errorf("got %v", err)
			}
		})
	}
	if err := text.Embeds(slices.Repeat([]discord.Embed{{Title: "t"}}, 11)); err == nil {
		t.Error("11 embeds pass")
	}
	err := text.Embeds([]discord.Embed{{Title: "t"}, {Title: long(300)}})
	if want := "embeds[1].title has 300 characters, 44 more than the 256 that Discord takes"; err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}
