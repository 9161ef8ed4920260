package sandbox_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"troupe/relay/sandbox"
)

func TestThreadBodies(t *testing.T) {
	s := raise(t)
	m := s.say(s.Mia, s.General, "let us talk")
	from := fmt.Sprintf("/channels/%s/messages/%s/threads", s.General, m.ID)
	loose, posts := fmt.Sprintf("/channels/%s/threads", s.General), fmt.Sprintf("/channels/%s/threads", s.Stories)
	for _, c := range []struct {
		name, path, body string
		status, code     int
	}{
		{"no name", from, `{}`, 400, 50035},
		{"empty name", from, `{"name":""}`, 400, 50035},
		{"name of 101", from, `{"name":"` + strings.Repeat("é", 101) + `"}`, 400, 50035},
		{"odd archive time", from, `{"name":"t","auto_archive_duration":61}`, 400, 50035},
		{"slowmode of 21,601", from, `{"name":"t","rate_limit_per_user":21601}`, 400, 50035},
		{"from no message", fmt.Sprintf("/channels/%s/messages/%s/threads", s.General, m.ID+1), `{"name":"t"}`, 404, 10008},
		{"in a category", fmt.Sprintf("/channels/%s/threads", s.Lobby), `{"name":"t","type":11}`, 400, 50024},
		{"in a thread", fmt.Sprintf("/channels/%s/threads", s.Scene), `{"name":"t","type":11}`, 400, 50024},
		{"announcement thread in a text channel", loose, `{"name":"t","type":10}`, 400, 50035},
		{"in an unseen channel", fmt.Sprintf("/channels/%s/threads", s.StaffRoom), `{"name":"t","type":11}`, 403, 50001},
		{"post without a message", posts, `{"name":"t"}`, 400, 50035},
		{"post with nothing in its message", posts, `{"name":"t","message":{}}`, 400, 50006},
		{"post with six tags", posts, `{"name":"t","message":{"content":"a"},"applied_tags":["1","2","3","4","5","6"]}`, 400, 50035},
		{"name of 100", from, `{"name":"` + strings.Repeat("é", 100) + `","auto_archive_duration":10080}`, 201, -1},
		{"a second one from the message", from, `{"name":"t"}`, 400, 160004},
		{"loose and public", loose, `{"name":"t","type":11}`, 201, -1},
		{"post", posts, `{"name":"t","message":{"content":"a"}}`, 201, -1},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := s.must(c.status, "POST", "%s", c.body, c.path); got.code() != c.code {
				t.Errorf("code %d, want %d: %s", got.code(), c.code, got.raw)
			}
		})
	}
}

func TestThreadEvents(t *testing.T) {
	s := raise(t, checked)
	m := s.say(s.Mia, s.General, "let us talk")
	w, _, _ := s.connect(ordinary)
	made := s.must(201, "POST", "/channels/%s/messages/%s/threads", `{"name":"talk"}`, s.General, m.ID).object()
	kinds := w.until("MESSAGE_CREATE")
	if i, j := slices.Index(kinds, "THREAD_CREATE"), slices.Index(kinds, "MESSAGE_UPDATE"); i < 0 || j < i {
		t.Errorf("events of a thread from a message: %v", kinds)
	}
	if got := toID(made.text("owner_id")); got != s.BotID() {
		t.Errorf("owner %s", got)
	}
	s.ok(s.DeleteMessages(s.Mia, s.General, m.ID)) // the thread is orphaned, not gone
	w.next("MESSAGE_DELETE")
	s.must(200, "POST", "/channels/%s/messages", `{"content":"still here"}`, made.id())
	w.next("MESSAGE_CREATE")
	s.must(201, "POST", "/channels/%s/threads", `{"name":"a post","message":{"content":"once"}}`, s.Stories)
	kinds = append(w.until("THREAD_CREATE"), w.until("MESSAGE_CREATE")...)
	if kinds[0] != "THREAD_CREATE" {
		t.Errorf("events of a post: %v", kinds)
	}
	s.faithful()
}

func TestReactionsInThreads(t *testing.T) {
	s := raise(t, checked)
	w, _, _ := s.connect(ordinary)
	m := s.Messages(s.Scene)[0]
	at := fmt.Sprintf("/channels/%s/messages/%s/reactions", s.Scene, m.ID)
	const thumb = "/%%F0%%9F%%91%%8D/@me"
	s.must(204, "PUT", at+thumb, "")
	if got := w.next("MESSAGE_REACTION_ADD"); toID(got.text("channel_id")) != s.Scene || toID(got.text("message_id")) != m.ID {
		t.Errorf("event: %v", got)
	}
	s.must(204, "PUT", at+thumb, "") // a second time changes nothing
	s.refused(404, 10008, "PUT", fmt.Sprintf("/channels/%s/messages/%s/reactions", s.General, m.ID)+thumb, "")
	s.ok(s.ChangeChannel(s.Scene, func(c *sandbox.Channel) { c.Archived = true }))
	s.refused(400, 50083, "DELETE", at+thumb, "")
	s.refused(400, 50083, "PUT", at+"/%%F0%%9F%%98%%80/@me", "")
	s.ok(s.ChangeChannel(s.Scene, func(c *sandbox.Channel) { c.Archived = false }))
	s.must(204, "DELETE", at+thumb, "")
	if got := w.next("MESSAGE_REACTION_REMOVE"); toID(got.text("user_id")) != s.BotID() || got.object("emoji").text("name") != "👍" {
		t.Errorf("event: %v", got)
	}
	s.faithful()
}
