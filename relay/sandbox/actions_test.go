package sandbox_test

import (
	"fmt"
	"strings"
	"testing"

	"troupe/relay/sandbox"
)

const thumb = "%%F0%%9F%%91%%8D" // 👍 in a path that is a format

func TestReactions(t *testing.T) {
	s := raise(t)
	w, _, _ := s.connect(ordinary)
	m := s.say(s.Mia, s.General, "like me")
	at := fmt.Sprintf("/channels/%s/messages/%s/reactions", s.General, m.ID)
	s.ok(s.React(s.Noah, s.General, m.ID, "👍"))
	s.must(204, "PUT", at+"/"+thumb+"/@me", "")
	s.must(204, "PUT", at+"/"+thumb+"/@me", "")
	w.next("MESSAGE_REACTION_ADD")
	if got := w.next("MESSAGE_REACTION_ADD"); toID(got.text("user_id")) != s.BotID() || toID(got.text("message_author_id")) != s.Mia || got.object("emoji").text("name") != "👍" {
		t.Errorf("event: %v", got)
	}
	r := s.must(200, "GET", "/channels/%s/messages/%s", "", s.General, m.ID).object().objects("reactions")
	if len(r) != 1 || r[0]["count"] != 2.0 || r[0]["me"] != true {
		t.Errorf("reactions: %v", r)
	}
	if users := s.must(200, "GET", at+"/"+thumb, "").list(); len(users) != 2 {
		t.Errorf("users: %v", users)
	}
	s.must(204, "DELETE", at+"/"+thumb+"/@me", "")
	s.must(204, "DELETE", at+"/"+thumb+"/%s", "", s.Noah)
	if got := s.Messages(s.General); len(got[len(got)-1].Reactions) != 0 {
		t.Errorf("left: %v", got[len(got)-1].Reactions)
	}
	for i := range 20 {
		s.ok(s.React(s.Mia, s.General, m.ID, string(rune(0x1F600+i))))
	}
	s.refused(403, 30010, "PUT", at+"/"+thumb+"/@me", "")
	s.must(204, "DELETE", at+"/%%F0%%9F%%98%%80", "")
	w.next("MESSAGE_REACTION_REMOVE_EMOJI")
	s.must(204, "DELETE", at, "")
	w.next("MESSAGE_REACTION_REMOVE_ALL")
	for _, bad := range []string{"x", "name:123456789012345678", "%%F0%%9F%%91%%8Dx"} {
		s.refused(400, 10014, "PUT", at+"/"+bad+"/@me", "")
	}
}

func TestCustomEmojis(t *testing.T) {
	s := raise(t, checked)
	s.ok(s.SeedOther(&s.Demo))
	here, err := s.AddEmoji(s.Guild, "curtain")
	s.ok(err)
	there, err := s.AddEmoji(s.OtherGuild, "parasol")
	s.ok(err)
	m := s.say(s.Mia, s.General, "like me")
	at := fmt.Sprintf("/channels/%s/messages/%s/reactions", s.General, m.ID)
	s.must(204, "PUT", at+"/curtain:%s/@me", "", here)
	s.must(204, "PUT", at+"/parasol:%s/@me", "", there)
	for _, role := range []sandbox.ID{s.Guild, s.BotRole} {
		s.ok(s.ChangeRole(s.Guild, role, func(r *sandbox.Role) { r.Permissions &^= sandbox.UseExternalEmojis }))
	}
	second := s.say(s.Mia, s.General, "like me too")
	s.refused(400, 10014, "PUT", "/channels/%s/messages/%s/reactions/parasol:%s/@me", "", s.General, second.ID, there)
	if got := s.must(200, "GET", "/guilds/%s/emojis", "", s.Guild).list(); len(got) != 1 || got[0].id() != here {
		t.Errorf("emojis: %v", got)
	}
	s.faithful()
}

func TestForward(t *testing.T) {
	s := raise(t) // the description knows no forwards, the documentation does
	from, hidden := s.say(s.Mia, s.Ideas, "carry me"), s.say(s.Sam, s.StaffRoom, "do not")
	body := `{"message_reference":{"type":1,"message_id":"%s","channel_id":"%s"}}`
	got := s.must(200, "POST", "/channels/%s/messages", fmt.Sprintf(body, from.ID, s.Ideas), s.General).object()
	if shots := got.objects("message_snapshots"); len(shots) != 1 || shots[0].object("message").text("content") != "carry me" || got.text("content") != "" {
		t.Errorf("forward: %v", got)
	}
	s.refused(400, 160014, "POST", "/channels/%s/messages", fmt.Sprintf(body, hidden.ID, s.StaffRoom), s.General)
}

func TestOwnMessages(t *testing.T) {
	s := raise(t, checked)
	w, _, _ := s.connect(ordinary)
	first := s.must(200, "POST", "/channels/%s/messages", `{"content":"once","nonce":"n-1","enforce_nonce":true}`, s.General).object()
	if got := w.next("MESSAGE_CREATE"); got.text("nonce") != "n-1" {
		t.Errorf("event without nonce: %v", got)
	}
	again := s.must(200, "POST", "/channels/%s/messages", `{"content":"once","nonce":"n-1","enforce_nonce":true}`, s.General).object()
	if first.text("id") != again.text("id") {
		t.Error("the same nonce made two messages")
	}
	reply := s.must(200, "POST", "/channels/%s/messages", fmt.Sprintf(`{"content":"re","message_reference":{"message_id":"%s"}}`, first.text("id")), s.General).object()
	if reply["type"] != 19.0 || reply.object("referenced_message").text("id") != first.text("id") {
		t.Errorf("reply: %v", reply)
	}
	s.must(200, "PATCH", "/channels/%s/messages/%s", `{"content":"changed"}`, s.General, first.text("id"))
	if got := w.next("MESSAGE_UPDATE"); got.text("content") != "changed" || got["edited_timestamp"] == nil {
		t.Errorf("event: %v", got)
	}
	s.must(204, "DELETE", "/channels/%s/messages/%s", "", s.General, first.text("id"))
	got := s.must(200, "GET", "/channels/%s/messages/%s", "", s.General, reply.text("id"))
	if !strings.Contains(string(got.raw), `"referenced_message":null`) {
		t.Errorf("reply to a deleted message: %s", got.raw)
	}
	s.faithful()
}

func TestBulkDelete(t *testing.T) {
	s := raise(t)
	a, b := s.say(s.Mia, s.Lab, "a"), s.say(s.Mia, s.Lab, "b")
	old := "123456789012345678"
	for body, code := range map[string]int{
		fmt.Sprintf(`{"messages":["%s"]}`, a.ID):            50016,
		fmt.Sprintf(`{"messages":["%s","%s"]}`, a.ID, a.ID): 50035,
		fmt.Sprintf(`{"messages":["%s","%s"]}`, a.ID, old):  50034,
	} {
		s.refused(400, code, "POST", "/channels/%s/messages/bulk-delete", body, s.Lab)
	}
	s.must(204, "POST", "/channels/%s/messages/bulk-delete", fmt.Sprintf(`{"messages":["%s","%s"]}`, a.ID, b.ID), s.Lab)
	if left := s.Messages(s.Lab); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

func TestPins(t *testing.T) {
	s := raise(t)
	w, _, _ := s.connect(ordinary)
	m := s.say(s.Mia, s.Ideas, "keep this")
	s.must(204, "PUT", "/channels/%s/messages/pins/%s", "", s.Ideas, m.ID)
	w.next("CHANNEL_PINS_UPDATE")
	if notice := w.next("MESSAGE_CREATE"); notice["type"] != 6.0 {
		t.Errorf("notice: %v", notice)
	}
	items := s.must(200, "GET", "/channels/%s/messages/pins", "", s.Ideas).object().objects("items")
	if len(items) != 1 || items[0].object("message").id() != m.ID || items[0].text("pinned_at") == "" {
		t.Errorf("pins: %v", items)
	}
	s.must(204, "DELETE", "/channels/%s/messages/pins/%s", "", s.Ideas, m.ID)
	if items := s.must(200, "GET", "/channels/%s/messages/pins", "", s.Ideas).object().objects("items"); len(items) != 0 {
		t.Errorf("pins: %v", items)
	}
}

// What Discord refuses about pins.
func TestPinsThatAreRefused(t *testing.T) {
	s := raise(t, checked)
	m := s.say(s.Mia, s.Ideas, "keep this")
	s.refused(404, 10008, "PUT", "/channels/%s/messages/pins/%s", "", s.Ideas, sandbox.ID(123456789012345678))
	s.refused(403, 50001, "PUT", "/channels/%s/messages/pins/%s", "", s.StaffRoom, m.ID)
	s.refused(400, 50035, "GET", "/channels/%s/messages/pins?limit=51", "", s.Ideas)
	s.must(204, "PUT", "/channels/%s/messages/pins/%s", "", s.Ideas, m.ID)
	all := s.Messages(s.Ideas)
	s.refused(403, 50021, "PUT", "/channels/%s/messages/pins/%s", "", s.Ideas, all[len(all)-1].ID)
	for range 249 {
		s.ok(s.Pin(s.Olivia, s.Ideas, s.say(s.Mia, s.Ideas, "and this").ID))
	}
	more := s.say(s.Mia, s.Ideas, "too much")
	s.refused(400, 30003, "PUT", "/channels/%s/messages/pins/%s", "", s.Ideas, more.ID)
	if err := s.Pin(s.Mia, s.Ideas, m.ID); err == nil {
		t.Error("somebody without the right pinned")
	}
	page := s.must(200, "GET", "/channels/%s/messages/pins", "", s.Ideas).object()
	if len(page.objects("items")) != 50 || page["has_more"] != true {
		t.Errorf("page: %v", page["has_more"])
	}
	s.faithful()
}

// Only some of a server's emojis are for everybody.
func TestEmojis(t *testing.T) {
	s := raise(t, checked)
	id, err := s.AddEmoji(s.Guild, "vip", func(e *sandbox.GuildEmoji) { e.Roles, e.Animated = []sandbox.ID{s.BotRole}, true })
	s.ok(err)
	got := s.must(200, "GET", "/guilds/%s/emojis", "", s.Guild).list()
	if len(got) != 1 || got[0].id() != id || got[0]["animated"] != true || got[0]["available"] != true {
		t.Errorf("emojis: %v", got)
	}
	s.refused(400, 50024, "GET", "/channels/%s/users/@me/threads/archived/private", "", s.Workshop)
	s.faithful()
}

func TestThreads(t *testing.T) {
	s := raise(t, checked)
	w, _, _ := s.connect(ordinary)
	m := s.say(s.Mia, s.General, "let us talk")
	made := s.must(201, "POST", "/channels/%s/messages/%s/threads", `{"name":"talk"}`, s.General, m.ID).object()
	if made.id() != m.ID || made["type"] != 11.0 || toID(made.text("parent_id")) != s.General {
		t.Errorf("thread: %v", made)
	}
	if got := w.next("THREAD_CREATE"); got["newly_created"] != true {
		t.Errorf("event: %v", got)
	}
	s.refused(400, 160004, "POST", "/channels/%s/messages/%s/threads", `{"name":"talk"}`, s.General, m.ID)
	if got := s.must(200, "GET", "/channels/%s/messages/%s", "", s.General, m.ID).object(); got.object("thread").id() != m.ID {
		t.Errorf("message does not show its thread: %v", got)
	}
	loose := s.must(201, "POST", "/channels/%s/threads", `{"name":"loose","type":11}`, s.General).object()
	s.refused(400, 50035, "POST", "/channels/%s/threads", `{"name":"no","type":15}`, s.General)
	s.must(200, "PATCH", "/channels/%s", `{"archived":true}`, loose.id())
	s.refused(400, 50083, "PATCH", "/channels/%s", `{"name":"other"}`, loose.id())
	s.refused(400, 50083, "PUT", "/channels/%s/thread-members/%s", "", loose.id(), s.Mia)
	page := s.must(200, "GET", "/channels/%s/threads/archived/public", "", s.General).object()
	if got := page.objects("threads"); len(got) != 1 || got[0].id() != loose.id() || page["has_more"] != false {
		t.Errorf("archived: %v", page)
	}
	s.must(204, "POST", "%s?thread_id=%s", `{"content":"wake up"}`, s.webhook(s.General), loose.id())
	if ch, _ := s.Channel(loose.id()); ch.Archived {
		t.Error("a message did not open the thread again")
	}
	s.must(204, "PUT", "/channels/%s/thread-members/%s", "", loose.id(), s.Mia)
	s.must(204, "DELETE", "/channels/%s/thread-members/@me", "", loose.id())
	if got := s.must(200, "GET", "/channels/%s/thread-members", "", loose.id()).list(); len(got) != 1 || toID(got[0].text("user_id")) != s.Mia {
		t.Errorf("members: %v", got)
	}
	s.refused(404, 10007, "GET", "/channels/%s/thread-members/@me", "", loose.id())
	s.must(200, "DELETE", "/channels/%s", "", loose.id())
	s.faithful()
}

func TestChannelsChange(t *testing.T) {
	s := raise(t)
	s.ok(s.ChangeRole(s.Guild, s.BotRole, func(r *sandbox.Role) { r.Permissions |= sandbox.ManageChannels }))
	got := s.must(200, "PATCH", "/channels/%s", `{"name":"renamed","topic":null,"rate_limit_per_user":5}`, s.Lab).object()
	if got.text("name") != "renamed" || got["rate_limit_per_user"] != 5.0 {
		t.Errorf("channel: %v", got)
	}
	s.refused(400, 50035, "PATCH", "/channels/%s", `{"name":""}`, s.Lab)
	s.refused(400, 50035, "PATCH", "/channels/%s", `{"rate_limit_per_user":21601}`, s.Lab)
	s.refused(400, 50035, "PATCH", "/channels/%s", fmt.Sprintf(`{"parent_id":"%s"}`, s.General), s.Lab)
	s.must(200, "DELETE", "/channels/%s", "", s.Workshop)
	if ch, _ := s.Channel(s.Lab); ch.ParentID != 0 {
		t.Error("a deleted category still has children")
	}
}

func TestSearch(t *testing.T) {
	s := raise(t, checked)
	for i := range 30 {
		s.say(s.Mia, s.Ideas, fmt.Sprint("needle ", i))
	}
	s.say(s.Sam, s.StaffRoom, "needle hidden")
	s.must(204, "POST", "%s", `{"content":"needle of a webhook"}`, s.webhook(s.Lab))
	for _, c := range []struct {
		query       string
		page, total int
	}{
		{"content=NEEDLE", 25, 31},
		{"content=needle&offset=25", 6, 31},
		{"content=needle&author_type=webhook", 1, 1},
		{"content=needle&author_type=-webhook&limit=2", 2, 30},
		{fmt.Sprintf("content=needle&channel_id=%s&channel_id=%s", s.Lab, s.General), 1, 1},
		{fmt.Sprintf("author_id=%s&content=needle", s.Sam), 0, 0},
		{fmt.Sprintf("content=lantern&channel_id=%s", s.Stories), 1, 1},
		{fmt.Sprintf("content=lantern&channel_id=%s", s.Story), 1, 1},
		{fmt.Sprintf("content=lantern&channel_id=%s", s.General), 0, 0},
	} {
		got := s.must(200, "GET", "/guilds/%s/messages/search?"+c.query, "", s.Guild).object()
		if list, _ := got["messages"].([]any); len(list) != c.page || got["total_results"] != float64(c.total) {
			t.Errorf("%s: %d of %v, want %d of %d", c.query, len(list), got["total_results"], c.page, c.total)
		}
	}
	s.refused(400, 50035, "GET", "/guilds/%s/messages/search?limit=26", "", s.Guild)
	s.refused(400, 50035, "GET", "/guilds/%s/messages/search?author_type=people", "", s.Guild)
	s.refused(400, 50035, "GET", "/guilds/%s/messages/search?sort_by=luck", "", s.Guild)
	s.refused(400, 50035, "GET", "/guilds/%s/messages/search?slop=101", "", s.Guild)
	// Until the index is there the answer looks like an error and is none.
	s.Unindex(s.Guild, 2, 3)
	for i := range 2 {
		got := s.must(202, "GET", "/guilds/%s/messages/search?content=needle", "", s.Guild).object()
		if got["code"] != 110000.0 || got["retry_after"] != 3.0 || got["documents_indexed"] != float64(100*i) || got["messages"] != nil {
			t.Errorf("too early: %v", got)
		}
	}
	if got := s.must(200, "GET", "/guilds/%s/messages/search?content=needle", "", s.Guild).object(); got["total_results"] != 31.0 {
		t.Errorf("in time: %v", got["total_results"])
	}
	s.AllowIntents(sandbox.IntentGuildMembers)
	s.refused(403, 50001, "GET", "/guilds/%s/messages/search", "", s.Guild)
	s.faithful()
}

func TestOwners(t *testing.T) {
	s := raise(t, checked)
	if got := s.must(200, "GET", "/applications/@me", "").object(); got.object("owner").id() != s.Olivia || got["team"] != nil || got["flags"] != float64(1<<15|1<<19) {
		t.Errorf("application: %v", got)
	}
	s.SetOwner(s.Sam, s.Mia)
	if got := s.must(200, "GET", "/applications/@me", "").object(); len(got.object("team").objects("members")) != 2 {
		t.Errorf("application: %v", got)
	}
	s.faithful()
}
