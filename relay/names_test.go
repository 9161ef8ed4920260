package relay_test

import (
	"strings"
	"testing"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay/sandbox"
)

// refused is why no entity may be called so; "" when one is now.
func (s *stage) refused(name string) string {
	s.t.Helper()
	_, err := s.reg.Create(s.t.Context(), entities.Member(snowflake.ID(s.olivia), snowflake.ID(s.guild), discord.PermissionManageGuild), entities.NewEntity{
		Name: name, Channels: []entities.ChosenChannel{{ID: snowflake.ID(s.general), Permissions: discord.PermissionViewChannel}},
	})
	if err == nil {
		return ""
	}
	if !entities.IsRefusal(err, entities.Conflict) {
		s.t.Fatal(err)
	}
	return err.Error()
}

// TestNamesOfWhoLooksAfterAServer: they are known from what Discord tells anyway.
func TestNamesOfWhoLooksAfterAServer(t *testing.T) {
	s := setStage(t, sandbox.Config{})
	mods := must(s.disc.AddRole(s.guild, sandbox.Role{Name: "Night Watch", Permissions: sandbox.ManageMessages}))(t)
	s.play()
	if said := s.refused("Τroupe"); !strings.Contains(said, "the bot") {
		t.Errorf("the bot's name: %q", said)
	}
	if said := s.refused("Night-Wаtch"); !strings.Contains(said, "a role") {
		t.Errorf("a role's name: %q", said)
	}
	if said := s.refused("Olivia Oak"); said != "" {
		t.Errorf("a longer name: %q", said)
	}
	must(s.disc.Say(s.mia, s.general, "hello"))(t)
	must(s.disc.Say(s.olivia, s.general, "hello"))(t)
	s.until("the owner's name is known", func() bool { return s.taken("0livia") })
	if said := s.refused("Mia"); said != "" {
		t.Errorf("a member's name: %q", said)
	}
	name := "Max"
	maxID := s.disc.AddUser(sandbox.User{Username: "max_1984", GlobalName: &name})
	if err := s.disc.AddMember(s.guild, maxID, mods); err != nil {
		t.Fatal(err)
	}
	s.until("who joins as a moderator is known", func() bool { return s.taken("Max") })
	if err := s.disc.RemoveMember(s.guild, maxID); err != nil {
		t.Fatal(err)
	}
	s.until("who left is forgotten", func() bool { return !s.taken("Max") })
}

// taken says whether somebody who looks after the guild is known by a name, without giving it
// to anybody.
func (s *stage) taken(name string) bool {
	s.t.Helper()
	return s.reg.World().Taken(snowflake.ID(s.guild), name)
}
