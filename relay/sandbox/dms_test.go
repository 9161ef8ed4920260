package sandbox_test

import (
	"fmt"
	"strings"
	"testing"

	"troupe/relay/sandbox"
)

// Nobody moderates in direct messages: each deletes what they wrote themselves.
func TestDirectMessagesHaveNoModerators(t *testing.T) {
	s := raise(t)
	dm := s.DM(s.Mia)
	bots := s.must(200, "POST", "/channels/%s/messages", `{"content":"by the bot"}`, dm).object()
	mias := s.say(s.Mia, dm, "by mia")
	if err := s.DeleteMessages(s.Mia, dm, bots.id()); err == nil || !strings.Contains(err.Error(), "DM channel") {
		t.Errorf("mia deletes what the bot wrote: %v", err)
	}
	if err := s.EditMessage(s.Mia, dm, bots.id(), "forged"); err == nil {
		t.Error("mia edits what the bot wrote")
	}
	s.refused(403, 50003, "DELETE", "/channels/%s/messages/%s", "", dm, mias.ID)
	s.refused(400, 50003, "POST", "/channels/%s/messages/bulk-delete", fmt.Sprintf(`{"messages":["%s","%s"]}`, mias.ID, bots.id()), dm)
	s.ok(s.DeleteMessages(s.Mia, dm, mias.ID))
	s.must(204, "DELETE", "/channels/%s/messages/%s", "", dm, bots.id())
	if left := s.Messages(dm); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

// A nonce that is enforced makes one message, in direct messages as elsewhere, and every answer
// has it.
func TestNonceInDirectMessages(t *testing.T) {
	s := raise(t)
	dm, other := s.DM(s.Mia), s.DM(s.Noah)
	body := `{"content":"once","nonce":"n-1","enforce_nonce":true}`
	first := s.must(200, "POST", "/channels/%s/messages", body, dm).object()
	again := s.must(200, "POST", "/channels/%s/messages", `{"content":"another","nonce":"n-1","enforce_nonce":true}`, dm).object()
	if first.id() != again.id() || again.text("content") != "once" || first.text("nonce") != "n-1" || again.text("nonce") != "n-1" {
		t.Errorf("first %v, again %v", first, again)
	}
	loose := s.must(200, "POST", "/channels/%s/messages", `{"content":"another","nonce":"n-1"}`, dm).object()
	if loose.id() == first.id() {
		t.Error("a nonce was enforced that nobody asked to enforce")
	}
	s.must(200, "POST", "/channels/%s/messages", body, other)
	if here, there := len(s.Messages(dm)), len(s.Messages(other)); here != 2 || there != 1 {
		t.Errorf("%d and %d messages stand", here, there)
	}
	if read := s.must(200, "GET", "/channels/%s/messages/%s", "", dm, first.id()).object(); read["nonce"] != nil {
		t.Errorf("read later it has a nonce: %v", read)
	}
}

// Buttons and menus stand in direct messages, and only the person there sees them.
func TestComponentsInDirectMessages(t *testing.T) {
	s := raise(t)
	w, _, _ := s.connect(ordinary)
	dm := s.DM(s.Mia)
	m := s.must(200, "POST", "/channels/%s/messages", `{"content":"b","components":[{"type":1,"components":[{"type":2,"style":4,"label":"Block","custom_id":"/block"}]},`+
		`{"type":1,"components":[{"type":3,"custom_id":"/who","options":[{"label":"Ada","value":"1"}]}]}]}`, dm).object()
	if _, err := s.Click(s.Mia, m.id(), "Block"); err != nil {
		t.Fatal(err)
	}
	pressed := w.next("INTERACTION_CREATE")
	if _, guild := pressed["guild_id"]; guild || pressed.object("user").id() != s.Mia || pressed["member"] != nil || pressed["context"] != 1.0 {
		t.Errorf("the press: %v", pressed)
	}
	if _, err := s.Select(s.Mia, m.id(), "/who", "1"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Click(s.Noah, m.id(), "Block"); err == nil {
		t.Error("noah presses in a channel that he cannot see")
	}
	s.must(200, "PATCH", "/channels/%s/messages/%s", `{"content":"done","components":[]}`, dm, m.id())
	if _, err := s.Click(s.Mia, m.id(), "Block"); err == nil {
		t.Error("a button is pressed that is gone")
	}
}

// Without the intent the bot hears nothing of direct messages, and all else.
func TestDirectMessagesNeedTheirIntent(t *testing.T) {
	s := raise(t)
	w, _, _ := s.connect(ordinary &^ sandbox.IntentDirectMessages)
	m := s.say(s.Mia, s.DM(s.Mia), "unheard")
	s.ok(s.EditMessage(s.Mia, s.DM(s.Mia), m.ID, "unheard too"))
	s.ok(s.DeleteMessages(s.Mia, s.DM(s.Mia), m.ID))
	s.say(s.Mia, s.General, "heard")
	if got := w.next("MESSAGE_CREATE"); got.text("content") != "heard" {
		t.Errorf("heard %v", got)
	}
}

// Bots and strangers to Discord have no direct messages with the bot.
func TestWhoHasDirectMessages(t *testing.T) {
	s := raise(t)
	other := s.AddUser(sandbox.User{Username: "another bot", Bot: true})
	s.refused(400, 50007, "POST", "/users/@me/channels", fmt.Sprintf(`{"recipient_id":"%s"}`, other))
	s.refused(400, 50033, "POST", "/users/@me/channels", fmt.Sprintf(`{"recipient_id":"%s"}`, s.BotID()))
	for _, user := range []sandbox.ID{0, 1, other, s.BotID()} {
		if dm := s.DM(user); dm != 0 {
			t.Errorf("%s has direct messages: %s", user, dm)
		}
	}
}
