package entities_test

import (
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
)

// speak begins a line of one part.
func speak(t testing.TB, reg *entities.Registry, actor entities.Actor, permit entities.Permit, key, text string) (entities.Begun, error) {
	t.Helper()
	return reg.Begin(t.Context(), actor, permit, entities.Draft{Key: key, Body: permit.Channel().ID.String() + text, Parts: []string{text}})
}

// own makes a message a line that a permit was given for.
func own(t testing.TB, reg *entities.Registry, permit entities.Permit, message snowflake.ID, at time.Time) error {
	t.Helper()
	line := entities.Line{EntityID: permit.Entity().ID, GuildID: permit.Guild().ID, ChannelID: permit.Channel().ID, At: at.UTC()}
	return reg.Land(t.Context(), program, line, 0, permit.Channel().ID, message)
}

func (p *play) permit(t *testing.T) entities.Permit {
	t.Helper()
	permit, err := p.Authorize(t.Context(), p.ada, entities.Post, general)
	require(t, err)
	return permit
}

func (p *play) outcome(t *testing.T, line int64) entities.Begun {
	t.Helper()
	begun, err := p.Outcome(t.Context(), program, line)
	require(t, err)
	return begun
}

func TestOneKeyIsOneLine(t *testing.T) {
	p := begun(t)
	permit := p.permit(t)
	first, err := speak(t, p.Registry, p.ada, permit, "k", "hello")
	require(t, err)
	if first.Again || first.Line.State != entities.LineSending || len(first.Parts) != 1 {
		t.Fatalf("the first call gives %+v", first)
	}
	again, err := speak(t, p.Registry, p.ada, permit, "k", "hello")
	require(t, err)
	if !again.Again || again.Line.ID != first.Line.ID {
		t.Errorf("the same call gives %+v", again)
	}
	_, err = speak(t, p.Registry, p.ada, permit, "k", "something else")
	wantRefusal(t, err, entities.Conflict)
	require(t, p.Land(t.Context(), program, first.Line, 0, general, 77))
	again, err = speak(t, p.Registry, p.ada, permit, "k", "hello")
	require(t, err)
	if again.Line.State != entities.LineSent || again.Parts[0].MessageID != 77 {
		t.Errorf("after it was sent the same call gives %+v", again)
	}
	if got := p.outcome(t, first.Line.ID).Line.State; got != entities.LineSent {
		t.Errorf("the line is %s", got)
	}
	cast, eve := create(t, p.Registry, "Eve", general)
	theirs, err := p.Authorize(t.Context(), eve, entities.Post, general)
	require(t, err)
	if other, err := speak(t, p.Registry, eve, theirs, "k", "hello"); err != nil || other.Again || other.Line.EntityID != cast.Entity.ID {
		t.Errorf("another entity's key is its own: %+v, %v", other, err)
	}
	p.now = p.now.Add(entities.KeyLife + time.Second)
	if later, err := speak(t, p.Registry, p.ada, permit, "k", "something else"); err != nil || later.Again {
		t.Errorf("after a day the key is free: %+v, %v", later, err)
	}
}

// What failed was not said: the same key may say it.
func TestFailedLineMayBeSaidAgain(t *testing.T) {
	p := begun(t)
	p.limit(t, entities.Limits{Minute: 1})
	permit := p.permit(t)
	first, err := speak(t, p.Registry, p.ada, permit, "k", "hello")
	require(t, err)
	require(t, p.Settle(t.Context(), program, first.Line.ID, entities.LineFailed))
	second, err := speak(t, p.Registry, p.ada, permit, "k", "hello")
	if err != nil || second.Again {
		t.Fatalf("the second call gives %+v, %v", second, err)
	}
	require(t, p.Settle(t.Context(), program, second.Line.ID, entities.LineUnknown))
	third, err := speak(t, p.Registry, p.ada, permit, "k", "hello")
	if err != nil || !third.Again || third.Line.State != entities.LineUnknown {
		t.Errorf("what may stand is not said again: %+v, %v", third, err)
	}
}

func TestRepetitionOfALostAnswer(t *testing.T) {
	p := begun(t)
	permit := p.permit(t)
	say := func(text string) entities.Begun {
		begun, err := speak(t, p.Registry, p.ada, permit, "", text)
		require(t, err)
		return begun
	}
	first := say("hello")
	require(t, p.Land(t.Context(), program, first.Line, 0, general, 77))
	if second := say("hello"); second.Again {
		t.Error("two equal calls that were answered are two lines")
	}
	require(t, p.Deliver(t.Context(), program, []entities.Line{first.Line}, false))
	if say("hello too").Again {
		t.Error("another text is another line")
	}
	again := say("hello")
	if !again.Again || again.Line.ID != first.Line.ID {
		t.Errorf("the call after a lost answer gives %+v", again)
	}
	require(t, p.Deliver(t.Context(), program, []entities.Line{first.Line}, true))
	if say("hello").Again {
		t.Error("once it was answered the same text is a new line")
	}
	require(t, p.Deliver(t.Context(), program, []entities.Line{first.Line}, false))
	p.now = p.now.Add(2*time.Minute + time.Second)
	if say("hello").Again {
		t.Error("after two minutes the same text is a new line")
	}
}

// A line of several messages is sent when all of them are there.
func TestPartsOfALine(t *testing.T) {
	p := begun(t)
	permit := p.permit(t)
	line, err := p.Begin(t.Context(), p.ada, permit, entities.Draft{Body: "b", Parts: []string{"one", "two", "three"}})
	require(t, err)
	require(t, p.Land(t.Context(), program, line.Line, 0, general, 71))
	require(t, p.Land(t.Context(), program, line.Line, 0, general, 71)) // its echo too
	require(t, p.Settle(t.Context(), program, line.Line.ID, entities.LineUnknown))
	for i, want := range []entities.LineState{entities.LineUnknown, entities.LinePartial, entities.LineSent} {
		if i > 0 {
			require(t, p.Land(t.Context(), program, line.Line, i, general, snowflake.ID(71+i)))
		}
		if got := p.outcome(t, line.Line.ID).Line.State; got != want {
			t.Errorf("after %d parts it is %s, want %s", i+1, got, want)
		}
	}
	speakers, err := p.Speakers(t.Context(), p.ada, []snowflake.ID{71, 72, 73})
	require(t, err)
	if len(speakers) != 3 {
		t.Errorf("its messages are %v", speakers)
	}
	ranks, err := p.Leaderboard(t.Context(), admin(olivia), 0)
	require(t, err)
	if len(ranks) != 1 || ranks[0].Lines != 1 {
		t.Errorf("one call is one line, but it counts %+v", ranks)
	}
}

// After a restart it is known what may stand, and no answer that got lost makes a second line.
func TestLinesSurviveARestart(t *testing.T) {
	path, now := filepath.Join(t.TempDir(), "troupe.db"), at(0)
	clock := func(c *entities.Config) { c.Now = func() time.Time { return now } }
	p := &play{Registry: open(t, path, newWorld(), clock)}
	p.begin(t, "Ada", general)
	permit := p.permit(t)
	lines := map[string]entities.Begun{}
	for _, text := range []string{"queued", "sending", "sent", "told", "failed", "unknown"} {
		begun, err := p.Begin(t.Context(), p.ada, permit, entities.Draft{Body: text, Parts: []string{text}, Waits: text == "queued"})
		require(t, err)
		lines[text] = begun
	}
	for i, text := range []string{"sent", "told"} {
		require(t, p.Land(t.Context(), program, lines[text].Line, 0, general, snowflake.ID(80+i)))
	}
	require(t, p.Answered(t.Context(), program, []int64{lines["told"].Line.ID}))
	require(t, p.Settle(t.Context(), program, lines["failed"].Line.ID, entities.LineFailed))
	require(t, p.Settle(t.Context(), program, lines["unknown"].Line.ID, entities.LineUnknown))
	now = now.Add(time.Minute)
	p.Registry = open(t, path, p.World(), clock)
	open, err := p.OpenLines(t.Context(), program)
	require(t, err)
	if len(open) != 3 || open[0].Line.State != entities.LineQueued || open[1].Line.State != entities.LineSending || open[2].Line.State != entities.LineUnknown {
		t.Errorf("open are %+v", open)
	}
	known, err := p.Fingerprint(t.Context(), program, "Ada", "  sending\n")
	if err != nil || string(known) != string(open[1].Parts[0].Hash) {
		t.Errorf("its part is not known again: %v", err)
	}
	for text, again := range map[string]bool{"queued": false, "sending": true, "sent": true, "told": false, "failed": false, "unknown": true} {
		begun, err := p.Begin(t.Context(), p.ada, permit, entities.Draft{Body: text, Parts: []string{text}})
		require(t, err)
		if begun.Again != again {
			t.Errorf("said again, %q is known: %v", text, begun.Again)
		}
	}
}

func TestManyCallsWithOneKey(t *testing.T) {
	p := begun(t)
	p.limit(t, entities.MaxLimits())
	permit := p.permit(t)
	var (
		all   sync.WaitGroup
		mu    sync.Mutex
		fresh = map[string]int{}
	)
	for i := range 20 * 5 {
		key := fmt.Sprint("key ", i%20)
		all.Go(func() {
			begun, err := speak(t, p.Registry, p.ada, permit, key, key)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			if !begun.Again {
				fresh[key]++
			}
		})
	}
	all.Wait()
	for key, n := range fresh {
		if n != 1 {
			t.Errorf("%s began %d lines", key, n)
		}
	}
	if len(fresh) != 20 {
		t.Errorf("%d keys began lines", len(fresh))
	}
}

func TestBeginRefuses(t *testing.T) {
	p := begun(t)
	permit := p.permit(t)
	draft := entities.Draft{Body: "b", Parts: []string{"hello"}}
	hear, err := p.Authorize(t.Context(), p.ada, entities.Hear, general)
	require(t, err)
	for _, wrong := range []entities.Permit{hear, {}} {
		_, err = p.Begin(t.Context(), p.ada, wrong, draft)
		wantRefusal(t, err, entities.NotAllowed)
	}
	_, eve := create(t, p.Registry, "Eve", general)
	_, err = p.Begin(t.Context(), eve, permit, draft)
	wantRefusal(t, err, entities.NotAllowed)
	draft.Key = string(make([]byte, entities.MaxKey+1))
	_, err = p.Begin(t.Context(), p.ada, permit, draft)
	wantRefusal(t, err, entities.Invalid)
}

func TestRetainForgetsOldLines(t *testing.T) {
	p := begun(t)
	permit := p.permit(t)
	old, err := speak(t, p.Registry, p.ada, permit, "", "old")
	require(t, err)
	require(t, p.Land(t.Context(), program, old.Line, 0, general, 77))
	p.now = p.now.Add(entities.KeyLife + time.Minute)
	fresh, err := speak(t, p.Registry, p.ada, permit, "", "new")
	require(t, err)
	require(t, p.Retain(t.Context(), program))
	if _, err := p.Outcome(t.Context(), program, old.Line.ID); err == nil {
		t.Error("an old line is still there")
	}
	if got := p.outcome(t, fresh.Line.ID); len(got.Parts) != 1 {
		t.Errorf("of the new line is left %+v", got)
	}
	speakers, err := p.Speakers(t.Context(), p.ada, []snowflake.ID{77})
	if err != nil || len(speakers) != 1 {
		t.Errorf("whose line it was is forgotten: %v, %v", speakers, err)
	}
}

// A call that comes while an equal one is being begun learns of the line only when the first one
// has been told of it, so that whoever waits for it finds it under way.
func TestKnownAfterOpened(t *testing.T) {
	p := begun(t)
	permit := p.permit(t)
	draft := entities.Draft{Key: "k", Body: "b", Parts: []string{"hello"}}
	known := make(chan bool)
	first := draft
	first.Opened = func(entities.Begun) {
		go func() {
			begun, err := p.Known(t.Context(), p.ada, permit, draft)
			if err != nil || !begun.Again {
				t.Errorf("the equal call: %+v, %v", begun, err)
			}
			close(known)
		}()
		select {
		case <-known:
			t.Error("the equal call knew of the line before its own call did")
		case <-time.After(100 * time.Millisecond):
		}
	}
	if _, err := p.Begin(t.Context(), p.ada, permit, first); err != nil {
		t.Fatal(err)
	}
	<-known
}
