package entities_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/disgoorg/snowflake/v2"
	"gorm.io/gorm"

	"troupe/entities"
)

const miasDM snowflake.ID = 700000000000000020 // mia's channel of direct messages

// keep writes rows down as they are.
func keep(t *testing.T, reg *entities.Registry, rows ...any) {
	t.Helper()
	require(t, reg.Change(t.Context(), func(tx *gorm.DB) error {
		for _, row := range rows {
			if err := tx.Create(row).Error; err != nil {
				return err
			}
		}
		return nil
	}))
}

// rows are those of a table, as one line each.
func rows[T any](t *testing.T, reg *entities.Registry, words func(T) string) []string {
	t.Helper()
	var found []T
	require(t, reg.Reader().Find(&found).Error)
	var lines []string
	for _, row := range found {
		lines = append(lines, words(row))
	}
	return lines
}

// is holds what there is to what is wanted, in whatever order.
func is(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	slices.Sort(got)
	slices.Sort(want)
	if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
		t.Errorf("%s: there is\n%q, want\n%q", what, got, want)
	}
}

func hide(t *testing.T, reg *entities.Registry, user snowflake.ID, hidden bool) {
	t.Helper()
	require(t, reg.SetPrivacy(t.Context(), entities.Member(user, guild, 0), entities.Privacy{Hidden: hidden}))
}

// lived is a registry in which mia and olivia did all that can stand in the database about
// somebody. What is mia's is odd.
func lived(t *testing.T, path string) *entities.Registry {
	t.Helper()
	reg := open(t, path, newWorld())
	event := func(seq int64, kind entities.EventKind, message, author snowflake.ID) *entities.Event {
		return &entities.Event{Seq: seq, Kind: kind, GuildID: guild, ChannelID: general, MessageID: message, AuthorID: author, At: at(0)}
	}
	private := func(seq int64, kind entities.EventKind, channel, message, author snowflake.ID) *entities.Event {
		return &entities.Event{Seq: seq, Kind: kind, ChannelID: channel, MessageID: message, AuthorID: author, EntityID: "ada", At: at(0)}
	}
	const olivias snowflake.ID = 700000000000000022
	met := at(0)
	keep(t, reg,
		event(10, entities.EventMessage, 110, olivia), event(11, entities.EventMessage, 111, mia), event(13, entities.EventEdit, 111, mia),
		event(15, entities.EventDelete, 111, 0), event(16, entities.EventDelete, 110, 0),
		event(17, entities.EventReaction, 500, mia), event(18, entities.EventReaction, 500, olivia), event(20, entities.EventDelete, 500, 0),
		private(21, entities.EventDM, miasDM, 121, mia), private(23, entities.EventDelete, miasDM, 121, 0), private(24, entities.EventDM, olivias, 124, olivia),
		&entities.Address{EntityID: "ada", Seq: 10, Reason: entities.ByMention}, &entities.Address{EntityID: "ada", Seq: 11, Reason: entities.ByMention},
		&entities.Address{EntityID: "ada", Seq: 21, Reason: entities.ByDM}, &entities.Address{EntityID: "ada", Seq: 24, Reason: entities.ByDM},
		&entities.DM{UserID: mia, ChannelID: miasDM, MessageID: 121, PartnerID: "ada", PartnerAt: &met}, &entities.DM{UserID: olivia, ChannelID: olivias, MessageID: 124},
		&entities.WaitingDM{MessageID: 131, UserID: mia, MenuID: 132, At: at(0)}, &entities.WaitingDM{MessageID: 134, UserID: olivia, MenuID: 136, At: at(0)},
		&entities.Acquaintance{UserID: mia, EntityID: "ada", MetAt: &met, Introduced: true},
		&entities.Acquaintance{UserID: mia, EntityID: "bob", MetAt: &met, Introduced: true, Blocked: true},
		&entities.Acquaintance{UserID: olivia, EntityID: "ada", MetAt: &met},
		&entities.Watermark{ChannelID: general, GuildID: guild, MessageID: 90}, &entities.Watermark{ChannelID: miasDM, MessageID: 121},
		&entities.ReadMark{CredentialID: "key", Scope: entities.ScopeOf(miasDM), Position: 21}, &entities.ReadMark{CredentialID: "key", Scope: entities.ScopeOf(general), Position: 10},
	)
	return reg
}

func eventRow(e entities.Event) string { return fmt.Sprint(e.Seq, " ", e.Kind) }

// What is erased is in no row of the database any more, and nobody else's is touched.
func TestErase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "troupe.db")
	reg := lived(t, path)
	person := entities.Member(mia, guild, 0)
	require(t, reg.SetPrivacy(t.Context(), person, entities.Privacy{NoDM: true}))
	// She tries what she may not, and looks after her server: both are about others.
	_, err := reg.SetSettings(t.Context(), person, becoming(entities.Settings{HouseRules: "Obey Mia."}))
	wantRefusal(t, err, entities.NotAllowed)
	_, err = reg.SetSettings(t.Context(), admin(mia), becoming(entities.Settings{HouseRules: "Be kind."}))
	require(t, err)
	require(t, reg.SetPrivacy(t.Context(), entities.Member(olivia, guild, 0), entities.Privacy{Hidden: false, NoMentions: true}))

	require(t, reg.Erase(t.Context(), person))
	for range 2 { // the second time after a restart
		is(t, "events", rows(t, reg, eventRow), "10 message", "16 delete", "18 reaction", "20 delete", "24 dm")
		is(t, "addresses", rows(t, reg, func(a entities.Address) string { return fmt.Sprint(a.Seq) }), "10", "24")
		is(t, "channels of direct messages", rows(t, reg, func(d entities.DM) string { return d.UserID.String() }), olivia.String())
		is(t, "messages that wait", rows(t, reg, func(d entities.WaitingDM) string { return d.MessageID.String() }), "134")
		is(t, "acquaintances", rows(t, reg, func(a entities.Acquaintance) string {
			return fmt.Sprint(a.UserID, a.EntityID, a.MetAt != nil, a.Introduced, a.Blocked)
		}), fmt.Sprint(olivia, "ada", true, false, false), fmt.Sprint(mia, "bob", false, false, true))
		is(t, "watermarks", rows(t, reg, func(w entities.Watermark) string { return fmt.Sprint(w.ChannelID, " ", w.MessageID) }), fmt.Sprint(general, " ", 111))
		is(t, "marks", rows(t, reg, func(m entities.ReadMark) string { return fmt.Sprint(m.Scope) }), fmt.Sprint(entities.ScopeOf(general)))
		is(t, "the audit", rows(t, reg, func(a entities.Audit) string {
			return fmt.Sprint(a.Actor, ", ", a.Act, ", ", a.Outcome, ", ", a.GuildID)
		}),
			fmt.Sprint("member ", mia, ", settings, refused, ", guild), fmt.Sprint("member ", mia, ", settings, done, ", guild),
			fmt.Sprint("member ", olivia, ", privacy, done, 0"), "member, erase rows, done, 0")
		if !reg.RefusesDMs(mia) || !reg.Unmentionable(olivia) {
			t.Error("what people chose is gone")
		}
		remembers(t, reg)
		reg = open(t, path, newWorld())
	}
	require(t, reg.Erase(t.Context(), person)) // nothing is left
}

// The log goes on after what was its end, even when that is gone and the program starts anew.
func TestErasingDoesNotTurnTheLogBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "troupe.db")
	reg := open(t, path, newWorld())
	last := say(t, reg, message(1, general))
	require(t, reg.Erase(t.Context(), entities.Member(mia, 0, 0)))
	is(t, "events", rows(t, reg, eventRow))
	for range 2 {
		next := message(snowflake.ID(len(last)+1), general)
		next.AuthorID = olivia
		if last = append(last, say(t, reg, next)...); last[len(last)-1].Event.Seq <= last[len(last)-2].Event.Seq {
			t.Errorf("the log went on with %d after %d", last[len(last)-1].Event.Seq, last[len(last)-2].Event.Seq)
		}
		reg = open(t, path, newWorld())
	}
}

// Whoever hides is gone from what servers told, and stays in their own direct messages.
func TestHidingEndsWhatIsInTheLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "troupe.db")
	reg := lived(t, path)
	hide(t, reg, mia, true)
	if !reg.Hidden(mia) || reg.Hidden(olivia) || reg.Hidden(0) {
		t.Errorf("hidden are %v, %v, %v", reg.Hidden(mia), reg.Hidden(olivia), reg.Hidden(0))
	}
	is(t, "events", rows(t, reg, eventRow), "10 message", "16 delete", "18 reaction", "20 delete", "21 dm", "23 delete", "24 dm")
	is(t, "addresses", rows(t, reg, func(a entities.Address) string { return fmt.Sprint(a.Seq) }), "10", "21", "24")
	is(t, "acquaintances", rows(t, reg, func(a entities.Acquaintance) string { return a.UserID.String() }), mia.String(), mia.String(), olivia.String())

	reg = open(t, path, newWorld())
	if !reg.Hidden(mia) {
		t.Error("a restart shows her")
	}
	hide(t, reg, mia, false)
	hide(t, reg, mia, false)
	is(t, "choices", rows(t, reg, func(p entities.Privacy) string { return p.UserID.String() }))
	is(t, "the audit", rows(t, reg, func(a entities.Audit) string {
		return strings.TrimPrefix(a.Actor, "member ") + " " + a.Act + a.Target + a.Reason
	}),
		mia.String()+" privacy", mia.String()+" privacy")
	remembers(t, reg)
}

// Each choice is one's own, holds everywhere, and is nobody else's business.
func TestPrivacyIsOnesOwn(t *testing.T) {
	reg := fresh(t)
	_, ada := create(t, reg, "Ada", general)
	here, alone := entities.Member(mia, guild, 0), entities.Member(mia, 0, 0)
	require(t, reg.SetPrivacy(t.Context(), here, entities.Privacy{UserID: olivia, Hidden: true, NoDM: true, NoMentions: true}))
	got, err := reg.Privacy(t.Context(), alone)
	if err != nil || got != (entities.Privacy{UserID: mia, Hidden: true, NoDM: true, NoMentions: true}) {
		t.Errorf("she reads %+v, %v", got, err)
	}
	got, err = reg.Privacy(t.Context(), admin(olivia))
	if err != nil || got != (entities.Privacy{UserID: olivia}) || reg.Hidden(olivia) || reg.RefusesDMs(olivia) || reg.Unmentionable(olivia) {
		t.Errorf("olivia reads %+v, %v", got, err)
	}
	if seen, err := reg.Audits(t.Context(), admin(olivia)); err != nil || len(seen) == 0 || strings.Contains(fmt.Sprint(seen), "privacy") {
		t.Errorf("the server's admins read %+v, %v", seen, err)
	}
	for _, actor := range []entities.Actor{ada, program, {}} {
		_, err := reg.Privacy(t.Context(), actor)
		wantRefusal(t, err, entities.NotAllowed)
		wantRefusal(t, reg.SetPrivacy(t.Context(), actor, entities.Privacy{}), entities.NotAllowed)
		wantRefusal(t, reg.Erase(t.Context(), actor), entities.NotAllowed)
	}
	if !reg.Hidden(mia) {
		t.Error("somebody else showed her")
	}
}

// A fault leaves all of it or nothing, in memory as in the database.
func TestPrivacyAndFaults(t *testing.T) {
	reg := lived(t, filepath.Join(t.TempDir(), "troupe.db"))
	faults, err := entities.NewFaults(reg)
	require(t, err)
	for name, do := range map[string]func() error{
		"hide": func() error {
			return reg.SetPrivacy(t.Context(), entities.Member(mia, guild, 0), entities.Privacy{Hidden: true})
		},
		"erase": func() error { return reg.Erase(t.Context(), entities.Member(olivia, guild, 0)) },
	} {
		before := dump(t, reg)
		struck := 0
		for n := 1; ; n++ {
			faults.Arm(n)
			err := do()
			if !faults.Struck() {
				require(t, err)
				break
			}
			struck++
			if !entities.Injected(err) {
				t.Errorf("%s, fault %d: %v", name, n, err)
			}
			if after := dump(t, reg); after != before {
				t.Errorf("%s, fault %d: something changed:\n%s", name, n, difference(before, after))
			}
			remembers(t, reg)
		}
		if struck < 4 {
			t.Errorf("%s: only %d statements can fail", name, struck)
		}
	}
}

// What was on its way when somebody hid is not written down either.
func TestNothingOfTheHiddenIsWrittenDown(t *testing.T) {
	reg := fresh(t)
	hide(t, reg, mia, true)
	olivias := message(2, general)
	olivias.AuthorID = olivia
	reaction := entities.Event{Kind: entities.EventReaction, GuildID: guild, ChannelID: general, MessageID: 2, AuthorID: mia, Emoji: "👍", At: at(0)}
	private := entities.Event{Kind: entities.EventDM, ChannelID: miasDM, MessageID: 3, AuthorID: mia, At: at(0)}
	say(t, reg, message(1, general), olivias, reaction, private)
	is(t, "messages", rows(t, reg, func(e entities.Event) string { return fmt.Sprint(e.MessageID, " ", e.Kind) }), "2 message", "3 dm")
	hide(t, reg, mia, false)
	say(t, reg, message(4, general))
	is(t, "messages", rows(t, reg, func(e entities.Event) string { return e.MessageID.String() }), "2", "3", "4")
}
