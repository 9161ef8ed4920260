package relay_test

import (
	"context"
	"sync"
	"testing"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay"
	"troupe/relay/sandbox"
)

// Of two servers with lines that were under way when the program ended, one is in an outage. The
// other one's line is recovered meanwhile.
func TestOneServersOutageStopsNoRecovery(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{})
	other := must(s.disc.AddGuild("Other", s.olivia))(t)
	must(s.disc.AddBot(other, botRights))(t)
	there := must(s.disc.AddChannel(sandbox.Channel{GuildID: other, Name: "there", Type: sandbox.TextChannel}))(t)
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	made := must(s.reg.Create(t.Context(), entities.Member(snowflake.ID(s.olivia), snowflake.ID(other), 1<<5), entities.NewEntity{
		Name: "Eve", Channels: []entities.ChosenChannel{{ID: snowflake.ID(there), Permissions: 1 << 10}},
	}))(t)
	eve := must(s.reg.Authenticate(t.Context(), made.Key, made.Entity.ID))(t)
	must(s.relay.Channels(t.Context(), eve))(t)
	s.say(ada, s.general, "one")
	s.say(eve, there, "one")
	s.disc.Fault(isExecute, 2, sandbox.Fault{Kind: sandbox.CommitThenHang})
	s.disc.CloseCode(4009) // what happens now is told to nobody
	hung, hangUp := context.WithCancel(context.Background())
	var calls sync.WaitGroup
	for _, c := range []struct {
		who   entities.Actor
		where sandbox.ID
	}{{ada, s.general}, {eve, there}} {
		calls.Go(func() {
			_, _ = s.relay.Say(hung, c.who, relay.Line{Channel: snowflake.ID(c.where), Content: "two", Key: "k"})
		})
		s.until("it stands", func() bool { return len(s.disc.Messages(c.where)) == 2 })
	}
	hangUp()
	calls.Wait()
	s.abandon()
	s.disc.SetOutage(s.guild, true)
	s.play()
	s.until("Eve's line is known", func() bool {
		speakers, err := s.reg.Speakers(t.Context(), entities.System("test"), []snowflake.ID{snowflake.ID(s.disc.Messages(there)[1].ID)})
		return err == nil && len(speakers) == 1
	})
}
