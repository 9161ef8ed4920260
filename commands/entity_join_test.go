package commands_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/disgoorg/disgo/discord"
	"github.com/disgoorg/snowflake/v2"

	"troupe/commands"
	"troupe/entities"
	"troupe/relay/sandbox"
)

// abroad makes an entity of sam's on the other server.
func (w *world) abroad(name string) entities.Entity {
	w.t.Helper()
	there := entities.Member(snowflake.ID(w.sam), snowflake.ID(w.other), discord.PermissionManageGuild)
	lobby := entities.ChosenChannel{ID: snowflake.ID(w.lobby), Permissions: discord.PermissionViewChannel}
	return must(w.registry.Create(w.t.Context(), there, entities.NewEntity{Name: name, Here: lobby}))(w.t).Entity
}

// ask has sam bring Ada here, and gives the public request.
func (w *world) ask() sandbox.Message {
	w.t.Helper()
	it, err := w.discord.Slash(w.sam, w.guild, w.general, "/entity join", named("Ada"))
	noError(w.t, err)
	posted := w.posted(it)
	whispers(w.t, it.Reply(), "**Ada** waits until somebody with Manage Server lets it in.")
	if len(posted.Mentions) != 0 {
		w.t.Errorf("pinged are %+v", posted.Mentions)
	}
	return posted
}

// said waits until a text stands in a message of #general, and gives that message.
func (w *world) said(text string) sandbox.Message {
	w.t.Helper()
	var found sandbox.Message
	w.until(text, func() bool {
		for _, m := range w.discord.Messages(w.general) {
			if strings.Contains(m.Content, text) {
				found = m
				return true
			}
		}
		return false
	})
	return found
}

func TestAnOwnerAsksToJoinAndAnAdminApproves(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	w.abroad("Ada")
	choices := must(w.discord.Autocomplete(w.ctx(), w.sam, w.guild, w.general, "/entity join", named("a"), "entity"))(t)
	if len(choices) != 1 || choices[0].Name != "Ada (not on this server)" {
		t.Errorf("offered are %+v", choices)
	}
	asked := w.ask()
	if want := "**Ada** (owner <@" + w.sam.String() + ">) asks to join this server"; !strings.Contains(asked.Content, want) {
		t.Errorf("the request says %q", asked.Content)
	}
	if choices = must(w.discord.Autocomplete(w.ctx(), w.sam, w.guild, w.general, "/entity join", named(""), "entity"))(t); len(choices) != 0 {
		t.Errorf("offered are %+v", choices)
	}
	whispers(t, w.slash(w.sam, "/entity join", named("Ada")), "Ada waits for an admin of this server already.")
	has(t, w.slash(w.sam, "/entities", nil), "**Ada** · waits for approval")
	for _, user := range []sandbox.ID{w.sam, w.eve, w.olga} {
		for _, button := range []string{"Approve", "Decline"} {
			whispers(t, w.whispered(w.discord.Click(user, asked.ID, button)), "Only people with Manage Server decide which entities come to this server.")
		}
	}
	if r := w.resident("Ada"); r.Presence.State != entities.PresenceRequested || w.bare(asked.ID) {
		t.Fatalf("ada is %+v", r)
	}

	w.final(w.discord.Click(w.mona, asked.ID, "Approve"))
	if m := w.message(asked.ID); !w.bare(asked.ID) || m.Content != "**Ada** (owner <@"+w.sam.String()+">) is on this server now: <@"+w.mona.String()+"> approved it." {
		t.Errorf("the request now says %q", m.Content)
	}
	told := w.said("approved **Ada**")
	if ids := told.Mentions; len(ids) != 1 || ids[0].ID != w.sam {
		t.Errorf("pinged are %+v", ids)
	}
	if r := w.resident("Ada"); !r.Speaks {
		t.Errorf("ada is %+v", r)
	}
	whispers(t, w.slash(w.sam, "/entity join", named("Ada")), "Ada is on this server already.")
}

func TestARequestIsDeclined(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	w.abroad("Ada")
	asked := w.ask()
	w.final(w.discord.Click(w.gus, asked.ID, "Decline"))
	if m := w.message(asked.ID); !w.bare(asked.ID) || m.Content != "**Ada** (owner <@"+w.sam.String()+">) is not let in: <@"+w.gus.String()+"> declined." {
		t.Errorf("the request now says %q", m.Content)
	}
	w.said("**Ada** does not join this server.")
	if len(w.list()) != 0 {
		t.Errorf("there is %+v", w.list())
	}
	// What is left of the request is worth nothing.
	id := strings.TrimPrefix(w.requestButton(asked), "/join/approve/")
	whispers(t, w.whispered(w.discord.Forge(w.mona, w.guild, w.general, sandbox.Forgery{
		Type: sandbox.ComponentInteraction, CustomID: "/join/approve/" + id, Message: asked.ID,
	})), "There is no such entity here.")
}

// requestButton is the custom id of a request's first button.
func (w *world) requestButton(m sandbox.Message) string {
	w.t.Helper()
	_, id, ok := strings.Cut(string(m.Components), `"/join/approve/`)
	if !ok {
		w.t.Fatalf("no button in %s", m.Components)
	}
	id, _, _ = strings.Cut(id, `"`)
	return "/join/approve/" + id
}

func TestTwoAdminsDecideAtOnce(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	w.abroad("Ada")
	asked := w.ask()
	first, err := w.discord.Click(w.mona, asked.ID, "Approve")
	noError(t, err)
	second, err := w.discord.Click(w.gus, asked.ID, "Approve")
	noError(t, err)
	var refused, told int
	for _, it := range []*sandbox.Interaction{first, second} {
		reply, err := it.WaitFollowup(w.ctx(), 1)
		noError(t, err)
		switch {
		case reply.Ephemeral && strings.Contains(reply.Text(), "This was answered already: Ada is on this server."):
			refused++
		case !reply.Ephemeral && strings.Contains(reply.Text(), "approved **Ada**"):
			told++
		}
	}
	if refused != 1 || told != 1 {
		t.Errorf("refused %d, told %d", refused, told)
	}
}

func TestAnAdminOfAnotherServerDecidesNothingHere(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	ada := w.abroad("Ada")
	asked := w.ask()
	// Eve owns the other server: there, Ada waits for nobody.
	for _, verb := range []string{"approve", "decline"} {
		it, err := w.discord.Forge(w.eve, w.other, w.lobby, sandbox.Forgery{
			Type: sandbox.ComponentInteraction, CustomID: "/join/" + verb + "/" + string(ada.ID), Message: asked.ID,
		})
		whispers(t, w.whispered(it, err), "This was answered already")
	}
	if r := w.resident("Ada"); r.Presence.State != entities.PresenceRequested || w.bare(asked.ID) {
		t.Errorf("ada is %+v", r)
	}
}

func TestAnAdminBringsTheirOwn(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	w.abroad("Ada")
	w.grant(w.sam, sandbox.ManageGuild)
	whispers(t, w.slash(w.sam, "/entity join", named("Ada")), "**Ada** is on this server now. It may read and write in <#"+w.general.String()+">.")
	if r := w.resident("Ada"); !r.Speaks {
		t.Errorf("ada is %+v", r)
	}
}

func TestJoiningUnasked(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	w.set(func(s *entities.Settings) { s.Creators, s.Stopped = entities.EveryoneCreate, true })
	w.abroad("Ada")
	whispers(t, w.slash(w.sam, "/entity join", named("Ada")), "**Ada** is on this server now.")
	w.abroad("Bob")
	whispers(t, w.slash(w.sam, "/entity join", named("Bob")), "You have 1 of 1 entities on this server")
	has(t, w.slash(w.sam, "/entities", nil), "**Ada** · silent while the kill switch is on")
}

func TestWhoMayNotBringAnEntity(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	ada := w.abroad("Ada")
	for _, user := range []sandbox.ID{w.mona, w.eve, w.olga} {
		whispers(t, w.slash(user, "/entity join", named("Ada")), "No entity here is called")
		whispers(t, w.slash(user, "/entity join", named(string(ada.ID))), "No entity here is called")
	}
	w.make("Bob")
	whispers(t, w.slash(w.sam, "/entity join", named("Bob")), "Only Bob's owner can bring Bob to another server.")
	whispers(t, w.slash(w.mona, "/entity join", named("Bob")), "Bob is on this server already.")
	w.make("Ada")
	whispers(t, w.slash(w.sam, "/entity join", named(string(ada.ID))), "There is an entity called")
}

func TestARequestDoesNotEnd(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	w.abroad("Ada")
	asked := w.ask()
	w.ahead.Store(int64(commands.PendingTime)) // nothing is kept of it for longer
	w.final(w.discord.Click(w.mona, asked.ID, "Approve"))
	w.said("approved **Ada**")
	if r := w.resident("Ada"); !r.Speaks {
		t.Errorf("ada is %+v", r)
	}
}

func TestAnAdminFindsWhoWaits(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	ada := w.abroad("Ada")
	asked := w.ask()
	if shown := w.slash(w.sam, "/entities", nil); len(shown.Selects) != 0 {
		t.Errorf("sam is offered %+v", shown.Selects)
	}
	shown := w.slash(w.mona, "/entities", nil)
	request := w.choose(w.mona, shown, "Choose who waits, to approve or decline", "Ada")
	whispers(t, request, "asks to join this server: an AI identity that would read and write in <#"+w.general.String()+">")
	forged := sandbox.Forgery{Type: sandbox.ComponentInteraction, ComponentType: 3, CustomID: "/join/choose", Values: []any{string(ada.ID)}, Message: shown.Message.ID}
	whispers(t, w.forge(w.eve, forged), "Only Ada's owner and this server's admins and moderators can see this.")

	approved := w.click(w.mona, request, "Approve")
	whispers(t, approved, "<@"+w.mona.String()+"> approved it.")
	if len(approved.Buttons) != 0 {
		t.Errorf("there still is %+v", approved.Buttons)
	}
	w.said("approved **Ada**")
	whispers(t, w.forge(w.mona, forged), "This was answered already: Ada is on this server.")
	whispers(t, w.whispered(w.discord.Click(w.gus, asked.ID, "Decline")), "This was answered already: Ada is on this server.")
}

func TestARequestThatCannotBePosted(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	w.abroad("Ada")
	followups := "/webhooks/" + w.discord.BotID().String() + "/"
	w.discord.Fault(func(r *http.Request) bool {
		return r.Method == http.MethodPost && strings.Contains(r.URL.Path, followups)
	}, 1, sandbox.Fault{})
	whispers(t, w.whispered(w.discord.Slash(w.sam, w.guild, w.general, "/entity join", named("Ada"))), "I could not ask in this channel (ref ")
	if r := w.resident("Ada"); r.Presence.State != entities.PresenceRequested {
		t.Errorf("ada is %+v", r)
	}
}

func TestWhatAMemberCreatesWaitsForApproval(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	w.set(func(s *entities.Settings) { s.Creators, s.Approval = entities.EveryoneCreate, true })
	it, err := w.discord.SubmitModal(w.sam, w.slash(w.sam, "/entity create", nil), map[string]any{"name": "Ada", "persona": "my secret plans"})
	noError(t, err)
	asked := w.posted(it)
	has(t, it.Reply(), "**Ada** is made. It neither hears nor speaks here until somebody with Manage Server lets it in.")
	if !it.Reply().Ephemeral || !w.opens(key(t, it.Reply())) {
		t.Errorf("sam is shown %s", it.Reply().Text())
	}
	if strings.Contains(asked.Content, "secret") || strings.Contains(asked.Content, "troupe_") || len(asked.Mentions) != 0 {
		t.Errorf("the request says %q", asked.Content)
	}
	w.final(w.discord.Click(w.mona, asked.ID, "Approve"))
	w.said("approved **Ada**")
	if r := w.resident("Ada"); !r.Speaks {
		t.Errorf("ada is %+v", r)
	}
}
