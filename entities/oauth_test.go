package entities_test

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"troupe/entities"
)

const (
	callback = "https://client.example/back"
	verifier = "abcdefghijklmnopqrstuvwxyz0123456789-._~ABCDEFG"
	resource = "https://troupe.example/mcp"
)

// asked is what a consent page hands on for an entity of olivia's.
func asked(t testing.TB, reg *entities.Registry, id entities.ID, client string) entities.Consent {
	t.Helper()
	code, err := reg.ConnectCode(t.Context(), admin(olivia), id)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(verifier))
	return entities.Consent{
		Code: code, ClientID: client, ClientName: "n", RedirectURI: callback, Resource: resource, Challenge: base64.RawURLEncoding.EncodeToString(sum[:]),
	}
}

// consented is what a client brings for its first tokens.
func consented(t testing.TB, reg *entities.Registry, id entities.ID, client string) entities.Exchange {
	t.Helper()
	code, err := reg.Consent(t.Context(), program, asked(t, reg, id, client))
	if err != nil {
		t.Fatal(err)
	}
	return entities.Exchange{Code: code, ClientID: client, RedirectURI: callback, Verifier: verifier, Resource: resource}
}

func connected(t *testing.T, reg *entities.Registry, id entities.ID) entities.Tokens {
	t.Helper()
	tokens, err := reg.Exchange(t.Context(), program, consented(t, reg, id, "c"))
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

func opens(t *testing.T, reg *entities.Registry, token string) bool {
	t.Helper()
	_, err := reg.Authenticate(t.Context(), token, "")
	if err != nil {
		wantRefusal(t, err, entities.Unauthenticated)
	}
	return err == nil
}

func TestTokensOpenAsKeysDo(t *testing.T) {
	now := at(0)
	reg := fresh(t, func(c *entities.Config) { c.Now = func() time.Time { return now } })
	ada, _ := create(t, reg, "Ada", general)
	tokens := connected(t, reg, ada.Entity.ID)
	actor, err := reg.Authenticate(t.Context(), tokens.Access, ada.Entity.ID)
	if err != nil || actor.EntityID() != ada.Entity.ID || actor.Resource() != resource {
		t.Fatalf("%v, %v", actor, err)
	}
	for _, wrong := range []string{tokens.Refresh, tokens.Access[:len(tokens.Access)-1], tokens.Access + "0", "troupe_" + tokens.Refresh} {
		if opens(t, reg, wrong) {
			t.Errorf("%q opens", wrong)
		}
	}
	if _, err := reg.Authenticate(t.Context(), tokens.Access, "another"); err == nil {
		t.Error("it opens another entity")
	}
	now = now.Add(entities.AccessLife)
	if opens(t, reg, tokens.Access) {
		t.Error("it opens after its time")
	}
	next, err := reg.Refresh(t.Context(), program, entities.Renewal{Refresh: tokens.Refresh, ClientID: "c"})
	if err != nil || !opens(t, reg, next.Access) || next.Access == tokens.Access {
		t.Errorf("the next: %v", err)
	}
	again, err := reg.Authenticate(t.Context(), next.Access, "")
	if err != nil || again.Credential() != actor.Credential() {
		t.Error("the read marks are lost", err)
	}
}

func TestARefreshTokenUsedTwice(t *testing.T) {
	now := at(0)
	reg := fresh(t, func(c *entities.Config) { c.Now = func() time.Time { return now } })
	ada, _ := create(t, reg, "Ada", general)
	tokens := connected(t, reg, ada.Entity.ID)
	old := entities.Renewal{Refresh: tokens.Refresh, ClientID: "c"}
	first, err := reg.Refresh(t.Context(), program, old)
	if err != nil {
		t.Fatal(err)
	}
	if !opens(t, reg, first.Access) || !opens(t, reg, tokens.Access) {
		t.Error("the tokens around a renewal do not open")
	}
	now = now.Add(30 * time.Second)
	if same, err := reg.Refresh(t.Context(), program, old); err != nil || same.Access != first.Access || same.Refresh != first.Refresh {
		t.Errorf("within the grace: %v", err)
	}
	if opens(t, reg, tokens.Access) {
		t.Error("the token before opens after the grace")
	}
	now = now.Add(time.Second)
	if _, err := reg.Refresh(t.Context(), program, old); err != entities.ErrGrant { //nolint:errorlint // this very one
		t.Errorf("after it: %v", err)
	}
	if _, err := reg.Refresh(t.Context(), program, entities.Renewal{Refresh: first.Refresh, ClientID: "c"}); err == nil || opens(t, reg, first.Access) {
		t.Error("the family lives on")
	}
}

// rounds is how often a race is run.
func rounds() int {
	if os.Getenv("TEST_FULL") != "" {
		return 1000
	}
	return 10
}

// One of many wins, however they race: a one-time code gives one authorization code; that gives
// tokens once, which the others, being replays, end; and a refresh token gives one successor, the
// same to all who ask within its grace.
func TestOneWinner(t *testing.T) {
	reg := fresh(t)
	ada, _ := create(t, reg, "Ada", general)
	began := time.Now()
	connections := func() int {
		all, err := reg.Connections(t.Context(), admin(olivia), ada.Entity.ID)
		require(t, err)
		return len(all)
	}
	for round := range rounds() {
		shown := asked(t, reg, ada.Entity.ID, "c")
		var codes, redeemed sync.Map
		race(func() {
			if code, err := reg.Consent(t.Context(), program, shown); err == nil {
				codes.Store(code, true)
			}
		})
		given := keysOf(&codes)
		if len(given) != 1 {
			t.Fatalf("round %d: %d consents", round, len(given))
		}
		race(func() {
			if got, err := reg.Exchange(t.Context(), program, entities.Exchange{Code: given[0], ClientID: "c", RedirectURI: callback, Verifier: verifier, Resource: resource}); err == nil {
				redeemed.Store(got.Access, true)
			}
		})
		won := keysOf(&redeemed)
		if len(won) != 1 || opens(t, reg, won[0]) || connections() != 0 {
			t.Fatalf("round %d: %d redeemed a code, and %d connections are left", round, len(won), connections())
		}
		tokens := connected(t, reg, ada.Entity.ID)
		var next, last sync.Map
		race(func() {
			if got, err := reg.Refresh(t.Context(), program, entities.Renewal{Refresh: tokens.Refresh, ClientID: "c"}); err == nil {
				next.Store(got.Access, true)
				last.Store(got.Refresh, true)
			}
		})
		access, refresh := keysOf(&next), keysOf(&last)
		if len(access) != 1 || len(refresh) != 1 || !opens(t, reg, access[0]) || connections() != 1 {
			t.Fatalf("round %d: %d and %d tokens followed, %d connections", round, len(access), len(refresh), connections())
		}
		require(t, errOf(reg.Refresh(t.Context(), program, entities.Renewal{Refresh: refresh[0], ClientID: "c"})))
		require(t, reg.Disconnect(t.Context(), admin(olivia), ada.Entity.ID, ""))
	}
	t.Logf("%s: %d rounds of 20 consents, 20 redemptions and 20 renewals at once in %s", on.Name, rounds(), time.Since(began))
}

func keysOf(of *sync.Map) (all []string) {
	of.Range(func(key, _ any) bool {
		all = append(all, fmt.Sprint(key))
		return true
	})
	return all
}

func race(fn func()) {
	var all sync.WaitGroup
	for range 20 {
		all.Go(fn)
	}
	all.Wait()
}

func TestRegistrationsAreBounded(t *testing.T) {
	reg := fresh(t)
	many := 1200
	if os.Getenv("TEST_FULL") != "" {
		many = 100_000
	}
	client, _, err := reg.RegisterClient(t.Context(), program, entities.NewClient{Name: "kept", AuthMethod: "none", Redirects: []string{callback}})
	require(t, err)
	ada, _ := create(t, reg, "Ada", general)
	consented(t, reg, ada.Entity.ID, client.ID)
	var next atomic.Int64
	began := time.Now()
	race(func() {
		for next.Add(1) <= int64(many) {
			if _, _, err := reg.RegisterClient(t.Context(), program, entities.NewClient{Name: "n", AuthMethod: "none", Redirects: []string{callback, callback + "/2"}}); err != nil {
				t.Error(err)
			}
		}
	})
	t.Logf("%s: %d registrations, 20 at once, in %s", on.Name, many, time.Since(began))
	var clients, redirects int64
	reg.Reader().Table("oauth_clients").Count(&clients)
	reg.Reader().Table("oauth_redirects").Count(&redirects)
	if clients != 1001 || redirects != 2001 { // the one that was consented to is not of the thousand
		t.Errorf("%d clients, %d redirects", clients, redirects)
	}
	if _, err := reg.Client(t.Context(), program, client.ID); err != nil {
		t.Error("the one that was consented to:", err)
	}
}

// No secret stands in any row.
func TestSecretsAreStoredHashed(t *testing.T) {
	reg := fresh(t)
	ada, _ := create(t, reg, "Ada", general)
	client, secret, err := reg.RegisterClient(t.Context(), program, entities.NewClient{Name: "n", AuthMethod: "client_secret_post", Redirects: []string{callback}})
	require(t, err)
	x := consented(t, reg, ada.Entity.ID, client.ID)
	tokens, err := reg.Exchange(t.Context(), program, x)
	require(t, err)
	next, err := reg.Refresh(t.Context(), program, entities.Renewal{Refresh: tokens.Refresh, ClientID: client.ID})
	require(t, err)
	waiting := asked(t, reg, ada.Entity.ID, client.ID)
	if !client.Proves(secret) || client.Proves("") || client.Proves(secret+"0") {
		t.Error("the client's secret")
	}
	rows := dump(t, reg)
	for _, canary := range []string{x.Code, tokens.Access, tokens.Refresh, next.Access, next.Refresh, waiting.Code, secret, verifier} {
		if strings.Contains(rows, canary) || strings.Contains(rows, fmt.Sprintf("%d", []byte(canary))) {
			t.Errorf("%.12s… is stored", canary)
		}
	}
}

func TestConnectCodes(t *testing.T) {
	now := at(0)
	reg := fresh(t, func(c *entities.Config) { c.Now = func() time.Time { return now } })
	ada, _ := create(t, reg, "Ada", general)
	c := asked(t, reg, ada.Entity.ID, "c")
	if len(c.Code) != 8 || strings.ContainsAny(c.Code, "ILOU") {
		t.Errorf("the code is %q", c.Code)
	}
	wrong := c
	wrong.Want = "another"
	if _, err := reg.Consent(t.Context(), program, wrong); err != entities.ErrConnectCode { //nolint:errorlint // this very one
		t.Errorf("for another entity: %v", err)
	}
	typed := c
	typed.Code = strings.ToLower(c.Code[:4] + "-" + c.Code[4:])
	if _, err := reg.Consent(t.Context(), program, typed); err != nil {
		t.Errorf("as typed: %v", err)
	}
	if _, err := reg.Consent(t.Context(), program, c); err == nil {
		t.Error("it is good twice")
	}
	c = asked(t, reg, ada.Entity.ID, "c")
	now = now.Add(entities.ConnectLife)
	if _, err := reg.Consent(t.Context(), program, c); err == nil {
		t.Error("it is good after its time")
	}
	if _, err := reg.ConnectCode(t.Context(), admin(mia), ada.Entity.ID); !entities.IsRefusal(err, entities.NotAllowed) {
		t.Errorf("an admin who is not the owner: %v", err)
	}
}
