package entities_test

import (
	"strings"
	"testing"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// Each of these was possible once, and should not have been.

func everyoneCreates(t *testing.T, p *play) {
	t.Helper()
	require(t, errOf(p.SetSettings(t.Context(), admin(olivia), becoming(entities.Settings{Creators: entities.EveryoneCreate, Quota: 3}))))
}

func TestLeavingUndoesNothing(t *testing.T) {
	p := begun(t)
	everyoneCreates(t, p)
	boss, own := admin(olivia), ordinary()
	require(t, p.SetLimits(t.Context(), boss, p.id, just(entities.Limits{Day: 1})))
	require(t, p.SetCapabilities(t.Context(), boss, p.id, just([]entities.Capability{entities.CanRead})))
	require(t, errOf(p.Suspend(t.Context(), boss, p.id, 0)))
	require(t, errOf(p.Leave(t.Context(), own, p.id)))
	j, err := p.Join(t.Context(), own, p.id, chosen(general)[0])
	require(t, err)
	if j.Resident.Presence.State != entities.PresenceRequested || j.Resident.Presence.Limits.Day != 1 {
		t.Errorf("it came back as %+v", j.Resident.Presence)
	}
	if _, err := p.Authorize(t.Context(), p.ada, entities.Post, general); err == nil {
		t.Error("suspended entity posts after owner's leave+join")
	}
}

// An owner who is an admin too, and takes the entity out, lifts nothing that another admin laid on it.
func TestLeavingUndoesNothingForAnOwnerWhoIsAnAdmin(t *testing.T) {
	p := newPlay(t)
	made, actor := create(t, p.Registry, "Ada", general)
	boss := admin(olivia)
	require(t, p.SetCapabilities(t.Context(), boss, made.Entity.ID, just([]entities.Capability{entities.CanRead})))
	require(t, p.SetLimits(t.Context(), boss, made.Entity.ID, just(entities.Limits{Day: 1})))
	require(t, errOf(p.Leave(t.Context(), boss, made.Entity.ID)))
	j, err := p.Join(t.Context(), boss, made.Entity.ID, chosen(general)[0])
	require(t, err)
	if j.Resident.Presence.State != entities.PresenceActive || j.Resident.Presence.Limits.Day != 1 {
		t.Errorf("it came back as %+v", j.Resident.Presence)
	}
	_, err = p.Authorize(t.Context(), actor, entities.Post, general)
	wantRefusal(t, err, entities.NotAllowed)
}

func TestWhoWasTakenOutAsksAgain(t *testing.T) {
	p := begun(t)
	everyoneCreates(t, p)
	require(t, errOf(p.Leave(t.Context(), admin(olivia), p.id)))
	require(t, errOf(p.Join(t.Context(), ordinary(), p.id, chosen(general)[0])))
	if _, err := p.Authorize(t.Context(), p.ada, entities.Post, general); err == nil {
		t.Error("taken out by an admin, back at once")
	}
}

func TestVoiceChatTakesConnect(t *testing.T) {
	p := newPlay(t)
	const voice snowflake.ID = 700000000000000055
	p.begin(t, "Ada", general)
	p.World().PutChannel(entities.Channel{ID: voice, GuildID: guild, Type: discord.ChannelTypeGuildVoice, Name: "v", Overwrites: []entities.Overwrite{{ID: members, Deny: discord.PermissionConnect}}})
	require(t, p.SetChannels(t.Context(), admin(olivia), p.id, rules([]entities.ChosenRule{{ChosenChannel: chosen(voice)[0], Access: entities.Write}})))
	if _, err := p.Authorize(t.Context(), p.ada, entities.ReadHistory, voice); err == nil {
		t.Error("reads the text of a voice channel to which the owner may not connect")
	}
}

func TestAnOrphanIsAssignedOnce(t *testing.T) {
	p := begun(t)
	runner := entities.Member(operator, 0, 0)
	p.mia(false)
	require(t, errOf(p.OwnerLeft(t.Context(), program, guild, mia)))
	require(t, errOf(p.Assign(t.Context(), runner, p.id, entities.Person{ID: zoe})))
	// zoe is a member of the guild, but nobody asked about her yet
	if _, err := p.Assign(t.Context(), runner, p.id, entities.Person{ID: operator}); err == nil {
		t.Error("taken from zoe, who is on its server")
	}
}

func TestOldKnowledgeMakesNoOrphan(t *testing.T) {
	p := begun(t)
	runner := entities.Member(operator, 0, 0)
	p.World().HoldMembers(time.Minute)
	p.mia(false)
	require(t, errOf(p.OwnerLeft(t.Context(), program, guild, mia)))
	p.now = p.now.Add(time.Hour) // mia came back; nobody tells, nobody asks
	if _, err := p.Assign(t.Context(), runner, p.id, entities.Person{ID: operator}); err == nil {
		t.Error("what was known an hour ago is enough to take it")
	}
}

func TestAQuotaHoldsForTransfers(t *testing.T) {
	p := begun(t)
	require(t, errOf(p.SetSettings(t.Context(), admin(olivia), becoming(entities.Settings{Creators: entities.EveryoneCreate, Quota: 1}))))
	z := entities.Member(zoe, guild, 0)
	require(t, errOf(p.Create(t.Context(), z, entities.NewEntity{Name: "Zed", Channels: chosen(general)})))
	require(t, errOf(p.Offer(t.Context(), ordinary(), p.id, entities.Person{ID: zoe})))
	if _, err := p.Take(t.Context(), z, p.id); err == nil {
		mine, _ := p.Mine(t.Context(), z)
		t.Errorf("zoe has %d of 1", len(mine))
	}
}

func TestNothingIsForgottenBeforeDiscordHasTold(t *testing.T) {
	p := settled(t)
	require(t, p.Depart(t.Context(), program, guild))
	p.now = p.now.Add(24 * time.Hour)
	// the program is down; the bot is invited again now; the program starts 31 days later
	p.now = p.now.Add(31 * 24 * time.Hour)
	require(t, p.Retain(t.Context(), program)) // Run: before anything is known of the guilds
	require(t, p.Arrive(t.Context(), program, guild))
	if _, err := p.Setup(t.Context(), admin(olivia), p.id); err != nil {
		t.Errorf("its settings are lost: %v", err)
	}
}

func TestRefusalsInsideAreAudited(t *testing.T) {
	p := begun(t)
	mod := entities.Member(zoe, guild, discord.PermissionModerateMembers)
	require(t, errOf(p.Suspend(t.Context(), admin(olivia), p.id, 0)))
	wantRefusal(t, errOf(p.Reinstate(t.Context(), mod, p.id)), entities.NotAllowed)
	wantRefusal(t, errOf(p.Assign(t.Context(), entities.Member(operator, guild, 0), p.id, entities.Person{ID: zoe})), entities.NotAllowed)
	wantRefusal(t, errOf(p.Create(t.Context(), admin(olivia), entities.NewEntity{Name: "Q", Channels: nil})), entities.Invalid)
	rows, err := p.Audits(t.Context(), admin(olivia))
	require(t, err)
	n := 0
	for _, r := range rows {
		if r.Outcome == entities.Refused {
			n++
		}
	}
	if n < 2 {
		t.Errorf("%d refusals written, 2 made", n)
	}
}

func TestAHiddenChannelStaysHidden(t *testing.T) {
	p := begun(t)
	everyoneCreates(t, p)
	_, err := p.Create(t.Context(), entities.Member(zoe, guild, 0), entities.NewEntity{Name: "Zed", Channels: []entities.ChosenChannel{{ID: staff}}})
	_, absent := p.Create(t.Context(), entities.Member(zoe, guild, 0), entities.NewEntity{Name: "Zed", Channels: []entities.ChosenChannel{{ID: 5}}})
	if strings.Contains(err.Error(), "staff") || err.Error() != absent.Error() {
		t.Errorf("%v / %v", err, absent)
	}
}

func TestWhoTakesNoPartReadsNoHouseRules(t *testing.T) {
	p := settled(t)
	p.mia(false)
	require(t, errOf(p.OwnerLeft(t.Context(), program, guild, mia)))
	require(t, errOf(p.SetSettings(t.Context(), admin(olivia), becoming(entities.Settings{HouseRules: "the new secret rules"}))))
	_, homes, err := p.Self(t.Context(), p.ada)
	require(t, err)
	for _, h := range homes {
		if strings.Contains(h.HouseRules, "secret") {
			t.Errorf("%+v", h)
		}
	}
}

func TestTextWithNUL(t *testing.T) {
	p := begun(t)
	persona := "a\x00b"
	if err := p.SetRules(t.Context(), ordinary(), p.id, func(now *string, _ *entities.Rules) error { *now = persona; return nil }); err != nil {
		t.Errorf("NUL persona: %v", err)
	}
	if _, err := p.SetSettings(t.Context(), admin(olivia), func(s *entities.Settings) error { s.HouseRules = persona; return nil }); err != nil {
		t.Errorf("NUL rules: %v", err)
	}
}

func TestAnOldAnswerIsNotBelieved(t *testing.T) {
	p := begun(t)
	asked := p.now // REST is asked
	p.now = p.now.Add(time.Second)
	p.mia(true) // lost her role
	p.now = p.now.Add(time.Second)
	p.World().ForgetMember(guild, mia, p.now) // an update that could not be read
	// now the REST answer from before arrives
	p.World().SetMember(guild, entities.Membership{UserID: mia, Roles: []snowflake.ID{members}}, true, asked)
	if _, err := p.Authorize(t.Context(), p.ada, entities.Post, general); err == nil {
		t.Error("an answer older than what was forgotten is believed")
	}
}

func TestLeavingTheServerLeavesItsThreads(t *testing.T) {
	p := newPlay(t)
	p.begin(t, "Ada", private)
	p.World().SetThreadMember(private, mia, true, p.now)
	p.now = p.now.Add(time.Second)
	p.mia(false)
	p.now = p.now.Add(time.Second)
	p.mia(true, members)
	if _, err := p.Authorize(t.Context(), p.ada, entities.Hear, private); err == nil {
		t.Error("believed to be in the private thread after leaving the server")
	}
}

func TestStrangersServersLeaveNoTrace(t *testing.T) {
	p := begun(t)
	// guild rows grow for ever
	for n := snowflake.ID(1); n <= 50; n++ {
		require(t, p.Depart(t.Context(), program, 500000000000000000+n))
	}
	p.now = p.now.Add(31 * 24 * time.Hour)
	require(t, p.Retain(t.Context(), program))
	servers, err := p.Servers(t.Context(), program)
	require(t, err)
	if len(servers) > 10 {
		t.Errorf("%d servers are listed for ever", len(servers))
	}
}

func TestNewsBeginsWithTheRule(t *testing.T) {
	p := begun(t)
	say(t, p.Registry, message(10, lab))
	require(t, p.SetChannels(t.Context(), admin(olivia), p.id, rules([]entities.ChosenRule{{ChosenChannel: chosen(lab)[0], Access: entities.Read}})))
	p.overwrite(lab, entities.Overwrite{ID: mia, Member: true, Deny: discord.PermissionReadMessageHistory})
	if _, err := p.Authorize(t.Context(), p.ada, entities.ReadHistory, lab); err == nil {
		t.Fatal("history")
	}
	found, _ := news(t, p.Registry, p.ada, 0, 10)
	if len(found) != 0 {
		t.Errorf("it is told of what was said before it was let in: %v", found)
	}
}

func TestAnUnknownOwnerFindsNoChannel(t *testing.T) {
	p := begun(t)
	require(t, p.SetChannels(t.Context(), admin(olivia), p.id, rules([]entities.ChosenRule{{ChosenChannel: chosen(category)[0], Access: entities.Read}})))
	p.overwrite(lab, entities.Overwrite{ID: mia, Member: true, Deny: discord.PermissionViewChannel})
	_, _, hidden := p.ResolveChannel(t.Context(), p.ada, "lab")
	wantRefusal(t, hidden, entities.NotFound)
	p.World().ForgetMember(guild, mia, p.now)
	id, known, err := p.ResolveChannel(t.Context(), p.ada, "lab")
	if err == nil {
		t.Errorf("a channel that the owner does not see is found by name: %d %v", id, known)
	}
}

func TestNoNameStandsForAnID(t *testing.T) {
	p := begun(t)
	everyoneCreates(t, p)
	require(t, errOf(p.Edit(t.Context(), ordinary(), p.id, entities.Changes{Name: to("zzzz")})))
	wantRefusal(t, errOf(p.Create(t.Context(), entities.Member(zoe, guild, 0), entities.NewEntity{Name: string(p.id), Channels: chosen(general)})), entities.Invalid)
	found, err := p.Find(t.Context(), admin(olivia), string(p.id))
	require(t, err)
	if found.ID != p.id {
		t.Errorf("the id finds %s", found.ID)
	}
}

func TestACategoryOfHiddenChannels(t *testing.T) {
	p := newPlay(t)
	p.begin(t, "Ada", general)
	p.overwrite(lab, entities.Overwrite{ID: guild, Deny: discord.PermissionViewChannel})
	for _, r := range []snowflake.ID{members, botRole} {
		p.overwrite(lab, entities.Overwrite{ID: r, Allow: needed})
	}
	boss := entities.Member(zoe, guild, discord.PermissionManageGuild)
	wantRefusal(t, p.SetChannels(t.Context(), boss, p.id, rules([]entities.ChosenRule{{ChosenChannel: chosen(category)[0], Access: entities.Write}})), entities.NotAllowed)
}

func TestAPauseEndsNoSuspension(t *testing.T) {
	p := begun(t)
	p.mia(false)
	require(t, errOf(p.OwnerLeft(t.Context(), program, guild, mia)))
	wantRefusal(t, errOf(p.Suspend(t.Context(), admin(olivia), p.id, time.Hour)), entities.Conflict)
	p.now = p.now.Add(time.Hour)
	p.mia(true, members)
	if _, err := p.Authorize(t.Context(), p.ada, entities.Post, general); err == nil {
		t.Error("a pause for an hour ended the suspension that was to last until an admin resumes")
	}
}

func TestWhatWasSaidDuringASuspension(t *testing.T) {
	p := begun(t)
	require(t, errOf(p.Create(t.Context(), admin(olivia), entities.NewEntity{Name: "Other", Channels: chosen(general)})))
	require(t, errOf(p.Suspend(t.Context(), admin(olivia), p.id, 0)))
	say(t, p.Registry, message(77, general))
	require(t, errOf(p.Reinstate(t.Context(), admin(olivia), p.id)))
	if found, _ := news(t, p.Registry, p.ada, 0, 10); len(found) > 0 {
		t.Errorf("told of what was said while it was paused: %v", found)
	}
}

func TestCreationsADay(t *testing.T) {
	p := begun(t)
	everyoneCreates(t, p)
	z := entities.Member(zoe, guild, 0)
	for range 30 {
		made, err := p.Create(t.Context(), z, entities.NewEntity{Name: "Zed", Channels: chosen(general)})
		if entities.IsRefusal(err, entities.Conflict) {
			break
		}
		require(t, err)
		require(t, errOf(p.Delete(t.Context(), z, made.Entity.ID)))
	}
	if n := count(t, p.Registry, "entities"); n > 10 {
		t.Errorf("quota 3, %d rows", n)
	}
}
