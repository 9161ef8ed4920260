package entities_test

import (
	"strings"
	"testing"

	"github.com/disgoorg/disgo/discord"

	"troupe/entities"
)

// ordinary is mia in the tests' guild, with no power of her own.
func ordinary() entities.Actor { return entities.Member(mia, guild, 0) }

// begun is a play with mia's Ada in general.
func begun(t *testing.T) *play {
	t.Helper()
	p := newPlay(t)
	p.begin(t, "Ada", general)
	return p
}

func to[T any](v T) *T { return &v }

func TestEdit(t *testing.T) {
	p, first, second := begun(t), picture(t, 1), picture(t, 2)
	changed, err := p.Edit(t.Context(), ordinary(), p.id, entities.Changes{Name: to(" Lady  Ada "), Description: to("Counts."), Avatar: &first})
	require(t, err)
	if changed.Name != "Lady Ada" || changed.Description != "Counts." || changed.Avatar != first.Hash || changed.Persona != "" {
		t.Errorf("changed to %+v", changed)
	}
	require(t, errOf(p.Edit(t.Context(), ordinary(), p.id, entities.Changes{Description: to(""), Avatar: &second})))
	profile, err := p.Profile(t.Context(), ordinary(), p.id)
	require(t, err)
	if e := profile.Entity; e.Name != "Lady Ada" || e.Description != "" || e.Avatar != second.Hash || profile.Here == nil {
		t.Errorf("the profile is %+v", profile)
	}
	if _, err := p.Picture(t.Context(), program, first.Hash); !entities.IsRefusal(err, entities.NotFound) {
		t.Errorf("a picture that nothing shows is kept: %v", err)
	}
	remembers(t, p.Registry)
	for name, c := range map[string]entities.Changes{
		"a bad name":         {Name: to("x")},
		"a long description": {Description: to(strings.Repeat("x", entities.MaxDescription+1))},
	} {
		if _, err := p.Edit(t.Context(), ordinary(), p.id, c); !entities.IsRefusal(err, entities.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, stranger := range []entities.Actor{admin(olivia), entities.Member(zoe, guild, 0), entities.Member(operator, guild, 0)} {
		_, err := p.Edit(t.Context(), stranger, p.id, entities.Changes{Name: to("Mine")})
		wantRefusal(t, err, entities.NotAllowed)
		_, err = p.Profile(t.Context(), stranger, p.id)
		wantRefusal(t, err, entities.NotAllowed)
		_, err = p.EditHere(t.Context(), stranger, p.id, entities.Adornment{Name: to("Mine")})
		wantRefusal(t, err, entities.NotAllowed)
	}
}

// Two neighbours never have one name, whichever way it is changed.
func TestNamesStayApart(t *testing.T) {
	p := begun(t)
	eve, _ := create(t, p.Registry, "Eve", general)
	_, err := p.Edit(t.Context(), ordinary(), p.id, entities.Changes{Name: to("EVE")})
	wantRefusal(t, err, entities.Conflict)
	_, err = p.EditHere(t.Context(), ordinary(), p.id, entities.Adornment{Name: to("eve")})
	wantRefusal(t, err, entities.Conflict)
	require(t, errOf(p.EditHere(t.Context(), ordinary(), p.id, entities.Adornment{Name: to("Ida")})))
	_, err = p.Edit(t.Context(), admin(olivia), eve.Entity.ID, entities.Changes{Name: to("Ida")})
	wantRefusal(t, err, entities.Conflict)
	// its own name is Eve's business no more, but going back to it is
	require(t, errOf(p.Edit(t.Context(), ordinary(), p.id, entities.Changes{Name: to("Eve")})))
	_, err = p.EditHere(t.Context(), ordinary(), p.id, entities.Adornment{Name: to("")})
	wantRefusal(t, err, entities.Conflict)
	remembers(t, p.Registry)
}

func TestEditHere(t *testing.T) {
	p, first, second := begun(t), picture(t, 1), picture(t, 2)
	require(t, errOf(p.Edit(t.Context(), ordinary(), p.id, entities.Changes{Avatar: &first})))
	shown, err := p.EditHere(t.Context(), ordinary(), p.id, entities.Adornment{Name: to("Ida"), Avatar: &second, Words: &[]string{" my  lady", "MY LADY", "countess", ""}})
	require(t, err)
	if shown.Name != "Ida" || shown.Avatar != second.Hash {
		t.Errorf("it is shown as %+v", shown)
	}
	profile, err := p.Profile(t.Context(), ordinary(), p.id)
	require(t, err)
	if profile.Entity.Name == "Ida" || profile.Here.Name != "Ida" || strings.Join(profile.Words, "|") != "countess|my lady" && strings.Join(profile.Words, "|") != "my lady|countess" {
		t.Errorf("the profile is %+v", profile)
	}
	permit, err := p.Authorize(t.Context(), p.ada, entities.Post, general)
	require(t, err)
	if permit.Entity().Name != "Ida" || permit.Entity().Avatar != second.Hash {
		t.Errorf("it speaks as %+v", permit.Entity())
	}
	shown, err = p.EditHere(t.Context(), ordinary(), p.id, entities.Adornment{OwnAvatar: true})
	require(t, err)
	if shown.Name != "Ida" || shown.Avatar != first.Hash {
		t.Errorf("with its own picture it is %+v", shown)
	}
	if _, err := p.Picture(t.Context(), program, second.Hash); !entities.IsRefusal(err, entities.NotFound) {
		t.Errorf("a picture that nothing shows is kept: %v", err)
	}
	remembers(t, p.Registry)
	_, err = p.EditHere(t.Context(), ordinary(), p.id, entities.Adornment{Words: to(strings.Fields("aa bb cc dd ee ff gg hh ii jj kk"))})
	wantRefusal(t, err, entities.Invalid)
	_, err = p.EditHere(t.Context(), entities.Member(mia, other, discord.PermissionManageGuild), p.id, entities.Adornment{Name: to("Ida")})
	wantRefusal(t, err, entities.NotFound)
}

// Whatever takes an entity out of a server takes its picture there along.
func TestNoPictureIsLeftBehind(t *testing.T) {
	for name, end := range map[string]func(*testing.T, *play){
		"leave":  func(t *testing.T, p *play) { require(t, errOf(p.Leave(t.Context(), admin(olivia), p.id))) },
		"delete": func(t *testing.T, p *play) { require(t, errOf(p.Delete(t.Context(), ordinary(), p.id))) },
		"retain": func(t *testing.T, p *play) {
			require(t, p.Depart(t.Context(), program, guild))
			p.World().Announce(0, 1, nil)
			p.now = p.now.Add(2 * entities.Sleep)
			require(t, p.Retain(t.Context(), program))
		},
		"reject": func(t *testing.T, p *play) {
			require(t, errOf(p.Leave(t.Context(), admin(olivia), p.id)))
			require(t, errOf(p.Join(t.Context(), ordinary(), p.id, chosen(general)[0])))
			require(t, errOf(p.EditHere(t.Context(), ordinary(), p.id, entities.Adornment{Avatar: to(picture(t, 1))})))
			require(t, errOf(p.Reject(t.Context(), admin(olivia), p.id)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			p, avatar := begun(t), picture(t, 1)
			require(t, errOf(p.EditHere(t.Context(), ordinary(), p.id, entities.Adornment{Avatar: &avatar})))
			end(t, p)
			if _, err := p.Picture(t.Context(), program, avatar.Hash); !entities.IsRefusal(err, entities.NotFound) {
				t.Errorf("the picture is still there: %v", err)
			}
			remembers(t, p.Registry)
		})
	}
}
