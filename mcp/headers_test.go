package mcp_test

import (
	"net/http"
	"strings"
	"testing"
)

// TestHeadersSayTheSame has messages of the later era under headers that say something else. A
// proxy may have let them pass for what the headers say, so they are refused and nothing is done.
func TestHeadersSayTheSame(t *testing.T) {
	s := newStage(t)
	ada := s.entity(t, "Ada", "", s.general)
	messages := map[string]struct{ name, params string }{
		"tools/call":     {"send_message", `"name":"send_message","arguments":{"channel":"` + s.general.String() + `","content":"said"}`},
		"resources/read": {"discord://inbox", `"uri":"discord://inbox"`},
		"prompts/get":    {"join_conversation", `"name":"join_conversation","arguments":{}`},
		"tools/list":     {"", ""},
	}
	set := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	drop := func(name string) func(*http.Request) { return func(r *http.Request) { r.Header.Del(name) } }
	for name, change := range map[string]func(*http.Request){
		"no version":        drop("Mcp-Protocol-Version"),
		"another version":   set("Mcp-Protocol-Version", "2025-11-25"),
		"no method":         drop("Mcp-Method"),
		"another method":    set("Mcp-Method", "ping"),
		"method in capital": set("Mcp-Method", "TOOLS/CALL"),
		"no name":           drop("Mcp-Name"),
		"another name":      set("Mcp-Name", "whoami"),
		"name in capital":   set("Mcp-Name", "SEND_MESSAGE"),
	} {
		for method, m := range messages {
			if strings.Contains(name, "name") && m.name == "" {
				continue
			}
			t.Run(method+", "+name, func(t *testing.T) {
				params := strings.TrimPrefix(m.params+","+metaModern, ",")
				r := s.request(t, http.MethodPost, ada, `{"jsonrpc":"2.0","id":1,"method":"`+method+`","params":{`+params+`}}`)
				modernHeaders(r, method, m.name)
				change(r)
				if status, _, body := send(t, r); status != 400 || !strings.Contains(body, `"code":-32020`) {
					t.Errorf("%d %s", status, body)
				}
			})
		}
	}
	if said := s.discord.Messages(s.general); len(said) != 0 {
		t.Errorf("%d lines were said", len(said))
	}
	r := s.request(t, http.MethodPost, ada, `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{`+messages["tools/call"].params+","+metaModern+`}}`)
	modernHeaders(r, "tools/call", "send_message")
	if status, _, body := send(t, r); status != 200 || len(s.discord.Messages(s.general)) != 1 {
		t.Errorf("with headers that say the same: %d %s", status, body)
	}
}
