package commands_test

import (
	"testing"

	"troupe/commands"
	"troupe/entities"
	"troupe/relay/sandbox"
)

func TestAnOwnerOrAnAdminTakesAnEntityOut(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	announcement := w.forSam("Ada")
	secret := key(t, w.whispered(w.discord.Click(w.sam, announcement.ID, "Get key")))
	asked := w.slash(w.sam, "/entity leave", named("Ada"))
	whispers(t, asked, "Take **Ada** out of this server? Forgotten here are its channels")
	has(t, asked, "You can bring it back")
	whispers(t, w.click(w.sam, asked, "Leave it here"), "Nothing was changed. **Ada** stays on this server.")
	if len(w.list()) != 1 {
		t.Fatal("ada left without a yes")
	}
	asked = w.slash(w.sam, "/entity leave", named("Ada"))
	left := w.click(w.sam, asked, "Take it out")
	whispers(t, left, "**Ada** has left this server.")
	if len(left.Buttons) != 0 || len(w.list()) != 0 || !w.opens(secret) {
		t.Errorf("buttons %v; there is %+v; the key opens: %v", left.Buttons, w.list(), w.opens(secret))
	}
	whispers(t, w.pressed(w.sam, asked.Buttons[0].CustomID, asked.Message.ID), "used up")
	whispers(t, w.slash(w.sam, "/entity leave", named("Ada")), "Ada is not on this server. /entity join brings it here.")

	asking := w.ask()
	asked = w.slash(w.mona, "/entity leave", named("Ada"))
	has(t, asked, "Its owner can ask this server's admins to let it back in")
	whispers(t, w.click(w.mona, asked, "Take it out"), "**Ada** has left this server.")
	whispers(t, w.whispered(w.discord.Click(w.mona, asking.ID, "Approve")), "There is no such entity here.")
	if len(w.list()) != 0 {
		t.Errorf("there is %+v", w.list())
	}
}

func TestWhoMayNotTakeAnEntityOut(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	w.make("Ada")
	w.moderator()
	for _, user := range []sandbox.ID{w.sam, w.eve, w.olga} {
		refused := w.slash(user, "/entity leave", named("Ada"))
		whispers(t, refused, "Only Ada's owner or an admin of this server can take Ada out of this server.")
		if len(refused.Buttons) != 0 {
			t.Errorf("they are asked: %+v", refused.Buttons)
		}
	}
	elsewhere := map[string]any{"entity": string(w.list()[0].ID)}
	whispers(t, w.final(w.discord.Slash(w.eve, w.other, w.lobby, "/entity leave", elsewhere)), "No entity here is called")

	asked := w.slash(w.mona, "/entity leave", named("Ada"))
	for _, user := range []sandbox.ID{w.gus, w.eve} {
		whispers(t, w.pressed(user, asked.Buttons[0].CustomID, asked.Message.ID), "used up")
	}
	w.ahead.Store(int64(commands.PendingTime))
	whispers(t, w.click(w.mona, asked, "Take it out"), "older than 15 minutes")
	if len(w.list()) != 1 {
		t.Error("ada left")
	}
}

func TestRightsAreAskedForAgainAtTheYesToLeave(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	w.forSam("Ada")
	asked := w.slash(w.mona, "/entity leave", named("Ada"))
	noError(t, w.discord.ChangeMember(w.guild, w.mona, func(m *sandbox.Member) { m.Roles = nil }))
	whispers(t, w.click(w.mona, asked, "Take it out"), "Only Ada's owner or an admin of this server can take Ada out")
	if len(w.list()) != 1 {
		t.Error("ada left")
	}
}

func TestTwoAdminsTakeAnEntityOutAtOnce(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	w.forSam("Ada")
	first, second := w.slash(w.mona, "/entity leave", named("Ada")), w.slash(w.gus, "/entity leave", named("Ada"))
	whispers(t, w.click(w.mona, first, "Take it out"), "**Ada** has left this server.")
	whispers(t, w.click(w.gus, second, "Take it out"), "There is no such entity here.")
}
