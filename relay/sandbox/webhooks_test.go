package sandbox_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"troupe/relay/sandbox"
)

// pixel is a picture of one pixel.
const pixel = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"

func TestWebhookLife(t *testing.T) {
	s := raise(t, checked)
	w, _, _ := s.connect(ordinary)
	made := s.must(200, "POST", "/channels/%s/webhooks", `{"name":"  the   voices "}`, s.General).object()
	if made.text("name") != "the voices" || made.text("token") == "" || toID(made.text("application_id")) != s.BotID() || made.object("user").id() != s.BotID() {
		t.Errorf("webhook: %v", made)
	}
	if got := w.next("WEBHOOKS_UPDATE"); toID(got.text("channel_id")) != s.General {
		t.Errorf("WEBHOOKS_UPDATE: %v", got)
	}
	byToken := s.must(200, "GET", "/webhooks/%s/%s", "", made.text("id"), made.text("token")).object()
	if _, ok := byToken["user"]; ok {
		t.Error("a webhook asked with its token names its user")
	}
	s.must(200, "PATCH", "/webhooks/%s", fmt.Sprintf(`{"name":"moved","channel_id":"%s"}`, s.Ideas), made.text("id"))
	if got := s.must(200, "GET", "/channels/%s/webhooks", "", s.Ideas).list(); len(got) != 1 || got[0].text("name") != "moved" {
		t.Errorf("webhooks of #ideas: %v", got)
	}
	s.must(204, "DELETE", "/webhooks/%s/%s", "", made.text("id"), made.text("token"))
	s.refused(404, 10015, "POST", "/webhooks/%s/%s", `{"content":"a"}`, made.text("id"), made.text("token"))
	s.faithful()
}

func TestWebhookRefusals(t *testing.T) {
	s := raise(t)
	for _, body := range []string{`{}`, `{"name":""}`, `{"name":"Clyde"}`, `{"name":"my DISCORD bot"}`, `{"name":"` + strings.Repeat("n", 81) + `"}`, `{"name":"a","avatar":"data:text/plain;base64,AA=="}`} {
		s.refused(400, 50035, "POST", "/channels/%s/webhooks", body, s.General)
	}
	s.refused(400, 50024, "POST", "/channels/%s/webhooks", `{"name":"a"}`, s.Scene)
	s.refused(400, 50024, "POST", "/channels/%s/webhooks", `{"name":"a"}`, s.Lobby)
	s.refused(403, 50001, "POST", "/channels/%s/webhooks", `{"name":"a"}`, s.StaffRoom)
	for range 15 {
		s.must(200, "POST", "/channels/%s/webhooks", `{"name":"a"}`, s.Lab)
	}
	s.refused(400, 30007, "POST", "/channels/%s/webhooks", `{"name":"a"}`, s.Lab)
	s.ok(s.ChangeRole(s.Guild, s.BotRole, func(r *sandbox.Role) { r.Permissions &^= sandbox.ManageWebhooks }))
	s.refused(403, 50013, "POST", "/channels/%s/webhooks", `{"name":"a"}`, s.General)
	s.refused(403, 50013, "GET", "/channels/%s/webhooks", "", s.General)
	s.refused(403, 50013, "GET", "/guilds/%s/webhooks", "", s.Guild)
}

func TestExecute(t *testing.T) {
	s := raise(t)
	hook := s.webhook(s.General)
	w, _, _ := s.connect(ordinary)
	s.must(204, "POST", "%s", `{"content":"silent"}`, hook)
	w.next("MESSAGE_CREATE")
	m := s.must(200, "POST", "%s?wait=true", `{"content":"hello","username":"Ada"}`, hook).object()
	id, _, _ := strings.Cut(strings.TrimPrefix(hook, "/webhooks/"), "/")
	if m.text("webhook_id") != id || m.object("author").text("username") != "Ada" || m.object("author")["bot"] != true || toID(m.text("application_id")) != s.BotID() {
		t.Errorf("answer: %v", m)
	}
	event := w.next("MESSAGE_CREATE")
	if event.text("webhook_id") != id || event.text("content") != "hello" || toID(event.text("guild_id")) != s.Guild || event["member"] != nil {
		t.Errorf("event: %v", event)
	}
	for _, c := range []struct {
		name, query, body string
		status, code      int
	}{
		{"empty", "", `{}`, 400, 50006},
		{"blank", "", `{"content":" "}`, 400, 50006},
		{"too long", "", `{"content":"` + strings.Repeat("x", 2001) + `"}`, 400, 50035},
		{"clyde", "", `{"content":"a","username":"Clyde"}`, 400, 50035},
		{"empty name", "", `{"content":"a","username":""}`, 400, 50035},
		{"long name", "", `{"content":"a","username":"` + strings.Repeat("x", 81) + `"}`, 400, 50035},
		{"avatar is no URL", "", `{"content":"a","avatar_url":"face.png"}`, 400, 50035},
		{"thread of another channel", fmt.Sprintf("?thread_id=%s", s.Story), `{"content":"a"}`, 404, 10003},
		{"no thread", fmt.Sprintf("?thread_id=%s", s.Lab), `{"content":"a"}`, 404, 10003},
		{"thread name in a text channel", "", `{"content":"a","thread_name":"t"}`, 400, 220003},
		{"flag ephemeral", "", `{"content":"a","flags":64}`, 400, 50035},
		{"bad wait", "?wait=maybe", `{"content":"a"}`, 400, 50035},
	} {
		t.Run(c.name, func(t *testing.T) { s.refused(c.status, c.code, "POST", "%s"+c.query, c.body, hook) })
	}
	s.must(200, "POST", "%s?wait=true&thread_id=%s", `{"content":"in the thread"}`, hook, s.Scene)
	if got := s.Messages(s.Scene); got[len(got)-1].Content != "in the thread" {
		t.Errorf("thread: %v", got)
	}
}

func TestExecuteNeedsNoPermissions(t *testing.T) {
	s := raise(t)
	hook := s.webhook(s.General)
	s.ok(s.ChangeChannel(s.General, func(c *sandbox.Channel) {
		c.Overwrites = []sandbox.Overwrite{{ID: s.BotID(), Type: 1, Deny: sandbox.ViewChannel | sandbox.SendMessages}}
	}))
	s.refused(403, 50001, "POST", "/channels/%s/messages", `{"content":"a"}`, s.General)
	s.must(204, "POST", "%s", `{"content":"a"}`, hook)
}

func TestForumPosts(t *testing.T) {
	s := raise(t, checked)
	hook := s.webhook(s.Stories)
	s.refused(400, 220001, "POST", "%s", `{"content":"a"}`, hook)
	s.refused(400, 220002, "POST", "%s?thread_id=%s", `{"content":"a","thread_name":"t"}`, hook, s.Story)
	s.refused(404, 10087, "POST", "%s", `{"content":"a","thread_name":"t","applied_tags":["123"]}`, hook)
	m := s.must(200, "POST", "%s?wait=true", fmt.Sprintf(`{"content":"once","thread_name":"A tale","applied_tags":["%s"]}`, s.TagPlay), hook).object()
	if m.text("id") != m.text("channel_id") {
		t.Errorf("a post's first message is %s in %s, want the same", m.text("id"), m.text("channel_id"))
	}
	s.must(204, "POST", "%s?thread_id=%s", `{"content":"more"}`, hook, m.text("id"))
	s.ok(s.ChangeChannel(s.Stories, func(c *sandbox.Channel) { c.RequireTag = true }))
	s.refused(400, 40067, "POST", "%s", `{"content":"a","thread_name":"t"}`, hook)
	s.refused(400, 40067, "POST", "/channels/%s/threads", `{"name":"t","message":{"content":"a"}}`, s.Stories)
	post := s.must(201, "POST", "/channels/%s/threads", fmt.Sprintf(`{"name":"t","message":{"content":"a"},"applied_tags":["%s"]}`, s.TagIdea), s.Stories).object()
	if post.object("message").text("id") != post.text("id") {
		t.Errorf("post: %v", post)
	}
	s.faithful()
}

func TestWebhookMessages(t *testing.T) {
	s := raise(t)
	hook, other := s.webhook(s.General), s.webhook(s.General)
	m := s.must(200, "POST", "%s?wait=true", `{"content":"first"}`, hook).object()
	inThread := s.must(200, "POST", "%s?wait=true&thread_id=%s", `{"content":"there"}`, hook, s.Scene).object()
	at := hook + "/messages/" + m.text("id")
	if got := s.must(200, "PATCH", "%s", `{"content":"second"}`, at).object(); got.text("content") != "second" || got["edited_timestamp"] == nil {
		t.Errorf("edited: %v", got)
	}
	s.must(200, "GET", "%s", "", at)
	s.refused(404, 10008, "GET", "%s/messages/%s", "", other, m.text("id"))
	s.refused(404, 10008, "PATCH", "%s/messages/%s", `{"content":"x"}`, hook, inThread.text("id"))
	s.must(200, "PATCH", "%s/messages/%s?thread_id=%s", `{"content":"x"}`, hook, inThread.text("id"), s.Scene)
	s.refused(400, 50006, "PATCH", "%s", `{"content":""}`, at)
	s.refused(403, 50005, "PATCH", "/channels/%s/messages/%s", `{"content":"x"}`, s.General, m.text("id"))
	s.must(204, "DELETE", "%s", "", at)
	s.refused(404, 10008, "DELETE", "%s", "", at)
}

func TestUploads(t *testing.T) {
	s := raise(t)
	hook := s.webhook(s.General)
	m := s.upload("POST", hook+"?wait=true", `{"content":"look","attachments":[{"id":0,"filename":"a.txt","description":"a file"}]}`, "a.txt", "hello")
	if m.status != 200 {
		t.Fatalf("status %d: %s", m.status, m.raw)
	}
	files := m.object().objects("attachments")
	if len(files) != 1 || files[0].text("filename") != "a.txt" || files[0]["size"] != 5.0 {
		t.Errorf("attachments: %v", files)
	}
	if got := s.Requests(); got[len(got)-1].Files != 1 || string(got[len(got)-1].Body[:10]) != `{"content"` {
		t.Errorf("ledger: %+v", got[len(got)-1])
	}
}

func TestAvatarsAreFetched(t *testing.T) {
	s := raise(t)
	hook := s.webhook(s.General)
	faces := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/face.png":
			_, _ = w.Write([]byte(pixel))
		case "/page":
			_, _ = w.Write([]byte("<html>"))
		default:
			http.NotFound(w, r)
		}
	}))
	defer faces.Close()
	for _, c := range []struct {
		url  string
		hash bool
	}{
		{faces.URL + "/face.png", true}, {faces.URL + "/page", false}, {faces.URL + "/none", false}, {"https://example.com/face.png", false},
	} {
		m := s.must(200, "POST", "%s?wait=true", `{"content":"a","avatar_url":"`+c.url+`"}`, hook).object()
		if got := m.object("author").text("avatar") != ""; got != c.hash {
			t.Errorf("%s: avatar %v", c.url, m.object("author")["avatar"])
		}
	}
	got := s.AvatarFetches()
	if len(got) != 4 || got[0].Hash == "" || got[0].Err != "" || got[2].Status != 404 || got[3].Err == "" {
		t.Errorf("fetches: %+v", got)
	}
}

func TestWhoIsPinged(t *testing.T) {
	s := raise(t)
	hook := s.webhook(s.General)
	text := fmt.Sprintf("@everyone <@%s> <@!%s> <@&%s> `<@%s>`", s.Mia, s.Noah, s.ModeratorRole, s.Sam)
	for _, c := range []struct {
		name, allowed string
		users, roles  int
		everyone      bool
	}{
		{"no word about it", ``, 2, 1, true},
		{"nobody", `,"allowed_mentions":{"parse":[]}`, 0, 0, false},
		{"users", `,"allowed_mentions":{"parse":["users"]}`, 2, 0, false},
		{"one user", fmt.Sprintf(`,"allowed_mentions":{"users":["%s","%s"]}`, s.Mia, s.Olivia), 1, 0, false},
		{"roles and everyone", `,"allowed_mentions":{"parse":["roles","everyone"]}`, 0, 1, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := s.must(200, "POST", "%s?wait=true", `{"content":"`+text+`"`+c.allowed+`}`, hook).object()
			roles, _ := m["mention_roles"].([]any)
			if len(m.objects("mentions")) != c.users || len(roles) != c.roles || m["mention_everyone"] != c.everyone {
				t.Errorf("mentions %v roles %v everyone %v", m["mentions"], roles, m["mention_everyone"])
			}
		})
	}
	t.Run("members lack the right", func(t *testing.T) {
		m := s.say(s.Mia, s.General, text)
		if m.MentionEveryone || len(m.MentionRoles) != 0 || len(m.Mentions) != 2 {
			t.Errorf("%+v", m)
		}
	})
	t.Run("reply", func(t *testing.T) {
		asked := s.say(s.Mia, s.General, "a question")
		answer := s.say(s.Noah, s.General, "an answer", sandbox.ReplyTo(asked.ID))
		if len(answer.Mentions) != 1 || answer.Mentions[0].ID != s.Mia || answer.Type != 19 {
			t.Errorf("%+v", answer)
		}
	})
}
