package entities_test

import (
	"strings"
	"testing"
	"time"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// lines are said by an entity on the present day.
func (p *play) lines(t *testing.T, actor entities.Actor, first snowflake.ID, n int) {
	t.Helper()
	permit, err := p.Authorize(t.Context(), actor, entities.Post, general)
	require(t, err)
	for i := range n {
		require(t, own(t, p.Registry, permit, first+snowflake.ID(i), p.now))
	}
}

func TestCounts(t *testing.T) {
	p := begun(t)
	eve, other := create(t, p.Registry, "Eve", general)
	create(t, p.Registry, "Mute", general)
	p.lines(t, p.ada, 1, 5)
	p.lines(t, p.ada, 1, 2) // of these it is known
	p.now = p.now.Add(6 * 24 * time.Hour)
	p.lines(t, other, 20, 3)
	p.now = p.now.Add(24 * time.Hour)
	p.lines(t, p.ada, 30, 1)
	p.lines(t, other, 40, 2)
	for days, want := range map[int]string{1: "Eve 2, Ada 1", 7: "Eve 5, Ada 1", 8: "Ada 6, Eve 5", 0: "Ada 6, Eve 5"} {
		ranks, err := p.Leaderboard(t.Context(), ordinary(), days)
		require(t, err)
		var got []string
		for _, r := range ranks {
			got = append(got, strings.Fields(r.Entity.Name)[0]+" "+string(rune('0'+r.Lines)))
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("in %d days: %v, want %s", days, got, want)
		}
	}
	info, err := p.Info(t.Context(), ordinary(), p.id)
	require(t, err)
	if info.Today != 1 || info.Week != 1 || info.Ever != 6 || !info.Here || !info.Owns || len(info.Servers) != 1 || info.LastSeen == nil {
		t.Errorf("its owner learns %+v", info)
	}
	info, err = p.Info(t.Context(), entities.Member(zoe, guild, 0), p.id)
	require(t, err)
	if info.Ever != 6 || info.Owns || info.Servers != nil || info.Resident.Entity.Persona != "" {
		t.Errorf("others learn %+v", info)
	}
	require(t, errOf(p.Leave(t.Context(), admin(olivia), eve.Entity.ID)))
	if ranks, err := p.Leaderboard(t.Context(), ordinary(), 0); err != nil || len(ranks) != 1 {
		t.Errorf("after Eve left: %+v, %v", ranks, err)
	}
	if ranks, err := p.Leaderboard(t.Context(), entities.Member(mia, 800000000000000003, discord.PermissionManageGuild), 0); err != nil || len(ranks) != 0 {
		t.Errorf("another server sees %+v, %v", ranks, err)
	}
}

func TestAudit(t *testing.T) {
	p, boss := begun(t), admin(olivia)
	const secret = "what-nobody-may-write-down"
	_, err := p.Delete(t.Context(), boss, p.id)
	wantRefusal(t, err, entities.NotAllowed)
	for range 3 { // repeating it is written once
		_, err = p.Authorize(t.Context(), p.ada, entities.Hear, lab)
		wantRefusal(t, err, entities.NotFound)
	}
	require(t, errOf(p.Edit(t.Context(), ordinary(), p.id, entities.Changes{Description: to(secret)})))
	require(t, p.SetRules(t.Context(), ordinary(), p.id, func(persona *string, rules *entities.Rules) error {
		*persona, rules.Words = secret, []string{secret}
		return nil
	}))
	require(t, errOf(p.SetSettings(t.Context(), boss, becoming(entities.Settings{HouseRules: secret}))))
	require(t, errOf(p.EditHere(t.Context(), ordinary(), p.id, entities.Adornment{Words: &[]string{secret}})))
	require(t, errOf(p.Suspend(t.Context(), boss, p.id, time.Hour)))
	rows, err := p.Audits(t.Context(), boss)
	require(t, err)
	var got []string
	for _, row := range rows {
		if strings.Contains(row.Target+row.Reason, secret) {
			t.Errorf("the audit tells what was written: %+v", row)
		}
		if row.GuildID != guild || row.At.IsZero() || (row.Outcome == entities.Refused) != (row.Reason != "") {
			t.Errorf("row %+v", row)
		}
		got = append(got, row.Act+" by "+strings.Fields(row.Actor)[0]+" "+string(row.Outcome))
	}
	want := "pause here by member done|edit here by member done|settings by member done|rules by member done|edit by member done|hear by entity refused|delete by member refused"
	if joined := strings.Join(got, "|"); !strings.HasPrefix(joined, want) || strings.Count(joined, "hear") != 1 {
		t.Errorf("the audit is %s", joined)
	}
	if rows, err := p.Audits(t.Context(), entities.Member(mia, 800000000000000003, discord.PermissionManageGuild)); err != nil || len(rows) != 0 {
		t.Errorf("another server's admins see %v, %v", rows, err)
	}
	p.now = p.now.Add(time.Hour)
	_, err = p.Delete(t.Context(), boss, p.id)
	wantRefusal(t, err, entities.NotAllowed)
	if rows, err := p.Audits(t.Context(), boss); err != nil || rows[0].Outcome != entities.Refused {
		t.Errorf("an hour later a refusal is news again: %+v, %v", rows[0], err)
	}
}

// People type names as they look.
func TestFindByLook(t *testing.T) {
	p := newPlay(t)
	for name, refs := range map[string][]string{
		"Ada Émile": {"ada émile", "ADA ÉMILE", " Ada Émile "}, "Ада": {"ада", "АДА"}, "👩‍🚀 Zed": {"👩🚀 zed", "👩‍🚀 ZED"},
	} {
		made, err := p.Create(t.Context(), admin(olivia), entities.NewEntity{Name: name, Here: chosen(general)[0]})
		require(t, err)
		for _, ref := range append(refs, string(made.Entity.ID)) {
			if found, err := p.Find(t.Context(), ordinary(), ref); err != nil || found.ID != made.Entity.ID {
				t.Errorf("%q: %+v, %v", ref, found, err)
			}
		}
	}
	_, err := p.Find(t.Context(), ordinary(), "Ada")
	wantRefusal(t, err, entities.NotFound)
	// by the name that it has here, and one's own wherever they are
	p.begin(t, "Mine", general)
	require(t, errOf(p.EditHere(t.Context(), ordinary(), p.id, entities.Adornment{Name: to("Nick")})))
	if found, err := p.Find(t.Context(), ordinary(), "nick"); err != nil || found.ID != p.id {
		t.Errorf("%+v, %v", found, err)
	}
	if found, err := p.Find(t.Context(), there(mia), "mine"); err != nil || found.ID != p.id {
		t.Errorf("%+v, %v", found, err)
	}
	_, err = p.Find(t.Context(), there(zoe), "mine")
	wantRefusal(t, err, entities.NotFound)
}
