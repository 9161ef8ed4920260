package relay_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"troupe/relay/sandbox"
)

// openThread opens a thread in general, in which mia can speak.
func (s *stage) openThread(name string) sandbox.ID {
	s.t.Helper()
	return must(s.disc.AddThread(sandbox.Channel{ParentID: s.general, Name: name, OwnerID: s.mia}, ""))(s.t)
}

func (s *stage) archive(thread sandbox.ID, archived bool) {
	s.t.Helper()
	if err := s.disc.ChangeChannel(thread, func(c *sandbox.Channel) { c.Archived = archived }); err != nil {
		s.t.Fatal(err)
	}
}

// askedForArchives counts the requests for archived threads.
func (s *stage) askedForArchives() (n int) {
	for _, r := range s.disc.Requests() {
		if r.Method == http.MethodGet && strings.Contains(r.Path, "/threads/archived/") {
			n++
		}
	}
	return n
}

// What was said in a thread before it was archived is heard, although Discord announces it no more;
// also when somebody takes it out of the archive before it was looked for.
func TestMissedInArchivedThreads(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(s *stage) (comeBack func()){
		"after a new session": func(s *stage) func() { s.newSession(); return s.relogin },
		"after a restart":     func(s *stage) func() { s.halt(); return func() { s.play() } },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, ada, cursor := missedStage(t)
			old := s.openThread("old")
			cursor = s.hearAll(ada, cursor, s.sayLines(old, "before", 3)...)
			back := leave(s)
			missed := s.sayLines(old, "missed", 120)
			s.archive(old, true)
			back()
			cursor = s.hearAll(ada, cursor, missed...)
			s.silent(ada, cursor)
			cursor = s.wait(ada, "", 0).Cursor

			back = leave(s)
			short := s.openThread("short")
			missed = s.sayLines(short, "brief", 5)
			s.archive(short, true)
			s.disc.Fault(sandbox.On(http.MethodGet, "/threads/archived/public"), 1, sandbox.Fault{Kind: sandbox.Refuse, Status: http.StatusServiceUnavailable})
			back()
			// It opens the thread, whether or not what was missed there was found before.
			live := s.sayLines(short, "after", 5)
			cursor = s.hearAll(ada, cursor, append(missed, live...)...)
			s.silent(ada, cursor)
		})
	}
}

// A thread that was taken out of the archive while the connection stood brings nothing again.
func TestWokenThreadsTellNothingTwice(t *testing.T) {
	t.Parallel()
	s, ada, cursor := missedStage(t)
	thread := s.openThread("now and then")
	for n := range 3 {
		cursor = s.hearAll(ada, cursor, s.sayLines(thread, fmt.Sprintf("round %d", n), 20)...)
		s.archive(thread, true)
	}
	s.silent(ada, cursor)
}

// A thread that an entity was let into by itself is asked for by its id, and a channel that nobody
// hears is not looked through.
func TestArchivedThreadsOfTheirOwn(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	s.play()
	bob, private := s.whispers()
	cursor := s.hearAll(bob, s.wait(bob, "", 0).Cursor, s.sayLines(private, "before", 3)...)
	before := s.askedForArchives() // the first look may have come while it was let into general
	s.newSession()
	missed := s.sayLines(private, "missed", 7)
	s.archive(private, true)
	s.relogin()
	s.hearAll(bob, cursor, missed...)
	if asked := s.askedForArchives() - before; asked != 0 {
		t.Errorf("%d requests for archived threads of channels that nobody hears", asked)
	}
}

// The archive of a channel without an end is not read without an end.
func TestManyArchivedThreads(t *testing.T) {
	t.Parallel()
	s, ada, cursor := missedStage(t)
	for n := range 350 {
		s.archive(s.openThread(fmt.Sprintf("thread %d", n)), true)
	}
	s.newSession()
	before := s.askedForArchives()
	s.relogin()
	s.until("the archive was looked through", func() bool { return s.askedForArchives() == before+3 })
	s.silent(ada, cursor)
}

// What was heard in a thread is not lost on who reads it only after the thread was archived and the
// program began anew, or its session. A thread that is gone by then holds nothing up.
func TestHeardInArchivedThreads(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(s *stage){
		"after a new session": func(s *stage) { s.newSession(); s.relogin() },
		"after a restart":     func(s *stage) { s.halt(); s.play() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, ada, cursor := missedStage(t)
			thread := s.openThread("soon over")
			said := s.sayLines(thread, "heard", 5)
			s.until("it is heard", func() bool { return len(s.wait(ada, cursor, 0).Messages) == 5 })
			s.archive(thread, true)
			gone := s.openThread("soon gone")
			s.sayLines(gone, "unheard", 1)
			s.until("it is heard too", func() bool { return len(s.wait(ada, cursor, 0).Messages) == 6 })
			if err := s.disc.DeleteChannel(gone); err != nil {
				t.Fatal(err)
			}
			leave(s)
			said = append(said, s.sayLines(s.general, "afterwards", 1)...)
			s.silent(ada, s.hearAll(ada, cursor, said...))
		})
	}
}
