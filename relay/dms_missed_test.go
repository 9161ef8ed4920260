package relay_test

import (
	"database/sql"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"troupe/entities"
	"troupe/relay"
	"troupe/relay/sandbox"
)

// dmStage is a stage on which mia writes to Ada.
func dmStage(t *testing.T) (s *stage, ada entities.Actor) {
	s = setStage(t, sandbox.Config{NoRateLimits: true})
	s.play()
	made, ada := s.entity("Ada", nil, s.general)
	must(s.relay.Talk(t.Context(), s.mias(), made.Entity.ID))(t)
	return s, ada
}

// tells writes some lines of mia's to the bot.
func (s *stage) tells(name string, count int) []string {
	s.t.Helper()
	return s.sayLines(s.disc.DM(s.mia), name, count)
}

// gotAll waits until an entity has some direct messages, each once and in order, and no others.
func (s *stage) gotAll(actor entities.Actor, want ...string) {
	s.t.Helper()
	var got []string
	for cursor := ""; len(got) < len(want); {
		found, err := s.relay.Wait(s.t.Context(), actor, relay.WaitRequest{Scope: entities.ScopeDM, Cursor: cursor, Timeout: 10 * time.Second})
		if err != nil || len(found.Items) == 0 {
			lacking := slices.DeleteFunc(slices.Clone(want), func(one string) bool { return slices.Contains(got, one) })
			s.t.Fatalf("%d of %d direct messages came, and not %q: %v; log:\n%s", len(got), len(want), lacking, err, s.log)
		}
		for _, item := range found.Items {
			if item.Kind == entities.EventGap {
				got = append(got, "a gap")
			} else {
				got = append(got, item.Message.Content)
			}
		}
		cursor = found.Cursor
	}
	if !slices.Equal(got, want) {
		for i := range got {
			if i >= len(want) || got[i] != want[i] {
				s.t.Fatalf("direct message %d of %d is %q, want %q", i, len(got), got[i], want[min(i, len(want)-1)])
			}
		}
	}
}

// botSaid counts what the bot wrote to mia.
func (s *stage) botSaid(part string) (n int) {
	for _, m := range s.disc.Messages(s.disc.DM(s.mia)) {
		if m.Author.ID == s.botID && strings.Contains(m.Content, part) {
			n++
		}
	}
	return n
}

func (s *stage) acknowledged() (n int) {
	for _, m := range s.disc.Messages(s.disc.DM(s.mia)) {
		n += len(m.Reactions)
	}
	return n
}

// What people write while nobody listens comes once and in order, before what they write later.
func TestMissedDMs(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(s *stage) (comeBack func()){
		"after a new session": func(s *stage) func() {
			s.newSession()
			return s.relogin
		},
		"after a restart": func(s *stage) func() {
			s.halt()
			return func() { s.play() }
		},
		"after a crash": func(s *stage) func() {
			s.abandon()
			return func() { s.play() }
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, ada := dmStage(t)
			before := s.tells("before", 3)
			s.until("they are routed", func() bool { return len(s.got(ada)) == 3 })
			shown := s.acknowledged() + s.botSaid("For **Ada**")
			back := leave(s)
			missed := s.tells("missed", 230)
			back()
			live := s.tells("live", 20)
			s.gotAll(ada, slices.Concat(before, missed, live)...)
			if n := s.acknowledged() + s.botSaid("For **Ada**") - shown; n > len(live)+1 {
				t.Errorf("of %d messages that were missed and %d others %d were acknowledged", len(missed), len(live), n)
			}
		})
	}
}

// What was missed and is for nobody waits for one choice: there is one menu, however much it is.
func TestMissedDMsAskOnce(t *testing.T) {
	t.Parallel()
	s, ada := dmStage(t)
	if _, err := s.reg.Pause(t.Context(), s.admin(), ada.EntityID()); err != nil {
		t.Fatal(err)
	}
	bob, _ := s.entity("Bob", nil, s.general)
	s.halt()
	missed := s.tells("missed", 120)
	s.play()
	forBob := must(s.reg.Authenticate(t.Context(), bob.Key, ""))(t)
	s.until("mia is asked", func() bool { return s.botSaid("Whom is this for?") == 1 })
	if n := must(s.relay.Talk(t.Context(), s.mias(), bob.Entity.ID))(t).Waited; n != len(missed) {
		t.Errorf("%d messages went to the choice", n)
	}
	s.gotAll(forBob, append(missed, s.tells("live", 1)...)...)
	if asked, closed := s.botSaid("Whom is this for?"), s.botSaid("It went to **Bob**."); asked != 0 || closed != 1 {
		t.Errorf("she was asked %d times, and %d times still is", closed, asked)
	}
}

// Who was erased is a stranger again: nothing that they wrote before is fetched.
func TestErasedDMsAreNotFetched(t *testing.T) {
	t.Parallel()
	s, ada := dmStage(t)
	s.gotAll(ada, s.tells("before", 3)...)
	if err := s.reg.Erase(t.Context(), s.mias()); err != nil {
		t.Fatal(err)
	}
	must(s.relay.Talk(t.Context(), s.mias(), ada.EntityID()))(t)
	s.newSession()
	missed := s.tells("missed", 2)
	s.relogin()
	s.gotAll(ada, append(missed, s.tells("live", 1)...)...)
}

// Beyond a thousand messages a gap says what is missing, and what is written later follows it.
func TestMissedTooManyDMs(t *testing.T) {
	t.Parallel()
	s, ada := dmStage(t)
	before := s.tells("before", 1)
	s.until("it is routed", func() bool { return len(s.got(ada)) == 1 })
	s.newSession()
	missed := s.tells("missed", 1050)
	s.relogin()
	s.within(time.Minute, "the gap is there", func() bool { return strings.Contains(s.log.String(), "a person wrote more than is fetched") })
	live := s.tells("live", 3)
	s.gotAll(ada, slices.Concat(before, missed[:1000], []string{"a gap"}, live)...)
}

// What comes faster than it can be routed, or while Discord does not answer, is fetched.
func TestDMsFasterThanTheyAreRouted(t *testing.T) {
	t.Parallel()
	s, ada := dmStage(t)
	before := s.tells("before", 1)
	s.until("it is routed", func() bool { return len(s.got(ada)) == 1 })
	s.disc.Fault(sandbox.On(http.MethodGet, "/messages"), 1, sandbox.Fault{Kind: sandbox.Refuse, Status: http.StatusServiceUnavailable})
	s.newSession()
	missed := s.tells("missed", 10)
	s.relogin()
	s.until("Discord has refused it", func() bool { return strings.Contains(s.log.String(), "route a direct message; trying again") })
	live := s.tells("live", 500)
	s.gotAll(ada, slices.Concat(before, missed, live)...)
}

// What a person changes about whom they write to holds for what they write after it.
func TestTalkWaitsForWhatWasWrittenBefore(t *testing.T) {
	t.Parallel()
	s, forAda := dmStage(t)
	bob, forBob := s.entity("Bob", nil, s.general)
	before := s.tells("before", 1)
	s.until("it is routed", func() bool { return len(s.got(forAda)) == 1 })
	s.disc.Fault(sandbox.On(http.MethodGet, "/messages"), 1, sandbox.Fault{Kind: sandbox.Refuse, Status: http.StatusServiceUnavailable})
	s.newSession()
	missed := s.tells("missed", 5)
	s.relogin()
	s.until("Discord has refused it", func() bool { return strings.Contains(s.log.String(), "route a direct message; trying again") })
	must(s.relay.Talk(t.Context(), s.mias(), bob.Entity.ID))(t)
	live := s.tells("live", 2)
	s.gotAll(forAda, append(before, missed...)...)
	s.gotAll(forBob, live...)
}

// What was heard and not routed when the program ended is fetched at the next start.
func TestDMsAtTheEnd(t *testing.T) {
	t.Parallel()
	s, ada := dmStage(t)
	before := s.tells("before", 1)
	s.until("it is routed", func() bool { return len(s.got(ada)) == 1 })
	release := s.blockDatabase()
	heard := s.tells("heard", 30)
	must(s.disc.Say(s.mia, s.general, "a mark"))(t)
	ended := make(chan struct{})
	go func() { defer close(ended); s.halt() }()
	release()
	<-ended
	s.play()
	s.gotAll(ada, append(before, heard...)...)
}

// A message that the database would refuse each time is set aside: the person's next ones are routed,
// whether they were heard or have to be fetched.
func TestADMThatCanNeverBeWritten(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(s *stage) (comeBack func()){
		"heard":   func(*stage) func() { return func() {} },
		"fetched": func(s *stage) func() { s.halt(); return func() { s.play() } },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, ada := dmStage(t)
			before := s.tells("before", 1)
			s.until("it is routed", func() bool { return len(s.got(ada)) == 1 })
			s.refuse("new.kind = 'dm'", "RAISE(ABORT, 'no')")
			back := leave(s)
			s.tells("refused", 2)
			back()
			s.until("they were set aside", func() bool { return s.relay.Status().Aside == 2 })
			db := must(sql.Open("sqlite", s.database+"?_pragma=busy_timeout(5000)"))(t)
			defer func() { s.ok(db.Close()) }()
			_, err := db.ExecContext(t.Context(), "DROP TRIGGER refused")
			s.ok(err)
			s.gotAll(ada, append(before, s.tells("after", 3)...)...)
		})
	}
}

// A clock that was wrong for a while hides nothing that is written when it is right again.
func TestMissedDMsAfterAClockThatWasWrong(t *testing.T) {
	t.Parallel()
	s, ada := dmStage(t)
	s.halt()
	s.now = func() time.Time { return time.Now().Add(60 * 24 * time.Hour) }
	s.play()
	s.tell("meanwhile")
	s.until("it is routed", func() bool { return s.acknowledged()+s.botSaid("For **Ada**") > 0 })
	s.halt()
	s.now = nil
	missed := s.tells("missed", 3)
	s.play()
	s.gotAll(ada, append([]string{"meanwhile"}, missed...)...)
}
