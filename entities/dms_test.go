package entities_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// post routes a message of mia's.
func post(t *testing.T, reg *entities.Registry, message, replied snowflake.ID) entities.Routed {
	t.Helper()
	routed, err := reg.Route(t.Context(), program, entities.IncomingDM{User: mia, Channel: miasDM, Message: message, Replied: replied, At: at(0)})
	require(t, err)
	return routed
}

// goesTo holds where a message went to the entity that it is for, "" for none.
func goesTo(t *testing.T, routed entities.Routed, want entities.ID) {
	t.Helper()
	var got entities.ID
	if routed.Noted != nil {
		if got = routed.Noted.Event.EntityID; len(routed.Noted.To) != 1 || routed.Noted.To[0] != got || routed.Entity.ID != got {
			t.Errorf("it addresses %v, and %v is said", routed.Noted.To, routed.Entity.ID)
		}
	}
	if got != want || routed.Waits != (want == "") {
		t.Errorf("it went to %q, waits %v; want %q", got, routed.Waits, want)
	}
}

// inbox lists the direct messages in an entity's inbox.
func inbox(t *testing.T, reg *entities.Registry, actor entities.Actor) []string {
	t.Helper()
	var start entities.Reading
	news, err := reg.News(t.Context(), actor, entities.Query{Scope: entities.ScopeDM, After: &start, Limit: 100})
	require(t, err)
	var found []string
	for _, item := range news.Items {
		found = append(found, fmt.Sprint(item.Event.MessageID, " ", item.Reason))
	}
	return found
}

var alone = entities.Member(mia, 0, 0) // mia in her direct messages

// pair is a registry with two entities, and the line 900 of Ada's and 901 of Bob's in mia's
// channel of direct messages.
func pair(t *testing.T, path string, now *time.Time) (reg *entities.Registry, ada, bob entities.Actor) {
	t.Helper()
	reg = open(t, path, newWorld(), func(c *entities.Config) { c.Now = func() time.Time { return *now } })
	_, ada = create(t, reg, "Ada", general)
	_, bob = create(t, reg, "Bob", general)
	keep(t, reg,
		&entities.Ownership{MessageID: 900, EntityID: ada.EntityID(), ChannelID: miasDM, At: *now},
		&entities.Ownership{MessageID: 901, EntityID: bob.EntityID(), ChannelID: miasDM, At: *now},
		&entities.Ownership{MessageID: 902, EntityID: bob.EntityID(), ChannelID: general, GuildID: guild, At: *now})
	return reg, ada, bob
}

// Waiting messages are no entity's until the person chooses, all of them go there then, and a
// restart loses none.
func TestWaitingMessagesGoToTheChoice(t *testing.T) {
	path, now := filepath.Join(t.TempDir(), "troupe.db"), at(0)
	reg, ada, bob := pair(t, path, &now)
	goesTo(t, post(t, reg, 1, 0), "")
	require(t, reg.Asked(t.Context(), program, mia, 50))
	if second := post(t, reg, 2, 902); !second.Waits || second.Menu != 50 {
		t.Errorf("the second message: %+v", second)
	}
	if again := post(t, reg, 1, 0); !again.Waits || again.Menu != 50 {
		t.Errorf("the first once more: %+v", again)
	}
	post(t, reg, 3, 0)
	require(t, reg.Withdraw(t.Context(), program, 3))
	is(t, "Ada hears", inbox(t, reg, ada))
	is(t, "Bob hears", inbox(t, reg, bob))

	reg = open(t, path, newWorld(), func(c *entities.Config) { c.Now = func() time.Time { return now } })
	// Nobody knows yet whether mia shares a server with Bob, and on the server itself all do.
	_, err := reg.ChoosePartner(t.Context(), alone, bob.EntityID(), miasDM)
	if gap, open := entities.Lacks(err); !open || gap != (entities.Gap{Guild: guild, User: mia}) {
		t.Fatalf("choosing outside of a server: %v", err)
	}
	chosen, err := reg.ChoosePartner(t.Context(), entities.Member(mia, guild, 0), bob.EntityID(), miasDM)
	require(t, err)
	if len(chosen.Noted) != 2 || len(chosen.Menus) != 1 || chosen.Menus[0] != 50 || chosen.Entity.ID != bob.EntityID() {
		t.Fatalf("the choice led to %+v", chosen)
	}
	is(t, "Bob hears", inbox(t, reg, bob), "1 dm", "2 dm")
	is(t, "Ada hears", inbox(t, reg, ada))
	if again := post(t, reg, 2, 0); again.Noted != nil || again.Waits {
		t.Errorf("a message was routed twice: %+v", again)
	}
	goesTo(t, post(t, reg, 4, 0), bob.EntityID())
	is(t, "what waits", rows(t, reg, func(w entities.WaitingDM) string { return w.MessageID.String() }))
}

// However much somebody writes before they choose, their choice is taken, and what waits is bounded.
func TestMuchWaits(t *testing.T) {
	now := at(0)
	reg, _, bob := pair(t, filepath.Join(t.TempDir(), "troupe.db"), &now)
	goesTo(t, post(t, reg, 1, 0), "")
	waiting := make([]entities.WaitingDM, 6000)
	for i := range waiting {
		waiting[i] = entities.WaitingDM{MessageID: snowflake.ID(2 + i), UserID: mia, At: now}
	}
	for some := range slices.Chunk(waiting, 1000) {
		keep(t, reg, &some)
	}
	_, err := reg.ChoosePartner(t.Context(), entities.Member(mia, guild, 0), bob.EntityID(), miasDM)
	require(t, err)
	if got := len(inbox(t, reg, bob)); got != 100 {
		t.Errorf("of what waited %d are on the first page", got)
	}
}

// What waits of one person is bounded: the oldest is forgotten.
func TestNotEverythingWaits(t *testing.T) {
	now := at(0)
	reg, _, bob := pair(t, filepath.Join(t.TempDir(), "troupe.db"), &now)
	waiting := make([]entities.WaitingDM, 1000)
	for i := range waiting {
		waiting[i] = entities.WaitingDM{MessageID: snowflake.ID(1 + i), UserID: mia, MenuID: 50, At: now}
	}
	keep(t, reg, &waiting)
	keep(t, reg, &entities.WaitingDM{MessageID: 9999, UserID: olivia, At: now})
	goesTo(t, post(t, reg, 5000, 0), "")
	goesTo(t, post(t, reg, 5001, 0), "")
	chosen, err := reg.ChoosePartner(t.Context(), entities.Member(mia, guild, 0), bob.EntityID(), miasDM)
	require(t, err)
	if n := len(chosen.Noted); n != 1000 || chosen.Noted[0].Event.MessageID != 3 || chosen.Noted[n-1].Event.MessageID != 5001 {
		t.Errorf("%d waited, from %d on", n, chosen.Noted[0].Event.MessageID)
	}
	is(t, "what waits", rows(t, reg, func(w entities.WaitingDM) string { return w.MessageID.String() }), "9999")
}

func TestWaitingMessagesExpire(t *testing.T) {
	now := at(0)
	reg, _, bob := pair(t, filepath.Join(t.TempDir(), "troupe.db"), &now)
	post(t, reg, 1, 0)
	now = now.Add(entities.WaitingLife)
	chosen, err := reg.ChoosePartner(t.Context(), entities.Member(mia, guild, 0), bob.EntityID(), miasDM)
	require(t, err)
	if len(chosen.Noted) != 0 {
		t.Errorf("went to the choice: %v", chosen.Noted)
	}
	is(t, "what waits", rows(t, reg, func(w entities.WaitingDM) string { return w.MessageID.String() }))
}

// The order: whose line is answered, whom the person chose or wrote to last, the only one known.
func TestRouting(t *testing.T) {
	now := at(0)
	reg, ada, bob := pair(t, filepath.Join(t.TempDir(), "troupe.db"), &now)
	goesTo(t, post(t, reg, 1, 900), ada.EntityID())
	goesTo(t, post(t, reg, 2, 0), ada.EntityID())
	// What Bob sends changes nothing, neither while the choice holds nor after it.
	keep(t, reg, &entities.Acquaintance{UserID: mia, EntityID: bob.EntityID(), Introduced: true})
	goesTo(t, post(t, reg, 3, 0), ada.EntityID())
	now = now.Add(entities.PartnerLife)
	goesTo(t, post(t, reg, 4, 0), ada.EntityID())
	goesTo(t, post(t, reg, 5, 901), bob.EntityID())
	now = now.Add(entities.PartnerLife - time.Second)
	goesTo(t, post(t, reg, 6, 0), bob.EntityID())
	now = now.Add(entities.PartnerLife)
	goesTo(t, post(t, reg, 7, 0), "") // she knows two by now
	is(t, "Ada hears", inbox(t, reg, ada), "1 dm", "2 dm", "3 dm", "4 dm")
	is(t, "Bob hears", inbox(t, reg, bob), "5 dm", "6 dm")
}

// What is for one who cannot hear it goes to no other.
func TestNobodyElseHearsForAnother(t *testing.T) {
	now := at(0)
	reg, ada, bob := pair(t, filepath.Join(t.TempDir(), "troupe.db"), &now)
	goesTo(t, post(t, reg, 1, 900), ada.EntityID())
	goesTo(t, post(t, reg, 2, 901), bob.EntityID())
	require(t, errOf(reg.Pause(t.Context(), admin(olivia), bob.EntityID())))
	goesTo(t, post(t, reg, 3, 0), "")
	goesTo(t, post(t, reg, 4, 901), "")
	_, err := reg.ChoosePartner(t.Context(), alone, bob.EntityID(), miasDM)
	wantRefusal(t, err, entities.Unavailable)
	is(t, "Ada hears", inbox(t, reg, ada), "1 dm")
	require(t, reg.Block(t.Context(), alone, ada.EntityID(), true))
	goesTo(t, post(t, reg, 5, 900), "")
	_, err = reg.ChoosePartner(t.Context(), alone, ada.EntityID(), miasDM)
	wantRefusal(t, err, entities.Conflict)
	_, err = reg.ChoosePartner(t.Context(), alone, "nobody", miasDM)
	wantRefusal(t, err, entities.NotFound)
	is(t, "Ada hears", inbox(t, reg, ada))
}

func TestMayWrite(t *testing.T) {
	reg := fresh(t)
	_, ada := create(t, reg, "Ada", general)
	refused := func() {
		t.Helper()
		_, err := reg.MayWrite(t.Context(), ada, mia)
		wantRefusal(t, err, entities.NotAllowed)
	}
	may := func(user snowflake.ID) entities.DMPermit {
		t.Helper()
		permit, err := reg.MayWrite(t.Context(), ada, user)
		require(t, err)
		return permit
	}
	if permit := may(olivia); !permit.ToOwner() || permit.Introduced() || permit.Channel() != 0 || permit.Entity().ID != ada.EntityID() {
		t.Errorf("to her owner: %+v", permit)
	}
	refused() // mia never spoke to her
	called := entities.Heard{Event: message(1, general), Text: "Ada, hello"}
	require(t, errOf(reg.Append(t.Context(), program, []entities.Heard{called})))
	refused() // nor does a bot's word count
	called.Event.MessageID, called.Person = 2, true
	require(t, errOf(reg.Append(t.Context(), program, []entities.Heard{called})))
	require(t, reg.Introduce(t.Context(), ada, may(mia), miasDM))
	if permit := may(mia); permit.ToOwner() || !permit.Introduced() || permit.Channel() != miasDM || permit.User() != mia {
		t.Errorf("to one who mentioned her: %+v", permit)
	}
	wantRefusal(t, reg.Introduce(t.Context(), ada, entities.DMPermit{}, miasDM), entities.NotAllowed)

	require(t, reg.Block(t.Context(), alone, ada.EntityID(), true))
	refused()
	require(t, reg.Block(t.Context(), alone, ada.EntityID(), false))
	may(mia)
	require(t, reg.SetPrivacy(t.Context(), alone, entities.Privacy{NoDM: true}))
	refused()
	require(t, reg.SetPrivacy(t.Context(), alone, entities.Privacy{}))
	require(t, reg.SetCapabilities(t.Context(), admin(mia), ada.EntityID(), just([]entities.Capability{entities.CanRead})))
	refused()
	require(t, reg.SetCapabilities(t.Context(), admin(mia), ada.EntityID(), just([]entities.Capability{entities.CanDM})))
	may(mia)
	require(t, reg.Erase(t.Context(), alone))
	refused()
	for _, act := range rows(t, reg, func(a entities.Audit) string { return a.Act }) {
		if act == "block" || act == "talk" {
			t.Errorf("%s stands in the audit of one who erased her rows", act)
		}
	}
	require(t, errOf(reg.Pause(t.Context(), admin(olivia), ada.EntityID())))
	_, err := reg.MayWrite(t.Context(), ada, olivia)
	wantRefusal(t, err, entities.NotAllowed)
}

// A server may open itself; who is no member there is a stranger still.
func TestMayWriteToMembersOfAnOpenServer(t *testing.T) {
	world := newWorld()
	reg := open(t, filepath.Join(t.TempDir(), "troupe.db"), world)
	_, ada := create(t, reg, "Ada", general)
	require(t, errOf(reg.SetSettings(t.Context(), admin(mia), becoming(entities.Settings{OpenDM: true}))))
	_, err := reg.MayWrite(t.Context(), ada, mia)
	if gap, open := entities.Lacks(err); !open || gap != (entities.Gap{Guild: guild, User: mia}) {
		t.Fatalf("before her membership is known: %v", err)
	}
	if found, gaps, err := reg.Partners(t.Context(), program, mia); err != nil || len(found) != 0 || len(gaps) != 1 {
		t.Errorf("whom she may choose is %v, lacking %v: %v", found, gaps, err)
	}
	world.Expect(guild, mia, at(0))
	world.SetMember(guild, entities.Membership{UserID: mia}, true, at(0))
	require(t, errOf(reg.MayWrite(t.Context(), ada, mia)))
	if found, gaps, err := reg.Partners(t.Context(), program, mia); err != nil || len(found) != 1 || found[0].ID != ada.EntityID() || len(gaps) != 0 {
		t.Errorf("whom she may choose is %v, lacking %v: %v", found, gaps, err)
	}
	world.SetMember(guild, entities.Membership{UserID: mia}, false, at(1))
	_, err = reg.MayWrite(t.Context(), ada, mia)
	wantRefusal(t, err, entities.NotAllowed)
}
