package entities_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// usual are the capabilities that an entity has anyway, with more.
func usual(more ...entities.Capability) []entities.Capability {
	return append(entities.UsualCapabilities(), more...)
}

// polling lets the bot make polls.
func polling(reg *entities.Registry) {
	reg.World().PutRole(guild, entities.Role{ID: botRole, Name: "troupe", Permissions: needed | discord.PermissionSendPolls})
}

// What is switched on takes what it stands on as well.
func TestRightsThatAreOff(t *testing.T) {
	reg := fresh(t)
	polling(reg)
	made, ada := create(t, reg, "Ada", general)
	may := func(able []entities.Capability, want ...entities.Right) {
		t.Helper()
		require(t, reg.SetCapabilities(t.Context(), admin(olivia), made.Entity.ID, just(able)))
		for _, right := range []entities.Right{entities.MakePoll, entities.SeePoll, entities.Introduce} {
			permit, err := reg.Authorize(t.Context(), ada, right, general)
			switch {
			case !slices.Contains(want, right):
				wantRefusal(t, err, entities.NotAllowed)
			case err != nil || permit.Right() != right:
				t.Errorf("with %v: %v, %v", able, permit.Right(), err)
			}
		}
	}
	may(usual())
	may([]entities.Capability{entities.CanPoll, entities.CanIntroduce})
	may([]entities.Capability{entities.CanPoll, entities.CanRead}, entities.SeePoll)
	may([]entities.Capability{entities.CanPoll, entities.CanPost}, entities.MakePoll)
	may([]entities.Capability{entities.CanIntroduce, entities.CanPost}, entities.Introduce)
	may(usual(entities.CanPoll, entities.CanIntroduce), entities.MakePoll, entities.SeePoll, entities.Introduce)
	require(t, reg.SetChannels(t.Context(), admin(olivia), made.Entity.ID, rules([]entities.ChosenRule{{ChosenChannel: chosen(general)[0], Access: entities.Read}})))
	may(usual(entities.CanPoll, entities.CanIntroduce), entities.SeePoll)
	_, err := reg.Authorize(t.Context(), ada, entities.SeePoll, lab)
	wantRefusal(t, err, entities.NotFound)
}

// Who may not make polls on Discord has none made by an entity.
func TestPollsAskDiscord(t *testing.T) {
	reg := fresh(t)
	made, ada := create(t, reg, "Ada", general)
	able(usual(entities.CanPoll)...)(t, reg, made.Entity.ID)
	_, err := reg.Authorize(t.Context(), ada, entities.MakePoll, general)
	wantRefusal(t, err, entities.NotAllowed)
	if !strings.Contains(err.Error(), "The bot lacks Create Polls") {
		t.Error(err)
	}
	polling(reg)
	mias, err := reg.Create(t.Context(), admin(olivia), entities.NewEntity{Name: "Bob", Owner: entities.Person{ID: mia}, Channels: chosen(general)})
	require(t, err)
	keyed, err := reg.FirstKey(t.Context(), entities.Member(mia, guild, 0), mias.Entity.ID)
	require(t, err)
	bob, err := reg.Authenticate(t.Context(), keyed.Key, "")
	require(t, err)
	reg.World().PutRole(guild, entities.Role{ID: guild, Name: "@everyone", Permissions: needed})
	reg.World().SetMember(guild, entities.Membership{UserID: mia}, true, at(1))
	able(usual(entities.CanPoll)...)(t, reg, mias.Entity.ID)
	_, err = reg.Authorize(t.Context(), bob, entities.Post, general)
	require(t, err)
	_, err = reg.Authorize(t.Context(), bob, entities.MakePoll, general)
	if wantRefusal(t, err, entities.NotAllowed); !strings.Contains(err.Error(), "Your owner lacks Create Polls") {
		t.Error(err)
	}
}

// A line begins by a permit to say what it says, and by no other.
func TestPollsAndCardsAreLines(t *testing.T) {
	reg := fresh(t)
	polling(reg)
	made, ada := create(t, reg, "Ada", general)
	able(usual(entities.CanPoll, entities.CanIntroduce)...)(t, reg, made.Entity.ID)
	require(t, reg.SetLimits(t.Context(), admin(olivia), made.Entity.ID, just(entities.Limits{Minute: 2})))
	for _, c := range []struct {
		right  entities.Right
		reason entities.Reason
	}{{entities.SeePoll, entities.NotAllowed}, {entities.MakePoll, 0}, {entities.Introduce, 0}, {entities.MakePoll, entities.Unavailable}} {
		permit, err := reg.Authorize(t.Context(), ada, c.right, general)
		require(t, err)
		_, err = reg.Begin(t.Context(), ada, permit, entities.Draft{Parts: []string{""}})
		if c.reason == 0 {
			require(t, err)
		} else {
			wantRefusal(t, err, c.reason)
		}
	}
}

func TestRanking(t *testing.T) {
	p := begun(t)
	_, bob := create(t, p.Registry, "Bob", general)
	_, eve := create(t, p.Registry, "Eve", general)
	p.lines(t, p.ada, 1, 2)
	p.lines(t, bob, 10, 2)
	p.lines(t, eve, 20, 1)
	_, err := p.Ranking(t.Context(), p.ada, guild, 7)
	wantRefusal(t, err, entities.NotAllowed)
	able(usual(entities.CanSeeLeaderboard)...)(t, p.Registry, p.id)
	ranks, err := p.Ranking(t.Context(), p.ada, guild, 7)
	require(t, err)
	public, err := p.Leaderboard(t.Context(), ordinary(), 7)
	require(t, err)
	if !slices.Equal(ranks, public) || len(ranks) != 3 || ranks[1].Place != 1 || ranks[2].Place != 3 || ranks[2].Entity.Name != "Eve" {
		t.Errorf("%+v; people see %+v", ranks, public)
	}
	_, err = p.Ranking(t.Context(), p.ada, other, 7)
	wantRefusal(t, err, entities.NotFound)
	_, err = p.Ranking(t.Context(), bob, guild, 7)
	wantRefusal(t, err, entities.NotAllowed)
}

func TestPeriods(t *testing.T) {
	for period, want := range map[entities.Period]int{entities.Today: 1, entities.Week: 7, entities.Month: 30, entities.Ever: 0} {
		if days, ok := period.Days(); !ok || days != want {
			t.Errorf("%s: %d, %v", period, days, ok)
		}
	}
	if _, ok := entities.Period("year").Days(); ok {
		t.Error("a year is a period")
	}
}

// An entity leaves one server and no other; it comes back as one that was taken out does.
func TestLeaveServer(t *testing.T) {
	p := begun(t)
	join(t, p, other)
	leave := func(from snowflake.ID) (entities.Notice, error) { return p.LeaveServer(t.Context(), p.ada, from) }
	_, err := leave(guild)
	wantRefusal(t, err, entities.NotAllowed)
	able(usual(entities.CanLeave)...)(t, p.Registry, p.id)
	_, err = leave(other) // there it may not
	wantRefusal(t, err, entities.NotAllowed)
	_, err = leave(gone)
	wantRefusal(t, err, entities.NotFound)
	require(t, errOf(p.Suspend(t.Context(), admin(olivia), p.id, time.Hour)))
	_, err = leave(guild)
	wantRefusal(t, err, entities.NotFound)
	require(t, errOf(p.Reinstate(t.Context(), admin(olivia), p.id)))
	notice, err := leave(guild)
	require(t, err)
	if notice.Guild != guild || notice.Gone.ID != p.id || notice.Gone.Persona != "" || len(notice.Left) != 0 {
		t.Errorf("%+v", notice)
	}
	_, err = leave(guild)
	wantRefusal(t, err, entities.NotFound)
	_, err = p.Authorize(t.Context(), p.ada, entities.Post, general)
	wantRefusal(t, err, entities.NotFound)
	_, err = p.Authorize(t.Context(), p.ada, entities.Post, abroad)
	require(t, err)
	rows, err := p.Audits(t.Context(), admin(olivia))
	require(t, err)
	if row := rows[0]; row.Act != "leave" || row.Actor != "entity "+string(p.id) || row.EntityID != p.id || row.GuildID != guild || row.Outcome != entities.Done {
		t.Errorf("%+v", row)
	}
	joined, err := p.Join(t.Context(), ordinary(), p.id, chosen(general)[0])
	if err != nil || joined.Resident.Presence.State != entities.PresenceRequested {
		t.Errorf("back as %+v, %v", joined.Resident.Presence, err)
	}
	remembers(t, p.Registry)
}

// join brings a play's entity to a server whose admins let it in.
func join(t *testing.T, p *play, to snowflake.ID) {
	t.Helper()
	require(t, errOf(p.Join(t.Context(), entities.Member(mia, to, discord.PermissionManageGuild), p.id, chosen(abroad)[0])))
	p.World().SetMember(to, entities.Membership{UserID: mia}, true, p.now)
}
