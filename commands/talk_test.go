package commands_test

import (
	"strings"
	"testing"
	"time"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay"
	"troupe/relay/sandbox"
)

// speaker makes an entity of mona's and gives its actor.
func (w *world) speaker(name string) entities.Actor {
	w.t.Helper()
	reply := w.submit(w.mona, w.slash(w.mona, "/entity create", nil), map[string]any{"name": name})
	return must(w.registry.Authenticate(w.t.Context(), key(w.t, reply), ""))(w.t)
}

func (w *world) writes(actor entities.Actor, to sandbox.ID, content string) error {
	w.t.Helper()
	_, err := w.config.Relay.SendDM(w.t.Context(), actor, relay.DMLine{User: snowflake.ID(to), Content: content})
	return err
}

// letter is the newest message of the bot's in somebody's direct messages that says something.
func (w *world) letter(user sandbox.ID, part string) sandbox.Message {
	w.t.Helper()
	var found sandbox.Message
	w.until("the bot writes "+part, func() bool {
		for _, m := range w.discord.Messages(w.discord.DM(user)) {
			if m.Author.ID == w.discord.BotID() && strings.Contains(m.Content, part) {
				found = m
			}
		}
		return found.ID != 0
	})
	return found
}

// got counts the direct messages that an entity was given.
func (w *world) got(actor entities.Actor) (n int) {
	w.t.Helper()
	found := must(w.config.Relay.Inbox(w.t.Context(), actor, relay.InboxRequest{Scope: entities.ScopeDM, Limit: 50}))(w.t)
	return len(found.Items)
}

func (w *world) forgeInDM(user sandbox.ID, f sandbox.Forgery) sandbox.Reply {
	w.t.Helper()
	return w.final(w.discord.Forge(user, 0, w.discord.DM(user), f))
}

const asks = "Whom is this for?"

func TestTalk(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	ada, bob := w.speaker("Ada"), w.speaker("Bob")
	whispers(t, w.slash(w.sam, "/talk", map[string]any{"entity": "ada"}), "goes to **Ada** now")
	whispers(t, w.slash(w.sam, "/talk", map[string]any{"entity": string(bob.EntityID())}), "goes to **Bob** now")
	whispers(t, w.slash(w.sam, "/talk", map[string]any{"entity": "Nobody"}), `no entity called "Nobody"`)
	// In direct messages those are offered whom one knows.
	whispers(t, w.dm(w.sam, "/talk", map[string]any{"entity": "@Ada"}), "goes to **Ada** now")
	must(w.discord.Say(w.sam, w.discord.DM(w.sam), "hello"))(t)
	w.until("Ada has it", func() bool { return w.got(ada) == 1 })
	if n := w.got(bob); n != 0 {
		t.Errorf("Bob has %d", n)
	}
	far := w.discord.AddUser(sandbox.User{Username: "far"})
	noError(t, w.discord.AddMember(w.other, far))
	whispers(t, w.final(w.discord.Slash(far, w.other, w.lobby, "/talk", map[string]any{"entity": "Ada"})), `no entity called "Ada"`)
	whispers(t, w.final(w.discord.Slash(far, w.other, w.lobby, "/talk", map[string]any{"entity": string(ada.EntityID())})), "no entity called")
	must(w.registry.Pause(t.Context(), entities.Member(snowflake.ID(w.mona), snowflake.ID(w.guild), 0), ada.EntityID()))(t)
	whispers(t, w.slash(w.sam, "/talk", map[string]any{"entity": string(ada.EntityID())}), "takes no direct messages now")
}

func TestTalkOffers(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	w.speaker("Ada")
	w.speaker("Bob")
	offered := func(guild, channel sandbox.ID, typed string) string {
		t.Helper()
		choices := must(w.discord.Autocomplete(w.ctx(), w.sam, guild, channel, "/talk", map[string]any{"entity": typed}, "entity"))(t)
		var names []string
		for _, c := range choices {
			names = append(names, c.Name)
		}
		return strings.Join(names, ",")
	}
	if got := offered(w.guild, w.general, ""); !strings.Contains(got, "Ada") || !strings.Contains(got, "Bob") {
		t.Errorf("on the server are offered: %s", got)
	}
	if got := offered(w.guild, w.general, "bo"); strings.Contains(got, "Ada") || !strings.Contains(got, "Bob") {
		t.Errorf("for bo are offered: %s", got)
	}
	if got := offered(0, w.discord.DM(w.sam), "ada"); !strings.Contains(got, "Ada") {
		t.Errorf("in direct messages are offered: %s", got)
	}
}

// The menu is the person's own: whoever else says to have pressed it chooses for themselves.
func TestChoosingWhom(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	ada, bob := w.speaker("Ada"), w.speaker("Bob")
	must(w.discord.Say(w.sam, w.discord.DM(w.sam), "for whom?"))(t)
	menu := w.letter(w.sam, asks)
	pick := func(id entities.ID) sandbox.Forgery {
		return sandbox.Forgery{Type: sandbox.ComponentInteraction, ComponentType: sandbox.StringSelect, CustomID: relay.RoutingMenu, Values: []any{string(id)}, Message: menu.ID}
	}
	whispers(t, w.forge(w.eve, pick(ada.EntityID())), "in a form that this bot does not understand") // on a server
	must(w.discord.Say(w.eve, w.discord.DM(w.eve), "eve's own"))(t)
	eves := pick("nobody")
	eves.Message = w.letter(w.eve, asks).ID
	if reply := w.forgeInDM(w.eve, eves); strings.Contains(reply.Text(), "goes to") {
		t.Errorf("eve is told: %s", reply.Text())
	}
	eves.Values = []any{string(bob.EntityID())}
	has(t, w.forgeInDM(w.eve, eves), "goes to **Bob** now", "It got 1 message that waited")
	if a, b := w.got(ada), w.got(bob); a != 0 || b != 1 {
		t.Fatalf("Ada has %d, Bob %d", a, b)
	}
	two := pick(ada.EntityID())
	two.Values = []any{string(ada.EntityID()), string(bob.EntityID())}
	whispers(t, w.forgeInDM(w.sam, two), "in a form that this bot does not understand")
	answer := w.final(w.discord.Select(w.sam, &menu, "Choose who gets it", string(ada.EntityID())))
	has(t, answer, "goes to **Ada** now", "It got 1 message that waited")
	if a, b := w.got(ada), w.got(bob); a != 1 || b != 1 {
		t.Errorf("Ada has %d, Bob %d", a, b)
	}
	if after := w.stands(w.sam, menu.ID); len(after.Components) > 2 || strings.Contains(after.Content, asks) {
		t.Errorf("the menu still asks: %s %s", after.Content, after.Components)
	}
}

func (w *world) stands(user, id sandbox.ID) sandbox.Message {
	w.t.Helper()
	for _, m := range w.discord.Messages(w.discord.DM(user)) {
		if m.ID == id {
			return m
		}
	}
	w.t.Fatalf("message %s is gone", id)
	return sandbox.Message{}
}

// A menu says what was chosen elsewhere, and one of a day ago still answers.
func TestOldMenus(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	ada, bob := w.speaker("Ada"), w.speaker("Bob")
	must(w.discord.Say(w.sam, w.discord.DM(w.sam), "for whom?"))(t)
	menu := w.letter(w.sam, asks)
	whispers(t, w.slash(w.sam, "/talk", map[string]any{"entity": "Ada"}), "It got 1 message that waited")
	w.until("the menu says so", func() bool { return w.stands(w.sam, menu.ID).Content == "It went to **Ada**." })
	if after := w.stands(w.sam, menu.ID); strings.Contains(string(after.Components), relay.RoutingMenu) {
		t.Errorf("it can still be chosen: %s", after.Components)
	}
	must(w.discord.Say(w.eve, w.discord.DM(w.eve), "for whom?"))(t)
	menu = w.letter(w.eve, asks)
	w.ahead.Store(int64(entities.WaitingLife + time.Hour))
	answer := w.final(w.discord.Select(w.eve, &menu, "Choose who gets it", string(bob.EntityID())))
	has(t, answer, "goes to **Bob** now", "Nothing of what you wrote before waits any more")
	if a, b := w.got(ada), w.got(bob); a != 1 || b != 0 {
		t.Errorf("Ada has %d, Bob %d", a, b)
	}
}

// Block is about whoever presses it, whatever the custom id says and wherever the button stands.
func TestBlockButton(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	ada := w.speaker("Ada")
	for _, user := range []sandbox.ID{w.sam, w.eve} {
		whispers(t, w.slash(user, "/talk", map[string]any{"entity": "Ada"}), "goes to **Ada** now")
		noError(t, w.writes(ada, user, "hello"))
	}
	first := w.letter(w.sam, "hello")
	block := sandbox.Forgery{Type: sandbox.ComponentInteraction, CustomID: relay.BlockButton + string(ada.EntityID()), Message: first.ID}
	whispers(t, w.forgeInDM(w.eve, block), "Blocked.")
	noError(t, w.writes(ada, w.sam, "still here"))
	if err := w.writes(ada, w.eve, "hello?"); !entities.IsRefusal(err, entities.NotAllowed) {
		t.Errorf("Ada writes to eve, who blocked her: %v", err)
	}
	blocked := w.final(w.discord.Click(w.sam, &first, "Block"))
	whispers(t, blocked, "gets nothing that you write")
	if err := w.writes(ada, w.sam, "hello?"); !entities.IsRefusal(err, entities.NotAllowed) {
		t.Errorf("Ada writes to sam, who blocked her: %v", err)
	}
	whispers(t, w.slash(w.sam, "/talk", map[string]any{"entity": "Ada"}), "You blocked this entity")
	must(w.discord.Say(w.sam, w.discord.DM(w.sam), "not for her"))(t)
	w.letter(w.sam, "Nobody can receive this")
	if n := w.got(ada); n != 0 {
		t.Errorf("Ada has %d", n)
	}
	unblock := block
	unblock.CustomID = "/talk/unblock/" + string(ada.EntityID())
	whispers(t, w.forgeInDM(w.eve, unblock), "Unblocked.")
	if err := w.writes(ada, w.sam, "hello?"); !entities.IsRefusal(err, entities.NotAllowed) {
		t.Errorf("eve unblocked Ada for sam: %v", err)
	}
	whispers(t, w.click(w.sam, blocked, "Unblock"), "Unblocked.")
	noError(t, w.writes(ada, w.sam, "back"))
	block.CustomID = relay.BlockButton + "nobody"
	whispers(t, w.forgeInDM(w.sam, block), "no such entity")
}

// Only admins open a server's members to entities, and only from what they were shown themselves.
func TestOpeningDMs(t *testing.T) {
	w := startWorld(t, entities.AdmitAll, true)
	opens := func() bool {
		return must(w.registry.Settings(t.Context(), entities.Member(snowflake.ID(w.gus), snowflake.ID(w.guild), 0xFFFFFFFF)))(t).OpenDM
	}
	shown := w.slash(w.mona, "/settings show", nil)
	whispers(t, w.click(w.mona, shown, "Let entities write to members"), "Entities here may write to every member")
	if !opens() {
		t.Fatal("it is not saved")
	}
	off := sandbox.Forgery{Type: sandbox.ComponentInteraction, CustomID: "/settings/dms/off", Message: w.slash(w.sam, "/privacy", nil).Message.ID}
	if reply := w.forge(w.sam, off); !reply.Ephemeral || strings.Contains(reply.Text(), "Saved.") {
		t.Errorf("sam is told: %s", reply.Text())
	}
	off.Message = must(w.discord.Say(w.mona, w.general, "look"))(t).ID
	whispers(t, w.forge(w.mona, off), "in a form that this bot does not understand")
	off.CustomID, off.Message = "/settings/dms/maybe", shown.Message.ID
	whispers(t, w.forge(w.mona, off), "in a form that this bot does not understand")
	if !opens() {
		t.Error("somebody closed it")
	}
	whispers(t, w.click(w.mona, w.slash(w.mona, "/settings show", nil), "Keep entities from writing to members first"), "only to their owners and to people who spoke to them first")
	if opens() {
		t.Error("it is still open")
	}
}
