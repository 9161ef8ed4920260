package relay_test

import (
	"testing"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay"
	"troupe/relay/sandbox"
)

// Whatever people would read of a line is judged, and whom it would ping.
func TestEverythingSaidIsScreened(t *testing.T) {
	s := setStage(t, sandbox.Config{})
	s.play()
	_, ada := s.entity("Ada", nil, s.general, s.forum)
	boss := entities.Member(snowflake.ID(s.olivia), snowflake.ID(s.guild), discord.PermissionManageGuild)
	_, err := s.reg.SetServerRules(t.Context(), boss, func(rules *entities.Rules) error {
		rules.Words, rules.Links, rules.Mentions = []string{"bother"}, entities.LinksRefused, entities.MentionsOne
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	general, forum := snowflake.ID(s.general), snowflake.ID(s.forum)
	embed := func(e discord.Embed) relay.Line {
		return relay.Line{Channel: general, Content: "look", Embeds: []discord.Embed{e}}
	}
	for name, line := range map[string]relay.Line{
		"the text":          {Channel: general, Content: "bother"},
		"a post's title":    {Channel: forum, Content: "look", ThreadName: "bother"},
		"an embed's title":  embed(discord.Embed{Title: "bother"}),
		"its description":   embed(discord.Embed{Description: "bother"}),
		"its link":          embed(discord.Embed{Title: "x", URL: "https://example.com"}),
		"its author":        embed(discord.Embed{Author: &discord.EmbedAuthor{Name: "bother"}}),
		"its author's link": embed(discord.Embed{Author: &discord.EmbedAuthor{Name: "x", URL: "https://example.com"}}),
		"a field's name":    embed(discord.Embed{Fields: []discord.EmbedField{{Name: "bother", Value: "x"}}}),
		"a field":           embed(discord.Embed{Fields: []discord.EmbedField{{Name: "x", Value: "bother"}}}),
		"its footer":        embed(discord.Embed{Footer: &discord.EmbedFooter{Text: "bother"}}),
		"two people":        {Channel: general, Content: "<@" + s.mia.String() + "> and <@" + s.olivia.String() + ">"},
	} {
		if _, err := s.relay.Say(t.Context(), ada, line); !entities.IsRefusal(err, entities.NotAllowed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := len(s.disc.Messages(s.general)); n != 0 {
		t.Errorf("%d messages were sent", n)
	}
	s.say(ada, s.general, "<@"+s.mia.String()+">, <@"+s.mia.String()+">!")
}
