package mcp_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"troupe/entities"
)

// reaching are the arguments with which each tool is called for a target. A tool without a row
// fails the test.
var reaching = map[string]func(p target, cursor string) []args{
	"whoami":        func(target, string) []args { return []args{{}} },
	"list_channels": func(target, string) []args { return []args{{}} },
	"list_entities": func(p target, _ string) []args {
		return []args{{}, {"server": p.guild.String()}, {"channel": p.channel.String()}}
	},
	"find_member": func(p target, _ string) []args {
		return []args{{"name": "kanari"}, {"server": p.guild.String(), "name": "kanari"}}
	},
	"check_inbox": func(p target, cursor string) []args {
		return []args{{}, {"scope": "all"}, {"scope": "dm"}, {"channel": p.channel.String()}, {"channel": p.link()}, {"cursor": cursor}}
	},
	"ack_inbox": func(_ target, cursor string) []args { return []args{{"cursor": cursor}} },
	"wait_for_messages": func(p target, cursor string) []args {
		return []args{{"timeout_s": 0, "channel": p.channel.String()}, {"timeout_s": 0, "cursor": cursor}}
	},
	"read_messages": func(p target, _ string) []args {
		return []args{{"channel": p.channel.String()}, {"channel": p.link()}, {"channel": p.channel.String(), "around": p.message.String()}, {"channel": p.home.channel.String(), "around": p.link()}}
	},
	"get_message": func(p target, _ string) []args {
		return []args{{"channel": p.channel.String(), "message": p.message.String()}, {"message": p.link()}, {"channel": p.home.channel.String(), "message": p.message.String()}}
	},
	"search_messages": func(p target, _ string) []args {
		return []args{{"channel": p.channel.String(), "query": "kanari"}}
	},
	"create_poll": func(p target, _ string) []args {
		return []args{{"channel": p.channel.String(), "question": "x", "answers": []string{"y"}}, {"channel": p.link(), "question": "x", "answers": []string{"y"}}}
	},
	"poll_results": func(p target, _ string) []args {
		return []args{{"channel": p.channel.String(), "message": p.message.String()}, {"message": p.link()}, {"channel": p.home.channel.String(), "message": p.message.String()}}
	},
	"introduce": func(p target, _ string) []args {
		return []args{{"channel": p.channel.String()}, {"channel": p.link()}}
	},
	"get_leaderboard": func(p target, _ string) []args { return []args{{}, {"server": p.guild.String()}} },
	"leave_server": func(p target, _ string) []args {
		if p.whose == "away" {
			return []args{{"server": p.guild.String()}}
		}
		return []args{{"server": p.channel.String()}} // on its own server others are what it may not reach
	},
	"catch_up": func(p target, _ string) []args { return []args{{"channel": p.channel.String()}} },
	"send_message": func(p target, _ string) []args {
		return []args{{"channel": p.channel.String(), "content": "x"}, {"channel": p.link(), "content": "x"}, {"channel": p.channel.String(), "content": "x", "thread_name": "x"}, {"channel": p.home.channel.String(), "content": "x", "reply_to": p.link()}}
	},
	"edit_message": func(p target, _ string) []args {
		return []args{{"channel": p.channel.String(), "message": p.message.String(), "content": "x"}, {"message": p.link(), "content": "x"}, {"channel": p.home.channel.String(), "message": p.message.String(), "content": "x"}}
	},
	"delete_message": func(p target, _ string) []args {
		return []args{{"channel": p.channel.String(), "message": p.message.String()}, {"message": p.link()}}
	},
	"add_reaction": func(p target, _ string) []args {
		return []args{{"channel": p.channel.String(), "message": p.message.String(), "emoji": "👍"}, {"message": p.link(), "emoji": "👍"}}
	},
	"remove_reaction": func(p target, _ string) []args {
		return []args{{"channel": p.channel.String(), "message": p.message.String(), "emoji": "👍"}}
	},
	"create_thread": func(p target, _ string) []args {
		return []args{{"channel": p.channel.String(), "name": "x"}, {"message": p.link(), "name": "x"}}
	},
	"list_threads": func(p target, _ string) []args {
		return []args{{"channel": p.channel.String()}, {"channel": p.link(), "archived": true}}
	},
	"list_pins": func(p target, _ string) []args {
		return []args{{"channel": p.channel.String()}, {"channel": p.link()}}
	},
	"pin_message": func(p target, _ string) []args {
		rows := []args{{"channel": p.channel.String(), "message": p.message.String()}, {"message": p.link(), "unpin": true}}
		return append(rows, p.once(args{"channel": p.home.channel.String(), "message": p.message.String()})...)
	},
	// These are the same for all channels of a server.
	"list_emojis": func(p target, _ string) []args { return p.once(args{"server": p.guild.String()}) },
	"search":      func(p target, _ string) []args { return p.once(args{"query": "kanari"}) },
	"fetch": func(p target, _ string) []args {
		rows := []args{{"id": p.channel.String() + ":" + p.message.String()}, {"id": p.link()}}
		return append(rows, p.once(args{"id": p.home.channel.String() + ":" + p.message.String()})...)
	},
	"read_dms": func(p target, _ string) []args { return []args{{}, {"user": p.user.String()}} },
	"send_dm":  func(p target, _ string) []args { return []args{{"user": p.user.String(), "content": "x"}} },
}

// once gives arguments for the channels of one kind only: where Discord is asked, an entity can have
// that done so often and no more.
func (p target) once(arguments args) []args {
	if p.kind != "text" {
		return nil
	}
	return []args{arguments}
}

// elsewhere are the things besides tools that name a channel.
func elsewhere(p target) map[string]string {
	uri := `{"uri":"discord://channel/` + p.channel.String() + `"}`
	return map[string]string{"resources/read": uri, "resources/list": `{}`, "resources/templates/list": `{}`, "prompts/list": `{}`, "tools/list": `{}`}
}

// entrance is a credential and an address at which it is good.
type entrance struct {
	name, key   string
	path, query string
	session     string        // of the earlier era
	sse         string        // of the first transport
	stream      func() string // of the first transport
}

// entrances are an entity's key, and tokens for each form of address at each form that takes them.
func (m *matrix) entrances(t *testing.T, who entities.Created) []*entrance {
	t.Helper()
	id := string(who.Entity.ID)
	token, plain := m.tokens[id][0].Access, m.tokens[id][1].Access
	all := []*entrance{
		{name: "key", key: who.Key, path: "/mcp/" + id},
		{name: "key at /mcp", key: who.Key, path: "/mcp"},
		{name: "token", key: token, path: "/mcp/" + id},
		{name: "token by query", key: token, path: "/mcp", query: "entity=" + id},
		{name: "plain token", key: plain, path: "/mcp"},
		{name: "plain token at /", key: plain, path: "/"},
	}
	for _, e := range all {
		as := who
		as.Key = e.key
		e.session = m.begin(t, as)
		e.stream = events(m.sseStream(t, as).Body)
		_, e.sse, _ = strings.Cut(e.stream(), "sessionId=")
	}
	return all
}

// at makes a request at an entrance.
func (m *matrix) at(t *testing.T, e *entrance, body string) *http.Request {
	t.Helper()
	r := m.request(t, http.MethodPost, entities.Created{Key: e.key}, body)
	r.URL.Path, r.URL.RawQuery = e.path, e.query
	return r
}

// inTurn gives one entrance after the other.
func inTurn(all []*entrance) func() *entrance {
	next := 0
	return func() *entrance {
		next++
		return all[next%len(all)]
	}
}

// ways are the ways in; each gives everything that comes back. Calls go through the entrances in
// turn.
func (m *matrix) ways(t *testing.T, who entities.Created) map[string]func(method, params string) string {
	t.Helper()
	next := inTurn(m.entrances(t, who))
	message := func(method, params string) string {
		return `{"jsonrpc":"2.0","id":1,"method":"` + method + `","params":` + params + `}`
	}
	return map[string]func(method, params string) string{
		"2026-07-28": func(method, params string) string {
			params = strings.TrimSuffix(params, "}")
			if params != "{" {
				params += ","
			}
			r := m.at(t, next(), message(method, params+metaModern+"}"))
			var named struct{ Name, URI string }
			must(t, json.Unmarshal([]byte(params+metaModern+"}"), &named))
			modernHeaders(r, method, named.Name+named.URI)
			_, h, body := send(t, r)
			return fmt.Sprint(h) + body
		},
		"2025-11-25": func(method, params string) string {
			e := next()
			r := m.at(t, e, message(method, params))
			r.Header.Set("Mcp-Session-Id", e.session)
			_, h, body := send(t, r)
			return fmt.Sprint(h) + body
		},
		"SSE": func(method, params string) string {
			e := next()
			r := m.request(t, http.MethodPost, entities.Created{Entity: who.Entity, Key: e.key}, message(method, params))
			r.URL.Path += "/message"
			r.URL.RawQuery = "sessionId=" + e.sse
			if status, _, body := send(t, r); status != 202 {
				t.Fatalf("%s: %d %s", e.name, status, body)
			}
			return e.stream()
		},
	}
}

// snapshot is what stands in the channels that nobody may touch.
func (m *matrix) snapshot() string {
	var b strings.Builder
	for _, p := range m.foreign {
		for _, one := range m.discord.Messages(p.channel) {
			fmt.Fprintln(&b, p.channel, one.ID, one.Content, one.Reactions, one.Pinned)
		}
	}
	return b.String()
}

// TestIsolation calls every tool that there is, by every way in, for channels of every kind that
// the caller has nothing to do with: nothing of them comes back, and nothing there changes. Without
// TEST_FULL=1 a caller that is itself shut out comes by one way only.
func TestIsolation(t *testing.T) {
	t.Parallel() // it waits most of the time
	m := newMatrix(t)
	ada := m.callers["Ada"]
	listed, err := m.connectAs(t, ada, "openai-mcp").ListTools(t.Context(), nil)
	must(t, err)
	rows := maps.Clone(reaching)
	for _, tool := range listed.Tools {
		if rows[tool.Name] == nil {
			t.Fatalf("the tool %s has no row in the matrix", tool.Name)
		}
		delete(rows, tool.Name)
	}
	if len(rows) > 0 {
		t.Fatalf("there are rows for tools that there are not: %v", slices.Collect(maps.Keys(rows)))
	}
	before, earlier, probes := m.snapshot(), len(m.discord.Requests()), 0
	for _, relation := range []string{"Ada", "suspended", "owner lost access"} {
		who := m.callers[relation]
		targets := m.foreign
		if relation != "Ada" {
			targets = slices.Concat(m.own, m.foreign)
		}
		for way, call := range m.ways(t, who) {
			if way != "SSE" && (raceEnabled || (relation != "Ada" && os.Getenv("TEST_FULL") == "")) {
				continue // it takes its time
			}
			t.Run(relation+", "+way, func(t *testing.T) { probes += m.probe(t, relation, targets, call) })
		}
	}
	t.Run("refused", func(t *testing.T) { probes += m.knock(t, ada) })
	if after := m.snapshot(); after != before {
		t.Errorf("something changed there:\n%s\n%s", before, after)
	}
	for _, r := range m.discord.Requests()[earlier:] {
		for _, p := range m.foreign {
			if r.Method != http.MethodGet && strings.Contains(r.Path, p.channel.String()) {
				t.Errorf("%s %s", r.Method, r.Path)
			}
		}
	}
	t.Logf("%d calls", probes)
}

// knock makes every call for what is the caller's own, with tokens that do not open it. It comes
// last: time passes.
func (m *matrix) knock(t *testing.T, who entities.Created) (probes int) {
	t.Helper()
	id, deleted := string(who.Entity.ID), string(m.callers["deleted"].Entity.ID)
	revoked := m.grant(t, who, publicURL+"/mcp")
	must(t, m.registry.Revoke(t.Context(), entities.System("test"), revoked.Access, tokenClient))
	other := m.tokens[string(m.callers["suspended"].Entity.ID)][1]
	shut := []entrance{
		{name: "of another address", key: m.tokens[id][0].Access, path: "/mcp"},
		{name: "of another entity", key: other.Access, path: "/mcp/" + id},
		{name: "of another entity, by query", key: other.Access, path: "/mcp", query: "entity=" + id},
		{name: "revoked", key: revoked.Access, path: "/mcp"},
		{name: "that is a deleted entity's key", key: m.callers["deleted"].Key, path: "/mcp/" + deleted},
		{name: "of a deleted entity", key: m.tokens[deleted][0].Access, path: "/mcp/" + deleted},
		{name: "a refresh token", key: m.tokens[id][1].Refresh, path: "/"},
		{name: "over", key: m.tokens[id][0].Access, path: "/mcp/" + id},
		{name: "over, at /", key: m.tokens[id][1].Access, path: "/"},
	}
	own := m.own[0]
	own.home = target2{own.channel, own.message}
	earlier := len(m.discord.Requests())
	for at, e := range shut {
		if e.name == "over" {
			m.now.pass(entities.AccessLife)
		}
		check := func(method, params string) {
			probes++
			status, _, body := send(t, m.at(t, &shut[at], `{"jsonrpc":"2.0","id":1,"method":"`+method+`","params":`+params+`}`))
			// Refused credentials are answered more curtly after some.
			if status != 401 && status != 429 || strings.Contains(strings.ToLower(body), "kanari") {
				t.Errorf("%s %s, a token %s: %d %s", method, params, e.name, status, body)
			}
		}
		for name, row := range reaching {
			params, err := json.Marshal(args{"name": name, "arguments": row(own, m.cursor)[0]})
			must(t, err)
			check("tools/call", string(params))
		}
		for method, params := range elsewhere(own) {
			check(method, params)
		}
	}
	for _, r := range m.discord.Requests()[earlier:] {
		if strings.Contains(r.Path, own.channel.String()) {
			t.Errorf("%s %s", r.Method, r.Path)
		}
	}
	return probes
}

// probe makes every call for every target.
func (m *matrix) probe(t *testing.T, relation string, targets []target, call func(method, params string) string) (probes int) {
	t.Helper()
	forbidden := []string{foreignCanary}
	if relation != "Ada" {
		forbidden = append(forbidden, ownCanary)
	}
	check := func(p target, what, answer string) {
		probes++
		for _, canary := range forbidden {
			if strings.Contains(strings.ToLower(answer), canary) {
				t.Errorf("%s for %s %s: %s", what, p.whose, p.kind, answer)
			}
		}
		if answer == "" || strings.Contains(answer, "Something broke") || strings.Contains(answer, "-32603") || strings.Contains(answer, "too many") {
			t.Errorf("%s for %s %s is not answered: %s", what, p.whose, p.kind, answer)
		}
	}
	for _, p := range targets {
		p.home = target2{m.own[0].channel, m.own[0].message}
		for name, row := range reaching {
			for _, arguments := range row(p, m.cursor) {
				params, err := json.Marshal(args{"name": name, "arguments": arguments})
				must(t, err)
				check(p, name+" "+string(params), call("tools/call", string(params)))
			}
		}
		for method, params := range elsewhere(p) {
			check(p, method, call(method, params))
		}
	}
	return probes
}
