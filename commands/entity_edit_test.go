package commands_test

import (
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

// profile is what mona can change of an entity of hers.
func (w *world) profile(name string) entities.Profile {
	w.t.Helper()
	e := must(w.registry.Find(w.t.Context(), w.admin(), name))(w.t)
	return must(w.registry.Profile(w.t.Context(), w.admin(), e.ID))(w.t)
}

// filledIn is what a form is opened with, "field=value" each.
func filledIn(t *testing.T, reply sandbox.Reply) []string {
	t.Helper()
	if reply.Modal == nil {
		t.Fatalf("no form: %s", reply.Text())
	}
	var fields []string
	for _, f := range reply.Modal.Fields {
		fields = append(fields, f.CustomID+"="+f.Value)
	}
	return fields
}

func TestAnOwnerEdits(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	w.make("Ada")
	modal := w.slash(w.mona, "/entity edit", map[string]any{"entity": "Ada"})
	if got, want := filledIn(t, modal), []string{"name=Ada", "description=", "avatar=", "words="}; !slices.Equal(got, want) {
		t.Errorf("the form is opened with %v, want %v", got, want)
	}
	saved := w.submit(w.mona, modal, map[string]any{
		"name": "Bea", "description": "**Maths**", "avatar": picture(t, 64, 64), "words": "tutor, robot ,, tutor",
	})
	whispers(t, saved, "Saved. **Bea** is changed on every server it is on:")
	has(t, saved, "Name: **Bea**, before **Ada**", "Description: the new one", "Picture: the new one", "Mention words on this server: robot, tutor", `\*\*Maths\*\*`)
	p := w.profile("Bea")
	if p.Entity.Description != "**Maths**" || p.Entity.Avatar == "" || !slices.Equal(slices.Sorted(slices.Values(p.Words)), []string{"robot", "tutor"}) {
		t.Errorf("there is %+v", p)
	}
	if e := saved.Embeds[0]; e.Thumbnail == nil || e.Thumbnail.URL != publicURL+"/avatars/"+p.Entity.Avatar+".png" {
		t.Errorf("the picture shown is %+v", e.Thumbnail)
	}

	again := w.slash(w.mona, "/entity edit", map[string]any{"entity": "Bea"})
	if got, want := filledIn(t, again), []string{"name=Bea", "description=**Maths**", "avatar=", "words=robot, tutor"}; !slices.Equal(got, want) {
		t.Errorf("the form is opened with %v, want %v", got, want)
	}
	whispers(t, w.submit(w.mona, again, nil), "Nothing was changed")
	gone := w.submit(w.mona, w.slash(w.mona, "/entity edit", map[string]any{"entity": "Bea"}), map[string]any{"description": "", "words": " "})
	whispers(t, gone, "Description: taken away")
	has(t, gone, "Mention words on this server: none")
	if p := w.profile("Bea"); len(p.Words) != 0 || p.Entity.Avatar == "" {
		t.Errorf("there is %+v", p)
	}
}

func TestAnOwnerEditsHere(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	w.make("Ada")
	here := map[string]any{"entity": "Ada", "here": true}
	modal := w.slash(w.mona, "/entity edit", here)
	if got, want := filledIn(t, modal), []string{"name=", "avatar=", "words=", "role="}; !slices.Equal(got, want) {
		t.Errorf("the form is opened with %v, want %v", got, want)
	}
	saved := w.submit(w.mona, modal, map[string]any{"name": "Professor", "avatar": picture(t, 64, 64), "words": "prof"})
	whispers(t, saved, "Saved. **Ada** is changed on this server only:")
	has(t, saved, "Name: **Professor**", "Picture: the new one", "Mention words on this server: prof")
	p := w.profile("Professor")
	if p.Entity.Name != "Ada" || p.Entity.Avatar != "" || p.Here.Name != "Professor" || p.Here.Avatar == "" {
		t.Errorf("there is %+v, here %+v", p.Entity, p.Here)
	}

	own := w.submit(w.mona, w.slash(w.mona, "/entity edit", map[string]any{"entity": "Professor"}), map[string]any{"name": "Bea", "avatar": picture(t, 65, 65)})
	has(t, own, "On this server it is still shown as **Professor**.", "On this server it still has a picture of its own.")

	back := w.slash(w.mona, "/entity edit", map[string]any{"entity": "Professor", "here": true})
	if got, want := filledIn(t, back), []string{"name=Professor", "avatar=", "own_picture=", "words=prof", "role="}; !slices.Equal(got, want) {
		t.Errorf("the form is opened with %v, want %v", got, want)
	}
	whispers(t, w.submit(w.mona, back, map[string]any{"name": "", "own_picture": "own_picture"}), "Name: its own again")
	if p := w.profile("Bea"); p.Here.Name != "" || p.Here.Avatar != "" || !slices.Equal(p.Words, []string{"prof"}) {
		t.Errorf("here there is %+v", p.Here)
	}
}

func TestAnOwnerSetsTheRoleThatCallsIt(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	w.make("Ada")
	role := must(w.discord.AddRole(w.guild, sandbox.Role{Name: "tutors"}))(t)
	edit := func(roles ...sandbox.ID) sandbox.Reply {
		return w.submit(w.mona, w.slash(w.mona, "/entity edit", map[string]any{"entity": "Ada", "here": true}), map[string]any{"role": roles})
	}
	has(t, edit(role), "Role that calls it: <@&"+role.String()+">")
	if p := w.profile("Ada"); p.Here.RoleID != snowflake.ID(role) {
		t.Errorf("here there is %+v", p.Here)
	}
	modal := w.slash(w.mona, "/entity edit", map[string]any{"entity": "Ada", "here": true})
	whispers(t, w.submit(w.mona, modal, nil), "Nothing was changed")
	has(t, edit(w.guild), "Nobody is called by @everyone.")
	has(t, edit(), "Role that calls it: none")
	if p := w.profile("Ada"); p.Here.RoleID != 0 {
		t.Errorf("here there is %+v", p.Here)
	}
}

// A role that was deleted on Discord is shown as gone, and saving takes it away.
func TestADeletedRoleCallsNobody(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	w.make("Ada")
	role := must(w.discord.AddRole(w.guild, sandbox.Role{Name: "tutors"}))(t)
	open := func() sandbox.Reply {
		return w.slash(w.mona, "/entity edit", map[string]any{"entity": "Ada", "here": true})
	}
	has(t, w.submit(w.mona, open(), map[string]any{"role": []sandbox.ID{role}}), "Role that calls it: <@&"+role.String()+">")
	field := func() string {
		i := slices.IndexFunc(open().Modal.Fields, func(f sandbox.ModalField) bool { return f.CustomID == "role" })
		f := open().Modal.Fields[i]
		return fmt.Sprint(f.Description, f.Preset)
	}
	const gone = "Its role was deleted on this server."
	if f := field(); strings.Contains(f, gone) || !strings.Contains(f, role.String()) {
		t.Errorf("the field is %s", f)
	}
	noError(t, w.discord.DeleteRole(w.guild, role))
	w.until("the bot knows that the role is gone", func() bool {
		_, known := w.registry.World().RoleName(snowflake.ID(w.guild), snowflake.ID(role))
		return !known
	})
	if f := field(); !strings.Contains(f, gone) || strings.Contains(f, role.String()) {
		t.Errorf("the field is %s", f)
	}
	has(t, w.submit(w.mona, open(), nil), "Role that calls it: none, since it was deleted")
	if p := w.profile("Ada"); p.Here.RoleID != 0 {
		t.Errorf("here there is %+v", p.Here)
	}
	whispers(t, w.submit(w.mona, open(), nil), "Nothing was changed")
}

func TestARefusedEditIsFixed(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	w.make("Ada")
	w.make("Bob")
	for _, c := range []struct {
		name    string
		options map[string]any
		typed   map[string]any
		want    string
		filled  string
	}{
		{"a name that is taken", map[string]any{"entity": "Ada"}, map[string]any{"name": "bob", "description": "kind"}, `called "Bob" on this server already`, "description=kind"},
		{"a bad word saves nothing else", map[string]any{"entity": "Ada"}, map[string]any{"name": "Cyd", "words": "x"}, "A mention word has 2 to 40 characters", "name=Cyd"},
		{"no picture", map[string]any{"entity": "Ada"}, map[string]any{"name": "Cyd", "avatar": sandbox.File{Name: "a.png", Data: []byte("x")}}, "not a picture", "name=Cyd"},
		{"taken here", map[string]any{"entity": "Ada", "here": true}, map[string]any{"name": "Bob", "words": "robot"}, `called "Bob" on this server already`, "words=robot"},
	} {
		t.Run(c.name, func(t *testing.T) {
			refused := w.submit(w.mona, w.slash(w.mona, "/entity edit", c.options), c.typed)
			whispers(t, refused, "Nothing was changed yet. ")
			has(t, refused, c.want)
			if p := w.profile("Ada"); p.Entity.Name != "Ada" || p.Entity.Description != "" || p.Here.Name != "" || len(p.Words) != 0 {
				t.Errorf("there is %+v, here %+v, words %v", p.Entity, p.Here, p.Words)
			}
			modal := w.click(w.mona, refused, "Fix it")
			if got := filledIn(t, modal); !slices.Contains(got, c.filled) {
				t.Errorf("the form is opened again with %v", got)
			}
		})
	}
	refused := w.submit(w.mona, w.slash(w.mona, "/entity edit", map[string]any{"entity": "Ada"}), map[string]any{"name": "Bob", "description": "kind"})
	fixed := w.submit(w.mona, w.click(w.mona, refused, "Fix it"), map[string]any{"name": "Cyd"})
	has(t, fixed, "Name: **Cyd**, before **Ada**", "Description: the new one")
	if fixed.Message.ID != refused.Message.ID || len(fixed.Buttons) != 0 {
		t.Errorf("the result does not take the place of the refusal: %+v", fixed.Buttons)
	}
}

func TestWhoMayNotEdit(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	w.moderator()
	w.make("Ada")
	id := string(w.list()[0].ID)
	for _, options := range []map[string]any{{"entity": "Ada"}, {"entity": id, "here": true}} {
		for _, user := range []sandbox.ID{w.sam, w.gus, w.eve, w.olga} {
			whispers(t, w.slash(user, "/entity edit", options), "Only Ada's owner can edit Ada.")
		}
		whispers(t, w.final(w.discord.Slash(w.eve, w.other, w.lobby, "/entity edit", options)), "No entity here is called")
	}
	modal := w.slash(w.mona, "/entity edit", map[string]any{"entity": "Ada"})
	forged := sandbox.Forgery{Type: sandbox.ModalInteraction, CustomID: modal.Modal.CustomID, Fields: map[string]string{"name": "Mallory"}}
	whispers(t, w.forge(w.gus, forged), "used up")
	refused := w.submit(w.mona, modal, map[string]any{"name": "@Ada"})
	fix := sandbox.Forgery{Type: sandbox.ComponentInteraction, CustomID: refused.Buttons[0].CustomID, Message: refused.Message.ID}
	whispers(t, w.forge(w.gus, fix), "used up")

	// What was hers when the form was opened is another's when it is sent.
	open := w.slash(w.mona, "/entity edit", map[string]any{"entity": "Ada"})
	w.handOver("Ada", w.mona, w.sam)
	whispers(t, w.submit(w.mona, open, map[string]any{"name": "Mallory"}), "Only Ada's owner can edit Ada.")
	whispers(t, w.click(w.mona, refused, "Fix it"), "Only Ada's owner can edit Ada.")

	old := w.slash(w.sam, "/entity edit", map[string]any{"entity": "Ada"})
	w.ahead.Store(int64(commands.PendingTime))
	whispers(t, w.submit(w.sam, old, map[string]any{"name": "Mallory"}), "older than 15 minutes")
	if found := w.list(); found[0].Name != "Ada" {
		t.Errorf("there is %+v", found)
	}
}

// TestEditingFromElsewhere is about an entity that is not on the server where its owner acts.
func TestEditingFromElsewhere(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	w.make("Ada")
	noError(t, w.discord.AddMember(w.other, w.mona))
	elsewhere := func(options map[string]any) sandbox.Reply {
		return w.final(w.discord.Slash(w.mona, w.other, w.lobby, "/entity edit", options))
	}
	modal := elsewhere(map[string]any{"entity": "Ada"})
	if got, want := filledIn(t, modal), []string{"name=Ada", "description=", "avatar="}; !slices.Equal(got, want) {
		t.Errorf("the form is opened with %v, want %v", got, want)
	}
	has(t, w.submit(w.mona, modal, map[string]any{"name": "Bea"}), "Name: **Bea**, before **Ada**")
	whispers(t, elsewhere(map[string]any{"entity": "Bea", "here": true}), "Bea is not on this server. /entity join brings it here.")

	// Words that a changed client sends along are for no server.
	modal = elsewhere(map[string]any{"entity": "Bea"})
	forged := w.final(w.discord.Forge(w.mona, w.other, w.lobby, sandbox.Forgery{
		Type: sandbox.ModalInteraction, CustomID: modal.Modal.CustomID, Fields: map[string]string{"name": "Cyd", "words": "robot"},
	}))
	whispers(t, forged, "Bea is not on this server.")
	if found := w.list(); found[0].Name != "Bea" {
		t.Errorf("there is %+v", found)
	}
}

func TestEditedAndItsForms(t *testing.T) {
	e := entities.Entity{ID: ada().ID, Name: "**[Ada](x)**", Description: "# Maths", Avatar: strings.Repeat("a", 64), OwnerID: 42}
	here := &entities.Presence{Name: "Professor", Avatar: strings.Repeat("b", 64)}
	before := entities.Profile{Entity: entities.Entity{ID: e.ID, Name: "Bob"}, Here: &entities.Presence{}}
	after := entities.Profile{Entity: e, Here: here, Words: []string{"tutor", "@everyone"}}
	var b strings.Builder
	for _, part := range []struct {
		title         string
		local         bool
		before, after entities.Profile
		picture       string
		ownPicture    bool
	}{
		{"everything", false, before, after, "ada.png", false},
		{"everything, only here", true, before, after, "ada.png", false},
		{"back to its own", true, after, before, "", true},
		{"taken away", false, after, before, "", false},
		{"nothing", false, after, after, "", false},
	} {
		m := commands.Edited(part.local, part.before, part.after, part.picture, part.ownPicture)
		fits(t, m)
		fmt.Fprintf(&b, "######## %s\n%s\n", part.title, show(m))
	}
	golden(t, "edit.txt", b.String())
	goldenForms(t, "edit_forms.json",
		commands.EditForm(false, entities.Profile{Entity: entities.Entity{Name: "Ada"}}, ""),
		commands.EditForm(false, after, "ada.png"), commands.EditForm(true, before, ""), commands.EditForm(true, after, ""))
}

func TestEditedAtItsLargest(t *testing.T) {
	e := entities.Entity{Name: strings.Repeat("*", entities.MaxName), Description: strings.Repeat("*", entities.MaxDescription), Avatar: strings.Repeat("a", 64)}
	p := entities.Profile{Entity: e, Here: &entities.Presence{Name: e.Name, Avatar: e.Avatar}}
	for i := range entities.MaxWords {
		p.Words = append(p.Words, strings.Repeat("*", entities.MaxWord-1)+fmt.Sprint(i))
	}
	before := entities.Profile{Entity: entities.Entity{Name: strings.Repeat("_", entities.MaxName)}, Here: &entities.Presence{}}
	for _, local := range []bool{true, false} {
		fits(t, commands.Edited(local, before, p, "ada.png", false))
		formFits(t, commands.EditForm(local, p, strings.Repeat("ü", 500)))
	}
}

// goldenForms compares forms with testdata/NAME, and checks them against Discord's limits.
func goldenForms(t *testing.T, name string, forms ...discord.ModalCreate) {
	t.Helper()
	for _, form := range forms {
		formFits(t, form)
	}
	golden(t, name, indented(t, forms))
}
