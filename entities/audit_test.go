package entities_test

import (
	"slices"
	"testing"
	"time"

	"troupe/entities"
)

// What an admin reads in the audit are people's words, never the program's.
func TestAuditIsWordedForPeople(t *testing.T) {
	p := settled(t)
	boss := admin(olivia)
	require(t, p.SetLimits(t.Context(), boss, p.id, just(entities.Limits{Minute: 5, Day: 10})))
	require(t, p.SetCapabilities(t.Context(), boss, p.id, just([]entities.Capability{entities.CanRead, entities.CanPost})))
	require(t, p.SetCapabilities(t.Context(), boss, p.id, just[[]entities.Capability](nil)))
	require(t, errOf(p.OwnerLeft(t.Context(), program, guild, mia)))
	require(t, p.Admit(t.Context(), entities.Member(operator, 0, 0), guild))
	require(t, p.Depart(t.Context(), program, guild))
	require(t, p.Arrive(t.Context(), program, guild))
	require(t, p.Depart(t.Context(), program, guild))
	p.World().Announce(0, 1, nil) // Discord tells of no server
	p.now = p.now.Add(entities.Sleep + time.Second)
	require(t, p.Retain(t.Context(), program))
	rows, err := p.Audits(t.Context(), boss)
	require(t, err)
	slices.Reverse(rows)
	var told []string
	for _, row := range rows {
		told = append(told, row.Act+": "+row.Target)
	}
	want := []string{
		"limits: 5 a minute, usual an hour, 10 a day", "abilities: read, post", "abilities: nothing", "owner left: ",
		"bot removed: ", "bot added: ", "bot removed: ", "settings forgotten: ",
	}
	if at := slices.Index(told, want[0]); at < 0 || !slices.Equal(slices.DeleteFunc(told[at:], func(s string) bool { return s == "admit: " }), want) {
		t.Errorf("it tells %q, want %q", told, want)
	}
}
