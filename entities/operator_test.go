package entities_test

import (
	"testing"

	"github.com/disgoorg/disgo/discord"

	"troupe/entities"
)

func TestOrphans(t *testing.T) {
	p, runner := begun(t), entities.Member(operator, 0, 0)
	orphans := func() int {
		all, err := p.Orphans(t.Context(), runner)
		require(t, err)
		return len(all)
	}
	assign := func() error { return errOf(p.Assign(t.Context(), runner, p.id, entities.Person{ID: zoe})) }
	if n := orphans(); n != 0 {
		t.Errorf("%d orphans while the owner is here", n)
	}
	wantRefusal(t, assign(), entities.NotAllowed)
	p.World().ForgetMember(guild, mia, at(0))
	if n := orphans(); n != 0 {
		t.Errorf("%d orphans while the owner is not known to be away", n)
	}
	wantRefusal(t, assign(), entities.NotAllowed)
	p.mia(false)
	require(t, errOf(p.Join(t.Context(), there(mia), p.id, chosen(abroad)[0])))
	p.World().Expect(other, mia, at(0))
	p.World().SetMember(other, entities.Membership{UserID: mia}, true, p.now)
	if n := orphans(); n != 0 {
		t.Errorf("%d orphans while the owner is on one of the servers", n)
	}
	p.World().SetMember(other, entities.Membership{UserID: mia}, false, p.now)
	if n := orphans(); n != 1 {
		t.Errorf("%d orphans when the owner has left all servers", n)
	}
	for _, nobody := range []entities.Person{{}, {ID: botUser}, {ID: zoe, Bot: true}} {
		_, err := p.Assign(t.Context(), runner, p.id, nobody)
		wantRefusal(t, err, entities.Invalid)
	}
	var ended int
	p.OnRevoked(func(entities.ID) { ended++ })
	given, err := p.Assign(t.Context(), runner, p.id, entities.Person{ID: zoe})
	require(t, err)
	if given.OwnerID != zoe || given.Persona != "" || ended != 1 {
		t.Errorf("given %+v, %d ended", given, ended)
	}
	_, err = p.Acting(t.Context(), p.ada)
	wantRefusal(t, err, entities.Unauthenticated)
	remembers(t, p.Registry)
}

// The operator's powers end at what the entity is and says.
func TestWhatOperatorsCannot(t *testing.T) {
	p, runner := begun(t), entities.Member(operator, guild, 0)
	for name, err := range map[string]error{
		"its persona": errOf(p.Profile(t.Context(), runner, p.id)), "its key": errOf(p.RotateKey(t.Context(), runner, p.id)),
		"its end": errOf(p.Delete(t.Context(), runner, p.id)), "its channels": p.SetChannels(t.Context(), runner, p.id, rules(nil)),
		"the settings": errOf(p.Settings(t.Context(), runner)), "the audit": errOf(p.Audits(t.Context(), runner)),
		"its news": errOf(p.News(t.Context(), runner, entities.Query{Limit: 1})), "a right": errOf(p.Authorize(t.Context(), runner, entities.Hear, general)),
	} {
		if !entities.IsRefusal(err, entities.NotAllowed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	all, err := p.Everything(t.Context(), runner)
	if err != nil || len(all) != 1 || all[0].Persona != "" {
		t.Errorf("they see %+v, %v", all, err)
	}
}

func TestSwitches(t *testing.T) {
	p, runner := begun(t), entities.Member(operator, 0, 0)
	require(t, p.StopAll(t.Context(), runner, true))
	if got, err := p.Stopped(t.Context(), admin(olivia)); err != nil || got != (entities.Switches{Everywhere: true}) {
		t.Errorf("%+v, %v", got, err)
	}
	if info, err := p.Info(t.Context(), ordinary(), p.id); err != nil || info.Resident.Speaks {
		t.Errorf("it speaks: %+v, %v", info, err)
	}
	require(t, p.StopAll(t.Context(), runner, false))
	require(t, errOf(p.SetSettings(t.Context(), admin(olivia), becoming(entities.Settings{Stopped: true}))))
	if got, err := p.Stopped(t.Context(), admin(olivia)); err != nil || got != (entities.Switches{Here: true}) {
		t.Errorf("%+v, %v", got, err)
	}
	for _, stranger := range []entities.Actor{ordinary(), admin(olivia)} {
		wantRefusal(t, p.StopAll(t.Context(), stranger, true), entities.NotAllowed)
		_, err := p.Stop(t.Context(), stranger, p.id, true)
		wantRefusal(t, err, entities.NotAllowed)
	}
	remembers(t, p.Registry)
}

func TestServers(t *testing.T) {
	p, runner := begun(t), entities.Member(operator, 0, 0)
	require(t, p.Dismiss(t.Context(), runner, closed))
	require(t, p.Dismiss(t.Context(), runner, other))
	servers, err := p.Servers(t.Context(), runner)
	require(t, err)
	got := map[string]entities.Server{}
	for _, s := range servers {
		got[s.Guild.Name] = s
	}
	if len(servers) != 3 || !got["Demo"].Served || got["Demo"].Entities != 1 || got["Other"].Served || got[""].Guild.ID != closed {
		t.Errorf("servers %+v", servers)
	}
	_, err = p.List(t.Context(), entities.Member(mia, other, discord.PermissionManageGuild))
	wantRefusal(t, err, entities.NotAllowed)
	require(t, p.Admit(t.Context(), runner, other))
	require(t, errOf(p.List(t.Context(), entities.Member(mia, other, discord.PermissionManageGuild))))
	if counts, err := p.Count(t.Context(), runner); err != nil || counts != (entities.Counts{Entities: 1, Guilds: 2}) {
		t.Errorf("counted %+v, %v", counts, err)
	}
	remembers(t, p.Registry)
}
