package commands_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"troupe/entities"
	"troupe/relay/sandbox"
)

// forSam has mona make an entity for sam, and gives the public message about it.
func (w *world) forSam(name string) sandbox.Message {
	w.t.Helper()
	it, err := w.discord.SubmitModal(w.mona, w.slash(w.mona, "/entity create", map[string]any{"owner": w.sam}), map[string]any{"name": name})
	reply := w.final(it, err)
	whispers(w.t, reply, "belongs to <@"+w.sam.String()+">")
	announced, err := it.WaitFollowup(w.ctx(), 1)
	noError(w.t, err)
	if announced.Ephemeral || strings.Contains(announced.Text(), "troupe_") {
		w.t.Errorf("the announcement is %+v", announced)
	}
	return announced.Message
}

// message finds a message of #general.
func (w *world) message(id sandbox.ID) sandbox.Message {
	w.t.Helper()
	messages := w.discord.Messages(w.general)
	at := slices.IndexFunc(messages, func(m sandbox.Message) bool { return m.ID == id })
	if at < 0 {
		w.t.Fatalf("there is no message %s", id)
	}
	return messages[at]
}

// whispered is the nth message that only the one who acted sees, after the first answer.
func (w *world) whispered(it *sandbox.Interaction, err error) sandbox.Reply {
	w.t.Helper()
	noError(w.t, err)
	reply, err := it.WaitFollowup(w.ctx(), 1)
	if err != nil {
		w.t.Fatalf("%v; log:\n%s", err, w.log)
	}
	if !reply.Ephemeral {
		w.t.Errorf("everybody sees: %s", reply.Text())
	}
	return reply
}

func TestAnOwnerGetsTheKeyOfWhatWasMadeForThem(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	announcement := w.forSam("Ada")
	if ids := announcement.Mentions; len(ids) != 1 || ids[0].ID != w.sam {
		t.Errorf("pinged are %+v", ids)
	}
	for _, user := range []sandbox.ID{w.mona, w.gus, w.eve, w.olga} {
		refused := w.whispered(w.discord.Click(user, announcement.ID, "Get key"))
		whispers(t, refused, "Only Ada's owner can do this")
	}
	reply := w.whispered(w.discord.Click(w.sam, announcement.ID, "Get key"))
	has(t, reply, "Here is the key of **Ada**", publicURL+"/mcp/")
	if secret := key(t, reply); !w.opens(secret) {
		t.Errorf("the key %q does not open", secret)
	}
	w.until("the button goes", func() bool { return len(w.message(announcement.ID).Components) <= len("[]") })
	has(t, w.click(w.sam, reply, "I saved it"), "The key is gone")
}

func TestGetKeyPressedTwiceMakesOneKey(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	announcement := w.forSam("Ada")
	first, err := w.discord.Click(w.sam, announcement.ID, "Get key")
	noError(t, err)
	second, err := w.discord.Click(w.sam, announcement.ID, "Get key")
	noError(t, err)
	texts := []sandbox.Reply{w.whispered(first, nil), w.whispered(second, nil)}
	slices.SortFunc(texts, func(a, b sandbox.Reply) int { return strings.Compare(a.Text(), b.Text()) })
	has(t, texts[1], "Replace the key of **Ada**?")
	if secret := key(t, texts[0]); !w.opens(secret) {
		t.Errorf("the key %q does not open", secret)
	}
}

func TestWhoCannotOwn(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	stranger := w.discord.AddUser(sandbox.User{Username: "stranger"})
	whispers(t, w.slash(w.mona, "/entity create", map[string]any{"owner": w.rob}), "A bot cannot own an entity")
	if it, err := w.discord.Slash(w.mona, w.guild, w.general, "/entity create", map[string]any{"owner": stranger}); err == nil {
		whispers(t, w.final(it, nil), "must be a member of this server")
	}
	own := w.slash(w.mona, "/entity create", map[string]any{"owner": w.mona})
	has(t, w.submit(w.mona, own, map[string]any{"name": "Ada"}), "**Ada** is ready. It may", "troupe_")
}

func TestAnAnnouncementThatCannotBePosted(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	modal := w.slash(w.mona, "/entity create", map[string]any{"owner": w.sam})
	followups := "/webhooks/" + w.discord.BotID().String() + "/"
	w.discord.Fault(func(r *http.Request) bool {
		return r.Method == http.MethodPost && strings.Contains(r.URL.Path, followups)
	}, 1, sandbox.Fault{})
	it, err := w.discord.SubmitModal(w.mona, modal, map[string]any{"name": "Ada"})
	noError(t, err)
	w.until("mona is told", func() bool { return strings.Contains(it.Reply().Text(), "could not post") })
	whispers(t, it.Reply(), "`/entity key` gets them the key")
	question := w.slash(w.sam, "/entity key", map[string]any{"entity": "Ada"})
	has(t, w.click(w.sam, question, "Replace the key"), "Here is the key of **Ada**")
}

func TestAKeyThatCannotBeShown(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	modal := w.slash(w.mona, "/entity create", nil)
	w.discord.Fault(sandbox.On("PATCH", "/@original"), 1, sandbox.Fault{})
	whispers(t, w.submit(w.mona, modal, map[string]any{"name": "Ada"}), "**Ada** has a new key, but it could not be shown (ref ")
	question := w.slash(w.mona, "/entity key", map[string]any{"entity": "Ada"})
	has(t, w.click(w.mona, question, "Replace the key"), "Here is the key of **Ada**")
}

func TestReplacingAKey(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	old := key(t, w.make("Ada"))
	question := w.slash(w.mona, "/entity key", map[string]any{"entity": "ada"})
	whispers(t, question, "Replace the key of **Ada**?")
	if !w.opens(old) {
		t.Error("asking ended the old key")
	}
	has(t, w.click(w.mona, question, "Keep it"), "Nothing was changed")
	whispers(t, w.forge(w.mona, sandbox.Forgery{Type: sandbox.ComponentInteraction, CustomID: question.Buttons[0].CustomID, Message: question.Message.ID}), "used up")

	question = w.slash(w.mona, "/entity key", map[string]any{"entity": string(w.list()[0].ID)})
	first, err := w.discord.Click(w.mona, question, "Replace the key")
	noError(t, err)
	second, err := w.discord.Click(w.mona, question, "Replace the key") // a double click
	noError(t, err)
	var shown, refused int
	var fresh string
	for _, it := range []*sandbox.Interaction{first, second} {
		reply := w.final(it, nil)
		if strings.Contains(reply.Text(), "used up") {
			refused++
			continue
		}
		shown++
		w.until("the key is shown", func() bool { return strings.Contains(it.Reply().Text(), "troupe_") })
		fresh = key(t, it.Reply())
	}
	if shown != 1 || refused != 1 || w.opens(old) || !w.opens(fresh) {
		t.Errorf("%d shown, %d refused; the old key opens: %v, the new one: %v", shown, refused, w.opens(old), w.opens(fresh))
	}
}

func TestWhoMayNotReplaceAKey(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	old := key(t, w.make("Ada"))
	id := w.list()[0].ID
	for _, user := range []sandbox.ID{w.sam, w.gus, w.eve, w.olga} {
		whispers(t, w.slash(user, "/entity key", map[string]any{"entity": "Ada"}), "Only Ada's owner can do this")
	}
	// Eve is an admin elsewhere; from there Ada does not even exist.
	whispers(t, w.final(w.discord.Slash(w.eve, w.other, w.lobby, "/entity key", map[string]any{"entity": string(id)})), "No entity here is called")

	whispers(t, w.slash(w.sam, "/entity key", map[string]any{"entity": "**free** <@1>"}), `called "\*\*free\*\* \<@1\>".`)
	question := w.slash(w.mona, "/entity key", map[string]any{"entity": "Ada"})
	whispers(t, w.forge(w.eve, sandbox.Forgery{Type: sandbox.ComponentInteraction, CustomID: question.Buttons[0].CustomID, Message: question.Message.ID}), "used up")
	note, err := w.discord.Say(w.eve, w.general, "hello")
	noError(t, err)
	for _, path := range []string{"/key/get/" + string(id), "/key/get/" + string(id) + "/x", "/key/get/", "/key/get/..", "/key/replace/x", "/key/nothing", "/"} {
		it, err := w.discord.Forge(w.eve, w.guild, w.general, sandbox.Forgery{Type: sandbox.ComponentInteraction, CustomID: path, Message: note.ID})
		noError(t, err)
		reply, err := it.Wait(w.ctx())
		noError(t, err)
		if reply.Type == sandbox.DeferredUpdate {
			reply = w.whispered(it, nil)
		}
		if !reply.Ephemeral || strings.Contains(reply.Text(), "troupe_") {
			t.Errorf("%s: %s", path, reply.Text())
		}
	}
	if !w.opens(old) {
		t.Error("the key was replaced")
	}
}

func TestEntitiesAreOffered(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	for _, name := range []string{"Ada", "Bob", "Adamant"} {
		w.make(name)
	}
	for typed, want := range map[string][]string{"": {"Ada", "Adamant", "Bob"}, "ADA": {"Ada", "Adamant"}, " mant ": {"Adamant"}, "zzz": nil} {
		choices := must(w.discord.Autocomplete(w.ctx(), w.sam, w.guild, w.general, "/entity key", map[string]any{"entity": typed}, "entity"))(t)
		var names []string
		for _, c := range choices {
			names = append(names, c.Name)
			if e, err := w.registry.Find(t.Context(), entities.Member(1, w.list()[0].OwnerID, 0), c.Text()); err == nil {
				t.Errorf("%s is found on a server where it is not: %+v", c.Name, e)
			}
		}
		if slices.Sort(names); !slices.Equal(names, want) {
			t.Errorf("typed %q: %v, want %v", typed, names, want)
		}
	}
	if choices := must(w.discord.Autocomplete(w.ctx(), w.eve, w.other, w.lobby, "/entity key", map[string]any{"entity": "a"}, "entity"))(t); len(choices) != 0 {
		t.Errorf("another server is offered %v", choices)
	}
}
