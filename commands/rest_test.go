package commands_test

import (
	"fmt"
	"testing"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay/sandbox"
)

func TestPagesOfEntities(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	whispers(t, w.slash(w.sam, "/entities", nil), "There are no AI identities on this server yet")
	actor := entities.Member(snowflake.ID(w.gus), snowflake.ID(w.guild), 1<<5)
	for i := range 12 {
		_, err := w.registry.Create(t.Context(), actor, entities.NewEntity{
			Name: fmt.Sprintf("Ada %02d", i), Here: entities.ChosenChannel{ID: snowflake.ID(w.general), Permissions: 1 << 10},
		})
		noError(t, err)
	}
	first := w.slash(w.sam, "/entities", nil)
	whispers(t, first, "12 in all · page 1 of 2")
	if len(first.Message.Mentions) != 0 {
		t.Errorf("pinged are %+v", first.Message.Mentions)
	}
	second := w.click(w.sam, first, "Next")
	has(t, second, "page 2 of 2", "Ada 11")
	has(t, w.click(w.sam, second, "Previous"), "page 1 of 2", "Ada 00")
	for _, page := range []string{"99999999999999999999", "-5", "x", "1000"} {
		it, err := w.discord.Forge(w.sam, w.guild, w.general, sandbox.Forgery{Type: sandbox.ComponentInteraction, CustomID: "/entities/page/" + page, Message: first.Message.ID})
		if reply := w.final(it, err); !reply.Ephemeral || reply.Text() == "" {
			t.Errorf("page %s: %s", page, reply.Text())
		}
	}
}

func TestStatusIsForAdmins(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	if _, err := w.discord.Slash(w.sam, w.guild, w.general, "/status", nil); err == nil {
		t.Error("Discord offers /status to members")
	}
	whispers(t, w.slash(w.mona, "/status", nil), "3 programs are connected")
	has(t, w.slash(w.mona, "/status", nil), "Connected as **troupe**", "It answers.", "2 servers", "Nothing is held back.")
}

func TestADormantServer(t *testing.T) {
	w := newWorld(t, entities.AdmitAsk)
	for _, line := range []string{"/entity create", "/entities", "/status"} {
		whispers(t, w.slash(w.mona, line, nil), "This server is not served.")
	}
	// The one who runs the bot admits it by acting there with Manage Server.
	w.discord.SetOwner(w.mona)
	noError(t, w.registry.SetOperators(t.Context(), entities.System("test"), []snowflake.ID{snowflake.ID(w.mona)}))
	w.make("Ada")
	whispers(t, w.slash(w.sam, "/entities", nil), "**Ada** · active")
}

func TestDirectMessages(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	if _, err := w.discord.Slash(w.mona, 0, 0, "/entities", nil); err == nil {
		t.Error("Discord offers the commands in direct messages")
	}
	modal := w.slash(w.mona, "/entity create", nil)
	forged := w.final(w.discord.Forge(w.mona, 0, 0, sandbox.Forgery{
		Type: sandbox.ModalInteraction, CustomID: modal.Modal.CustomID, Fields: map[string]string{"name": "Ada"},
	}))
	whispers(t, forged, "used up")
}
