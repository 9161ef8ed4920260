package commands_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"troupe/commands"
	"troupe/entities"
	"troupe/relay/sandbox"
)

const nothingAtAll = "Nothing at all" // what stands in the menu when nothing is ticked

func TestAbilitiesOfAnEntity(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	w.make("Ada")
	shown := w.slash(w.mona, "/entity abilities", named("Ada"))
	whispers(t, shown, "✅ Speak")
	saved := w.final(w.discord.Select(w.mona, shown, nothingAtAll, "Hear and read messages", "react"))
	has(t, saved, "Saved.", "✅ Hear and read messages", "❌ Speak", "✅ Add reactions", "❌ Open threads, and posts in forums")
	if got := w.setup().Capabilities; !slices.Equal(got, []entities.Capability{entities.CanRead, entities.CanReact}) {
		t.Errorf("the abilities are %v", got)
	}
	if saved.Message.ID != shown.Message.ID || len(saved.Selects) != 1 {
		t.Errorf("the answer is %+v", saved)
	}
	has(t, w.final(w.discord.Select(w.mona, saved, nothingAtAll)), "❌ Hear and read messages")
	if got := w.setup().Capabilities; len(got) != 0 {
		t.Errorf("the abilities are %v", got)
	}
}

func TestWhoMaySetAbilities(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	w.forSam("Ada")
	bob := w.elsewhere("Bob")
	shown := w.slash(w.mona, "/entity abilities", named("Ada"))
	forged := func(user sandbox.ID, id string, values ...any) sandbox.Reply {
		return w.forge(user, sandbox.Forgery{
			Type: sandbox.ComponentInteraction, ComponentType: sandbox.StringSelect, CustomID: id, Values: values, Message: shown.Message.ID,
		})
	}
	id := shown.Selects[0].CustomID
	seen := w.slash(w.sam, "/entity abilities", named("Ada"))
	whispers(t, seen, "People with Manage Server can change this.")
	if len(seen.Selects) != 0 {
		t.Errorf("an owner is offered %+v", seen.Selects)
	}
	whispers(t, forged(w.sam, id, "read"), "Only people with Manage Server decide what Ada may do here.")
	for _, user := range []sandbox.ID{w.eve, w.olga} {
		whispers(t, w.slash(user, "/entity abilities", named("Ada")), "Only Ada's owner and this server's admins and moderators can see this.")
		whispers(t, forged(user, id, "read"), "Only people with Manage Server decide what Ada may do here.")
	}
	w.moderate(w.eve)
	has(t, w.slash(w.eve, "/entity abilities", named("Ada")), "People with Manage Server can change this.")
	whispers(t, forged(w.eve, id, "read"), "Only people with Manage Server decide what Ada may do here.")
	whispers(t, forged(w.eve, strings.ReplaceAll(id, string(w.list()[0].ID), string(bob.ID)), "read"), "Bob is not on this server.")
	whispers(t, forged(w.mona, id, "everything"), `There is no ability called "everything".`)
	whispers(t, forged(w.mona, strings.ReplaceAll(id, string(w.list()[0].ID), string(bob.ID)), "read"), "There is no such entity here.")

	public := w.forSam("Cyd")
	whispers(t, w.forge(w.mona, sandbox.Forgery{
		Type: sandbox.ComponentInteraction, ComponentType: sandbox.StringSelect, CustomID: id, Values: []any{"read"}, Message: public.ID,
	}), "does not understand")
	last := w.slash(w.mona, "/entity abilities", named("Ada"))
	noError(t, w.discord.ChangeMember(w.guild, w.mona, func(m *sandbox.Member) { m.Roles = nil }))
	whispers(t, w.final(w.discord.Select(w.mona, last, nothingAtAll, "read")), "Only people with Manage Server decide what Ada may do here.")
	if got := w.setup().Capabilities; len(got) != len(entities.UsualCapabilities()) {
		t.Errorf("the abilities are %v", got)
	}
}

func TestTwoAdminsSetAbilities(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	w.make("Ada")
	early, late := w.slash(w.mona, "/entity abilities", named("Ada")), w.slash(w.gus, "/entity abilities", named("Ada"))
	has(t, w.final(w.discord.Select(w.mona, early, nothingAtAll, "read")), "Saved.")
	whispers(t, w.final(w.discord.Select(w.gus, late, nothingAtAll, "post")), "Somebody else changed this")
	if got := w.setup().Capabilities; !slices.Equal(got, []entities.Capability{entities.CanRead}) {
		t.Errorf("the abilities are %v", got)
	}
}

func TestAbilities(t *testing.T) {
	some := aSetup("Ada", entities.Limits{}, true)
	some.Capabilities = []entities.Capability{entities.CanRead, entities.CanReact}
	none := aSetup(strings.Repeat("*", entities.MaxName), entities.Limits{}, false)
	var b strings.Builder
	for _, m := range []commands.Shown{commands.Abilities("Saved. ", some), commands.Abilities("", none)} {
		fits(t, m)
		fmt.Fprintf(&b, "########\n%s\n", show(m))
	}
	golden(t, "abilities.txt", b.String())
}
