package relay_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay"
	"troupe/relay/sandbox"
)

// line is one in #general.
func (s *stage) line(content, key string) relay.Line {
	return relay.Line{Channel: snowflake.ID(s.general), Content: content, Key: key}
}

// A line whose answer and echo are both lost is found where it stands.
func TestReadBack(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	s.say(ada, s.general, "twice")
	var once sync.Once
	s.disc.Fault(func(r *http.Request) bool {
		if isExecute(r) {
			once.Do(s.newSession) // what happens now is told to nobody
		}
		return isExecute(r)
	}, 1, sandbox.Fault{Kind: sandbox.CommitThenReset})
	sent := s.say(ada, s.general, "twice")
	all := s.disc.Messages(s.general)
	if sent.Status != relay.StatusSent || len(all) != 2 || sent.MessageIDs[0] != snowflake.ID(all[1].ID) {
		t.Errorf("sent = %+v; on Discord stand %d", sent, len(all))
	}
}

// Calls with one key, at once and one after the other, are one line.
func TestOneKeyOneMessage(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{NoRateLimits: true})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	var (
		calls sync.WaitGroup
		mu    sync.Mutex
		ids   = map[snowflake.ID]int{}
	)
	for i := range 15 {
		key := fmt.Sprint("key ", i%3)
		calls.Go(func() {
			sent, err := s.relay.Say(context.Background(), ada, s.line("hello "+key, key))
			if err != nil || len(sent.MessageIDs) != 1 {
				t.Errorf("%+v, %v", sent, err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			ids[sent.MessageIDs[0]]++
		})
	}
	calls.Wait()
	if n := len(s.disc.Messages(s.general)); n != 3 || len(ids) != 3 {
		t.Errorf("%d messages stand; the calls were told of %v", n, ids)
	}
	again, err := s.relay.Say(t.Context(), ada, s.line("hello key 1", "key 1"))
	if err != nil || again.Status != relay.StatusSent || ids[again.MessageIDs[0]] == 0 || !strings.HasSuffix(again.Link, again.MessageIDs[0].String()) {
		t.Errorf("later it is told %+v, %v", again, err)
	}
	if _, err := s.relay.Say(t.Context(), ada, s.line("other words", "key 1")); !entities.IsRefusal(err, entities.Conflict) {
		t.Errorf("the key for another text: %v", err)
	}
}

// A line of which nothing was known becomes known by asking again, and is not said again.
func TestAskingAgainReadsBack(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	s.say(ada, s.general, "one")
	s.relay.Hurry(300*time.Millisecond, 300*time.Millisecond)
	s.disc.Fault(isExecute, 1, sandbox.Fault{Kind: sandbox.CommitLate, After: 2 * time.Second})
	if sent, err := s.relay.Say(t.Context(), ada, s.line("two", "k")); err != nil || sent.Status != relay.StatusUnknown {
		t.Fatalf("%+v, %v", sent, err)
	}
	s.until("asking again tells", func() bool {
		sent, err := s.relay.Say(t.Context(), ada, s.line("two", "k"))
		return err == nil && sent.Status == relay.StatusSent && len(sent.MessageIDs) == 1
	})
	if got := s.contents(s.general); got != "Ada: one | Ada: two" {
		t.Error(got)
	}
}

// The program ends while a line is under way: the next run learns what became of it.
func TestRecovery(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{})
	s.play()
	created, ada := s.entity("Ada", nil, s.general)
	s.say(ada, s.general, "one")
	s.disc.Fault(isExecute, 1, sandbox.Fault{Kind: sandbox.CommitThenHang})
	hung, hangUp := context.WithCancel(context.Background())
	var calls sync.WaitGroup
	calls.Go(func() { _, _ = s.relay.Say(hung, ada, s.line("two", "k")) })
	s.disc.Fault(func(*http.Request) bool { return false }, 0, sandbox.Fault{})
	s.until("it stands", func() bool { return len(s.disc.Messages(s.general)) == 2 })
	hangUp()
	calls.Wait()
	s.abandon()
	s.play()
	ada = must(s.reg.Authenticate(t.Context(), created.Key, ""))(t)
	s.until("its owner is known", func() bool {
		speakers, err := s.reg.Speakers(t.Context(), ada, []snowflake.ID{snowflake.ID(s.disc.Messages(s.general)[1].ID)})
		return err == nil && len(speakers) == 1
	})
	s.until("asking again tells", func() bool {
		sent, err := s.relay.Say(t.Context(), ada, s.line("two", "k"))
		return err == nil && sent.Status == relay.StatusSent
	})
	if n := len(s.disc.Messages(s.general)); n != 2 {
		t.Errorf("%d messages stand", n)
	}
}

// A call that hung up is not told; the same call again is not a second line.
func TestHungUpCallIsNotSaidTwice(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	s.say(ada, s.general, "one")
	s.disc.Fault(isExecute, 1, sandbox.Fault{Kind: sandbox.CommitLate, After: time.Second})
	ctx, hangUp := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer hangUp()
	if _, err := s.relay.Say(ctx, ada, s.line("two", "")); err == nil {
		t.Fatal("it was answered")
	}
	again, err := s.relay.Say(t.Context(), ada, s.line("two", ""))
	if err != nil || again.Status != relay.StatusSent {
		t.Errorf("%+v, %v", again, err)
	}
	if got := s.contents(s.general); got != "Ada: one | Ada: two" {
		t.Error(got)
	}
	s.say(ada, s.general, "two") // meant this time
	if got := s.contents(s.general); got != "Ada: one | Ada: two | Ada: two" {
		t.Error(got)
	}
}

// While Discord takes nothing, lines wait and are answered in time.
func TestQueuedLine(t *testing.T) {
	t.Parallel()
	s := setStage(t, sandbox.Config{})
	s.play()
	_, ada := s.entity("Ada", nil, s.general)
	s.say(ada, s.general, "one")
	s.relay.AnswerWithin(300 * time.Millisecond)
	s.relay.Hurry(time.Second, time.Second)
	s.disc.Fault(isExecute, 1, sandbox.Fault{Kind: sandbox.TooMany, RetryAfter: 3, Scope: "shared"})
	sent, err := s.relay.Say(t.Context(), ada, s.line("two", "k"))
	if err != nil || sent.Status != relay.StatusQueued {
		t.Fatalf("%+v, %v", sent, err)
	}
	s.until("it is said", func() bool { return s.contents(s.general) == "Ada: one | Ada: two" })
	s.until("asking again tells", func() bool {
		sent, err := s.relay.Say(t.Context(), ada, s.line("two", "k"))
		return err == nil && sent.Status == relay.StatusSent
	})
}
