package relay_test

import (
	"testing"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay"
	"troupe/relay/sandbox"
)

// A picture's address is a link as any other: it says words, is fetched, and opens by a click.
func TestHostileLinksInAnEmbedsPicture(t *testing.T) {
	s := setStage(t, sandbox.Config{})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	boss := entities.Member(snowflake.ID(s.olivia), snowflake.ID(s.guild), 1<<5)
	must(s.reg.SetServerRules(t.Context(), boss, func(rules *entities.Rules) error {
		rules.Links = entities.LinksRefused
		rules.Words = []string{"bother"}
		return nil
	}))(t)
	_, err := s.relay.Say(t.Context(), ada, relay.Line{Channel: snowflake.ID(s.general), Content: "look", Embeds: pictured("https://evil.example/bother.png")})
	if !entities.IsRefusal(err, entities.NotAllowed) {
		t.Errorf("links are refused, and this one was said: %v; %s", err, s.contents(s.general))
	}
}
