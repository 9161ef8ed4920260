package entities_test

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// A message waits for the servers of which Discord has not told yet, and not for ever.
func TestRoutingWaitsForServers(t *testing.T) {
	now, world := at(0), newWorld()
	reg := open(t, filepath.Join(t.TempDir(), "troupe.db"), world)
	_, ada := create(t, reg, "Ada", general)
	require(t, errOf(reg.ChoosePartner(t.Context(), entities.Member(mia, guild, 0), ada.EntityID(), miasDM)))
	world.SetAvailable(guild, false)
	in := entities.IncomingDM{User: mia, Channel: miasDM, Message: 1, At: now, Patient: true}
	if _, err := reg.Route(t.Context(), program, in); !errors.Is(err, entities.ErrPending) {
		t.Fatalf("while the server is not known: %v", err)
	}
	in.Patient = false
	routed, err := reg.Route(t.Context(), program, in)
	require(t, err)
	goesTo(t, routed, "")
	world.SetAvailable(guild, true)
	goesTo(t, post(t, reg, 2, 0), ada.EntityID())
}

// What was missed counts as written when it was: a choice holds for a day after it, and of somebody
// who was erased it is for nobody.
func TestRoutingOfWhatWasMissed(t *testing.T) {
	now := at(0)
	reg, ada, bob := pair(t, filepath.Join(t.TempDir(), "troupe.db"), &now)
	missed := func(message snowflake.ID, written time.Time) entities.Routed {
		t.Helper()
		routed, err := reg.Route(t.Context(), program, entities.IncomingDM{User: mia, Channel: miasDM, Message: message, At: written, Missed: true})
		require(t, err)
		return routed
	}
	goesTo(t, post(t, reg, 1, 900), ada.EntityID())
	goesTo(t, post(t, reg, 2, 901), bob.EntityID())
	goesTo(t, post(t, reg, 3, 900), ada.EntityID())
	now = now.Add(2 * entities.PartnerLife)
	goesTo(t, missed(4, at(0).Add(entities.PartnerLife-time.Hour)), ada.EntityID())
	goesTo(t, missed(5, now.Add(-time.Second)), "")
	marks, err := reg.DMMarks(t.Context(), program, mia)
	require(t, err)
	oldest := snowflake.New(now.Add(-30 * 24 * time.Hour)) // these ids are of 2015
	if len(marks) != 1 || marks[0] != (entities.DMMark{User: mia, Channel: miasDM, After: oldest}) {
		t.Errorf("settled: %+v", marks)
	}
	require(t, reg.Erase(t.Context(), alone))
	if routed := missed(6, now); routed.Noted != nil || routed.Waits {
		t.Errorf("of one who was erased: %+v", routed)
	}
	if marks, err := reg.DMMarks(t.Context(), program); err != nil || len(marks) != 0 {
		t.Errorf("known are %+v, %v", marks, err)
	}
	require(t, reg.SettleDM(t.Context(), program, mia, 9))
	is(t, "watermarks", rows(t, reg, func(w entities.Watermark) string { return w.ChannelID.String() }))
}

// A gap is for the one who would have got what is missing, and what is said before it is settled.
func TestLostDMs(t *testing.T) {
	now := at(0)
	reg, ada, bob := pair(t, filepath.Join(t.TempDir(), "troupe.db"), &now)
	goesTo(t, post(t, reg, 1, 900), ada.EntityID())
	noted, err := reg.LoseDMs(t.Context(), program, mia, 1, 50)
	require(t, err)
	if len(noted) != 1 || noted[0].Event.Kind != entities.EventGap || noted[0].Event.UntilID != 50 {
		t.Errorf("noted %+v", noted)
	}
	is(t, "Ada hears", inbox(t, reg, ada), "1 dm", "1 dm")
	is(t, "Bob hears", inbox(t, reg, bob))
	if again := post(t, reg, 50, 0); again.Noted != nil || again.Waits {
		t.Errorf("what is lost was routed: %+v", again)
	}
	goesTo(t, post(t, reg, 51, 0), ada.EntityID())
	if noted, err := reg.LoseDMs(t.Context(), program, mia, 1, 50); err != nil || len(noted) != 0 {
		t.Errorf("lost again: %+v, %v", noted, err)
	}
}
