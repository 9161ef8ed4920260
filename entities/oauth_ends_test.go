package entities_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"troupe/entities"
)

// ends are what can happen to an entity that has OAuth clients, and what is left of everything
// that they could have by then.
var ends = map[string]struct {
	do func(*testing.T, *entities.Registry, entities.ID) error
	// What goes on: tokens, an authorization code that was not redeemed, and the one-time code for
	// which a consent page is open.
	tokens, waiting, shown bool
	// Whether the key goes on, and what may be done in the channel.
	key, posts bool
}{
	"rotation": {do: func(t *testing.T, r *entities.Registry, id entities.ID) error {
		return errOf(r.RotateKey(t.Context(), admin(olivia), id))
	}},
	"deletion": {do: func(t *testing.T, r *entities.Registry, id entities.ID) error {
		return errOf(r.Delete(t.Context(), admin(olivia), id))
	}},
	"transfer": {do: func(t *testing.T, r *entities.Registry, id entities.ID) error {
		require(t, errOf(r.Offer(t.Context(), admin(olivia), id, entities.Person{ID: mia})))
		return errOf(r.Take(t.Context(), entities.Member(mia, guild, 0), id))
	}},
	"disconnecting all": {key: true, posts: true, do: func(t *testing.T, r *entities.Registry, id entities.ID) error {
		return r.Disconnect(t.Context(), admin(olivia), id, "")
	}},
	// Its client's codes end with it, and nothing else: the page may be another client's.
	"disconnecting one": {shown: true, key: true, posts: true, do: func(t *testing.T, r *entities.Registry, id entities.ID) error {
		all, err := r.Connections(t.Context(), admin(olivia), id)
		require(t, err)
		return r.Disconnect(t.Context(), admin(olivia), id, all[0].ID)
	}},
	// Who may do nothing stays connected, as with a key, and is told so. It is asked at each use.
	"suspension": {tokens: true, waiting: true, shown: true, key: true, do: func(t *testing.T, r *entities.Registry, id entities.ID) error {
		return errOf(r.Suspend(t.Context(), admin(olivia), id, 0))
	}},
	"pause": {tokens: true, waiting: true, shown: true, key: true, do: func(t *testing.T, r *entities.Registry, id entities.ID) error {
		return errOf(r.Pause(t.Context(), admin(olivia), id))
	}},
	"operator's switch": {tokens: true, waiting: true, shown: true, key: true, do: func(t *testing.T, r *entities.Registry, id entities.ID) error {
		return errOf(r.Stop(t.Context(), entities.Member(operator, 0, 0), id, true))
	}},
	"owner leaving": {tokens: true, waiting: true, shown: true, key: true, do: func(t *testing.T, r *entities.Registry, _ entities.ID) error {
		return errOf(r.OwnerLeft(t.Context(), program, guild, olivia))
	}},
	"owner losing the channel": {tokens: true, waiting: true, shown: true, key: true, do: func(t *testing.T, r *entities.Registry, _ entities.ID) error {
		r.World().SetMember(guild, entities.Membership{UserID: olivia}, false, at(0))
		return nil
	}},
}

func TestWhatEndsConnections(t *testing.T) {
	for name, c := range ends {
		t.Run(name, func(t *testing.T) {
			reg := fresh(t)
			ada, keyed := create(t, reg, "Ada", general)
			tokens, waiting, shown := connected(t, reg, ada.Entity.ID), consented(t, reg, ada.Entity.ID, "c"), asked(t, reg, ada.Entity.ID, "d")
			actor, err := reg.Authenticate(t.Context(), tokens.Access, "")
			require(t, err)
			require(t, errOf(reg.Authorize(t.Context(), actor, entities.Post, general)))
			var all []entities.ID
			var some []string
			reg.OnRevoked(func(id entities.ID) { all = append(all, id) })
			reg.OnEnded(func(e entities.Ended) { some = append(some, e.Credentials...) })
			require(t, c.do(t, reg, ada.Entity.ID))
			switch {
			case c.tokens && len(all)+len(some) > 0, !c.key && len(all) != 1, !c.tokens && c.key && (len(all) > 0 || !slices.Equal(some, []string{actor.Credential()})):
				t.Errorf("cut: all of %v, and %v", all, some)
			}
			refresh := entities.Renewal{Refresh: tokens.Refresh, ClientID: "c"}
			_, gone := reg.Acting(t.Context(), actor)
			_, post := reg.Authorize(t.Context(), keyed, entities.Post, general)
			for what, got := range map[string]struct{ is, want bool }{
				"access token": {opens(t, reg, tokens.Access), c.tokens}, "actor": {gone == nil, c.tokens}, "key": {opens(t, reg, ada.Key), c.key}, "posting": {post == nil, c.posts},
				"refresh token":      {errOf(reg.Refresh(t.Context(), program, refresh)) == nil, c.tokens},
				"authorization code": {errOf(reg.Exchange(t.Context(), program, waiting)) == nil, c.waiting},
				"one-time code":      {errOf(reg.Consent(t.Context(), program, shown)) == nil, c.shown},
			} {
				if got.is != got.want {
					t.Errorf("%s: %t, want %t", what, got.is, got.want)
				}
			}
		})
	}
}

// Disconnecting all ends what is on its way too, when nothing is connected yet; and when there is
// nothing at all, it says so.
func TestDisconnectingWhatIsOnItsWay(t *testing.T) {
	reg := fresh(t)
	ada, _ := create(t, reg, "Ada", general)
	wantRefusal(t, reg.Disconnect(t.Context(), admin(olivia), ada.Entity.ID, ""), entities.NotFound)
	waiting := consented(t, reg, ada.Entity.ID, "c")
	require(t, reg.Disconnect(t.Context(), admin(olivia), ada.Entity.ID, ""))
	if _, err := reg.Exchange(t.Context(), program, waiting); err == nil {
		t.Error("the code is good")
	}
	wantRefusal(t, reg.Disconnect(t.Context(), admin(olivia), ada.Entity.ID, "x"), entities.NotFound)
	wantRefusal(t, reg.Disconnect(t.Context(), entities.Member(mia, guild, 0), ada.Entity.ID, ""), entities.NotAllowed)
}

// The grants that make room for a new one are cut, and their tokens end at once.
func TestTheOldestGrantMakesRoom(t *testing.T) {
	reg := fresh(t)
	ada, _ := create(t, reg, "Ada", general)
	first := connected(t, reg, ada.Entity.ID)
	actor, err := reg.Authenticate(t.Context(), first.Access, "")
	require(t, err)
	var ended []string
	reg.OnEnded(func(e entities.Ended) { ended = append(ended, e.Credentials...) })
	for range 50 {
		connected(t, reg, ada.Entity.ID)
	}
	if !slices.Equal(ended, []string{actor.Credential()}) || opens(t, reg, first.Access) {
		t.Errorf("%v ended", ended)
	}
}

// A token that was replaced ends its grant too, when its client gives it back: RFC 7009.
func TestRevokingATokenThatWasReplaced(t *testing.T) {
	reg := fresh(t)
	ada, _ := create(t, reg, "Ada", general)
	first := connected(t, reg, ada.Entity.ID)
	next, err := reg.Refresh(t.Context(), program, entities.Renewal{Refresh: first.Refresh, ClientID: "c"})
	require(t, err)
	require(t, reg.Revoke(t.Context(), program, first.Access, "d"))
	if !opens(t, reg, next.Access) {
		t.Error("another client has ended it")
	}
	require(t, reg.Revoke(t.Context(), program, first.Access, "c"))
	if opens(t, reg, next.Access) {
		t.Error("it lives on")
	}
}

// A code that comes twice, by its client and with everything right, has been seen by somebody
// else: what came of the first time ends. Whoever lacks any of it ends nothing. After its time a
// code is good for nothing.
func TestACodeUsedTwice(t *testing.T) {
	now := at(0)
	reg := fresh(t, func(c *entities.Config) { c.Now = func() time.Time { return now } })
	ada, _ := create(t, reg, "Ada", general)
	x := consented(t, reg, ada.Entity.ID, "c")
	tokens, err := reg.Exchange(t.Context(), program, x)
	require(t, err)
	for name, change := range map[string]func(*entities.Exchange){
		"another client": func(x *entities.Exchange) { x.ClientID = "d" }, "another redirect": func(x *entities.Exchange) { x.RedirectURI += "/" },
		"another verifier": func(x *entities.Exchange) { x.Verifier += "a" }, "another resource": func(x *entities.Exchange) { x.Resource += "/a" },
	} {
		wrong := x
		change(&wrong)
		if _, err := reg.Exchange(t.Context(), program, wrong); err == nil || !opens(t, reg, tokens.Access) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := reg.Exchange(t.Context(), program, x); !errors.Is(err, entities.ErrGrant) || opens(t, reg, tokens.Access) {
		t.Errorf("twice: %v", err)
	}
	if _, err := reg.Refresh(t.Context(), program, entities.Renewal{Refresh: tokens.Refresh, ClientID: "c"}); err == nil {
		t.Error("the refresh token is good")
	}
	late := consented(t, reg, ada.Entity.ID, "c")
	now = now.Add(entities.CodeLife)
	if _, err := reg.Exchange(t.Context(), program, late); !errors.Is(err, entities.ErrGrant) {
		t.Errorf("late: %v", err)
	}
}

// A refresh token is its client's, for its address, and for 30 days.
func TestWhoseARefreshTokenIs(t *testing.T) {
	now := at(0)
	reg := fresh(t, func(c *entities.Config) { c.Now = func() time.Time { return now } })
	ada, _ := create(t, reg, "Ada", general)
	tokens := connected(t, reg, ada.Entity.ID)
	right := entities.Renewal{Refresh: tokens.Refresh, ClientID: "c", Resource: resource}
	for name, c := range map[string]struct {
		change func(*entities.Renewal)
		want   error
	}{
		"another client": {func(n *entities.Renewal) { n.ClientID = "d" }, entities.ErrGrant}, "no client": {func(n *entities.Renewal) { n.ClientID = "" }, entities.ErrGrant},
		"another resource": {func(n *entities.Renewal) { n.Resource += "/x" }, entities.ErrTarget}, "access token": {func(n *entities.Renewal) { n.Refresh = tokens.Access }, entities.ErrGrant},
		"key": {func(n *entities.Renewal) { n.Refresh = ada.Key }, entities.ErrGrant}, "a letter more": {func(n *entities.Renewal) { n.Refresh += "0" }, entities.ErrGrant},
	} {
		wrong := right
		c.change(&wrong)
		if _, err := reg.Refresh(t.Context(), program, wrong); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	now = now.Add(entities.RefreshLife)
	if _, err := reg.Refresh(t.Context(), program, right); !errors.Is(err, entities.ErrGrant) {
		t.Errorf("late: %v", err)
	}
}

// A client that nobody consented to is gone after an hour, whether or not its row is.
func TestUnusedClientsExpire(t *testing.T) {
	now := at(0)
	reg := fresh(t, func(c *entities.Config) { c.Now = func() time.Time { return now } })
	client, _, err := reg.RegisterClient(t.Context(), program, entities.NewClient{Name: "n", AuthMethod: "none", Redirects: []string{callback}})
	require(t, err)
	now = now.Add(time.Hour - time.Second)
	require(t, errOf(reg.Client(t.Context(), program, client.ID)))
	now = now.Add(time.Second)
	if _, err := reg.Client(t.Context(), program, client.ID); err == nil {
		t.Error("it is there")
	}
	now = now.Add(time.Second)
	require(t, reg.Retain(t.Context(), program))
	var clients int64
	require(t, reg.Reader().Table("oauth_clients").Count(&clients).Error)
	if clients != 0 {
		t.Errorf("%d rows are kept", clients)
	}
}
