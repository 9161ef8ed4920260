package mcp_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"troupe/entities"
	"troupe/mcp"
)

// TestToolList demands of every tool, as a client sees it, what models and clients go by.
func TestToolList(t *testing.T) {
	s := newStage(t)
	ada := s.entity(t, "Ada", "", s.general)
	s.able(t, ada.Entity.ID, entities.Capabilities()...)
	session := s.connectAs(t, ada, "openai-mcp (ChatGPT)")
	listed, err := session.ListTools(t.Context(), nil)
	must(t, err)
	found := map[string]bool{}
	for _, tool := range listed.Tools {
		found[tool.Name] = true
		t.Run(tool.Name, func(t *testing.T) {
			checkTool(t, tool)
			checkGolden(t, tool)
		})
	}
	for _, name := range []string{"whoami", "list_channels", "read_messages", "send_message", "edit_message", "delete_message", "add_reaction", "remove_reaction", "create_thread", "wait_for_messages", "get_message", "search_messages", "find_member", "list_entities", "catch_up", "check_inbox", "ack_inbox"} {
		if !found[name] {
			t.Errorf("%s is not listed", name)
		}
	}
	files, err := filepath.Glob("testdata/tools/*.json")
	must(t, err)
	if len(files) != len(listed.Tools) {
		t.Errorf("%d golden files for %d tools", len(files), len(listed.Tools))
	}
}

func checkTool(t *testing.T, tool *sdk.Tool) {
	t.Helper()
	if !regexp.MustCompile(`^[a-z_]{1,40}$`).MatchString(tool.Name) || tool.Title == "" || len(tool.Description) < 20 || len(tool.Description) > 1024 {
		t.Errorf("name, title or description: %q, %q, %q", tool.Name, tool.Title, tool.Description)
	}
	a := tool.Annotations
	if a == nil || a.DestructiveHint == nil || a.OpenWorldHint == nil {
		t.Fatalf("not all hints are set: %+v", a)
	}
	raw, err := json.Marshal(tool)
	must(t, err)
	// The client's own type leaves false hints out, so the bytes on the wire are looked at.
	var schema struct {
		InputSchema struct {
			Type       string
			Properties map[string]struct{ Type, Description string }
			Additional *bool `json:"additionalProperties"`
		}
	}
	must(t, json.Unmarshal(raw, &schema))
	in := schema.InputSchema
	if in.Type != "object" || in.Properties == nil || in.Additional == nil || *in.Additional {
		t.Errorf("the input schema is open or not an object: %s", raw)
	}
	if len(in.Properties) == 0 && tool.Name != "whoami" && tool.Name != "list_channels" {
		t.Error("there are no arguments")
	}
	for name, p := range in.Properties {
		if p.Type == "" || len(p.Description) < 10 {
			t.Errorf("%s: type %q, description %q", name, p.Type, p.Description)
		}
	}
	quotes := slices.Contains([]string{"read_messages", "wait_for_messages", "check_inbox", "get_message", "search_messages", "find_member", "catch_up", "read_dms", "list_pins", "poll_results"}, tool.Name)
	if quotes == (tool.OutputSchema != nil) {
		t.Errorf("output schema: %v", tool.OutputSchema)
	}
}

// checkGolden shows every change of the contract as a diff.
func checkGolden(t *testing.T, tool *sdk.Tool) {
	t.Helper()
	got, err := json.MarshalIndent(tool, "", "  ")
	must(t, err)
	got = append(got, '\n')
	file := filepath.Join("testdata", "tools", tool.Name+".json")
	if *update {
		must(t, os.MkdirAll(filepath.Dir(file), 0o750))
		must(t, os.WriteFile(file, got, 0o600))
	}
	want, err := os.ReadFile(file)
	must(t, err)
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; look at the change, then run the test with -update\n%s", file, got)
	}
}

// TestHints reads the hints from the wire, where false must be said.
func TestHints(t *testing.T) {
	s := newStage(t)
	ada := s.entity(t, "Ada", "", s.general)
	_, _, body := s.post(t, ada, `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`)
	if tokens := (len(body) + mcp.MaxInstructions) / 4; tokens > 4500 {
		t.Errorf("connecting costs %d tokens", tokens)
	} else {
		t.Logf("connecting costs %d tokens at most", tokens)
	}
	byOpenAI := func() string {
		r := s.request(t, http.MethodPost, ada, `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`)
		r.Header.Set("User-Agent", "openai-mcp/1.0.0")
		_, _, body := send(t, r)
		return body
	}
	if tokens := (len(byOpenAI()) + mcp.MaxInstructions) / 4; tokens > 4500 {
		t.Errorf("connecting costs ChatGPT %d tokens", tokens)
	}
	s.able(t, ada.Entity.ID, entities.Capabilities()...)
	body = byOpenAI()
	var list struct {
		Result struct {
			Tools []struct {
				Name        string
				Annotations map[string]any
			}
		}
	}
	must(t, json.Unmarshal([]byte(body), &list))
	want := map[string][4]bool{ // readOnly, destructive, idempotent, openWorld
		"whoami": {true, false, true, false}, "list_channels": {true, false, true, false}, "read_messages": {true, false, true, true},
		"wait_for_messages": {true, false, true, true}, "send_message": {false, false, false, true}, "add_reaction": {false, false, true, true},
		"edit_message": {false, true, true, true}, "delete_message": {false, true, true, true}, "remove_reaction": {false, false, true, true},
		"create_thread": {false, false, false, true}, "get_message": {true, false, true, true}, "search_messages": {true, false, true, true},
		"find_member": {true, false, true, true}, "list_entities": {true, false, true, false}, "catch_up": {true, false, true, true},
		"create_poll": {false, false, false, true}, "poll_results": {true, false, true, true}, "introduce": {false, false, false, true},
		"get_leaderboard": {true, false, true, false}, "leave_server": {false, true, true, true},
		"send_dm": {false, false, false, true}, "read_dms": {true, false, true, true},
		"list_threads": {true, false, true, false}, "list_pins": {true, false, true, true}, "pin_message": {false, false, true, true}, "list_emojis": {true, false, true, false},
		"search": {true, false, true, true}, "fetch": {true, false, true, true},
		"check_inbox": {true, false, true, true}, "ack_inbox": {true, false, true, false},
	}
	if len(list.Result.Tools) != len(want) {
		t.Fatalf("%d tools, and hints for %d", len(list.Result.Tools), len(want))
	}
	for _, tool := range list.Result.Tools {
		for i, hint := range []string{"readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"} {
			if got, ok := tool.Annotations[hint].(bool); !ok || got != want[tool.Name][i] {
				t.Errorf("%s: %s is %v", tool.Name, hint, tool.Annotations[hint])
			}
		}
	}
}

// able makes an entity able to do exactly this.
func (s *stage) able(t *testing.T, id entities.ID, able ...entities.Capability) {
	t.Helper()
	must(t, s.registry.SetCapabilities(t.Context(), s.actor(), id, func([]entities.Capability) ([]entities.Capability, error) { return able, nil }))
}

// TestToolsThatAreOff shows that a tool which no server has switched on is neither listed nor
// there to be called.
func TestToolsThatAreOff(t *testing.T) {
	s := newStage(t)
	ada := s.entity(t, "Ada", "", s.general)
	session := s.connect(t, ada)
	has := func() bool { // not by the client, which keeps the list for a while
		t.Helper()
		_, _, body := s.post(t, ada, `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`)
		return strings.Contains(body, `"name":"catch_up"`)
	}
	if has() {
		t.Error("catch_up is listed")
	}
	if result, err := session.CallTool(t.Context(), &sdk.CallToolParams{Name: "catch_up", Arguments: args{"channel": "general"}}); err == nil {
		t.Errorf("catch_up answers %q", text(result))
	}
	s.able(t, ada.Entity.ID, entities.CanRead, entities.CanCatchUp)
	if !has() {
		t.Error("catch_up is not listed")
	}
	call(t, session, "catch_up", args{"channel": "general"})
}
