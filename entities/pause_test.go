package entities_test

import (
	"strings"
	"testing"
	"time"

	"github.com/disgoorg/disgo/discord"

	"troupe/entities"
)

func TestPause(t *testing.T) {
	p := begun(t)
	_, err := p.Resume(t.Context(), ordinary(), p.id)
	wantRefusal(t, err, entities.Conflict)
	paused, err := p.Pause(t.Context(), ordinary(), p.id)
	if err != nil || paused.State != entities.Paused {
		t.Errorf("%+v, %v", paused, err)
	}
	_, err = p.Pause(t.Context(), ordinary(), p.id)
	wantRefusal(t, err, entities.Conflict)
	for _, stranger := range []entities.Actor{admin(olivia), entities.Member(operator, guild, 0)} {
		_, err = p.Resume(t.Context(), stranger, p.id)
		wantRefusal(t, err, entities.NotAllowed)
	}
	// its credentials hold: a client learns that it is paused
	if self, homes, err := p.Self(t.Context(), p.ada); err != nil || self.State != entities.Paused || len(homes) != 1 || homes[0].Speaks {
		t.Errorf("it learns %+v, %+v, %v", self, homes, err)
	}
	require(t, errOf(p.Resume(t.Context(), ordinary(), p.id)))
}

// What one suspension's end takes is a matter of who began it.
func TestSuspensions(t *testing.T) {
	boss := admin(olivia)
	mod := entities.Member(zoe, guild, discord.PermissionManageMessages)
	suspend := func(by entities.Actor, length time.Duration) func(*testing.T, *play) error {
		return func(t *testing.T, p *play) error { return errOf(p.Suspend(t.Context(), by, p.id, length)) }
	}
	reinstate := func(by entities.Actor) func(*testing.T, *play) error {
		return func(t *testing.T, p *play) error { return errOf(p.Reinstate(t.Context(), by, p.id)) }
	}
	left := func(t *testing.T, p *play) error { return errOf(p.OwnerLeft(t.Context(), program, guild, mia)) }
	request := func(t *testing.T, p *play) error {
		require(t, errOf(p.Leave(t.Context(), boss, p.id)))
		return errOf(p.Join(t.Context(), ordinary(), p.id, chosen(general)[0]))
	}
	later := func(length time.Duration) func(*testing.T, *play) error {
		return func(_ *testing.T, p *play) error { p.now = p.now.Add(length); return nil }
	}
	type step = func(*testing.T, *play) error
	for name, test := range map[string]struct {
		before []step
		then   step
		reason entities.Reason
	}{
		"a moderator, for a while":                          {then: suspend(mod, time.Hour)},
		"a moderator, for longest":                          {then: suspend(mod, entities.LongestPause)},
		"a moderator, for too long":                         {then: suspend(mod, entities.LongestPause+1), reason: entities.Invalid},
		"a moderator, without an end":                       {then: suspend(mod, 0), reason: entities.NotAllowed},
		"an admin, without an end":                          {then: suspend(boss, 0)},
		"for less than no time":                             {then: suspend(boss, -1), reason: entities.Invalid},
		"its owner":                                         {then: suspend(ordinary(), time.Hour), reason: entities.NotAllowed},
		"one that waits":                                    {before: []step{request}, then: suspend(boss, 0), reason: entities.Conflict},
		"a moderator ends a moderator's":                    {before: []step{suspend(mod, time.Hour)}, then: reinstate(mod)},
		"a moderator ends an admin's":                       {before: []step{suspend(boss, 0)}, then: reinstate(mod), reason: entities.NotAllowed},
		"a moderator ends an admin's that has an end":       {before: []step{suspend(boss, time.Hour)}, then: reinstate(mod), reason: entities.NotAllowed},
		"a moderator replaces an admin's":                   {before: []step{suspend(boss, 0)}, then: suspend(mod, time.Second), reason: entities.Conflict},
		"a moderator replaces an admin's that is over":      {before: []step{suspend(boss, time.Hour), later(time.Hour)}, then: suspend(mod, time.Second)},
		"an admin replaces a moderator's":                   {before: []step{suspend(mod, time.Hour)}, then: suspend(boss, 0)},
		"an admin ends a moderator's":                       {before: []step{suspend(mod, time.Hour)}, then: reinstate(boss)},
		"an owner ends a suspension":                        {before: []step{suspend(mod, time.Hour)}, then: reinstate(ordinary()), reason: entities.NotAllowed},
		"what is over":                                      {before: []step{suspend(mod, time.Hour), later(time.Hour)}, then: reinstate(boss), reason: entities.Conflict},
		"what never was":                                    {then: reinstate(boss), reason: entities.Conflict},
		"one that waits is no suspended one":                {before: []step{request}, then: reinstate(boss), reason: entities.Conflict},
		"a moderator ends what the owner's leaving did":     {before: []step{left}, then: reinstate(mod), reason: entities.NotAllowed},
		"a moderator shortens what the owner's leaving did": {before: []step{left}, then: suspend(mod, time.Second), reason: entities.Conflict},
		"an admin ends what the owner's leaving did":        {before: []step{left}, then: reinstate(boss)},
	} {
		t.Run(name, func(t *testing.T) {
			p := begun(t)
			for _, step := range test.before {
				require(t, step(t, p))
			}
			before := dump(t, p.Registry)
			err := test.then(t, p)
			if test.reason == 0 {
				require(t, err)
			} else {
				wantRefusal(t, err, test.reason)
				if after := dump(t, p.Registry); after != before {
					t.Errorf("a refusal changed\n%s", difference(before, after))
				}
			}
			remembers(t, p.Registry)
		})
	}
}

func TestDelete(t *testing.T) {
	p, avatar := begun(t), picture(t, 1)
	var ended []entities.ID
	p.OnRevoked(func(id entities.ID) { ended = append(ended, id) })
	require(t, errOf(p.Edit(t.Context(), ordinary(), p.id, entities.Changes{Description: to("the description's text"), Avatar: &avatar})))
	require(t, p.SetRules(t.Context(), ordinary(), p.id, func(persona *string, rules *entities.Rules) error {
		*persona = "the persona's text"
		*rules = entities.Rules{Filter: entities.Filter{Links: entities.LinksRefused, Mentions: entities.MentionsOne, Length: 4711}, Words: []string{"the rule's text"}}
		return nil
	}))
	require(t, errOf(p.EditHere(t.Context(), ordinary(), p.id, entities.Adornment{Name: to("Ida"), Words: &[]string{"countess"}})))
	require(t, p.SetCapabilities(t.Context(), admin(olivia), p.id, just(entities.Capabilities())))
	require(t, errOf(p.Offer(t.Context(), ordinary(), p.id, entities.Person{ID: zoe})))
	for _, stranger := range []entities.Actor{admin(olivia), entities.Member(operator, guild, 0), entities.Member(zoe, guild, 0)} {
		_, err := p.Delete(t.Context(), stranger, p.id)
		wantRefusal(t, err, entities.NotAllowed)
	}
	gone, err := p.Delete(t.Context(), ordinary(), p.id)
	if err != nil || gone.Name != "Ida" || len(ended) != 1 {
		t.Errorf("deleted %+v, %v, ended %v", gone, err, ended)
	}
	rows := dump(t, p.Registry)
	for _, table := range []string{"presences", "channel_rules", "capability_rules", "mention_words", "credentials", "transfers", "pictures", "filter_terms"} {
		if strings.Contains(rows, "\n"+table+"map[") {
			t.Errorf("something is left in %s:\n%s", table, rows)
		}
	}
	if strings.Contains(rows, "'s text") || strings.Contains(rows, "4711") {
		t.Error("its texts are left")
	}
	if !strings.Contains(rows, string(entities.Deleted)) || !strings.Contains(rows, string(p.id)) {
		t.Error("there is no tombstone: its id could be used again")
	}
	if mine, err := p.Mine(t.Context(), ordinary()); err != nil || len(mine) != 0 {
		t.Errorf("its owner has %v, %v", mine, err)
	}
	_, err = p.Delete(t.Context(), ordinary(), p.id)
	wantRefusal(t, err, entities.NotFound)
	if hears(t, p.Registry, general) {
		t.Error("its channel is still listened to")
	}
	remembers(t, p.Registry)
	p.begin(t, "Ida", general) // its name is free again
}

func TestPausingTwiceSaysWhatIsSo(t *testing.T) {
	p := begun(t)
	_, err := p.Resume(t.Context(), ordinary(), p.id)
	if wantRefusal(t, err, entities.Conflict); err.Error() != "Ada is not paused." {
		t.Errorf("it says %q", err)
	}
	require(t, errOf(p.Pause(t.Context(), ordinary(), p.id)))
	_, err = p.Pause(t.Context(), ordinary(), p.id)
	if wantRefusal(t, err, entities.Conflict); err.Error() != "Ada is paused already." {
		t.Errorf("it says %q", err)
	}
}
