package entities_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/disgoorg/disgo/discord"

	"troupe/entities"
)

func TestSettings(t *testing.T) {
	p, boss := newPlay(t), admin(olivia)
	p.World().PutRole(guild, entities.Role{ID: creators, Name: "creators"})
	want := entities.Settings{
		Creators: entities.RoleCreates, CreatorRole: creators, Quota: 3, Approval: true, HouseRules: "Be kind.",
		Limits: entities.Limits{Minute: 5}, LogChannel: lab, Stopped: true,
	}
	after, err := p.SetSettings(t.Context(), boss, becoming(want))
	if got, again := p.Settings(t.Context(), boss); err != nil || again != nil || got != want || after != want {
		t.Errorf("%+v, %v, %v", got, err, again)
	}
	if got, err := p.Settings(t.Context(), entities.Member(mia, other, discord.PermissionManageGuild)); err != nil || got != (entities.Settings{}) {
		t.Errorf("another server has %+v, %v", got, err)
	}
	for name, change := range map[string]func(*entities.Settings){
		"who creates":                   func(s *entities.Settings) { s.Creators = "cats" },
		"a role that is not":            func(s *entities.Settings) { s.CreatorRole = 42 },
		"everyone as a role":            func(s *entities.Settings) { s.CreatorRole = guild },
		"a quota that is too large":     func(s *entities.Settings) { s.Quota = entities.MaxQuota + 1 },
		"a quota below nothing":         func(s *entities.Settings) { s.Quota = -1 },
		"limits that are too large":     func(s *entities.Settings) { s.Limits.Hour = entities.MaxLimits().Hour + 1 },
		"a log channel elsewhere":       func(s *entities.Settings) { s.LogChannel = abroad },
		"a log channel that is none":    func(s *entities.Settings) { s.LogChannel = category },
		"a link policy that is none":    func(s *entities.Settings) { s.Filter.Links = "cats" },
		"house rules that are too long": func(s *entities.Settings) { s.HouseRules = strings.Repeat("ä", entities.MaxHouseRules+1) },
	} {
		_, err := p.SetSettings(t.Context(), boss, func(s *entities.Settings) error { change(s); return nil })
		if !entities.IsRefusal(err, entities.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	other := errors.New("changed my mind")
	if _, err := p.SetSettings(t.Context(), boss, func(s *entities.Settings) error { s.Quota = 9; return other }); !errors.Is(err, other) {
		t.Errorf("got %v", err)
	}
	if got, err := p.Settings(t.Context(), boss); err != nil || got != want {
		t.Errorf("afterwards %+v, %v", got, err)
	}
	for _, stranger := range []entities.Actor{ordinary(), entities.Member(zoe, guild, discord.PermissionModerateMembers), entities.Member(operator, guild, 0)} {
		_, err := p.Settings(t.Context(), stranger)
		wantRefusal(t, err, entities.NotAllowed)
		_, err = p.SetSettings(t.Context(), stranger, becoming(entities.Settings{}))
		wantRefusal(t, err, entities.NotAllowed)
	}
	remembers(t, p.Registry)
}

// Two admins who change different things undo nothing of each other's.
func TestSettingsAtOnce(t *testing.T) {
	p := newPlay(t)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			_, err := p.SetSettings(t.Context(), admin(olivia), func(s *entities.Settings) error { s.Quota++; return nil })
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got, err := p.Settings(t.Context(), admin(olivia)); err != nil || got.Quota != 20 {
		t.Errorf("%d of 20 changes are there, %v", got.Quota, err)
	}
}
