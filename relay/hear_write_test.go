package relay_test

import (
	"database/sql"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay"
	"troupe/relay/sandbox"
)

// refuse has the database refuse events, as the condition says, by an expression that fails.
func (s *stage) refuse(when, failing string) {
	s.t.Helper()
	s.refuseIn("events", when, failing)
}

func (s *stage) refuseIn(table, when, failing string) {
	s.t.Helper()
	s.exec("CREATE TRIGGER refused BEFORE INSERT ON " + table + " WHEN " + when + " BEGIN SELECT " + failing + "; END")
}

// allow ends what refuse began.
func (s *stage) allow() {
	s.t.Helper()
	s.exec("DROP TRIGGER refused")
}

// exec changes the database behind the program's back.
func (s *stage) exec(statement string) {
	s.t.Helper()
	db := must(sql.Open("sqlite", s.database+"?_pragma=busy_timeout(5000)"))(s.t)
	defer func() { s.ok(db.Close()) }()
	_, err := db.ExecContext(s.t.Context(), statement)
	s.ok(err)
}

// What the database will never take is set aside, and everything else is heard, in order.
func TestWhatCanNeverBeWrittenHoldsUpNothing(t *testing.T) {
	t.Parallel()
	for name, failing := range map[string]string{
		"the database says that the row is at fault": "RAISE(ABORT, 'no')",
		"the database does not say what is at fault": "abs(-9223372036854775807 - 1)",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, ada, cursor := missedStage(t)
			s.refuse("new.author_id = "+s.olivia.String(), failing)
			refused := map[string]bool{}
			var want []string
			for n := range 40 {
				if n%20 == 7 {
					refused[must(s.disc.Say(s.olivia, s.general, "this is refused"))(t).ID.String()] = true
				}
				want = append(want, fmt.Sprintf("line %02d", n))
				must(s.disc.Say(s.mia, s.general, want[n]))(t)
			}
			for n := 0; n < len(want); {
				news := s.wait(ada, cursor, 30*time.Second)
				if len(news.Messages) == 0 {
					t.Fatalf("%d lines were heard; log:\n%s", n, s.log)
				}
				for _, m := range news.Messages {
					if m.Content != want[n] {
						t.Fatalf("line %d is %q", n, m.Content)
					}
					n++
				}
				cursor = news.Cursor
			}
			if aside := s.relay.Status().Aside; aside != int64(len(refused)) {
				t.Errorf("%d events were set aside, not %d", aside, len(refused))
			}
			for id := range refused {
				if !strings.Contains(s.log.String(), "message="+id) {
					t.Errorf("the log does not name %s", id)
				}
			}
			s.silent(ada, cursor)
		})
	}
}

// An entity's own line of which the log cannot have the echo was said all the same.
func TestAnEchoThatCanNeverBeWritten(t *testing.T) {
	t.Parallel()
	s, ada, cursor := missedStage(t)
	bob, talks := s.entity("Bob", nil, s.general)
	s.refuse("new.author_entity = '"+string(bob.Entity.ID)+"'", "RAISE(ABORT, 'no')")
	sent := s.say(talks, s.general, "hi")
	if sent.Status != relay.StatusSent {
		t.Errorf("the line is %q", sent.Status)
	}
	s.until("the echo was set aside", func() bool { return s.relay.Status().Aside == 1 })
	s.silent(ada, cursor)
	if _, err := s.relay.Edit(t.Context(), talks, snowflake.ID(s.general), sent.MessageIDs[0], "hi there"); err != nil {
		t.Errorf("it is not the entity's: %v", err)
	}
}

// Whose line it is cannot be written down either: what else happens on Discord still is.
func TestALandingThatCanNeverBeWritten(t *testing.T) {
	t.Parallel()
	s, ada, cursor := missedStage(t)
	bob := s.miasEntity("Bob")
	s.refuseIn("ownerships", "new.entity_id = '"+string(bob.EntityID())+"'", "RAISE(ABORT, 'no')")
	said := make(chan struct{})
	go func() {
		defer close(said)
		_, _ = s.relay.Say(t.Context(), bob, relay.Line{Channel: snowflake.ID(s.general), Content: "hi"}) // whatever becomes of it
	}()
	s.until("the line stands", func() bool { return strings.Contains(s.contents(s.general), "hi") })
	s.until("the echo was set aside", func() bool { return s.relay.Status().Aside > 0 })
	s.silent(ada, cursor)
	s.ok(s.disc.RemoveMember(s.guild, s.mia))
	s.until("its owner's departure is written down", func() bool {
		residents := must(s.reg.List(t.Context(), s.admin()))(t)
		return slices.ContainsFunc(residents, func(r entities.Resident) bool { return r.Presence.Cause == entities.OwnerLeft })
	})
	<-said
}

// An id that no database holds is left out before the database is asked.
func TestAnIDThatIsTooBig(t *testing.T) {
	t.Parallel()
	s, ada, cursor := missedStage(t)
	s.disc.DispatchRaw("MESSAGE_CREATE", []byte(`{"id":"18000000000000000000","channel_id":"`+s.general.String()+`","guild_id":"`+s.guild.String()+
		`","author":{"id":"`+s.mia.String()+`","username":"mia"},"content":"x","type":0,"timestamp":"2026-11-01T00:00:00Z","attachments":[],"embeds":[],"mentions":[],"mention_roles":[]}`))
	s.silent(ada, cursor)
	if aside := s.relay.Status().Aside; aside != 1 {
		t.Errorf("%d events were set aside", aside)
	}
}

// While the database cannot be written to, everything waits for it.
func TestADatabaseThatIsAway(t *testing.T) {
	t.Parallel()
	s, ada, cursor := missedStage(t)
	release := s.blockDatabase()
	lines := s.sayLines(s.general, "meanwhile", 300)
	gone := must(s.disc.Say(s.mia, s.general, "oops"))(t)
	s.ok(s.disc.DeleteMessages(s.mia, s.general, gone.ID))
	// SQLite waits ten seconds for the other writer, before it says that it is busy.
	s.within(30*time.Second, "the database said that it is busy", func() bool { return strings.Contains(s.log.String(), "write the event log") })
	release()
	cursor = s.hearAll(ada, cursor, lines...)
	if status := s.relay.Status(); status.Aside != 0 || status.Lost != 0 {
		t.Errorf("%+v; log:\n%s", status, s.log)
	}
	s.silent(ada, cursor)
}

// When there is no room left for what is heard, messages are fetched afterwards, whosever they are,
// and a gap tells of what cannot be had again.
func TestNoRoomForWhatIsHeard(t *testing.T) {
	t.Parallel()
	s, ada, cursor := missedStageOf(t, 50)
	_, bob := s.entity("Bob", nil, s.general)
	line := s.say(ada, s.general, "a line of Ada's")
	first := must(s.disc.Say(s.mia, s.general, "first"))(t)
	cursor = s.hearAll(ada, cursor, "first")
	release := s.blockDatabase()
	general := s.sayLines(s.general, "said", 230)
	threaded := s.sayLines(s.thread, "in the thread", 120)
	s.until("messages found no room", func() bool { return s.relay.Behind() == 2 })
	s.ok(s.disc.React(s.mia, s.general, sandbox.ID(line.MessageIDs[0]), "👍"))
	s.ok(s.disc.EditMessage(s.mia, s.general, first.ID, "first of all"))
	s.until("changes found no room", func() bool { return s.relay.Status().Lost == 2 })
	release()
	cursor = s.hearBoth(ada, cursor, general, threaded)
	s.silent(ada, cursor)
	gaps, heard, cursor := 0, 0, ""
	for {
		found := must(s.relay.Inbox(t.Context(), bob, relay.InboxRequest{Cursor: cursor}))(t)
		if len(found.Items) == 0 {
			break
		}
		for _, item := range found.Items {
			if heard++; item.Kind == entities.EventGap && item.ChannelID == snowflake.ID(s.general) {
				gaps++
			}
		}
		cursor = found.Cursor
	}
	if want := 2 + len(general) + len(threaded) + 1 + gaps; gaps != 1 || heard != want {
		t.Errorf("Bob heard %d things and %d gaps", heard, gaps)
	}
	if aside := s.relay.Status().Aside; aside != 0 {
		t.Errorf("%d were set aside", aside)
	}
}

// missedStageOf is a missedStage with so little room for what is heard.
func missedStageOf(t *testing.T, room int) (s *stage, ada entities.Actor, cursor string) {
	s = setStage(t, sandbox.Config{NoRateLimits: true})
	s.before = func() { s.relay.Narrow(room) }
	s.play()
	_, ada = s.entity("Ada", nil, s.general)
	return s, ada, s.wait(ada, "", 0).Cursor
}

// Where Discord refuses what found no room, a gap tells of it; where nothing is left, nothing does.
func TestNoRoomAndNoWayBack(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status, code int
		gap          bool
	}{
		"forbidden": {http.StatusForbidden, 50001, true},
		"gone":      {http.StatusNotFound, 10003, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, ada, cursor := missedStageOf(t, 20)
			s.disc.Fault(func(r *http.Request) bool {
				return r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/channels/"+s.general.String()+"/messages")
			}, -1, sandbox.Fault{Kind: sandbox.Refuse, Status: test.status, Code: test.code})
			release := s.blockDatabase()
			lines := s.sayLines(s.general, "said", 60)
			s.until("messages found no room", func() bool { return s.relay.Behind() == 1 })
			release()
			s.until("all is settled", func() bool { return s.relay.Behind() == 0 && s.relay.Unwritten() == 0 })
			must(s.disc.Say(s.mia, s.general, "the end"))(t)
			var heard []string
			gaps := 0
			for len(heard) == 0 || heard[len(heard)-1] != "the end" {
				found := must(s.relay.Wait(t.Context(), ada, relay.WaitRequest{Cursor: cursor, Timeout: 10 * time.Second}))(t)
				if cursor = found.Cursor; len(found.Items) == 0 {
					t.Fatalf("heard %v; log:\n%s", heard, s.log)
				}
				for _, item := range found.Items {
					if item.Kind == entities.EventGap {
						gaps++
					} else {
						heard = append(heard, item.Message.Content)
					}
				}
			}
			if known := heard[:len(heard)-1]; len(known) >= 60 || !slices.IsSorted(known) || !subset(known, lines) || (gaps == 1) != test.gap || gaps > 1 {
				t.Errorf("%d gaps; heard %v", gaps, heard)
			}
		})
	}
}

func subset(some, all []string) bool {
	return !slices.ContainsFunc(some, func(one string) bool { return !slices.Contains(all, one) })
}

// A line of an entity's whose echo found no room is known as its own when it is fetched.
func TestNoRoomForAnEcho(t *testing.T) {
	t.Parallel()
	s, ada, cursor := missedStageOf(t, 5)
	bob, talks := s.entity("Bob", nil, s.general)
	s.say(talks, s.general, "before") // its webhook is there
	cursor = s.hearAll(ada, cursor, "before")
	asked := make(chan struct{}, 1)
	s.disc.Fault(func(r *http.Request) bool {
		if r.Method != http.MethodPost || !strings.Contains(r.URL.Path, "/webhooks/") {
			return false
		}
		asked <- struct{}{}
		return true
	}, 1, sandbox.Fault{Kind: sandbox.CommitLate, After: 2 * time.Second})
	said := make(chan error, 1)
	go func() {
		_, err := s.relay.Say(t.Context(), talks, relay.Line{Channel: snowflake.ID(s.general), Content: "in between"})
		said <- err
	}()
	<-asked
	release := s.blockDatabase()
	s.sayLines(s.general, "said", 20)
	s.until("messages find no room", func() bool { return s.relay.Behind() == 1 })
	if strings.Contains(s.contents(s.general), "in between") {
		t.Fatal("the line was too early")
	}
	s.until("the line stands", func() bool { return strings.Contains(s.contents(s.general), "in between") })
	release()
	s.ok(<-said)
	var found relay.Message
	for found.Content != "in between" {
		news := s.wait(ada, cursor, 10*time.Second)
		if len(news.Messages) == 0 {
			t.Fatalf("it was not heard; log:\n%s", s.log)
		}
		cursor = news.Cursor
		for _, m := range news.Messages {
			if m.Content == "in between" {
				found = m
			}
		}
	}
	if found.Author.Entity != bob.Entity.ID {
		t.Errorf("it was said by %+v", found.Author)
	}
	for cursor := ""; ; {
		news := s.wait(talks, cursor, 0)
		if len(news.Messages) == 0 {
			break
		}
		for _, m := range news.Messages {
			if m.Content == "in between" {
				t.Error("Bob heard itself")
			}
		}
		cursor = news.Cursor
	}
}

// What was heard last before the end waits for what could not be written before it: the next start
// fetches both.
func TestNothingIsWrittenAheadOfWhatCouldNotBe(t *testing.T) {
	t.Parallel()
	s, ada, cursor := missedStage(t)
	s.refuse("new.author_id = "+s.olivia.String(), "abs(-9223372036854775807 - 1)")
	must(s.disc.Say(s.olivia, s.general, "first"))(t)
	s.until("it could not be written", func() bool { return strings.Contains(s.log.String(), "write the event log") })
	must(s.disc.Say(s.mia, s.general, "second"))(t)
	s.until("it waits behind the first", func() bool { return s.relay.Unwritten() > 0 })
	s.halt()
	s.allow()
	s.play()
	s.hearAll(ada, cursor, "first", "second")
}
