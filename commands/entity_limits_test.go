package commands_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/commands"
	"troupe/entities"
	"troupe/relay/sandbox"
)

// setup is how the one entity on the server is set up.
func (w *world) setup() entities.Setup {
	w.t.Helper()
	return must(w.registry.Setup(w.t.Context(), w.admin(), w.list()[0].ID))(w.t)
}

// elsewhere has eve make an entity on her own server.
func (w *world) elsewhere(name string) entities.Entity {
	w.t.Helper()
	eve := entities.Member(snowflake.ID(w.eve), snowflake.ID(w.other), discord.PermissionManageGuild)
	lobby := entities.ChosenChannel{ID: snowflake.ID(w.lobby), Permissions: discord.PermissionViewChannel}
	return must(w.registry.Create(w.t.Context(), eve, entities.NewEntity{Name: name, Here: lobby}))(w.t).Entity
}

// named is the option that names an entity.
func named(name string) map[string]any { return map[string]any{"entity": name} }

// jsonOf writes forms as they are sent.
func jsonOf(t *testing.T, what any) string {
	t.Helper()
	return string(must(json.MarshalIndent(what, "", "  "))(t)) + "\n"
}

func TestLimitsOfAnEntity(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	w.make("Ada")
	w.set(func(s *entities.Settings) { s.Limits.Hour = 60 })
	modal := w.slash(w.mona, "/entity limits", named("Ada"))
	has(t, w.submit(w.mona, modal, map[string]any{"minute": "5", "day": " 50 "}),
		"Saved. **Ada** may say this many lines on this server: 5 a minute, 60 an hour (as usual here), 50 a day.", "Left now: 5 in this minute, 60 in this hour, 50 in these 24 hours.")
	if got := w.setup().Resident.Presence.Limits; got != (entities.Limits{Minute: 5, Day: 50}) {
		t.Errorf("the limits are %+v", got)
	}
	again := w.slash(w.mona, "/entity limits", named("Ada"))
	var values []string
	for _, f := range again.Modal.Fields {
		values = append(values, f.Value+"/"+f.Placeholder)
	}
	if got := fmt.Sprint(values); got != "[5/10 /60 50/600]" {
		t.Errorf("the form is opened with %s", got)
	}
	whispers(t, w.submit(w.mona, again, map[string]any{"minute": "31"}), "Lines a minute: write a number from 1 to 30")
	has(t, w.submit(w.mona, w.slash(w.mona, "/entity limits", named("Ada")), map[string]any{"minute": "", "day": ""}), "10 a minute (as usual here)", "600 a day (as usual here)")
}

func TestWhoMayLimitAnEntity(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	w.forSam("Ada")
	bob := w.elsewhere("Bob")
	modal := w.slash(w.mona, "/entity limits", named("Ada"))
	forged := sandbox.Forgery{Type: sandbox.ModalInteraction, CustomID: modal.Modal.CustomID, Fields: map[string]string{"minute": "1"}}
	const admins = "Only people with Manage Server decide how much Ada may say here."

	// The owner sees what applies, and changes nothing.
	seen := w.slash(w.sam, "/entity limits", named("Ada"))
	whispers(t, seen, "10 a minute (as usual here)")
	has(t, seen, "People with Manage Server can change this.")
	whispers(t, w.forge(w.sam, forged), admins)
	// Eve is a member here and an admin elsewhere, Olga runs the bot.
	for _, user := range []sandbox.ID{w.eve, w.olga} {
		whispers(t, w.slash(user, "/entity limits", named("Ada")), "Only Ada's owner and this server's admins and moderators can see this.")
		whispers(t, w.forge(user, forged), admins)
	}
	whispers(t, w.slash(w.eve, "/entity limits", named("Bob")), "Bob is not on this server.")
	whispers(t, w.slash(w.mona, "/entity limits", named("Bob")), `No entity here is called "Bob"`)
	for _, id := range []string{string(bob.ID), "nobody"} {
		whispers(t, w.forge(w.mona, sandbox.Forgery{Type: sandbox.ModalInteraction, CustomID: "/limits/form/" + id + "/x"}), "There is no such entity here.")
	}
	w.moderate(w.eve)
	whispers(t, w.slash(w.eve, "/entity limits", named("Ada")), "10 a minute")
	whispers(t, w.forge(w.eve, forged), admins)
	noError(t, w.discord.ChangeMember(w.guild, w.mona, func(m *sandbox.Member) { m.Roles = nil }))
	whispers(t, w.submit(w.mona, modal, map[string]any{"minute": "1"}), admins)
	if got := must(w.registry.Setup(t.Context(), w.admin(), w.list()[0].ID))(t).Resident.Presence.Limits; got != (entities.Limits{}) {
		t.Errorf("the limits are %+v", got)
	}
}

// moderate makes somebody a moderator.
func (w *world) moderate(user sandbox.ID) {
	w.t.Helper()
	role := must(w.discord.AddRole(w.guild, sandbox.Role{Name: "warden", Permissions: sandbox.ManageMessages}))(w.t)
	noError(w.t, w.discord.ChangeMember(w.guild, user, func(m *sandbox.Member) { m.Roles = append(m.Roles, role) }))
}

func TestTwoAdminsLimitOneEntity(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	w.make("Ada")
	early, late := w.slash(w.mona, "/entity limits", named("Ada")), w.slash(w.gus, "/entity limits", named("Ada"))
	has(t, w.submit(w.mona, early, map[string]any{"minute": "5"}), "Saved.")
	whispers(t, w.submit(w.gus, late, map[string]any{"hour": "7"}), "Somebody else changed this while you were writing")
	if got := w.setup().Resident.Presence.Limits; got != (entities.Limits{Minute: 5}) {
		t.Errorf("the limits are %+v", got)
	}
}

// aSetup is how ada is set up where somebody looks.
func aSetup(name string, own entities.Limits, changes bool) entities.Setup {
	e := ada()
	e.Name = name
	return entities.Setup{
		Resident: entities.Resident{Entity: e, Presence: entities.Presence{Limits: own}},
		Limits:   entities.Limits{Minute: 5, Hour: 120, Day: 600}, Left: entities.Limits{Minute: 0, Hour: 115, Day: 1}, Usual: entities.UsualLimits(), Changes: changes,
	}
}

func TestAllowance(t *testing.T) {
	var b strings.Builder
	for _, m := range []commands.Shown{
		commands.Allowance("Saved. ", aSetup("Ada", entities.Limits{Minute: 5}, true)),
		commands.Allowance("", aSetup(strings.Repeat("*", entities.MaxName), entities.Limits{Minute: 5, Hour: 120, Day: 600}, false)),
	} {
		fits(t, m)
		fmt.Fprintf(&b, "######## \n%s\n", show(m))
	}
	golden(t, "limits.txt", b.String())
	golden(t, "limits_form.json", jsonOf(t, commands.PaceForm(aSetup(strings.Repeat("Ä", entities.MaxName), entities.Limits{Minute: 5}, true))))
}

func TestOwnEntitiesFromElsewhereAreOffered(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	w.make("Ada")
	w.elsewhere("Adam")
	for user, want := range map[sandbox.ID][]string{w.mona: {"Ada"}, w.eve: {"Ada", "Adam (not on this server)"}} {
		choices := must(w.discord.Autocomplete(w.ctx(), user, w.guild, w.general, "/entity limits", named("aDA"), "entity"))(t)
		var names []string
		for _, c := range choices {
			names = append(names, c.Name)
		}
		if !slices.Equal(names, want) {
			t.Errorf("%s is offered %v, want %v", user, names, want)
		}
	}
	var here []entities.Resident
	own := []entities.Entity{{ID: "own", Name: strings.Repeat("ü", entities.MaxName)}}
	if got, want := commands.Offered(here, own, "")[0].ChoiceName(), strings.Repeat("ü", 78)+"… (not on this server)"; got != want {
		t.Errorf("offered is %q, want %q", got, want)
	}
	for n := range 30 {
		here = append(here, entities.Resident{Entity: entities.Entity{ID: entities.ID(fmt.Sprint(n)), Name: fmt.Sprintf("Ada %d", n)}})
	}
	if n := len(commands.Offered(here, own, "")); n != 25 {
		t.Errorf("%d are offered", n)
	}
}
