package relay_test

import (
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

// missedStage is a stage with an entity that has read all up to a cursor.
func missedStage(t *testing.T) (s *stage, ada entities.Actor, cursor string) {
	s = setStage(t, sandbox.Config{NoRateLimits: true})
	s.play()
	_, ada = s.entity("Ada", nil, s.general)
	return s, ada, s.wait(ada, "", 0).Cursor
}

// hearAll waits for some lines, in whatever channels, and gives the cursor behind them.
func (s *stage) hearAll(ada entities.Actor, cursor string, want ...string) string {
	s.t.Helper()
	for n := 0; n < len(want); {
		news := s.wait(ada, cursor, 10*time.Second)
		if news.Items == 0 {
			s.t.Fatalf("%d of %d lines were heard; log:\n%s", n, len(want), s.log)
		}
		cursor = news.Cursor
		for _, m := range news.Messages {
			if n == len(want) || m.Content != want[n] {
				s.t.Fatalf("line %d is %q; all: %s", n, m.Content, texts(news.Messages))
			}
			n++
		}
	}
	return cursor
}

// hearBoth waits for the lines of two channels, each of them in order.
func (s *stage) hearBoth(ada entities.Actor, cursor string, general, thread []string) string {
	s.t.Helper()
	want := map[bool][]string{false: general, true: thread}
	for left := len(general) + len(thread); left > 0; {
		news := s.wait(ada, cursor, 10*time.Second)
		if news.Items == 0 {
			s.t.Fatalf("%d lines were not heard; log:\n%s", left, s.log)
		}
		cursor = news.Cursor
		for _, m := range news.Messages {
			there := strings.HasPrefix(m.Content, "in the thread")
			if lines := want[there]; len(lines) == 0 || m.Content != lines[0] {
				s.t.Fatalf("%q was heard; all: %s", m.Content, texts(news.Messages))
			}
			want[there] = want[there][1:]
			left--
		}
	}
	return cursor
}

func (s *stage) sayLines(channel sandbox.ID, name string, count int) []string {
	s.t.Helper()
	lines := make([]string, 0, count)
	for n := range count {
		lines = append(lines, fmt.Sprintf("%s %04d", name, n))
	}
	must(s.disc.SayAll(s.mia, channel, lines...))(s.t)
	return lines
}

// silent looks that nothing more is heard than a line that is said now.
func (s *stage) silent(ada entities.Actor, cursor string) {
	s.t.Helper()
	must(s.disc.Say(s.mia, s.general, "the end"))(s.t)
	s.hearAll(ada, cursor, "the end")
}

func (s *stage) relogin() {
	s.t.Helper()
	s.logins++
	s.until("it has logged in anew", func() bool {
		return s.disc.GatewayCounts().Identifies > s.logins && s.relay.Status().Ready
	})
}

func TestMissedIsFetched(t *testing.T) {
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
		"after an outage": func(s *stage) func() {
			s.newSession()
			s.disc.GoDown(sandbox.Unavailable)
			return func() {
				s.disc.ComeBack()
				s.relogin()
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, ada, cursor := missedStage(t)
			cursor = s.hearAll(ada, cursor, s.sayLines(s.general, "before", 3)...)
			back := leave(s)
			missed := s.sayLines(s.general, "missed", 230)
			threaded := s.sayLines(s.thread, "in the thread", 5)
			back()
			live := s.sayLines(s.general, "live", 20)
			cursor = s.hearBoth(ada, cursor, append(missed, live...), threaded)
			s.silent(ada, cursor)
		})
	}
}

// A message that is gone, or of a person who hides, makes no event, and is not looked for at each
// login.
func TestMissedButNoNews(t *testing.T) {
	t.Parallel()
	s, ada, cursor := missedStage(t)
	cursor = s.hearAll(ada, cursor, s.sayLines(s.general, "before", 1)...)
	hide := entities.Privacy{UserID: snowflake.ID(s.olivia), Hidden: true}
	if err := s.reg.SetPrivacy(t.Context(), entities.Member(snowflake.ID(s.olivia), snowflake.ID(s.guild), 0), hide); err != nil {
		t.Fatal(err)
	}
	s.newSession()
	must(s.disc.Say(s.olivia, s.general, "hidden"))(t)
	gone := must(s.disc.Say(s.mia, s.general, "deleted"))(t)
	if err := s.disc.DeleteMessages(s.mia, s.general, gone.ID); err != nil {
		t.Fatal(err)
	}
	s.relogin()
	s.until("the channel is settled", func() bool {
		return must(s.reg.Watermarks(t.Context(), entities.System("test")))(t)[snowflake.ID(s.general)] >= snowflake.ID(gone.ID)
	})
	asked := s.reads(s.general)
	s.newSession()
	s.relogin()
	s.silent(ada, cursor)
	if again := s.reads(s.general) - asked; asked == 0 || again != 0 {
		t.Errorf("%d requests for what was missed, and %d at the next login", asked, again)
	}
}

// reads counts the requests for a channel's messages.
func (s *stage) reads(channel sandbox.ID) (n int) {
	for _, r := range s.disc.Requests() {
		if r.Method == http.MethodGet && strings.HasSuffix(r.Path, "/channels/"+channel.String()+"/messages") {
			n++
		}
	}
	return n
}

// Beyond a thousand messages a gap says what is missing, and what is said later follows it.
func TestMissedTooMuch(t *testing.T) {
	t.Parallel()
	s, ada, cursor := missedStage(t)
	cursor = s.hearAll(ada, cursor, s.sayLines(s.general, "before", 1)...)
	s.newSession()
	missed := s.sayLines(s.general, "missed", 1050)
	s.relogin()
	var told []string
	for len(told) < 1001 {
		found, err := s.relay.Wait(t.Context(), ada, relay.WaitRequest{Cursor: cursor, Timeout: 10 * time.Second})
		if err != nil || len(found.Items) == 0 {
			t.Fatalf("after %d items: %+v, %v", len(told), found, err)
		}
		for _, item := range found.Items {
			if item.Kind == entities.EventGap {
				told = append(told, "a gap")
			} else {
				told = append(told, item.Message.Content)
			}
		}
		cursor = found.Cursor
	}
	if !slices.Equal(told, append(missed[:1000:1000], "a gap")) {
		t.Errorf("%d items, the last ones %q", len(told), told[max(0, len(told)-3):])
	}
	s.silent(ada, cursor)
}

// While Discord refuses to give what was missed it is asked again, and nothing comes before it.
func TestMissedInAnOutage(t *testing.T) {
	t.Parallel()
	s, ada, cursor := missedStage(t)
	cursor = s.hearAll(ada, cursor, s.sayLines(s.general, "before", 1)...)
	s.disc.Fault(sandbox.On(http.MethodGet, "/messages"), 2, sandbox.Fault{Kind: sandbox.Refuse, Status: http.StatusServiceUnavailable})
	s.newSession()
	missed := s.sayLines(s.general, "missed", 150)
	s.relogin()
	live := s.sayLines(s.general, "live", 1200) // more than is held back
	s.silent(ada, s.hearAll(ada, cursor, append(missed, live...)...))
}

// Another login in the middle of it loses nothing and tells nothing twice.
func TestMissedTwice(t *testing.T) {
	t.Parallel()
	s, ada, cursor := missedStage(t)
	var said []string
	for n := range 2 {
		s.newSession()
		said = append(said, s.sayLines(s.general, fmt.Sprintf("missed %d", n), 350)...)
		s.relogin()
		said = append(said, s.sayLines(s.general, fmt.Sprintf("live %d", n), 10)...)
	}
	s.silent(ada, s.hearAll(ada, cursor, said...))
}
