package commands_test

import (
	"strings"
	"testing"
	"time"

	"github.com/disgoorg/snowflake/v2"

	"troupe/commands"
	"troupe/entities"
	"troupe/relay/sandbox"
)

// tell makes it known whether a person is on the server, as Discord would.
func (w *world) tell(user sandbox.ID, here bool) {
	w.t.Helper()
	facts := w.registry.World()
	facts.Expect(snowflake.ID(w.guild), snowflake.ID(user), time.Now())
	facts.SetMember(snowflake.ID(w.guild), entities.Membership{UserID: snowflake.ID(user)}, here, time.Now())
}

// may says whether an entity's client may read in #general.
func (w *world) may(key string) bool {
	w.t.Helper()
	actor := must(w.registry.Authenticate(w.t.Context(), key, ""))(w.t)
	return must(w.registry.Sees(w.t.Context(), actor, snowflake.ID(w.general)))(w.t)
}

func TestTheKillSwitchOfAServer(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	secret := key(t, w.make("Ada"))
	w.tell(w.mona, true)
	if !w.may(secret) {
		t.Fatal("ada does not hear to begin with")
	}

	has(t, w.click(w.mona, w.slash(w.mona, "/settings stop", nil), "Leave them be"), "Nothing was changed.")
	if !w.may(secret) {
		t.Error("ada was stopped without a yes")
	}
	asked := w.slash(w.mona, "/settings stop", nil)
	whispers(t, asked, "Stop every entity on this server?")
	stopped := w.click(w.mona, asked, "Stop them all")
	has(t, stopped, "Stopped: no entity hears or speaks")
	if len(stopped.Buttons) != 0 || w.may(secret) {
		t.Errorf("ada still hears; buttons %v", stopped.Buttons)
	}
	whispers(t, w.slash(w.mona, "/settings stop", nil), "The kill switch is on already")
	again := sandbox.Forgery{Type: sandbox.ComponentInteraction, CustomID: asked.Buttons[0].CustomID, Message: asked.Message.ID}
	whispers(t, w.forge(w.mona, again), "used up")
	has(t, w.slash(w.mona, "/settings show", nil), "**On: no entity hears or speaks on this server.**")
	has(t, w.slash(w.mona, "/status", nil), "no entity hears or speaks on this server")
	has(t, w.slash(w.mona, "/settings start", nil), "hear and speak again")
	if !w.may(secret) {
		t.Error("ada does not go on")
	}
	has(t, w.slash(w.mona, "/settings audit", nil), "stopped all entities", "let entities go on")
}

func TestAQuestionIsGoodFor15Minutes(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	asked := w.slash(w.mona, "/settings stop", nil)
	w.ahead.Store(int64(commands.PendingTime))
	whispers(t, w.click(w.mona, asked, "Stop them all"), "older than 15 minutes")
	if w.settings().Stopped {
		t.Error("stopped")
	}
}

func TestTheAudit(t *testing.T) {
	w := startWorld(t, entities.AdmitAll, true)
	whispers(t, w.slash(w.mona, "/settings audit", nil), "Nothing was done here yet.")
	w.make("Ada")
	w.slash(w.sam, "/settings show", nil)
	w.submit(w.mona, w.slash(w.mona, "/settings rules", nil), map[string]any{"rules": "canary: be kind"})
	shown := w.slash(w.mona, "/settings audit", nil)
	whispers(t, shown, "<@"+w.mona.String()+"> · **create** · **Ada**")
	has(t, shown, "**settings** · house rules", "<@"+w.sam.String()+"> · **settings** · 🚫 refused: Only people with Manage Server")
	if strings.Contains(shown.Text(), "canary") || len(shown.Message.Mentions) != 0 {
		t.Errorf("shown is %s, pinged are %v", shown.Text(), shown.Message.Mentions)
	}
}
