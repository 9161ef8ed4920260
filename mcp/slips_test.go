package mcp_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"troupe/entities"
)

// slipSchema is what the test reads of a tool's arguments.
type slipSchema struct {
	Required   []string
	Properties map[string]struct {
		Type    string
		Minimum int
		Default *int
	}
}

// harmless are arguments of tools that name nothing there is, so that a call which is read changes
// nothing.
var harmless = args{
	"channel": "123456789012345678", "message": "123456789012345679", "user": "123456789012345680", "content": "x", "emoji": "👍",
	"name": "nobody here", "query": "apple", "id": "123456789012345678:123456789012345679",
	"question": "x", "answers": []string{"x"}, "server": "123456789012345678",
}

// misread are the words of a call whose arguments could not be read.
var misread = regexp.MustCompile(`must be|needs |does not know|last digits|takes no arguments|not a JSON object`)

// TestSlips makes the slips that models make with the arguments of every tool: a number or a flag in
// quotes, null or nothing for what is left out, and one that there is not.
func TestSlips(t *testing.T) {
	s := newStage(t)
	ada := s.entity(t, "Ada", "", s.general)
	s.able(t, ada.Entity.ID, entities.Capabilities()...)
	session := s.connectAs(t, ada, "openai-mcp")
	listed, err := session.ListTools(t.Context(), nil)
	must(t, err)
	slips := 0
	for _, tool := range listed.Tools {
		var schema slipSchema
		all, err := json.Marshal(tool.InputSchema)
		must(t, err)
		must(t, json.Unmarshal(all, &schema))
		base := args{}
		for _, name := range schema.Required {
			if harmless[name] == nil {
				t.Fatalf("%s needs %s, for which there is nothing harmless", tool.Name, name)
			}
			base[name] = harmless[name]
		}
		if schema.Properties["message"].Type != "" {
			base["channel"] = harmless["channel"]
		}
		if schema.Properties["timeout_s"].Type != "" {
			base["timeout_s"] = 0
		}
		with := func(name string, value any) string {
			slips++
			changed := maps.Clone(base)
			changed[name] = value
			result, err := session.CallTool(t.Context(), &sdk.CallToolParams{Name: tool.Name, Arguments: changed})
			must(t, err)
			return text(result)
		}
		if got := with("chanel_id", 1); !strings.Contains(got, `"chanel_id"`) || !strings.Contains(got, tool.Name+" ") {
			t.Errorf("%s takes an argument that it does not have: %s", tool.Name, got)
		}
		for name, p := range schema.Properties {
			values := []any{}
			if !slices.Contains(schema.Required, name) && base[name] == nil {
				values = append(values, nil, "")
			}
			switch p.Type {
			case "string":
				if name == "around" || name == "reply_to" {
					values = append(values, "  ", "null")
				}
			case "integer":
				values = append(values, fmt.Sprint(" ", p.Minimum, " "), float64(p.Minimum), "null")
			case "boolean":
				values = append(values, "true", " False ", "null")
			}
			if name == "timeout_s" {
				values = []any{" 0 ", 0.0} // without it the call waits
			}
			for _, value := range values {
				if got := with(name, value); misread.MatchString(got) {
					t.Errorf("%s with %s = %#v: %s", tool.Name, name, value, got)
				}
			}
		}
	}
	if slips < 80 {
		t.Errorf("only %d slips", slips)
	}
	if all := s.discord.Messages(s.general); len(all) != 0 {
		t.Errorf("it says %q", all[0].Content)
	}
}

// TestSlipsOfReference names one channel, message, person and server in all the ways in which models
// name them.
func TestSlipsOfReference(t *testing.T) {
	s := newStage(t)
	ada := s.entity(t, "Ada", "", s.general)
	s.able(t, ada.Entity.ID, entities.Capabilities()...)
	session := s.connect(t, ada)
	m, err := s.discord.Say(s.sam, s.general, "apple, Ada")
	must(t, err)
	path := "discord.com/channels/" + s.guild.String() + "/" + s.general.String()
	both := s.general.String() + ":" + m.ID.String()
	for _, channel := range []string{
		s.general.String(), "#general", "general", " GENERAL ", "<#" + s.general.String() + ">", "Home/#general",
		"https://" + path, "<https://" + path + ">", "https://" + path + "/" + m.ID.String(), "http://" + path, path, "https://www." + path + "/", "https://canary." + path,
	} {
		for _, tool := range []string{"read_messages", "list_pins", "list_threads"} {
			call(t, session, tool, args{"channel": channel})
		}
	}
	for _, message := range []string{"https://" + path + "/" + m.ID.String(), "<https://" + path + "/" + m.ID.String() + ">", path + "/" + m.ID.String(), both, strings.Replace(both, ":", "-", 1)} {
		if got := text(call(t, session, "get_message", args{"message": message})); !strings.Contains(got, "apple") {
			t.Errorf("%s: %s", message, got)
		}
		if got := text(call(t, session, "read_messages", args{"channel": "general", "around": message})); !strings.Contains(got, "apple") {
			t.Errorf("around %s: %s", message, got)
		}
		if got := text(call(t, session, "fetch", args{"id": message})); !strings.Contains(got, "apple") {
			t.Errorf("fetch %s: %s", message, got)
		}
	}
	for _, server := range []string{s.guild.String(), "Home", " home ", "https://" + path} {
		call(t, session, "list_emojis", args{"server": server})
	}
	for _, person := range []string{s.sam.String(), "<@" + s.sam.String() + ">", "<@!" + s.sam.String() + ">", "@sam"} {
		call(t, session, "read_dms", args{"user": person})
	}
	for _, c := range []args{{"author": "<@!" + s.sam.String() + ">", "before": "<https://" + path + "/" + m.ID.String() + ">"}, {"query": "apple", "before": both}} {
		if got := text(call(t, session, "search_messages", c)); !strings.Contains(got, "Nothing was found") {
			t.Errorf("%v: %s", c, got)
		}
	}
	for _, refuse := range []struct {
		tool      string
		arguments args
	}{
		{"read_messages", args{"channel": json.Number(s.general.String())}},
		{"get_message", args{"channel": "general", "message": json.Number(m.ID.String())}},
		{"send_dm", args{"user": json.Number(s.sam.String()), "content": "x"}},
		{"list_emojis", args{"server": json.Number(s.guild.String())}},
	} {
		if got := refused(t, session, refuse.tool, refuse.arguments); !strings.Contains(got, "loses its last digits") {
			t.Errorf("%s: %s", refuse.tool, got)
		}
	}
}
