package commands_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/disgoorg/snowflake/v2"

	"troupe/commands"
	"troupe/entities"
	"troupe/relay/sandbox"
)

func TestAnAdminCreatesAnEntity(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	modal := w.slash(w.mona, "/entity create", nil)
	if modal.Modal == nil {
		t.Fatalf("no form: %s", modal.Text())
	}
	var fields []string
	for _, f := range modal.Modal.Fields {
		fields = append(fields, f.CustomID)
	}
	if want := []string{"name", "persona", "avatar", "channels"}; !slices.Equal(fields, want) {
		t.Errorf("the form has %v, want %v", fields, want)
	}
	reply := w.submit(w.mona, modal, map[string]any{
		"name": "Ada", "persona": "You are Ada.", "avatar": picture(t, 600, 400), "channels": []sandbox.ID{w.general, w.post},
	})
	found := w.list()
	if len(found) != 1 || found[0].Name != "Ada" || found[0].Avatar == "" || found[0].OwnerID != snowflake.ID(w.mona) {
		t.Fatalf("there is %+v", found)
	}
	has(t, reply, "**Ada** is ready", "<#"+w.general.String()+">, <#"+w.post.String()+">", publicURL+"/mcp/"+string(found[0].ID),
		"claude mcp add --transport http ada "+publicURL, "mcpServers", "curl ", "one-time code")
	if !reply.Ephemeral || len(reply.Embeds) != 1 || reply.Embeds[0].Thumbnail == nil {
		t.Errorf("the reply is %+v", reply)
	}
	secret := key(t, reply)
	if !w.opens(secret) {
		t.Errorf("the key %q does not open", secret)
	}
	if strings.Contains(w.log.String(), secret) {
		t.Error("the key is in the log")
	}
}

func TestNoChannelMeansThisOne(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	has(t, w.make("Ada"), "read and write in <#"+w.general.String()+">.")
}

func TestWhoMayNotCreate(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	for _, user := range []sandbox.ID{w.sam, w.eve, w.olga} {
		whispers(t, w.slash(user, "/entity create", nil), "Only people with Manage Server can create entities here.")
	}
	// Eve is an admin elsewhere: a form from there is worth nothing here.
	elsewhere := w.final(w.discord.Slash(w.eve, w.other, w.lobby, "/entity create", nil))
	whispers(t, w.forge(w.eve, sandbox.Forgery{
		Type: sandbox.ModalInteraction, CustomID: elsewhere.Modal.CustomID, Fields: map[string]string{"name": "Mallory"},
	}), "used up")
	if found := w.list(); len(found) != 0 {
		t.Errorf("there is %+v", found)
	}
}

func TestRightsAreAskedForAgainAtSubmit(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	modal := w.slash(w.mona, "/entity create", nil)
	noError(t, w.discord.ChangeMember(w.guild, w.mona, func(m *sandbox.Member) { m.Roles = nil }))
	whispers(t, w.submit(w.mona, modal, map[string]any{"name": "Ada"}), "Only people with Manage Server")
	if found := w.list(); len(found) != 0 {
		t.Errorf("there is %+v", found)
	}
}

func TestAFormIsGoodOnceAndForOne(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	modal := w.slash(w.mona, "/entity create", nil)
	stolen := sandbox.Forgery{Type: sandbox.ModalInteraction, CustomID: modal.Modal.CustomID, Fields: map[string]string{"name": "Mallory"}}
	whispers(t, w.forge(w.gus, stolen), "used up")
	has(t, w.submit(w.mona, modal, map[string]any{"name": "Ada"}), "**Ada** is ready")
	whispers(t, w.submit(w.mona, modal, map[string]any{"name": "Bob"}), "used up")

	old := w.slash(w.mona, "/entity create", nil)
	w.ahead.Store(int64(commands.PendingTime))
	whispers(t, w.submit(w.mona, old, map[string]any{"name": "Cyd"}), "older than 15 minutes")
	if found := w.list(); len(found) != 1 {
		t.Errorf("there is %+v", found)
	}
}

func TestABadNameIsFixed(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	w.make("Ada")
	refused := w.submit(w.mona, w.slash(w.mona, "/entity create", nil), map[string]any{
		"name": "ada", "persona": "You are another.", "avatar": picture(t, 64, 64), "channels": []sandbox.ID{w.general},
	})
	whispers(t, refused, "There is an entity called \"Ada\" on this server already")

	modal := w.click(w.mona, refused, "Fix it")
	if modal.Modal == nil {
		t.Fatalf("no form: %s", modal.Text())
	}
	for _, f := range modal.Modal.Fields {
		switch {
		case f.CustomID == "name" && f.Value != "ada", f.CustomID == "persona" && f.Value != "You are another.",
			f.CustomID == "channels" && !slices.Equal(f.Preset, []any{w.general}), f.CustomID == "avatar" && f.Description != "Leave empty to keep face.png.":
			t.Errorf("%s is opened with %q, %v (%s)", f.CustomID, f.Value, f.Preset, f.Description)
		}
	}
	made := w.submit(w.mona, modal, map[string]any{"name": "Bob"})
	has(t, made, "**Bob** is ready")
	if made.Message.ID != refused.Message.ID || len(made.Buttons) != 1 {
		t.Errorf("the result does not take the place of the refusal: %+v", made.Buttons)
	}
	if found := w.list(); len(found) != 2 || found[1].Avatar == "" {
		t.Errorf("there is %+v", found)
	}
	whispers(t, w.forge(w.mona, sandbox.Forgery{Type: sandbox.ComponentInteraction, CustomID: refused.Buttons[0].CustomID, Message: made.Message.ID}), "used up")
}

func TestFixItIsForItsOwnPersonOnly(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	refused := w.submit(w.mona, w.slash(w.mona, "/entity create", nil), map[string]any{"name": "Discord helper", "persona": "my secret plans"})
	whispers(t, refused, "Discord does not take \"discord\" in a name")
	f := sandbox.Forgery{Type: sandbox.ComponentInteraction, CustomID: refused.Buttons[0].CustomID, Message: refused.Message.ID}
	whispers(t, w.forge(w.gus, f), "used up")
	whispers(t, w.forge(w.sam, f), "used up")
	noError(t, w.discord.ChangeMember(w.guild, w.mona, func(m *sandbox.Member) { m.Roles = nil }))
	whispers(t, w.forge(w.mona, f), "Only people with Manage Server")
}

func TestBadPictures(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	for name, c := range map[string]struct {
		file sandbox.File
		want string
	}{
		"a bomb":      {bomb(t), "16000 × 16000 pixels"},
		"not a one":   {sandbox.File{Name: "face.png", Data: []byte("<svg onload=alert(1)>")}, "not a picture that can be read"},
		"a large one": {sandbox.File{Name: "face.png", Data: make([]byte, entities.MaxUpload+1)}, "larger than 2 MiB"},
	} {
		refused := w.submit(w.mona, w.slash(w.mona, "/entity create", nil), map[string]any{"name": "Ada", "persona": "kind", "avatar": c.file})
		whispers(t, refused, c.want)
		modal := w.click(w.mona, refused, "Fix it")
		for _, f := range modal.Modal.Fields {
			if (f.CustomID == "persona" && f.Value != "kind") || (f.CustomID == "avatar" && strings.Contains(f.Description, "keep")) {
				t.Errorf("%s: %s is opened with %q (%s)", name, f.CustomID, f.Value, f.Description)
			}
		}
	}
	if found := w.list(); len(found) != 0 {
		t.Errorf("there is %+v", found)
	}
	has(t, w.submit(w.mona, w.slash(w.mona, "/entity create", map[string]any{"avatar": picture(t, 64, 64)}), map[string]any{"name": "Ada"}), "**Ada** is ready")
	if found := w.list(); len(found) != 1 || found[0].Avatar == "" {
		t.Errorf("the picture given with the command is lost: %+v", found)
	}
}

func TestNobodyLetsAnEntityWhereTheyCannotLook(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	_, err := w.discord.SubmitModal(w.mona, w.slash(w.mona, "/entity create", nil), map[string]any{"name": "Ada", "channels": []sandbox.ID{w.staff}})
	if err == nil {
		t.Error("Discord's own client offers a channel that the member cannot see")
	}
	has(t, w.submit(w.gus, w.slash(w.gus, "/entity create", nil), map[string]any{"name": "Ada", "channels": []sandbox.ID{w.staff}}), "**Ada** is ready")
}

func TestWhatBreaksIsSaidAndNothingTypedIsLost(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	modal := w.slash(w.mona, "/entity create", nil)
	noError(t, w.registry.Close()) // the next write breaks
	broken := w.submit(w.mona, modal, map[string]any{"name": "Ada", "persona": "kind"})
	whispers(t, broken, "Something broke on our side (ref ")
	ref := strings.TrimSuffix(strings.Fields(broken.Text()[strings.Index(broken.Text(), "(ref ")+5:])[0], ").")
	if n := strings.Count(w.log.String(), "ref="+ref); len(ref) != 4 || n != 1 {
		t.Errorf("ref %q is logged %d times:\n%s", ref, n, w.log)
	}
	if strings.Contains(broken.Text(), "sql") {
		t.Errorf("the inside is shown: %s", broken.Text())
	}
	modal = w.click(w.mona, broken, "Fix it")
	if modal.Modal == nil || modal.Modal.Fields[1].Value != "kind" {
		t.Errorf("what was typed is lost: %+v", modal.Modal)
	}
}

func TestTheKeyGoes(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	shown := w.make("Ada")
	w.until("the key is watched", func() bool { return w.commands.KeysShown() == 1 })
	pressed, err := w.discord.Click(w.mona, shown, "I saved it")
	saved := w.final(pressed, err)
	has(t, saved, "The key is gone from this message", publicURL+"/mcp/")
	if strings.Contains(saved.Text(), "troupe_") || len(saved.Buttons) != 0 || saved.Message.ID != shown.Message.ID {
		t.Errorf("after saving: %s, buttons %v", saved.Text(), saved.Buttons)
	}

	w.until("the key is watched no more", func() bool { return w.commands.KeysShown() == 0 })
	w.commands.ShowKeysFor(50 * time.Millisecond)
	it, err := w.discord.SubmitModal(w.mona, w.slash(w.mona, "/entity create", nil), map[string]any{"name": "Bob"})
	timed := w.final(it, err)
	w.until("the key goes in time", func() bool { return !strings.Contains(it.Reply().Text(), "troupe_") && w.commands.KeysShown() == 0 })
	if has(t, it.Reply(), "was shown long enough"); it.Reply().Message.ID != timed.Message.ID {
		t.Error("another message was changed")
	}

	w.commands.ShowKeysFor(commands.KeyShownFor)
	it, err = w.discord.SubmitModal(w.mona, w.slash(w.mona, "/entity create", nil), map[string]any{"name": "Cyd"})
	if key(t, w.final(it, err)) == "" {
		t.Error("no key")
	}
	noError(t, w.commands.Close(w.ctx()))
	has(t, pressed.Reply(), "Good. The key is gone") // and nothing was written over it
	if has(t, it.Reply(), "being restarted"); strings.Contains(it.Reply().Text(), "troupe_") {
		t.Errorf("the key is still there: %s", it.Reply().Text())
	}
}

func TestSavedItTouchesNoPublicMessage(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	announcement := w.forSam("Ada")
	whispers(t, w.forge(w.eve, sandbox.Forgery{
		Type: sandbox.ComponentInteraction, CustomID: "/key/saved/" + string(w.list()[0].ID), Message: announcement.ID,
	}), "does not understand")
	if m := w.message(announcement.ID); m.Content != announcement.Content {
		t.Errorf("the announcement now says %q", m.Content)
	}
}

// TestWhoLooksAfterTheServerKeepsTheirName: who gives a command as an admin is known from then on.
func TestWhoLooksAfterTheServerKeepsTheirName(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	w.slash(w.mona, "/entities", nil)
	w.slash(w.sam, "/entities", nil)
	reply := w.submit(w.gus, w.slash(w.gus, "/entity create", nil), map[string]any{"name": "Mоnа"})
	whispers(t, reply, `This name looks like "mona", the name of somebody who looks after this server.`)
	has(t, w.submit(w.gus, w.slash(w.gus, "/entity create", nil), map[string]any{"name": "Sam"}), "**Sam** is ready")
}
