package sandbox_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"troupe/relay/sandbox"
)

func TestMessageMenus(t *testing.T) {
	s := newStage(t)
	s.want(200, s.call("PUT", s.commandsPath(0), `[
		{"type":3,"name":"Pause here","default_member_permissions":"8192","contexts":[0]},
		{"type":3,"name":"Wer ist das? 🎭"},
		{"type":2,"name":"Pause here"}
	]`))
	said, err := s.Say(s.sam, s.channel, "a line to look at")
	s.must(err)
	elsewhere, err := s.AddChannel(sandbox.Channel{GuildID: s.guild, Name: "elsewhere", Type: sandbox.TextChannel})
	s.must(err)
	b := connect(s)
	it, err := s.ContextMenu(s.owner, s.guild, s.channel, "Pause here", said.ID)
	s.must(err)
	got := b.interaction()
	var shown sandbox.Message
	s.must(json.Unmarshal(got.Data.Resolved.Messages[said.ID.String()], &shown))
	if got.Type != 2 || got.Data.Name != "Pause here" || got.Data.TargetID != said.ID.String() || shown.Content != said.Content || got.Message != nil || len(got.Data.Resolved.Messages) != 1 {
		t.Errorf("the bot got %+v", got)
	}
	s.want(204, s.respond(it, `{"type":4,"data":{"content":"paused","flags":64}}`))
	for name, err := range map[string]error{
		"without the permission":     second(s.ContextMenu(s.sam, s.guild, s.channel, "Pause here", said.ID)),
		"a message of elsewhere":     second(s.ContextMenu(s.owner, s.guild, elsewhere, "Pause here", said.ID)),
		"no message":                 second(s.ContextMenu(s.owner, s.guild, s.channel, "Pause here", said.ID+1)),
		"no such command":            second(s.ContextMenu(s.owner, s.guild, s.channel, "pause here", said.ID)),
		"who is not there":           second(s.ContextMenu(s.stranger, s.guild, s.channel, "Wer ist das? 🎭", said.ID)),
		"a slash command's way in":   second(s.Slash(s.owner, s.guild, s.channel, "/Pause here", nil)),
		"an ephemeral, not for them": second(s.ContextMenu(s.sam, s.guild, s.channel, "Wer ist das? 🎭", it.Reply().Message.ID)),
	} {
		if err == nil {
			t.Errorf("%s: it was sent", name)
		}
	}
	thread, err := s.AddThread(sandbox.Channel{ParentID: s.channel, Name: "old", OwnerID: s.sam}, "")
	s.must(err)
	inside, err := s.Say(s.sam, thread, "in a thread")
	s.must(err)
	b.next("MESSAGE_CREATE")
	s.must(second(s.ContextMenu(s.owner, s.guild, thread, "Pause here", inside.ID)))
	if got := b.interaction(); got.Channel.ID != thread.String() || got.Channel.Type != 11 {
		t.Errorf("the bot got %+v", got)
	}
	s.must(s.ChangeChannel(thread, func(c *sandbox.Channel) { c.Archived = true }))
	if _, err := s.ContextMenu(s.owner, s.guild, thread, "Pause here", inside.ID); err == nil {
		t.Error("a command was used in an archived thread")
	}
}

func TestMenuRefusals(t *testing.T) {
	s := newStage(t)
	menus := func(kind, n int) string {
		return "[" + repeat(n, func(i int) string { return fmt.Sprintf(`{"type":%d,"name":"Menu %d"}`, kind, i) }) + "]"
	}
	for _, c := range []struct {
		name, body string
		status     int
		code       int
		says       string
	}{
		{"15 of messages", menus(3, 15), 200, 0, ""},
		{"16 of messages", menus(3, 16), 400, 30032, ""},
		{"16 of users", menus(2, 16), 400, 30032, ""},
		{"name of 32", `[{"type":3,"name":"` + strings.Repeat("ä", 32) + `"}]`, 200, 0, ""},
		{"name of 33", `[{"type":3,"name":"` + strings.Repeat("ä", 33) + `"}]`, 400, 50035, "BASE_TYPE_BAD_LENGTH"},
		{"no name", `[{"type":3}]`, 400, 50035, "BASE_TYPE_REQUIRED"},
		{"a description", `[{"type":3,"name":"A","description":"d"}]`, 400, 50035, "APPLICATION_COMMAND_CONTEXT_MENU_DESCRIPTION_INVALID"},
		{"an empty description", `[{"type":3,"name":"A","description":""}]`, 200, 0, ""},
		{"the name of another kind", `[{"type":3,"name":"a"},{"type":2,"name":"a"},{"name":"a","description":"d"}]`, 200, 0, ""},
		{"the same twice", `[{"type":3,"name":"a"},{"type":3,"name":"a"}]`, 400, 50035, "DUPLICATE_NAME"},
	} {
		got := s.call("PUT", s.commandsPath(0), c.body)
		if c.status == 200 {
			s.want(200, got)
		} else if !got.says(c.status, c.code, c.says) {
			t.Errorf("%s: %s", c.name, got)
		}
	}
}

// TestButtonsOfPlainMessages presses a button of what the bot posted by itself, as a log
// post is, and one of a webhook's message.
func TestButtonsOfPlainMessages(t *testing.T) {
	s := newStage(t).register()
	b := connect(s)
	const panel = `{"content":"resting","components":[{"type":1,"components":[{"type":2,"style":1,"label":"Continue","custom_id":"/go"}]}]}`
	s.want(200, s.call("POST", "/channels/"+s.channel.String()+"/messages", panel))
	var posted struct{ ID sandbox.ID }
	s.must(json.Unmarshal(b.next("MESSAGE_CREATE"), &posted))
	it, err := s.Click(s.sam, posted.ID, "Continue")
	s.must(err)
	got := b.interaction()
	if got.Type != 3 || got.Data.CustomID != "/go" || got.Message == nil || got.Message.ID != posted.ID.String() || got.Member.User.ID != s.sam.String() {
		t.Errorf("the bot got %+v", got)
	}
	b.reply(got, `{"type":7,"data":{"content":"going on","components":[]}}`)
	b.next("MESSAGE_UPDATE")
	if now, err := it.WaitFinal(t.Context()); err != nil || now.Content != "going on" || now.Message.ID != posted.ID {
		t.Errorf("sam sees %+v, %v", now, err)
	}
	if _, err := s.Click(s.sam, posted.ID, "Continue"); err == nil {
		t.Error("a button that is gone was pressed")
	}
	if _, err := s.Click(s.stranger, posted.ID, "Continue"); err == nil {
		t.Error("a stranger pressed it")
	}
	theirs, err := s.AddWebhook(sandbox.Webhook{ChannelID: s.channel, Name: "news", CreatorID: s.owner})
	s.must(err)
	s.want(204, s.call("POST", "/webhooks/"+theirs.ID.String()+"/"+theirs.Token, panel))
	var foreign struct {
		ID         sandbox.ID
		Components []json.RawMessage
	}
	s.must(json.Unmarshal(b.next("MESSAGE_CREATE"), &foreign))
	if len(foreign.Components) != 0 {
		t.Error("a person's webhook shows buttons")
	}
}
