package commands_test

import (
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/disgoorg/snowflake/v2"

	"troupe/commands"
	"troupe/entities"
	"troupe/relay/sandbox"
)

// privacyOf is what somebody chose, as the registry has it.
func (w *world) privacyOf(user sandbox.ID) entities.Privacy {
	w.t.Helper()
	p := must(w.registry.Privacy(w.t.Context(), entities.Member(snowflake.ID(user), 0, 0)))(w.t)
	p.UserID = 0
	return p
}

// noted counts the events in the database's file that somebody caused.
func (w *world) noted(user sandbox.ID) (n int) {
	w.t.Helper()
	db, err := sql.Open("sqlite", w.database)
	noError(w.t, err)
	noError(w.t, db.QueryRowContext(w.t.Context(), "SELECT count(*) FROM events WHERE author_id = ?", int64(user)).Scan(&n))
	noError(w.t, db.Close())
	return n
}

func TestPrivacyPanel(t *testing.T) {
	var b strings.Builder
	for _, p := range []entities.Privacy{{}, {Hidden: true}, {NoDM: true, NoMentions: true}, {Hidden: true, NoDM: true, NoMentions: true}} {
		m := commands.PrivacyPanel(p)
		fits(t, m)
		fmt.Fprintf(&b, "######## hidden %v, no direct messages %v, no mentions %v\n%s", p.Hidden, p.NoDM, p.NoMentions, show(m))
	}
	fits(t, commands.EraseQuestion())
	b.WriteString("######## the question\n" + show(commands.EraseQuestion()))
	golden(t, "privacy.txt", b.String())
}

// Everybody has it, on every server, served or not, and in direct messages; each press is about
// whoever presses.
func TestPrivacyIsForEverybody(t *testing.T) {
	for name, mode := range map[string]entities.AdmissionMode{"served": entities.AdmitAll, "not served": entities.AdmitAsk} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, mode)
			panel := w.slash(w.sam, "/privacy", nil)
			whispers(t, panel, "Shown** to the entities that may read the channel.")
			has(t, panel, "cannot hide from you what a webhook says", "may have reached an AI already")
			panel = w.click(w.sam, panel, "Hide my messages")
			whispers(t, panel, "**Hidden.**")
			panel = w.click(w.sam, panel, "Refuse mentions")
			if got := w.privacyOf(w.sam); got != (entities.Privacy{Hidden: true, NoMentions: true}) {
				t.Errorf("sam chose %+v", got)
			}
			private := w.dm(w.sam, "/privacy", nil)
			whispers(t, private, "**Hidden.**")
			w.click(w.sam, w.click(w.sam, private, "Refuse direct messages"), "Show my messages")
			if got := w.privacyOf(w.sam); got != (entities.Privacy{NoDM: true, NoMentions: true}) {
				t.Errorf("sam chose %+v in direct messages", got)
			}
			// A panel from before does what its button says, and not the opposite.
			allow := sandbox.Forgery{Type: sandbox.ComponentInteraction, CustomID: panel.Buttons[2].CustomID, Message: panel.Message.ID}
			for range 2 {
				whispers(t, w.forge(w.sam, allow), "**Allowed.** You are notified")
			}
			if got := w.privacyOf(w.mona); got != (entities.Privacy{}) {
				t.Errorf("mona has %+v", got)
			}
		})
	}
}

// Two presses at once are both done.
func TestChoicesAtOnce(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	for range 5 {
		var pressing sync.WaitGroup
		panel := w.slash(w.sam, "/privacy", nil)
		for _, label := range []string{"Hide my messages", "Refuse direct messages", "Refuse mentions"} {
			it := must(w.discord.Click(w.sam, panel, label))(t)
			pressing.Go(func() {
				if _, err := it.WaitFinal(w.ctx()); err != nil {
					t.Error(err)
				}
			})
		}
		pressing.Wait()
		if got := w.privacyOf(w.sam); got != (entities.Privacy{Hidden: true, NoDM: true, NoMentions: true}) {
			t.Fatalf("sam chose %+v", got)
		}
		noError(t, w.registry.SetPrivacy(t.Context(), entities.Member(snowflake.ID(w.sam), 0, 0), entities.Privacy{}))
	}
}

func TestErasingAsksFirst(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	w.make("Ada")
	must(w.discord.Say(w.sam, w.general, "hello"))(t)
	must(w.discord.Say(w.mona, w.general, "hello"))(t)
	w.until("both are noted", func() bool { return w.noted(w.sam) == 1 && w.noted(w.mona) == 1 })
	w.click(w.sam, w.slash(w.sam, "/privacy", nil), "Refuse mentions")
	question := w.click(w.sam, w.slash(w.sam, "/privacy", nil), "Erase my rows")
	whispers(t, question, "This cannot be undone.")
	whispers(t, w.click(w.sam, question, "Keep them"), "Nothing was erased.")
	if n := w.noted(w.sam); n != 1 {
		t.Errorf("%d rows are left", n)
	}
	again := sandbox.Forgery{Type: sandbox.ComponentInteraction, CustomID: question.Buttons[0].CustomID, Message: question.Message.ID}
	whispers(t, w.forge(w.sam, again), "used up")
	question = w.click(w.sam, w.dm(w.sam, "/privacy", nil), "Erase my rows")
	forged := sandbox.Forgery{Type: sandbox.ComponentInteraction, CustomID: question.Buttons[0].CustomID, Message: w.slash(w.mona, "/privacy", nil).Message.ID}
	whispers(t, w.forge(w.mona, forged), "used up")
	whispers(t, w.click(w.sam, question, "Erase my rows"), "Erased.")
	if sams, monas := w.noted(w.sam), w.noted(w.mona); sams != 0 || monas != 1 {
		t.Errorf("of sam %d rows are left, of mona %d", sams, monas)
	}
	if got := w.privacyOf(w.sam); !got.NoMentions {
		t.Error("what sam chose is gone")
	}
}

// Custom ids can be forged: they can name no choice that there is not, and nobody else's.
func TestForgedChoices(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	own := w.slash(w.mona, "/privacy", nil).Message.ID
	for _, id := range []string{"/privacy/set/hide/maybe", "/privacy/set/all/on", "/privacy/set/hide/", "/privacy/set/" + w.sam.String() + "/on"} {
		f := sandbox.Forgery{Type: sandbox.ComponentInteraction, CustomID: id, Message: own}
		if reply := w.forge(w.mona, f); !reply.Ephemeral || strings.Contains(reply.Text(), "Your privacy") {
			t.Errorf("%s: %s", id, reply.Text())
		}
	}
	if got := w.privacyOf(w.mona); got != (entities.Privacy{}) {
		t.Errorf("mona chose %+v", got)
	}
	// On a message that others see, nothing is shown.
	public := must(w.discord.Say(w.mona, w.general, "look"))(t)
	for _, id := range []string{"/privacy/set/hide/on", "/privacy/erase"} {
		whispers(t, w.forge(w.sam, sandbox.Forgery{Type: sandbox.ComponentInteraction, CustomID: id, Message: public.ID}), "in a form that this bot does not understand")
	}
	if got := w.privacyOf(w.sam); got != (entities.Privacy{}) {
		t.Errorf("sam chose %+v", got)
	}
}
