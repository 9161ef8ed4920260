package commands_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay/sandbox"
)

const operatorsOnly = "Only the people who run this bot can do this."

// dm gives a command in the direct messages with the bot.
func (w *world) dm(user sandbox.ID, line string, options map[string]any) sandbox.Reply {
	w.t.Helper()
	return w.final(w.discord.Slash(user, 0, 0, line, options))
}

func (w *world) runner() entities.Actor { return entities.Member(snowflake.ID(w.olga), 0, 0) }

func TestOperatorIsForThoseWhoRunTheBot(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	w.moderator()
	w.make("Ada")
	id := string(w.list()[0].ID)
	// Sam is a moderator, Mona an admin, Gus the server's owner, Eve the owner of another server.
	for _, user := range []sandbox.ID{w.sam, w.mona, w.gus, w.eve} {
		for _, line := range []string{"servers", "orphans", "stop", "start"} {
			whispers(t, w.slash(user, "/operator "+line, nil), operatorsOnly)
			whispers(t, w.dm(user, "/operator "+line, nil), operatorsOnly)
		}
		for _, line := range []string{"/operator stop", "/operator start"} {
			whispers(t, w.slash(user, line, map[string]any{"entity": id}), operatorsOnly)
			found, err := w.discord.Autocomplete(w.ctx(), user, w.guild, w.general, line, map[string]any{"entity": ""}, "entity")
			noError(t, err)
			if len(found) != 0 {
				t.Errorf("offered are %v", found)
			}
		}
		own := w.slash(user, "/entities", nil).Message.ID
		for _, f := range []sandbox.Forgery{
			{CustomID: "/operator/servers/0"},
			{CustomID: "/operator/orphans/0"},
			{CustomID: "/operator/admit/" + w.other.String()},
			{CustomID: "/operator/dismiss/" + w.guild.String()},
			{CustomID: "/operator/server/0", ComponentType: sandbox.StringSelect, Values: []any{w.guild.String()}},
			{CustomID: "/operator/orphan/0", ComponentType: sandbox.StringSelect, Values: []any{id}},
		} {
			f.Type, f.Message = sandbox.ComponentInteraction, own
			whispers(t, w.forge(user, f), operatorsOnly)
		}
	}
	if stopped := must(w.registry.Stopped(t.Context(), w.runner()))(t); stopped.Everywhere || w.list()[0].Stopped || !w.serves(w.guild) {
		t.Error("somebody else than the operator changed something")
	}
}

// serves says whether a server is.
func (w *world) serves(guild sandbox.ID) bool {
	w.t.Helper()
	for _, s := range must(w.registry.Servers(w.t.Context(), w.runner()))(w.t) {
		if s.Guild.ID == snowflake.ID(guild) {
			return s.Served
		}
	}
	return false
}

func TestServersAreAdmittedAndDismissed(t *testing.T) {
	w := newWorld(t, entities.AdmitAsk)
	whispers(t, w.slash(w.mona, "/entities", nil), "This server is not served.")
	for name, shown := range map[string]sandbox.Reply{"Home": w.slash(w.olga, "/operator servers", nil), "Elsewhere": w.dm(w.olga, "/operator servers", nil)} {
		whispers(t, shown, "**"+name+"** · waits for you · 0 entities")
		if len(shown.Buttons) != 0 {
			t.Errorf("before one is chosen there are %v", shown.Buttons)
		}
		chosen := w.choose(w.olga, shown, "Choose a server to admit or dismiss it", name)
		admitted := w.click(w.olga, chosen, "Admit")
		has(t, admitted, "**"+name+"** is served from now on.", "**"+name+"** · served")
		if !admitted.Buttons[0].Disabled || admitted.Buttons[1].Disabled {
			t.Errorf("the buttons are %+v", admitted.Buttons)
		}
	}
	w.make("Ada")
	shown := w.slash(w.olga, "/operator servers", nil)
	has(t, shown, "**Home** · served · 1 entity")
	dismissed := w.click(w.olga, w.choose(w.olga, shown, "Choose a server to admit or dismiss it", "Home"), "Dismiss")
	has(t, dismissed, "**Home** is not served any more", "**Home** · dismissed · 1 entity")
	whispers(t, w.slash(w.mona, "/entities", nil), "This server is not served.")
	if w.serves(w.guild) || !w.serves(w.other) {
		t.Error("the wrong server is served")
	}
	// The one who runs the bot is heard there all the same.
	has(t, w.click(w.olga, dismissed, "Admit"), "**Home** is served from now on.")
	has(t, w.slash(w.mona, "/entities", nil), "**Ada**")
}

// TestServersThatAreNotOnTheList has components that name what the list does not.
func TestServersThatAreNotOnTheList(t *testing.T) {
	w := newWorld(t, entities.AdmitAsk)
	own := w.slash(w.olga, "/operator servers", nil).Message.ID
	for _, f := range []sandbox.Forgery{
		{CustomID: "/operator/admit/1"},
		{CustomID: "/operator/dismiss/1"},
		{CustomID: "/operator/server/0", ComponentType: sandbox.StringSelect, Values: []any{"1"}},
	} {
		f.Type, f.Message = sandbox.ComponentInteraction, own
		whispers(t, w.forge(w.olga, f), "This server is not on the list any more.")
	}
	for _, f := range []sandbox.Forgery{
		{CustomID: "/operator/admit/x"},
		{CustomID: "/operator/dismiss/99999999999999999999999"},
		{CustomID: "/operator/servers/x"},
		{CustomID: "/operator/orphans/x"},
		{CustomID: "/operator/server/0", ComponentType: sandbox.StringSelect, Values: []any{}},
	} {
		f.Type, f.Message = sandbox.ComponentInteraction, own
		whispers(t, w.forge(w.olga, f), "in a form that this bot does not understand")
	}
	// What only an operator may see is never put into a message that everybody sees.
	said := must(w.discord.Say(w.sam, w.general, "hello"))(t)
	for _, f := range []sandbox.Forgery{
		{CustomID: "/operator/admit/" + w.guild.String()},
		{CustomID: "/operator/servers/0"},
		{CustomID: "/operator/orphans/0"},
		{CustomID: "/operator/orphan/0", ComponentType: sandbox.StringSelect, Values: []any{"x"}},
	} {
		f.Type, f.Message = sandbox.ComponentInteraction, said.ID
		whispers(t, w.forge(w.olga, f), "in a form that this bot does not understand")
	}
	if servers := must(w.registry.Servers(t.Context(), w.runner()))(t); len(servers) != 2 || servers[0].Served || servers[1].Served {
		t.Errorf("there is %+v", servers)
	}
}

// orphan makes an entity of sam's, who then leaves, and gives the key that sam has.
func (w *world) orphan(name string) (id entities.ID, key string) {
	w.t.Helper()
	actor := entities.Member(snowflake.ID(w.gus), snowflake.ID(w.guild), 1<<5)
	made, err := w.registry.Create(w.t.Context(), actor, entities.NewEntity{
		Name: name, Owner: entities.Person{ID: snowflake.ID(w.sam)}, Here: entities.ChosenChannel{ID: snowflake.ID(w.general), Permissions: 1 << 10},
	})
	noError(w.t, err)
	id = made.Entity.ID
	made, err = w.registry.FirstKey(w.t.Context(), entities.Member(snowflake.ID(w.sam), snowflake.ID(w.guild), 0), id)
	noError(w.t, err)
	w.tell(w.sam, false)
	return id, made.Key
}

func TestAnOrphanIsGivenToSomebody(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	whispers(t, w.slash(w.olga, "/operator orphans", nil), "Every entity has an owner on one of its servers.")
	id, secret := w.orphan("Ada")
	w.make("Bob")
	w.tell(w.mona, true)
	shown := w.slash(w.olga, "/operator orphans", nil)
	whispers(t, shown, "**Ada** · was <@"+w.sam.String()+">'s")
	if strings.Contains(shown.Text(), "Bob") {
		t.Errorf("Bob is no orphan:\n%s", shown.Text())
	}
	choice := shown.Selects[0].Options[0].Label
	has(t, w.click(w.olga, w.choose(w.olga, shown, "Choose one to give it to somebody", choice), "Back"), "**Ada**")

	whom := w.choose(w.olga, w.slash(w.olga, "/operator orphans", nil), "Choose one to give it to somebody", choice)
	whispers(t, whom, "Who is to have **Ada**?")
	asked := w.choose(w.olga, whom, "Choose the new owner", w.mona)
	has(t, asked, "Give **Ada** to <@"+w.mona.String()+">?", "its key, and everything that is connected with it, end")
	if !w.opens(secret) {
		t.Error("the key ended before a yes")
	}
	has(t, w.click(w.olga, asked, "Give it to them"), "**Ada** belongs to <@"+w.mona.String()+"> now")
	if w.opens(secret) {
		t.Error("the old key works")
	}
	at := slices.IndexFunc(w.list(), func(e entities.Entity) bool { return e.ID == id })
	if e := w.list()[at]; e.OwnerID != snowflake.ID(w.mona) {
		t.Errorf("the owner is %d", e.OwnerID)
	}
	w.click(w.mona, w.slash(w.mona, "/entity key", map[string]any{"entity": string(id)}), "Replace the key")
}

func TestAnOrphanStaysWhoseItIs(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	id, secret := w.orphan("Ada")
	offer := func() sandbox.Reply {
		t.Helper()
		shown := w.slash(w.olga, "/operator orphans", nil)
		return w.choose(w.olga, shown, "Choose one to give it to somebody", shown.Selects[0].Options[0].Label)
	}
	has(t, w.click(w.olga, w.choose(w.olga, offer(), "Choose the new owner", w.mona), "Leave it"), "Nothing was changed.")
	whispers(t, w.choose(w.olga, offer(), "Choose the new owner", w.rob), "A bot cannot own an entity.")
	whispers(t, w.choose(w.olga, offer(), "Choose the new owner", w.discord.BotID()), "A bot cannot own an entity.")

	asked, whom, listed := w.choose(w.olga, offer(), "Choose the new owner", w.mona), offer(), w.slash(w.olga, "/operator orphans", nil)
	// Nobody else answers the question, and nobody is believed about who was chosen.
	f := sandbox.Forgery{Type: sandbox.ComponentInteraction, CustomID: asked.Buttons[0].CustomID, Message: w.slash(w.mona, "/entities", nil).Message.ID}
	whispers(t, w.forge(w.mona, f), "used up")
	f = sandbox.Forgery{
		Type: sandbox.ComponentInteraction, CustomID: "/operator/give/" + string(id), ComponentType: sandbox.StringSelect, Values: []any{w.mona.String()},
		Message: whom.Message.ID,
	}
	whispers(t, w.forge(w.olga, f), "in a form that this bot does not understand")
	w.tell(w.sam, true) // is back meanwhile
	whispers(t, w.click(w.olga, asked, "Give it to them"), "Ada has an owner who is on its server.")
	whispers(t, w.choose(w.olga, whom, "Choose the new owner", w.mona), "not among the orphans any more")
	whispers(t, w.choose(w.olga, listed, "Choose one to give it to somebody", listed.Selects[0].Options[0].Label), "not among the orphans any more")
	if !w.opens(secret) {
		t.Error("the key ended")
	}
}

func TestTheOperatorsKillSwitchForOne(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	secret := key(t, w.make("Ada"))
	w.tell(w.mona, true)
	found, err := w.discord.Autocomplete(w.ctx(), w.olga, 0, 0, "/operator stop", map[string]any{"entity": "ad"}, "entity")
	noError(t, err)
	if len(found) != 1 || !strings.HasPrefix(found[0].Name, "Ada · id ") {
		t.Fatalf("offered are %v", found)
	}
	whispers(t, w.dm(w.olga, "/operator stop", map[string]any{"entity": found[0].Text()}), "**Ada** is stopped")
	if w.may(secret) {
		t.Error("ada hears")
	}
	whispers(t, w.dm(w.olga, "/operator start", map[string]any{"entity": "ada"}), "**Ada** is not stopped any more.")
	if !w.may(secret) {
		t.Error("ada does not go on")
	}
	whispers(t, w.dm(w.olga, "/operator stop", map[string]any{"entity": "Nobody"}), `No entity is called "Nobody".`)
	_, err = w.registry.Create(t.Context(), entities.Member(snowflake.ID(w.eve), snowflake.ID(w.other), 1<<5), entities.NewEntity{
		Name: "ADA", Here: entities.ChosenChannel{ID: snowflake.ID(w.lobby), Permissions: 1 << 10},
	})
	noError(t, err)
	whispers(t, w.dm(w.olga, "/operator stop", map[string]any{"entity": "Ada"}), `2 entities are called "Ada". Choose one from the list`)
	if !w.may(secret) {
		t.Error("ada was stopped")
	}
}

func TestTheOperatorsKillSwitchForEverything(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	secret := key(t, w.make("Ada"))
	w.tell(w.mona, true)
	has(t, w.click(w.olga, w.slash(w.olga, "/operator stop", nil), "Leave them be"), "Nothing was changed.")
	asked := w.slash(w.olga, "/operator stop", nil)
	whispers(t, asked, "Stop everything? From that moment no entity hears or speaks on any server. It is about 1 entity.")
	f := sandbox.Forgery{Type: sandbox.ComponentInteraction, CustomID: asked.Buttons[0].CustomID, Message: w.slash(w.mona, "/entities", nil).Message.ID}
	whispers(t, w.forge(w.mona, f), "used up")
	if !w.may(secret) {
		t.Error("ada was stopped without a yes")
	}
	has(t, w.click(w.olga, asked, "Stop everything"), "Everything is stopped")
	if w.may(secret) {
		t.Error("ada hears")
	}
	whispers(t, w.slash(w.olga, "/operator stop", nil), "Everything is stopped already.")
	has(t, w.slash(w.mona, "/status", nil), "no entity hears or speaks on any server")
	has(t, w.slash(w.mona, "/settings start", nil), "Whoever runs this bot has stopped all entities")
	has(t, w.slash(w.olga, "/operator start", map[string]any{"entity": "Ada"}), "Everything is stopped, though")
	if w.may(secret) {
		t.Error("ada hears")
	}
	has(t, w.slash(w.olga, "/operator start", nil), "The stop of everything is over.")
	if !w.may(secret) {
		t.Error("ada does not go on")
	}
}

// TestWhoRunsTheBotNoMore has an operator's question answered after they ceased to be one.
func TestWhoRunsTheBotNoMore(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	asked := w.slash(w.olga, "/operator stop", nil)
	noError(t, w.registry.SetOperators(t.Context(), entities.System("test"), []snowflake.ID{snowflake.ID(w.gus)}))
	whispers(t, w.click(w.olga, asked, "Stop everything"), operatorsOnly)
}
