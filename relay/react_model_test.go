package relay_test

import (
	"flag"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/disgoorg/snowflake/v2"
	"pgregory.net/rapid"

	"troupe/entities"
	"troupe/relay/sandbox"
)

// ledger plays at the reactions to one message. What is known of each claim is kept in the
// plainest form: it must be there, must not, or may be (after a fault, or a moderator).
type ledger struct {
	*stage
	actors  []entities.Actor
	message snowflake.ID
	must    []bool
	mustNot []bool
}

// A reaction of the bot's never stands without somebody who claims it, whatever goes wrong and
// whoever meddles; and a claim is there from the reaction until it is taken back.
func TestReactionsAgreeWithTheLedger(t *testing.T) {
	s := setStage(t, sandbox.Config{NoRateLimits: true, Pace: 100})
	s.play()
	var actors []entities.Actor
	for _, name := range []string{"Ada", "Bob", "Cyd"} {
		_, actor := s.entity(name, nil, s.general)
		actors = append(actors, actor)
	}
	few := flag.Lookup("rapid.checks")
	if usual := few.DefValue; few.Value.String() == usual {
		done(t, flag.Set(few.Name, "40"))
		t.Cleanup(func() { done(t, flag.Set(few.Name, usual)) })
	}
	rapid.Check(t, func(rt *rapid.T) {
		said := must(s.disc.Say(s.mia, s.general, "hello"))(t)
		l := &ledger{stage: s, actors: actors, message: snowflake.ID(said.ID), must: make([]bool, len(actors)), mustNot: []bool{true, true, true}}
		steps := rapid.SliceOfN(rapid.SampledFrom([]string{"react", "react", "unreact", "unreact", "both", "moderator", "fault"}), 1, 12).Draw(rt, "steps")
		for _, step := range steps {
			l.play(rt, step)
			l.check(rt, step)
		}
	})
}

func (l *ledger) play(t *rapid.T, step string) {
	n := rapid.IntRange(0, len(l.actors)-1).Draw(t, "who")
	switch step {
	case "react":
		l.change(n, true)
	case "unreact":
		l.change(n, false)
	case "both":
		adds := rapid.Bool().Draw(t, "adds")
		var both sync.WaitGroup
		both.Go(func() { l.change(n, true) })
		both.Go(func() { l.change((n+1)%len(l.actors), adds) })
		both.Wait()
	case "moderator":
		if l.stands(l.general, l.message) != "" {
			done(l.t, l.disc.Unreact(l.botID, l.general, sandbox.ID(l.message), "👍"))
			clear(l.must)
		}
	case "fault":
		kind := rapid.SampledFrom([]sandbox.FaultKind{sandbox.Refuse, sandbox.CommitThenRefuse, sandbox.CommitThenReset}).Draw(t, "kind")
		status := rapid.SampledFrom([]int{http.StatusForbidden, http.StatusInternalServerError}).Draw(t, "status")
		if kind != sandbox.Refuse {
			status = http.StatusInternalServerError // what was done is never refused
		}
		cancel := l.disc.Fault(func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/@me") }, 1, sandbox.Fault{Kind: kind, Status: status})
		l.change(n, rapid.Bool().Draw(t, "adds"))
		cancel()
	}
}

// change has an entity react, or take it back, and notes what must be so now.
func (l *ledger) change(n int, adds bool) {
	if adds {
		l.mustNot[n] = false
		if l.react(l.actors[n], l.general, l.message, "👍") == nil {
			l.must[n] = true
		}
		return
	}
	l.must[n] = false
	if err := l.unreact(l.actors[n], l.general, l.message, "👍"); err == nil || entities.IsRefusal(err, entities.NotFound) {
		l.mustNot[n] = true
	}
}

func (l *ledger) check(t *rapid.T, step string) {
	claimed := false
	for n, actor := range l.actors {
		claims := l.claims(actor, l.general, l.message, "👍")
		if l.must[n] && !claims {
			t.Fatalf("after %s: %d reacted and claims nothing", step, n)
		}
		if l.mustNot[n] && claims {
			t.Fatalf("after %s: %d took it back and claims it", step, n)
		}
		claimed = claimed || claims
	}
	if l.stands(l.general, l.message) != "" && !claimed {
		t.Fatalf("after %s: the reaction stands and nobody claims it", step)
	}
}
