package sandbox_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"troupe/relay/sandbox"
)

func TestWebhookBodies(t *testing.T) {
	s := raise(t)
	hook := s.webhook(s.General)
	many := func(n int, one string) string { return strings.TrimSuffix(strings.Repeat(one+",", n), ",") }
	wide := `{"description":"` + strings.Repeat("d", 3000) + `"}`
	for _, c := range []struct {
		name, body string
		status     int
	}{
		{"2,000 code points beyond the basic plane", `{"content":"` + strings.Repeat("😀", 2000) + `"}`, 204},
		{"2,001 code points", `{"content":"` + strings.Repeat("😀", 2001) + `"}`, 400},
		{"10 embeds", `{"embeds":[` + many(10, `{"title":"t"}`) + `]}`, 204},
		{"11 embeds", `{"embeds":[` + many(11, `{"title":"t"}`) + `]}`, 400},
		{"6,000 in all embeds", `{"embeds":[` + many(2, wide) + `]}`, 204},
		{"6,001 in all embeds", `{"embeds":[` + many(2, wide) + `,{"title":"t"}]}`, 400},
		{"title of 257", `{"embeds":[{"title":"` + strings.Repeat("t", 257) + `"}]}`, 400},
		{"empty embed", `{"content":"a","embeds":[{}]}`, 400},
		{"26 fields", `{"embeds":[{"fields":[` + many(26, `{"name":"n","value":"v"}`) + `]}]}`, 400},
		{"empty field", `{"embeds":[{"fields":[{"name":"","value":"v"}]}]}`, 400},
		{"silent without previews", `{"content":"a","flags":4100}`, 204},
		{"flag urgent", `{"content":"a","flags":16}`, 400},
		{"name of one character", `{"content":"a","username":"A"}`, 204},
		{"name of 80", `{"content":"a","username":"` + strings.Repeat("é", 80) + `"}`, 204},
		{"signs in a name", `{"content":"a","username":"a@b#c:d"}`, 204},
		{"here in a name", `{"content":"a","username":"groundsphere"}`, 204},
		{"here", `{"content":"a","username":" Here "}`, 400},
		{"everyone", `{"content":"a","username":"everyone"}`, 400},
		{"clyde inside", `{"content":"a","username":"blahclydeblah"}`, 400},
		{"blank name", `{"content":"a","username":"  "}`, 400},
		{"users twice", `{"content":"a","allowed_mentions":{"users":["100000000000000001","100000000000000001"]}}`, 400},
		{"parse users and some users", `{"content":"a","allowed_mentions":{"parse":["users"],"users":["100000000000000001"]}}`, 400},
		{"parse users and no users", `{"content":"a","allowed_mentions":{"parse":["users"],"users":[]}}`, 204},
		{"parse roles and some roles", `{"content":"a","allowed_mentions":{"parse":["roles"],"roles":["100000000000000001"]}}`, 400},
		{"parse everyone and some users", `{"content":"a","allowed_mentions":{"parse":["everyone"],"users":["100000000000000001"]}}`, 204},
		{"parse nonsense", `{"content":"a","allowed_mentions":{"parse":["here"]}}`, 400},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := s.must(c.status, "POST", "%s", c.body, hook)
			if c.status == 400 && got.code() != 50035 {
				t.Errorf("code %d: %s", got.code(), got.raw)
			}
		})
	}
}

func TestWebhookBodiesHaveNoNonceAndNoReply(t *testing.T) {
	s := raise(t)
	hook := s.webhook(s.General)
	asked := s.say(s.Mia, s.General, "a question")
	w, _, _ := s.connect(ordinary)
	body := fmt.Sprintf(`{"content":"a","nonce":"n1","enforce_nonce":true,"message_reference":{"message_id":"%s"}}`, asked.ID)
	for range 2 {
		m := s.must(200, "POST", "%s?wait=true", body, hook).object()
		event := w.next("MESSAGE_CREATE")
		if m["nonce"] != nil || event["nonce"] != nil || event["message_reference"] != nil || event["type"] != 0.0 {
			t.Errorf("answer %v event %v", m, event)
		}
	}
}

func TestPings(t *testing.T) {
	s := raise(t)
	hook := s.webhook(s.GreenRoom)
	text := fmt.Sprintf("@here <@%s> <@%s> <@&%s>", s.Sam, s.Mia, s.ModeratorRole)
	last := func() sandbox.Ping {
		t.Helper()
		pings := s.Pings()
		if len(pings) == 0 {
			t.Fatal("nobody was pinged")
		}
		return pings[len(pings)-1]
	}
	m := s.must(200, "POST", "%s?wait=true", `{"content":"`+text+`","username":"Ada","allowed_mentions":{"parse":[]}}`, hook).object()
	if got := s.Pings(); len(got) != 0 {
		t.Errorf("pinged although nobody was let through: %+v", got)
	}
	s.must(204, "POST", "%s", `{"content":"`+text+`","username":"Ada","flags":4096}`, hook)
	got := last()
	if !slices.Equal(got.Users, []sandbox.ID{s.Sam}) { // Mia does not see the room
		t.Errorf("users %v", got.Users)
	}
	if !slices.Equal(got.Roles, []sandbox.ID{s.ModeratorRole}) || !got.Everyone || !got.Silent || !got.Default || got.Edited || got.Author != "Ada" || got.Channel != s.GreenRoom {
		t.Errorf("%+v", got)
	}
	s.must(200, "PATCH", "%s/messages/%s", `{"content":"`+text+`!","allowed_mentions":{"parse":["users"]}}`, hook, m.text("id"))
	if got := last(); got.Default || !got.Edited || got.Silent || got.Everyone || len(got.Roles) != 0 || len(got.Users) != 1 {
		t.Errorf("%+v", got)
	}
	edited := s.must(200, "PATCH", "%s/messages/%s", `{"content":"`+text+`?"}`, hook, m.text("id")).object()
	if got := last(); !got.Default || !got.Everyone || len(got.Roles) != 1 || edited["mention_everyone"] != true {
		t.Errorf("an edit without allowed_mentions: %+v", got)
	}
}

func TestWebhooksInOtherHands(t *testing.T) {
	s := raise(t)
	w, _, _ := s.connect(ordinary)
	theirs, err := s.AddWebhook(sandbox.Webhook{ChannelID: s.General, Name: "news", CreatorID: s.Olivia, ApplicationID: 99})
	s.ok(err)
	w.next("WEBHOOKS_UPDATE")
	listed := s.must(200, "GET", "/channels/%s/webhooks", "", s.General).list()
	if len(listed) != 1 || listed[0].text("token") != "" || listed[0].text("application_id") != "99" {
		t.Errorf("another application's webhook: %v", listed)
	}
	hook := s.webhook(s.General)
	m := s.must(200, "POST", "%s?wait=true", `{"content":"here"}`, hook).object()
	s.refused(404, 10008, "GET", "/webhooks/%s/%s/messages/%s", "", theirs.ID, theirs.Token, m.text("id"))
	mine := toID(m.text("webhook_id"))
	w.next("MESSAGE_CREATE")
	s.ok(s.MoveWebhook(mine, s.Ideas))
	if a, b := toID(w.next("WEBHOOKS_UPDATE").text("channel_id")), toID(w.next("WEBHOOKS_UPDATE").text("channel_id")); a != s.General || b != s.Ideas {
		t.Errorf("WEBHOOKS_UPDATE of %s and %s", a, b)
	}
	moved := s.must(200, "POST", "%s?wait=true", `{"content":"there"}`, hook).object()
	if toID(moved.text("channel_id")) != s.Ideas {
		t.Errorf("after the move: %v", moved)
	}
	s.refused(404, 10008, "PATCH", "%s/messages/%s", `{"content":"a"}`, hook, m.text("id"))
	s.refused(404, 10003, "POST", "%s?thread_id=%s", `{"content":"a"}`, hook, s.Scene)
	if list := s.Webhooks(s.Ideas); len(list) != 1 || list[0].ID != mine || list[0].Token == "" {
		t.Errorf("webhooks: %+v", list)
	}
	s.ok(s.DeleteWebhook(mine))
	s.refused(404, 10015, "POST", "%s", `{"content":"a"}`, hook)
	s.refused(404, 10015, "PATCH", "%s/messages/%s", `{"content":"a"}`, hook, moved.text("id"))
	if s.MoveWebhook(mine, s.Lab) == nil || s.DeleteWebhook(mine) == nil || s.MoveWebhook(theirs.ID, s.Scene) == nil {
		t.Error("a webhook that is gone was moved or deleted, or one moved into a thread")
	}
}

func TestWebhooksOfGuild(t *testing.T) {
	s := raise(t)
	for made := 0; made < 1000; {
		id, err := s.AddChannel(sandbox.Channel{GuildID: s.Guild, Name: "room", Type: sandbox.TextChannel})
		s.ok(err)
		for ; made < 1000; made++ {
			if _, err := s.AddWebhook(sandbox.Webhook{ChannelID: id, Name: "w", CreatorID: s.Olivia}); err != nil {
				break
			}
		}
	}
	s.refused(400, 30058, "POST", "/channels/%s/webhooks", `{"name":"a"}`, s.General)
}

func TestWithheldAvatars(t *testing.T) {
	s := raise(t, checked)
	hook := s.webhook(s.General)
	faces := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(pixel)) }))
	defer faces.Close()
	w, _, _ := s.connect(ordinary)
	s.WithholdAvatars(true)
	m := s.must(200, "POST", "%s?wait=true", `{"content":"a","avatar_url":"`+faces.URL+`/a.png"}`, hook).object()
	if face := w.next("MESSAGE_CREATE").object("author"); face["avatar"] != nil || m.object("author")["avatar"] != nil {
		t.Errorf("answer %v echo %v", m.object("author"), face)
	}
	gone := s.must(200, "POST", "%s?wait=true", `{"content":"b","avatar_url":"`+faces.URL+`/a.png"}`, hook).object()
	s.must(204, "DELETE", "%s/messages/%s", "", hook, gone.text("id"))
	s.WithholdAvatars(false)
	if n := s.DeliverAvatars(); n != 1 {
		t.Errorf("%d pictures delivered, want 1", n)
	}
	update := w.next("MESSAGE_UPDATE")
	shown := s.must(200, "GET", "%s/messages/%s", "", hook, m.text("id")).object()
	if update.object("author").text("avatar") == "" || shown.object("author").text("avatar") == "" || update["edited_timestamp"] != nil {
		t.Errorf("update %v, then %v", update, shown)
	}
	if s.DeliverAvatars() != 0 {
		t.Error("delivered twice")
	}
	s.faithful()
}

func TestThreadsAndWebhooks(t *testing.T) {
	s := raise(t, checked)
	s.ok(s.JoinThread(s.BotID(), s.Scene))
	hook, forum := s.webhook(s.General), s.webhook(s.Stories)
	w, _, _ := s.connect(ordinary)
	s.ok(s.ChangeChannel(s.Scene, func(c *sandbox.Channel) { c.Archived, c.Slowmode = true, 3600 }))
	w.next("THREAD_UPDATE")
	for range 2 { // slowmode is for people
		s.must(204, "POST", "%s?thread_id=%s", `{"content":"awake"}`, hook, s.Scene)
	}
	if kinds := w.until("MESSAGE_CREATE"); !slices.Equal(kinds, []string{"THREAD_UPDATE", "THREAD_MEMBER_UPDATE", "MESSAGE_CREATE"}) {
		t.Errorf("events: %v", kinds)
	}
	s.ok(s.ChangeChannel(s.Scene, func(c *sandbox.Channel) { c.Archived, c.Locked = true, true }))
	s.refused(400, 160005, "POST", "%s?thread_id=%s", `{"content":"a"}`, hook, s.Scene)
	post := s.must(200, "POST", "%s?wait=true", `{"content":"once","thread_name":"A tale"}`, forum).object()
	kinds := w.until("THREAD_CREATE")
	if kinds = append(kinds, w.until("MESSAGE_CREATE")...); !slices.Equal(kinds[len(kinds)-2:], []string{"THREAD_CREATE", "MESSAGE_CREATE"}) {
		t.Errorf("events: %v", kinds)
	}
	at := post.text("channel_id")
	more := s.must(200, "POST", "%s?wait=true&thread_id=%s", `{"content":"more"}`, forum, at).object()
	s.refused(404, 10008, "DELETE", "%s/messages/%s", "", forum, post.text("id"))
	s.must(204, "DELETE", "%s/messages/%s?thread_id=%s", "", forum, post.text("id"), at)
	if got := toID(w.next("MESSAGE_DELETE").text("channel_id")); got != toID(at) {
		t.Errorf("MESSAGE_DELETE in %s", got)
	}
	thread := s.must(200, "GET", "/channels/%s", "", at).object()
	if thread["message_count"] != 1.0 {
		t.Errorf("the post without its first line: %v", thread)
	}
	s.must(200, "GET", "%s/messages/%s?thread_id=%s", "", forum, more.text("id"), at)
	s.faithful()
}
