package mcp_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
)

// TestIsolationCanFail reaches what is the caller's own: the canaries are where they should be,
// and the matrix's calls would show them.
func TestIsolationCanFail(t *testing.T) {
	m := newMatrix(t)
	call := m.ways(t, m.callers["Ada"])["2025-11-25"]
	for _, p := range m.own {
		p.home = target2{p.channel, p.message}
		if p.kind == "private thread" {
			continue // needs a rule of its own
		}
		for _, name := range []string{"read_messages", "get_message", "check_inbox", "list_channels", "list_pins", "fetch"} {
			params, err := json.Marshal(args{"name": name, "arguments": reaching[name](p, "")[0]})
			must(t, err)
			if answer := call("tools/call", string(params)); !strings.Contains(answer, ownCanary) {
				t.Errorf("%s for %s: %s", name, p.kind, answer)
			}
		}
		if answer := call("resources/read", `{"uri":"discord://channel/`+p.channel.String()+`"}`); !strings.Contains(answer, ownCanary) {
			t.Errorf("resource for %s: %s", p.kind, answer)
		}
	}
}

var digits = regexp.MustCompile(`\d{15,20}`)

// TestRefusalsAlike words a channel that is not allowed as one that there is not.
func TestRefusalsAlike(t *testing.T) {
	m := newMatrix(t)
	call := m.ways(t, m.callers["Ada"])["2025-11-25"]
	nowhere := target{whose: "nobody", kind: "text", guild: m.guild, channel: 123456789012345678, message: 123456789012345679, user: m.sam, home: target2{m.own[0].channel, m.own[0].message}}
	for _, name := range []string{"read_messages", "get_message", "send_message", "edit_message", "delete_message", "add_reaction", "remove_reaction", "create_thread", "catch_up", "search_messages", "list_threads", "list_pins", "pin_message", "fetch", "create_poll", "poll_results", "introduce"} {
		words := func(p target) string {
			p.home = nowhere.home
			params, err := json.Marshal(args{"name": name, "arguments": reaching[name](p, "")[0]})
			must(t, err)
			_, body, _ := strings.Cut(call("tools/call", string(params)), "]]")
			_, body, _ = strings.Cut(body, "{")
			return digits.ReplaceAllString(body, "N")
		}
		want := words(nowhere)
		if !strings.Contains(want, `"isError":true`) {
			t.Fatalf("%s: %s", name, want)
		}
		for _, p := range m.foreign {
			if got := words(p); got != want {
				t.Errorf("%s for %s %s: %s, not %s", name, p.whose, p.kind, got, want)
			}
		}
	}
}
