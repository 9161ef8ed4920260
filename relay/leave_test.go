package relay_test

import (
	"strings"
	"testing"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay/sandbox"
)

// An entity that leaves is out at once, and the admins read it where they read such things.
func TestLeaveServer(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{})
	s.play()
	made, ada := s.entity("Ada **bold**", nil, s.general)
	_, bob := s.entity("Bob", nil, s.general)
	must(s.reg.SetSettings(t.Context(), s.admin(), func(set *entities.Settings) error {
		set.LogChannel = snowflake.ID(s.lab)
		return nil
	}))(t)
	for _, ref := range []string{"Demo", s.guild.String()} {
		if _, err := s.relay.LeaveServer(t.Context(), ada, ref); !entities.IsRefusal(err, entities.NotAllowed) {
			t.Errorf("without the right: %v", err)
		}
	}
	s.able(made.Entity.ID, entities.CanLeave)
	if _, err := s.relay.LeaveServer(t.Context(), ada, ""); !entities.IsRefusal(err, entities.Invalid) {
		t.Errorf("no server: %v", err)
	}
	if _, err := s.relay.LeaveServer(t.Context(), ada, "Elsewhere"); !entities.IsRefusal(err, entities.NotFound) {
		t.Errorf("another server: %v", err)
	}
	if left := must(s.relay.LeaveServer(t.Context(), ada, "demo"))(t); left.ID != snowflake.ID(s.guild) {
		t.Errorf("left %+v", left)
	}
	if _, err := s.relay.Say(t.Context(), ada, s.line("still here", "")); !entities.IsRefusal(err, entities.NotFound) {
		t.Errorf("it speaks: %v", err)
	}
	s.say(bob, s.general, "Bye.")
	s.until("the admins are told", func() bool { return len(s.disc.Messages(s.lab)) > 0 })
	told := s.disc.Messages(s.lab)
	if !strings.HasPrefix(told[0].Content, `**Ada \*\*bold\*\*** has left this server by itself.`) || len(told) != 1 || told[0].Author.ID != s.botID {
		t.Errorf("%+v", told)
	}
}

// A leaderboard is told of the servers that let it be seen.
func TestRankings(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{})
	s.play()
	made, ada := s.entity("Ada", nil, s.general)
	_, bob := s.entity("Bob", nil, s.general)
	s.say(ada, s.general, "one")
	s.say(bob, s.general, "two")
	s.say(bob, s.general, "three")
	if _, err := s.relay.Rankings(t.Context(), ada, "", 7); !entities.IsRefusal(err, entities.NotAllowed) {
		t.Errorf("without the right: %v", err)
	}
	s.able(made.Entity.ID, entities.CanSeeLeaderboard)
	all := must(s.relay.Rankings(t.Context(), ada, "", 7))(t)
	if len(all) != 1 || all[0].Guild.Name != "Demo" || len(all[0].Ranks) != 2 || all[0].Ranks[0].Entity.Name != "Bob" || all[0].Ranks[0].Lines != 2 || all[0].Ranks[1].Place != 2 {
		t.Errorf("%+v", all)
	}
	if _, err := s.relay.Rankings(t.Context(), ada, "Elsewhere", 7); !entities.IsRefusal(err, entities.NotFound) {
		t.Errorf("another server: %v", err)
	}
}
