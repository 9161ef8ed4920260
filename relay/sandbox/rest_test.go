package sandbox_test

import (
	"fmt"
	"strings"
	"testing"

	"troupe/relay/sandbox"
)

func TestStrangersAreRefused(t *testing.T) {
	s := raise(t)
	for _, c := range []struct {
		name, method, path, auth string
		status                   int
	}{
		{"no token", "GET", "/users/@me", "", 401},
		{"wrong token", "GET", "/users/@me", "Bot nonsense", 401},
		{"bearer", "GET", "/users/@me", "Bearer " + s.Token(), 401},
		{"unknown route", "GET", "/nothing/here", "Bot " + s.Token(), 404},
		{"wrong method", "PUT", "/users/@me/guilds", "Bot " + s.Token(), 405},
		{"gateway needs none", "GET", "/gateway", "", 200},
		{"gateway bot needs one", "GET", "/gateway/bot", "", 401},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := s.ask(c.method, c.path, c.auth, "")
			if err != nil {
				t.Fatal(err)
			}
			if got.status != c.status || (c.status != 200 && got.code() != 0) {
				t.Errorf("status %d code %d, want %d 0", got.status, got.code(), c.status)
			}
		})
	}
}

func TestEveryReadingRouteAnswers(t *testing.T) {
	s := raise(t, checked)
	m := s.say(s.Mia, s.General, "hello")
	s.must(204, "PUT", "/channels/%s/messages/%s/reactions/%%F0%%9F%%91%%8D/@me", "", s.General, m.ID)
	for _, path := range []string{
		"/gateway/bot", "/users/@me", "/users/@me/guilds", "/applications/@me", "/oauth2/applications/@me",
		fmt.Sprintf("/users/%s", s.Stranger), fmt.Sprintf("/guilds/%s", s.Guild), fmt.Sprintf("/guilds/%s?with_counts=true", s.Guild),
		fmt.Sprintf("/guilds/%s/channels", s.Guild), fmt.Sprintf("/guilds/%s/roles", s.Guild), fmt.Sprintf("/guilds/%s/members?limit=1000", s.Guild),
		fmt.Sprintf("/guilds/%s/members/%s", s.Guild, s.Mia), fmt.Sprintf("/guilds/%s/members/search?query=mi", s.Guild),
		fmt.Sprintf("/guilds/%s/threads/active", s.Guild), fmt.Sprintf("/guilds/%s/emojis", s.Guild), fmt.Sprintf("/guilds/%s/webhooks", s.Guild),
		fmt.Sprintf("/guilds/%s/messages/search?content=hello", s.Guild), fmt.Sprintf("/channels/%s", s.General), fmt.Sprintf("/channels/%s", s.Stories),
		fmt.Sprintf("/channels/%s", s.Scene), fmt.Sprintf("/channels/%s/messages", s.General), fmt.Sprintf("/channels/%s/messages", s.Story),
		fmt.Sprintf("/channels/%s/messages/%s", s.General, m.ID), fmt.Sprintf("/channels/%s/messages/pins", s.General),
		fmt.Sprintf("/channels/%s/messages/%s/reactions/%%F0%%9F%%91%%8D", s.General, m.ID),
		fmt.Sprintf("/channels/%s/threads/archived/public", s.General), fmt.Sprintf("/channels/%s/threads/archived/private", s.General),
		fmt.Sprintf("/channels/%s/users/@me/threads/archived/private", s.General), fmt.Sprintf("/channels/%s/thread-members", s.Scene),
		fmt.Sprintf("/channels/%s/thread-members/%s?with_member=true", s.Scene, s.Noah), fmt.Sprintf("/channels/%s/webhooks", s.General),
	} {
		t.Run(path, func(t *testing.T) {
			got := s.do("GET", strings.ReplaceAll(path, "%", "%%"), "")
			if got.status != 200 {
				t.Errorf("status %d: %s", got.status, got.raw)
			}
		})
	}
	s.faithful()
}

func TestUnknownThings(t *testing.T) {
	s := raise(t)
	s.ok(s.SeedOther(&s.Demo))
	const none = "123456789012345678"
	hook := s.webhook(s.General)
	id, token, _ := strings.Cut(strings.TrimPrefix(hook, "/webhooks/"), "/")
	for _, c := range []struct {
		method, path string
		status, code int
	}{
		{"GET", "/channels/" + none, 404, 10003},
		{"GET", "/channels/nonsense/messages", 400, 50035},
		{"GET", "/guilds/" + none, 404, 10004},
		{"GET", "/users/" + none, 404, 10013},
		{"GET", fmt.Sprintf("/guilds/%s/members/%s", s.Guild, s.Stranger), 404, 10007},
		{"GET", fmt.Sprintf("/guilds/%s/members/%s", s.Guild, none), 404, 10013},
		{"GET", fmt.Sprintf("/channels/%s/messages/%s", s.General, none), 404, 10008},
		{"DELETE", fmt.Sprintf("/channels/%s/messages/%s", s.General, none), 404, 10008},
		{"GET", "/webhooks/" + none, 404, 10015},
		{"GET", "/webhooks/" + none + "/" + token, 404, 10015},
		{"GET", "/webhooks/" + id + "/wrong", 401, 50027},
		{"GET", fmt.Sprintf("/channels/%s/messages", s.StaffRoom), 403, 50001},
		{"GET", fmt.Sprintf("/channels/%s", s.StaffRoom), 403, 50001},
		{"GET", fmt.Sprintf("/channels/%s/messages", s.Stories), 400, 50008},
		{"GET", fmt.Sprintf("/channels/%s/messages", s.Lobby), 400, 50008},
		{"DELETE", fmt.Sprintf("/channels/%s", s.General), 403, 50013},
		{"PUT", fmt.Sprintf("/channels/%s/messages/%s/reactions/nonsense/@me", s.General, s.Messages(s.General)[0].ID), 400, 10014},
	} {
		t.Run(c.method+" "+c.path, func(t *testing.T) { s.refused(c.status, c.code, c.method, strings.ReplaceAll(c.path, "%", "%%"), "") })
	}
}

func TestMessagesThatDiscordRefuses(t *testing.T) {
	s := raise(t)
	long := strings.Repeat("ä", 2001)
	field := strings.Repeat("x", 1025)
	for _, c := range []struct {
		name, body string
		code       int
		at         string // path of the fault
	}{
		{"nothing", `{}`, 50006, ""},
		{"blanks", `{"content":"  \n "}`, 50006, ""},
		{"2001 characters", `{"content":"` + long + `"}`, 50035, "content"},
		{"content is a number", `{"content":5}`, 50035, "content"},
		{"broken JSON", `{"content":`, 50109, ""},
		{"11 embeds", `{"embeds":[` + strings.Repeat(`{"title":"a"},`, 10) + `{"title":"a"}]}`, 50035, "embeds"},
		{"embed title", `{"embeds":[{"title":"` + strings.Repeat("t", 257) + `"}]}`, 50035, "embeds.0.title"},
		{"embed field", `{"embeds":[{"title":"a","fields":[{"name":"n","value":"` + field + `"}]}]}`, 50035, "embeds.0.fields.0.value"},
		{"embed sum", `{"embeds":[{"description":"` + strings.Repeat("d", 4000) + `"},{"description":"` + strings.Repeat("d", 2001) + `"}]}`, 50035, "embeds"},
		{"embed url", `{"embeds":[{"title":"a","url":"ftp://x/y"}]}`, 50035, "embeds.0.url"},
		{"parse and users", `{"content":"a","allowed_mentions":{"parse":["users"],"users":["1"]}}`, 50035, "allowed_mentions"},
		{"unknown parse", `{"content":"a","allowed_mentions":{"parse":["all"]}}`, 50035, "allowed_mentions.parse.0"},
		{"one user twice", `{"content":"a","allowed_mentions":{"users":["1","1"]}}`, 50035, "allowed_mentions.users.1"},
		{"unknown reply", `{"content":"a","message_reference":{"message_id":"1"}}`, 50035, "message_reference"},
		{"flag ephemeral", `{"content":"a","flags":64}`, 50035, "flags"},
		{"long nonce", `{"content":"a","nonce":"` + strings.Repeat("n", 26) + `"}`, 50035, "nonce"},
		{"v2 with content", `{"content":"a","flags":32768,"components":[{"type":10,"content":"b"}]}`, 50035, "content"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := s.refused(400, c.code, "POST", "/channels/%s/messages", c.body, s.General)
			node := got.object().object("errors")
			for step := range strings.SplitSeq(c.at, ".") {
				if step != "" {
					node = node.object(step)
				}
			}
			if c.at != "" && len(node.objects("_errors")) == 0 {
				t.Errorf("no fault at %s: %s", c.at, got.raw)
			}
		})
	}
	s.must(200, "POST", "/channels/%s/messages", `{"content":"`+strings.Repeat("😀", 2000)+`"}`, s.General)
}

func TestHistoryPages(t *testing.T) {
	s := raise(t)
	var ids []sandbox.ID
	for i := range 10 {
		ids = append(ids, s.say(s.Mia, s.Ideas, fmt.Sprint("line ", i)).ID)
	}
	for _, c := range []struct {
		query string
		want  []int
	}{
		{"limit=3", []int{9, 8, 7}},
		{fmt.Sprintf("before=%s&limit=2", ids[4]), []int{3, 2}},
		{fmt.Sprintf("after=%s&limit=2", ids[4]), []int{6, 5}},
		{fmt.Sprintf("after=%s", ids[9]), nil},
		{fmt.Sprintf("after=%s&limit=1", s.Ideas), []int{0}},
		{"after=0&limit=2", []int{1, 0}},
		{"before=0", nil},
		{fmt.Sprintf("around=%s&limit=3", ids[4]), []int{5, 4, 3}},
		{fmt.Sprintf("before=%s", ids[0]), nil},
	} {
		t.Run(c.query, func(t *testing.T) {
			list := s.must(200, "GET", "/channels/%s/messages?"+c.query, "", s.Ideas).list()
			if len(list) != len(c.want) {
				t.Fatalf("%d messages, want %d", len(list), len(c.want))
			}
			for i, n := range c.want {
				if list[i].id() != ids[n] {
					t.Errorf("message %d is %q, want line %d", i, list[i].text("content"), n)
				}
			}
		})
	}
	for _, bad := range []string{"limit=0", "limit=101", "limit=x", fmt.Sprintf("before=%s&after=%s", ids[0], ids[1])} {
		s.refused(400, 50035, "GET", "/channels/%s/messages?"+bad, "", s.Ideas)
	}
	s.ok(s.ChangeRole(s.Guild, s.BotRole, func(r *sandbox.Role) { r.Permissions &^= sandbox.ReadMessageHistory }))
	s.ok(s.ChangeRole(s.Guild, s.Guild, func(r *sandbox.Role) { r.Permissions &^= sandbox.ReadMessageHistory }))
	if list := s.must(200, "GET", "/channels/%s/messages", "", s.Ideas).list(); len(list) != 0 {
		t.Errorf("%d messages without Read Message History, want none", len(list))
	}
	s.refused(403, 50013, "GET", "/channels/%s/messages/%s", "", s.Ideas, ids[0])
}
