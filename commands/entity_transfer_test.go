package commands_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/disgoorg/snowflake/v2"

	"troupe/entities"
	"troupe/relay/sandbox"
)

// propose has mona offer her Ada to sam, and gives the public message about it.
func (w *world) propose() sandbox.Message {
	w.t.Helper()
	asked := w.slash(w.mona, "/entity transfer", map[string]any{"entity": "Ada", "to": w.sam})
	whispers(w.t, asked, "Offer **Ada** to <@"+w.sam.String()+">?")
	has(w.t, asked, "its key ends then", "7 days")
	it, err := w.discord.Click(w.mona, asked, "Offer it")
	noError(w.t, err)
	offer := w.posted(it)
	w.until("mona is told", func() bool {
		return strings.Contains(it.Reply().Text(), "I told <@"+w.sam.String()+"> in this channel.")
	})
	if reply := it.Reply(); !reply.Ephemeral || len(reply.Buttons) != 0 {
		w.t.Errorf("the answer is %+v", reply)
	}
	return offer
}

// posted is the public message that came with an answer.
func (w *world) posted(it *sandbox.Interaction) sandbox.Message {
	w.t.Helper()
	posted, err := it.WaitFollowup(w.ctx(), 1)
	noError(w.t, err)
	if posted.Ephemeral {
		w.t.Errorf("not everybody sees: %s", posted.Text())
	}
	return posted.Message
}

// bare says whether a message of #general has no buttons any more.
func (w *world) bare(id sandbox.ID) bool {
	w.t.Helper()
	return len(w.message(id).Components) <= len("[]")
}

func (w *world) ownerOf(name string) sandbox.ID {
	w.t.Helper()
	return sandbox.ID(w.resident(name).Entity.OwnerID)
}

func TestAnEntityChangesHands(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	old := key(t, w.make("Ada"))
	offer := w.propose()
	if ids := offer.Mentions; len(ids) != 1 || ids[0].ID != w.sam {
		t.Errorf("pinged are %+v", ids)
	}
	if !strings.Contains(offer.Content, "<@"+w.mona.String()+"> offers you **Ada**") || !w.opens(old) {
		t.Errorf("the offer says %q", offer.Content)
	}
	for _, user := range []sandbox.ID{w.mona, w.gus, w.eve, w.olga} {
		whispers(t, w.whispered(w.discord.Click(user, offer.ID, "Accept")), "Ada is not offered to you.")
	}
	for _, user := range []sandbox.ID{w.gus, w.eve, w.olga} {
		whispers(t, w.whispered(w.discord.Click(user, offer.ID, "Decline")), "Only the two people whom this offer is about can end it.")
	}
	if w.ownerOf("Ada") != w.mona || !w.opens(old) || w.bare(offer.ID) {
		t.Fatal("the offer did something by itself")
	}

	taken := w.whispered(w.discord.Click(w.sam, offer.ID, "Accept"))
	whispers(t, taken, "**Ada** is yours. Its old key has ended")
	if w.ownerOf("Ada") != w.sam || w.opens(old) {
		t.Error("ada is not sam's, or the old key opens")
	}
	if m := w.message(offer.ID); !w.bare(offer.ID) || m.Content != "<@"+w.sam.String()+"> accepted: **Ada** belongs to them now." {
		t.Errorf("the offer now says %q, with %s", m.Content, m.Components)
	}
	shown := w.click(w.sam, taken, "Get key")
	has(t, shown, "Here is the key of **Ada**")
	if !shown.Ephemeral || !w.opens(key(t, shown)) {
		t.Errorf("the key does not open, or everybody sees it: %s", shown.Text())
	}
	has(t, w.click(w.sam, shown, "I saved it"), "The key is gone")
	whispers(t, w.slash(w.mona, "/entity key", named("Ada")), "Only Ada's owner can do this")
}

func TestAnOfferIsKeptBack(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	w.make("Ada")
	asked := w.slash(w.mona, "/entity transfer", map[string]any{"entity": "Ada", "to": w.sam})
	whispers(t, w.click(w.mona, asked, "Keep it"), "Nothing was changed. **Ada** stays yours.")
	id := string(w.resident("Ada").Entity.ID)
	whispers(t, w.pressed(w.sam, "/transfer/accept/"+id, asked.Message.ID), "Ada is not offered to you.")
	if w.ownerOf("Ada") != w.mona {
		t.Error("ada is not mona's")
	}
}

func TestAnOfferIsDeclined(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	secret := key(t, w.make("Ada"))
	offer := w.propose()
	w.final(w.discord.Click(w.sam, offer.ID, "Decline"))
	if m := w.message(offer.ID); !w.bare(offer.ID) || m.Content != "<@"+w.sam.String()+"> declined. **Ada** stays with <@"+w.mona.String()+">." {
		t.Errorf("the offer now says %q", m.Content)
	}
	whispers(t, w.whispered(w.discord.Forge(w.sam, w.guild, w.general, sandbox.Forgery{
		Type: sandbox.ComponentInteraction, CustomID: "/transfer/accept/" + string(w.resident("Ada").Entity.ID), Message: offer.ID,
	})), "Ada is not offered to you.")

	offer = w.propose()
	w.final(w.discord.Click(w.mona, offer.ID, "Decline"))
	if m := w.message(offer.ID); !w.bare(offer.ID) || m.Content != "<@"+w.mona.String()+"> took the offer of **Ada** back." {
		t.Errorf("the offer now says %q", m.Content)
	}
	if w.ownerOf("Ada") != w.mona || !w.opens(secret) {
		t.Error("ada is not mona's, or her key ended")
	}
}

func TestAcceptPressedTwice(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	w.make("Ada")
	offer := w.propose()
	first, err := w.discord.Click(w.sam, offer.ID, "Accept")
	noError(t, err)
	second, err := w.discord.Click(w.sam, offer.ID, "Accept")
	noError(t, err)
	texts := w.whispered(first, nil).Text() + w.whispered(second, nil).Text()
	if strings.Count(texts, "**Ada** is yours.") != 1 || strings.Count(texts, "Ada is not offered to you.") != 1 {
		t.Errorf("sam reads %s", texts)
	}
}

func TestAcceptTouchesNoOtherMessage(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	announcement := w.forSam("Bob")
	w.make("Ada")
	w.propose()
	taken := w.whispered(w.discord.Forge(w.sam, w.guild, w.general, sandbox.Forgery{
		Type: sandbox.ComponentInteraction, CustomID: "/transfer/accept/" + string(w.resident("Ada").Entity.ID), Message: announcement.ID,
	}))
	whispers(t, taken, "**Ada** is yours.")
	if m := w.message(announcement.ID); m.Content != announcement.Content {
		t.Errorf("the announcement now says %q", m.Content)
	}
}

func TestWhoCannotBeGivenAnEntity(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	w.make("Ada")
	offer := func(user, to sandbox.ID) sandbox.Reply {
		return w.slash(user, "/entity transfer", map[string]any{"entity": "Ada", "to": to})
	}
	whispers(t, offer(w.mona, w.rob), "A bot cannot own an entity.")
	whispers(t, offer(w.mona, w.mona), "somebody else than yourself")
	stranger := w.discord.AddUser(sandbox.User{Username: "stranger"})
	if it, err := w.discord.Slash(w.mona, w.guild, w.general, "/entity transfer", map[string]any{"entity": "Ada", "to": stranger}); err == nil {
		whispers(t, w.final(it, nil), "must be a member of this server")
	}
	for _, user := range []sandbox.ID{w.gus, w.sam, w.eve, w.olga} {
		refused := offer(user, w.sam)
		if user == w.sam {
			refused = offer(user, w.eve)
		}
		whispers(t, refused, "Only Ada's owner can give Ada to somebody else.")
	}
	whispers(t, w.final(w.discord.Slash(w.gus, w.guild, w.staff, "/entity transfer", map[string]any{"entity": "Ada", "to": w.sam})), "Only Ada's owner")
	w.handOver("Ada", w.mona, w.gus)
	whispers(t, w.final(w.discord.Slash(w.gus, w.guild, w.staff, "/entity transfer", map[string]any{"entity": "Ada", "to": w.eve})), "They cannot see this channel")
}

func TestAnOfferIsGoodWhileItsOwnerOwns(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	w.make("Ada")
	asked := w.slash(w.mona, "/entity transfer", map[string]any{"entity": "Ada", "to": w.sam})
	w.handOver("Ada", w.mona, w.gus)
	whispers(t, w.click(w.mona, asked, "Offer it"), "Only Ada's owner can give Ada to somebody else.")
	_, err := w.registry.Take(t.Context(), entities.Member(snowflake.ID(w.sam), snowflake.ID(w.guild), 0), w.resident("Ada").Entity.ID)
	if !entities.IsRefusal(err, entities.NotAllowed) {
		t.Errorf("sam took ada: %v", err)
	}
}

func TestAnOfferThatCannotBePosted(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	w.make("Ada")
	asked := w.slash(w.mona, "/entity transfer", map[string]any{"entity": "Ada", "to": w.sam})
	followups := "/webhooks/" + w.discord.BotID().String() + "/"
	w.discord.Fault(func(r *http.Request) bool {
		return r.Method == http.MethodPost && strings.Contains(r.URL.Path, followups)
	}, 1, sandbox.Fault{})
	whispers(t, w.click(w.mona, asked, "Offer it"), "so nothing was offered. **Ada** stays yours")
	_, err := w.registry.Take(t.Context(), entities.Member(snowflake.ID(w.sam), snowflake.ID(w.guild), 0), w.resident("Ada").Entity.ID)
	if !entities.IsRefusal(err, entities.NotAllowed) {
		t.Errorf("sam took ada: %v", err)
	}
}

func TestAnOfferEndsByItself(t *testing.T) {
	w := newWorld(t, entities.AdmitAll)
	w.make("Ada")
	offer := w.propose()
	w.ahead.Store(int64(entities.OfferLife))
	whispers(t, w.whispered(w.discord.Click(w.sam, offer.ID, "Accept")), "Ada is not offered to you.")
	whispers(t, w.whispered(w.discord.Click(w.mona, offer.ID, "Decline")), "Ada is not offered to anybody any more.")
	if w.ownerOf("Ada") != w.mona {
		t.Error("ada changed hands")
	}
}
