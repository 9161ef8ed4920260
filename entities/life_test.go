package entities_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// settled is a play with a server that has all that a server can have.
func settled(t *testing.T) *play {
	t.Helper()
	p := begun(t)
	require(t, errOf(p.SetSettings(t.Context(), admin(olivia), becoming(entities.Settings{HouseRules: "Be kind."}))))
	require(t, p.SetCapabilities(t.Context(), admin(olivia), p.id, just(entities.Capabilities())))
	require(t, errOf(p.EditHere(t.Context(), ordinary(), p.id, entities.Adornment{Words: &[]string{"countess"}})))
	require(t, errOf(p.SetServerRules(t.Context(), admin(olivia), func(rules *entities.Rules) error {
		*rules = entities.Rules{Filter: entities.Filter{Length: 500}, Words: []string{"bother"}, Patterns: []string{`b+other`}}
		return nil
	})))
	require(t, errOf(p.Append(t.Context(), program, []entities.Heard{{Event: message(1, general), Text: "Ada"}, {Event: message(2, general)}})))
	require(t, p.Writer().Create(&entities.Watermark{ChannelID: general, GuildID: guild, MessageID: 2}).Error)
	require(t, p.Mark(t.Context(), p.ada, entities.ScopeOf(general), entities.ReadTo(1)))
	permit, err := p.Authorize(t.Context(), p.ada, entities.Post, general)
	require(t, err)
	require(t, own(t, p.Registry, permit, 1, p.now))
	return p
}

// count is how many rows a table has.
func count(t *testing.T, reg *entities.Registry, table string) int {
	t.Helper()
	return strings.Count("\n"+dump(t, reg), "\n"+table+"map[")
}

func TestAServerThatComesBackFindsAllAsItWas(t *testing.T) {
	p := settled(t)
	w, known := p.World(), newWorld().Channels(guild)
	before := p.Memory()
	require(t, p.Depart(t.Context(), program, guild))
	w.RemoveGuild(guild)
	if n := count(t, p.Registry, "events"); n != 0 {
		t.Errorf("%d events are left", n)
	}
	p.now = p.now.Add(entities.Sleep - time.Second)
	require(t, p.Retain(t.Context(), program))
	require(t, p.Depart(t.Context(), program, guild)) // it was said twice: the time counts from the first
	require(t, p.Arrive(t.Context(), program, guild))
	if after := p.Memory(); after != before {
		t.Errorf("it came back to\n%s", difference(before, after))
	}
	remembers(t, p.Registry)
	w.PutGuild(entities.Guild{ID: guild, Name: "Demo", OwnerID: olivia, Available: true}, []entities.Role{{ID: botRole, Permissions: needed}, {ID: members, Permissions: needed}}, entities.Membership{UserID: botUser, Roles: []snowflake.ID{botRole}}, known)
	w.Expect(guild, mia, at(0))
	p.mia(true, members)
	if _, err := p.Authorize(t.Context(), p.ada, entities.Post, general); err != nil {
		t.Errorf("it may not speak: %v", err)
	}
}

func TestAServerThatStaysAwayIsForgotten(t *testing.T) {
	p := settled(t)
	require(t, errOf(p.Join(t.Context(), there(mia), p.id, chosen(abroad)[0])))
	require(t, p.Admit(t.Context(), entities.Member(operator, 0, 0), guild))
	require(t, p.Depart(t.Context(), program, guild))
	p.World().Announce(0, 1, []snowflake.ID{other})
	p.now = p.now.Add(entities.Sleep + time.Second)
	require(t, p.Retain(t.Context(), program))
	for table, want := range map[string]int{"presences": 1, "channel_rules": 1, "capability_rules": 0, "mention_words": 0, "events": 0, "addresses": 0, "watermarks": 0, "read_marks": 0, "ownerships": 0, "counts": 0, "filter_terms": 0} {
		if n := count(t, p.Registry, table); n != want {
			t.Errorf("%d rows are left in %s, want %d", n, table, want)
		}
	}
	if strings.Contains(dump(t, p.Registry), "Be kind.") {
		t.Error("its settings are left")
	}
	remembers(t, p.Registry)
	if mine, err := p.Mine(t.Context(), there(mia)); err != nil || len(mine) != 1 {
		t.Errorf("the entity itself is gone: %v, %v", mine, err)
	}
	require(t, p.Arrive(t.Context(), program, guild))
}

// A new session's list of servers tells who removed the bot meanwhile. An outage does not.
func TestRoll(t *testing.T) {
	p := settled(t)
	require(t, errOf(p.Join(t.Context(), there(mia), p.id, chosen(abroad)[0])))
	before := dump(t, p.Registry)
	p.World().SetAvailable(guild, false)
	require(t, p.Roll(t.Context(), program, 0, 1, []snowflake.ID{guild, other}))
	if guild>>22%2 != other>>22%2 {
		t.Fatal("the test's guilds are of two shards")
	}
	require(t, p.Roll(t.Context(), program, 1-int(guild>>22%2), 2, nil)) // another shard's list
	if after := dump(t, p.Registry); after != before {
		t.Errorf("it changed\n%s", difference(before, after))
	}
	require(t, p.Roll(t.Context(), program, 0, 1, []snowflake.ID{other}))
	if n := count(t, p.Registry, "events"); n != 0 {
		t.Errorf("%d events of a server are left that is gone", n)
	}
	if setup, err := p.Setup(t.Context(), admin(olivia), p.id); err != nil || len(setup.Rooms) != 1 {
		t.Errorf("its settings are gone: %+v, %v", setup, err)
	}
	remembers(t, p.Registry)
}

func TestRetainForgetsOldAuditsAndOffers(t *testing.T) {
	p := begun(t)
	require(t, errOf(p.Offer(t.Context(), ordinary(), p.id, entities.Person{ID: zoe})))
	p.now = p.now.Add(entities.OfferLife + time.Second)
	require(t, p.Retain(t.Context(), program))
	if n := count(t, p.Registry, "transfers"); n != 0 {
		t.Errorf("%d offers are left", n)
	}
	if count(t, p.Registry, "audit") == 0 {
		t.Error("the audit is gone")
	}
	p.now = p.now.Add(366 * 24 * time.Hour)
	require(t, p.Retain(t.Context(), program))
	if n := count(t, p.Registry, "audit"); n != 0 {
		t.Errorf("%d rows of the audit are left after a year", n)
	}
}

func TestOwnerLeft(t *testing.T) {
	p := begun(t)
	create(t, p.Registry, "Eve", general)
	notice, err := p.OwnerLeft(t.Context(), program, guild, mia)
	require(t, err)
	if notice.Guild != guild || notice.Channel != 0 || len(notice.Left) != 1 || notice.Left[0].ID != p.id {
		t.Errorf("noticed %+v", notice)
	}
	again, err := p.OwnerLeft(t.Context(), program, guild, mia)
	if err != nil || len(again.Left) != 0 {
		t.Errorf("noticed again %+v, %v", again, err)
	}
	residents, err := p.List(t.Context(), admin(olivia))
	require(t, err)
	if i := slices.IndexFunc(residents, func(r entities.Resident) bool { return r.Entity.ID == p.id }); residents[i].Presence.Cause != entities.OwnerLeft || residents[i].Speaks || !residents[1-i].Speaks {
		t.Errorf("residents %+v", residents)
	}
	remembers(t, p.Registry)
}

// The admins are told in the channel that they chose, else where Discord tells them, if the
// bot can speak there.
func TestNoticeChannel(t *testing.T) {
	p := begun(t)
	channel := func() snowflake.ID {
		notice, err := p.OwnerLeft(t.Context(), program, guild, zoe)
		require(t, err)
		return notice.Channel
	}
	p.World().UpdateGuild(entities.Guild{ID: guild, OwnerID: olivia, SystemChannel: general, UpdatesChannel: staff})
	if got := channel(); got != general {
		t.Errorf("told in %d: the bot cannot see the channel for updates", got)
	}
	p.World().UpdateGuild(entities.Guild{ID: guild, OwnerID: olivia, SystemChannel: general, UpdatesChannel: adult})
	if got := channel(); got != adult {
		t.Errorf("told in %d", got)
	}
	require(t, errOf(p.SetSettings(t.Context(), admin(olivia), becoming(entities.Settings{LogChannel: lab}))))
	if got := channel(); got != lab {
		t.Errorf("told in %d", got)
	}
	deny(lab, send)(p.World())
	if got := channel(); got != adult {
		t.Errorf("told in %d, where the bot may not send", got)
	}
}

func TestAdopt(t *testing.T) {
	p := begun(t)
	require(t, p.Adopt(t.Context(), program, 1, false))
	require(t, p.Adopt(t.Context(), program, 1, false))
	err := p.Adopt(t.Context(), program, 2, false)
	wantRefusal(t, err, entities.Conflict)
	if !strings.Contains(err.Error(), "-adopt-application") {
		t.Errorf("it does not say how: %v", err)
	}
	require(t, p.Adopt(t.Context(), program, 2, true))
	require(t, p.Adopt(t.Context(), program, 2, false))
	wantRefusal(t, p.Adopt(t.Context(), program, 1, false), entities.Conflict)
}
