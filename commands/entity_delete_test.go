package commands_test

import (
	"testing"

	"github.com/disgoorg/snowflake/v2"

	"troupe/commands"
	"troupe/entities"
	"troupe/relay/sandbox"
)

// pressed is what a person reads who presses a button of a message that may be another's.
func (w *world) pressed(user sandbox.ID, customID string, on sandbox.ID) sandbox.Reply {
	w.t.Helper()
	return w.forge(user, sandbox.Forgery{Type: sandbox.ComponentInteraction, CustomID: customID, Message: on})
}

func TestAnOwnerDeletes(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	announcement := w.forSam("Ada")
	secret := key(t, w.whispered(w.discord.Click(w.sam, announcement.ID, "Get key")))
	asked := w.slash(w.sam, "/entity delete", named("Ada"))
	whispers(t, asked, "Delete **Ada** for ever? **This cannot be undone.** Lost are its key")
	if b := asked.Buttons; len(b) != 2 || b[0].Style != 4 {
		t.Errorf("the buttons are %+v", b)
	}
	kept := w.click(w.sam, asked, "Keep it")
	whispers(t, kept, "Nothing was changed. **Ada** stays.")
	if !w.opens(secret) || len(w.list()) != 1 {
		t.Fatal("ada is gone without a yes")
	}
	yes := asked.Buttons[0].CustomID
	whispers(t, w.pressed(w.sam, yes, asked.Message.ID), "used up") // since it was answered with no

	asked = w.slash(w.sam, "/entity delete", named("Ada"))
	deleted := w.click(w.sam, asked, "Delete for ever")
	whispers(t, deleted, "**Ada** is deleted.")
	if len(deleted.Buttons) != 0 || w.opens(secret) || len(w.list()) != 0 {
		t.Errorf("ada is still there: buttons %v, %+v", deleted.Buttons, w.list())
	}
	whispers(t, w.pressed(w.sam, asked.Buttons[0].CustomID, asked.Message.ID), "used up")
	whispers(t, w.slash(w.sam, "/entity delete", named("Ada")), "No entity here is called")
}

func TestWhoMayNotDelete(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	w.forSam("Ada")
	for _, user := range []sandbox.ID{w.mona, w.gus, w.eve, w.olga} {
		refused := w.slash(user, "/entity delete", named("Ada"))
		whispers(t, refused, "Only Ada's owner can delete Ada. An admin of this server can take Ada out of this server with /entity leave.")
		if len(refused.Buttons) != 0 {
			t.Errorf("they are asked: %+v", refused.Buttons)
		}
	}
	elsewhere := map[string]any{"entity": string(w.list()[0].ID)}
	whispers(t, w.final(w.discord.Slash(w.eve, w.other, w.lobby, "/entity delete", elsewhere)), "No entity here is called")

	asked := w.slash(w.sam, "/entity delete", named("Ada"))
	for _, user := range []sandbox.ID{w.mona, w.eve} {
		whispers(t, w.pressed(user, asked.Buttons[0].CustomID, asked.Message.ID), "used up")
	}
	w.ahead.Store(int64(commands.PendingTime))
	whispers(t, w.click(w.sam, asked, "Delete for ever"), "older than 15 minutes")
	if len(w.list()) != 1 {
		t.Error("ada is gone")
	}
}

func TestRightsAreAskedForAgainAtTheYesToDelete(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	w.forSam("Ada")
	asked := w.slash(w.sam, "/entity delete", named("Ada"))
	w.handOver("Ada", w.sam, w.eve)
	whispers(t, w.click(w.sam, asked, "Delete for ever"), "Only Ada's owner can delete Ada.")
	if len(w.list()) != 1 {
		t.Error("ada is gone")
	}
}

// handOver gives an entity to another person, as they agreed on it elsewhere.
func (w *world) handOver(name string, from, to sandbox.ID) {
	w.t.Helper()
	id := w.resident(name).Entity.ID
	_, err := w.registry.Offer(w.t.Context(), entities.Member(snowflake.ID(from), snowflake.ID(w.guild), 0), id, entities.Person{ID: snowflake.ID(to)})
	noError(w.t, err)
	_, err = w.registry.Take(w.t.Context(), entities.Member(snowflake.ID(to), snowflake.ID(w.guild), 0), id)
	noError(w.t, err)
}
