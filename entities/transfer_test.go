package entities_test

import (
	"slices"
	"testing"

	"github.com/disgoorg/disgo/discord"

	"troupe/entities"
)

func TestTransfer(t *testing.T) {
	p := begun(t)
	var ended []entities.ID
	p.OnRevoked(func(id entities.ID) { ended = append(ended, id) })
	taker := entities.Member(zoe, guild, 0)
	_, err := p.Take(t.Context(), taker, p.id)
	wantRefusal(t, err, entities.NotAllowed)
	require(t, errOf(p.Offer(t.Context(), ordinary(), p.id, entities.Person{ID: zoe})))
	for _, stranger := range []entities.Actor{ordinary(), admin(olivia), entities.Member(operator, guild, 0)} {
		_, err = p.Take(t.Context(), stranger, p.id)
		wantRefusal(t, err, entities.NotAllowed)
	}
	if _, err := p.Authorize(t.Context(), p.ada, entities.Post, general); err != nil || len(ended) != 0 {
		t.Errorf("an offer alone ended something: %v, %v", err, ended)
	}
	taken, err := p.Take(t.Context(), taker, p.id)
	require(t, err)
	if taken.OwnerID != zoe || taken.Generation != 3 || !slices.Equal(ended, []entities.ID{p.id}) {
		t.Errorf("taken as %+v, ended %v", taken, ended)
	}
	_, err = p.Acting(t.Context(), p.ada)
	wantRefusal(t, err, entities.Unauthenticated)
	_, err = p.RotateKey(t.Context(), ordinary(), p.id)
	wantRefusal(t, err, entities.NotAllowed)
	require(t, errOf(p.FirstKey(t.Context(), taker, p.id)))
	_, err = p.Take(t.Context(), taker, p.id) // once is enough
	wantRefusal(t, err, entities.NotAllowed)
	mine, err := p.Mine(t.Context(), taker)
	if err != nil || len(mine) != 1 {
		t.Errorf("the new owner has %v, %v", mine, err)
	}
	remembers(t, p.Registry)
}

func TestOffersEnd(t *testing.T) {
	taker, second := entities.Member(zoe, guild, 0), entities.Member(olivia, guild, 0)
	for name, end := range map[string]func(*testing.T, *play){
		"after a week":          func(_ *testing.T, p *play) { p.now = p.now.Add(entities.OfferLife) },
		"declined by the taker": func(t *testing.T, p *play) { require(t, errOf(p.Decline(t.Context(), taker, p.id))) },
		"taken back":            func(t *testing.T, p *play) { require(t, errOf(p.Decline(t.Context(), ordinary(), p.id))) },
		"offered to another": func(t *testing.T, p *play) {
			require(t, errOf(p.Offer(t.Context(), ordinary(), p.id, entities.Person{ID: olivia})))
		},
		"taken by another": func(t *testing.T, p *play) {
			require(t, errOf(p.Offer(t.Context(), ordinary(), p.id, entities.Person{ID: olivia})))
			require(t, errOf(p.Take(t.Context(), second, p.id)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := begun(t)
			require(t, errOf(p.Offer(t.Context(), ordinary(), p.id, entities.Person{ID: zoe})))
			end(t, p)
			_, err := p.Take(t.Context(), taker, p.id)
			wantRefusal(t, err, entities.NotAllowed)
			_, err = p.Decline(t.Context(), taker, p.id)
			wantRefusal(t, err, entities.NotAllowed)
		})
	}
	t.Run("deleted", func(t *testing.T) {
		p := begun(t)
		require(t, errOf(p.Offer(t.Context(), ordinary(), p.id, entities.Person{ID: zoe})))
		require(t, errOf(p.Delete(t.Context(), ordinary(), p.id)))
		_, err := p.Take(t.Context(), taker, p.id)
		wantRefusal(t, err, entities.NotFound)
	})
}

func TestOfferToWhom(t *testing.T) {
	p := begun(t)
	for _, to := range []entities.Person{{ID: mia}, {ID: botUser}, {ID: zoe, Bot: true}, {}} {
		_, err := p.Offer(t.Context(), ordinary(), p.id, to)
		wantRefusal(t, err, entities.Invalid)
	}
	_, err := p.Decline(t.Context(), ordinary(), p.id)
	wantRefusal(t, err, entities.Conflict)
	// the taker may be on another server, and sees it through the offer alone
	abroad := entities.Member(zoe, other, discord.PermissionManageGuild)
	_, err = p.Take(t.Context(), abroad, p.id)
	wantRefusal(t, err, entities.NotFound)
	require(t, errOf(p.Offer(t.Context(), ordinary(), p.id, entities.Person{ID: zoe})))
	require(t, errOf(p.Take(t.Context(), abroad, p.id)))
}
