package commands_test

import (
	"strings"
	"testing"
	"time"

	"github.com/disgoorg/snowflake/v2"

	"troupe/commands"
	"troupe/entities"
	"troupe/relay"
	"troupe/relay/sandbox"
)

// menu picks a command from the menu of a message in #general.
func (w *world) menu(user sandbox.ID, name string, target sandbox.ID) sandbox.Reply {
	w.t.Helper()
	return w.final(w.discord.ContextMenu(user, w.guild, w.general, name, target))
}

// speak has an entity say something in #general.
func (w *world) speak(key, content string) sandbox.ID {
	w.t.Helper()
	actor := must(w.registry.Authenticate(w.t.Context(), key, ""))(w.t)
	sent := must(w.config.Relay.Say(w.t.Context(), actor, relay.Line{Channel: snowflake.ID(w.general), Content: content}))(w.t)
	return sandbox.ID(sent.MessageIDs[0])
}

// samsAda makes an entity of sam's and gives its key.
func (w *world) samsAda() string {
	w.t.Helper()
	announcement := w.forSam("Ada")
	return key(w.t, w.whispered(w.discord.Click(w.sam, announcement.ID, "Get key")))
}

func (w *world) lines() string {
	var all []string
	for _, m := range w.discord.Messages(w.general) {
		if m.Author.Username == "Ada" {
			all = append(all, m.Content)
		}
	}
	return strings.Join(all, " | ")
}

func TestDeleteThis(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	ada := w.samsAda()
	first, second, third := w.speak(ada, "one"), w.speak(ada, "two"), w.speak(ada, "three")
	for _, user := range []sandbox.ID{w.eve, w.olga} {
		whispers(t, w.menu(user, "Delete this", first), "Only the owner of the entity that said this, and this server's admins and moderators, can delete it.")
	}
	asked := w.menu(w.sam, "Delete this", first) // its owner
	whispers(t, asked, "Delete this message of **Ada**, for everybody and for good?")
	whispers(t, w.click(w.sam, asked, "Keep it"), "Nothing was changed. The message stays.")
	if got := w.lines(); got != "one | two | three" {
		t.Fatal(got)
	}
	whispers(t, w.click(w.sam, w.menu(w.sam, "Delete this", first), "Delete it"), "The message of **Ada** is deleted.")
	whispers(t, w.click(w.mona, w.menu(w.mona, "Delete this", second), "Delete it"), "The message of **Ada** is deleted.") // an admin
	w.grant(w.eve, sandbox.ManageMessages)
	stale := w.menu(w.eve, "Delete this", third) // a moderator
	whispers(t, w.pressed(w.mona, stale.Buttons[0].CustomID, stale.Message.ID), "used up")
	whispers(t, w.click(w.eve, w.menu(w.eve, "Delete this", third), "Delete it"), "The message of **Ada** is deleted.")
	if got := w.lines(); got != "" {
		t.Error(got)
	}
	has(t, w.slash(w.mona, "/settings audit", nil), "delete line")
}

func TestDeleteThisOfWhatIsNoEntitys(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	person := must(w.discord.Say(w.eve, w.general, "by a person"))(t)
	for _, name := range []string{"Delete this", "Pause here"} {
		whispers(t, w.menu(w.mona, name, person.ID), "No entity of this bot said this message, as far as the bot knows.")
	}
}

// Rights are asked for again at the yes; a deleted entity's lines can still be deleted.
func TestDeleteThisAsksAgain(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	ada := w.samsAda()
	id := w.speak(ada, "one")
	role := must(w.discord.AddRole(w.guild, sandbox.Role{Name: "mod", Permissions: sandbox.ModerateMembers}))(t)
	noError(t, w.discord.ChangeMember(w.guild, w.eve, func(m *sandbox.Member) { m.Roles = append(m.Roles, role) }))
	asked := w.menu(w.eve, "Delete this", id)
	noError(t, w.discord.ChangeMember(w.guild, w.eve, func(m *sandbox.Member) { m.Roles = nil }))
	whispers(t, w.click(w.eve, asked, "Delete it"), "Only the owner of the entity")
	asked = w.menu(w.mona, "Delete this", id)
	w.ahead.Store(int64(commands.PendingTime))
	whispers(t, w.click(w.mona, asked, "Delete it"), "older than 15 minutes")
	if got := w.lines(); got != "one" {
		t.Fatal(got)
	}
	has(t, w.click(w.sam, w.slash(w.sam, "/entity delete", named("Ada")), "Delete for ever"), "is deleted")
	whispers(t, w.menu(w.eve, "Pause here", id), "There is no such entity here.")
	whispers(t, w.click(w.mona, w.menu(w.mona, "Delete this", id), "Delete it"), "is deleted")
	if got := w.lines(); got != "" {
		t.Error(got)
	}
}

func TestPauseHere(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	ada := w.samsAda()
	id := w.speak(ada, "one")
	for _, user := range []sandbox.ID{w.sam, w.eve, w.olga} { // its owner too: they pause it everywhere
		refused := w.menu(user, "Pause here", id)
		whispers(t, refused, "Only this server's admins and moderators can pause Ada here; its owner can pause it everywhere.")
		if len(refused.Buttons) != 0 {
			t.Errorf("they are asked: %+v", refused.Buttons)
		}
	}
	w.grant(w.eve, sandbox.ModerateMembers)
	asked := w.menu(w.eve, "Pause here", id)
	whispers(t, asked, "Pause **Ada** on this server?")
	whispers(t, w.click(w.eve, asked, "Do not pause it"), "Nothing was changed. **Ada** is not paused.")
	for value, length := range map[string]time.Duration{"10m": 10 * time.Minute, "1h": time.Hour, "24h": 24 * time.Hour} {
		whispers(t, w.choose(w.eve, w.menu(w.eve, "Pause here", id), "For how long", value), "**Ada** is paused on this server until <t:")
		in := w.resident("Ada").Presence
		if in.Cause != entities.ByModerator || in.Until == nil || time.Until(*in.Until) > length || time.Until(*in.Until) < length-time.Minute {
			t.Errorf("%s: ada's presence is %+v", value, in)
		}
	}
	asked = w.menu(w.eve, "Pause here", id)
	noError(t, w.discord.ChangeMember(w.guild, w.eve, func(m *sandbox.Member) { m.Roles = nil }))
	whispers(t, w.choose(w.eve, asked, "For how long", "24h"), "Only this server's admins and moderators can pause Ada here")
}

// What a question's buttons and menus carry can be forged; it leads nowhere else.
func TestForgedAnswersToMessageMenus(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	ada := w.samsAda()
	id := w.speak(ada, "one")
	asked := w.menu(w.mona, "Pause here", id)
	_, token, _ := strings.Cut(asked.Buttons[0].CustomID, "/leave/")
	forged := sandbox.Forgery{Type: sandbox.ComponentInteraction, ComponentType: 3, CustomID: "/decide/pick/" + token, Values: []any{"1000h"}, Message: asked.Message.ID}
	whispers(t, w.forge(w.mona, forged), "does not understand")
	asked = w.menu(w.mona, "Pause here", id)
	_, token, _ = strings.Cut(asked.Buttons[0].CustomID, "/leave/")
	whispers(t, w.pressed(w.mona, "/decide/do/"+token, asked.Message.ID), "does not understand")
	asked = w.menu(w.mona, "Delete this", id)
	_, token, _ = strings.Cut(asked.Buttons[0].CustomID, "/do/")
	forged.CustomID, forged.Values = "/decide/pick/"+token, []any{"1h"}
	whispers(t, w.forge(w.mona, forged), "does not understand")
	if got := w.lines(); got != "one" || !w.resident("Ada").Speaks {
		t.Error(got)
	}
}
