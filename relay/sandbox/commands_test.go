package sandbox_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"troupe/relay/sandbox"
)

func (s *stage) commandsPath(guild sandbox.ID) string {
	path := "/applications/" + s.BotID().String()
	if guild != 0 {
		path += "/guilds/" + guild.String()
	}
	return path + "/commands"
}

func (s *stage) commands(a answer) []sandbox.Command {
	s.t.Helper()
	var list []sandbox.Command
	s.must(json.Unmarshal(s.want(200, a).Body, &list))
	return list
}

func TestCommandRefusals(t *testing.T) {
	s := newStage(t)
	options := func(list string) string {
		return `[{"name":"a","description":"d","options":[` + list + `]}]`
	}
	option := func(rest string) string { return options(`{"name":"o","description":"d",` + rest + `}`) }
	long := strings.Repeat("x", 101)
	for name, test := range map[string]struct{ body, code, at string }{
		"no name":                  {`[{"description":"d"}]`, "BASE_TYPE_REQUIRED", `"name"`},
		"upper case":               {`[{"name":"Ping","description":"d"}]`, "APPLICATION_COMMAND_INVALID_NAME", `"name"`},
		"blank in the name":        {`[{"name":"a b","description":"d"}]`, "APPLICATION_COMMAND_INVALID_NAME", `"name"`},
		"33 characters":            {`[{"name":"` + strings.Repeat("x", 33) + `","description":"d"}]`, "BASE_TYPE_BAD_LENGTH", `"name"`},
		"no description":           {`[{"name":"a"}]`, "BASE_TYPE_REQUIRED", `"description"`},
		"long description":         {`[{"name":"a","description":"` + long + `"}]`, "BASE_TYPE_BAD_LENGTH", `"description"`},
		"unknown type":             {`[{"name":"a","description":"d","type":9}]`, "BASE_TYPE_CHOICES", `"type"`},
		"menu with description":    {`[{"name":"A","type":2,"description":"d"}]`, "CONTEXT_MENU_DESCRIPTION_INVALID", `"description"`},
		"menu with options":        {`[{"name":"A","type":3,"options":[{"type":3,"name":"o","description":"d"}]}]`, "OPTIONS_NOT_ALLOWED", `"options"`},
		"same name twice":          {`[{"name":"a","description":"d"},{"name":"a","description":"d"}]`, "APPLICATION_COMMANDS_DUPLICATE_NAME", `"1"`},
		"26 options":               {options(repeat(26, func(i int) string { return fmt.Sprintf(`{"type":3,"name":"o%d","description":"d"}`, i) })), "BASE_TYPE_MAX_LENGTH", `"options"`},
		"same option twice":        {options(`{"type":3,"name":"o","description":"d"},{"type":3,"name":"o","description":"d"}`), "NAME_ALREADY_EXISTS", `"1"`},
		"required after optional":  {options(`{"type":3,"name":"o","description":"d"},{"type":3,"name":"p","description":"d","required":true}`), "OPTIONS_REQUIRED_INVALID", `"1"`},
		"the same in a subcommand": {options(`{"type":1,"name":"s","description":"d","options":[{"type":3,"name":"o","description":"d"},{"type":3,"name":"p","description":"d","required":true}]}`), "OPTIONS_REQUIRED_INVALID", `"1"`},
		"upper case option":        {options(`{"type":3,"name":"O","description":"d"}`), "APPLICATION_COMMAND_INVALID_NAME", `"name"`},
		"unknown option type":      {option(`"type":12`), "BASE_TYPE_CHOICES", `"type"`},
		"no option description":    {options(`{"type":3,"name":"o"}`), "BASE_TYPE_REQUIRED", `"description"`},
		"26 choices":               {option(`"type":3,"choices":[` + repeat(26, func(i int) string { return fmt.Sprintf(`{"name":"n%d","value":"v"}`, i) }) + `]`), "BASE_TYPE_MAX_LENGTH", `"choices"`},
		"choice of another type":   {option(`"type":4,"choices":[{"name":"n","value":"v"}]`), "NUMBER_TYPE_COERCE", `"value"`},
		"choices of a user":        {option(`"type":6,"choices":[{"name":"n","value":"v"}]`), "CHOICES_INVALID", `"0"`},
		"autocomplete too":         {option(`"type":3,"autocomplete":true,"choices":[{"name":"n","value":"v"}]`), "AUTOCOMPLETE_WITH_CHOICES", `"autocomplete"`},
		"option in an option":      {option(`"type":3,"options":[{"type":3,"name":"p","description":"d"}]`), "NESTED_INVALID", `"options"`},
		"subcommand and value":     {options(`{"type":1,"name":"s","description":"d"},{"type":3,"name":"o","description":"d"}`), "OPTIONS_TYPE_INVALID", `"options"`},
		"group in a group":         {options(`{"type":2,"name":"g","description":"d","options":[{"type":2,"name":"h","description":"d"}]}`), "BASE_TYPE_CHOICES", `"type"`},
		"group in a subcommand":    {options(`{"type":1,"name":"s","description":"d","options":[{"type":2,"name":"g","description":"d"}]}`), "BASE_TYPE_CHOICES", `"type"`},
		"empty group":              {options(`{"type":2,"name":"g","description":"d"}`), "BASE_TYPE_REQUIRED", `"options"`},
		"max_length 6001":          {option(`"type":3,"max_length":6001`), "NUMBER_TYPE_MAX", `"max_length"`},
		"8001 characters": {options(repeat(25, func(i int) string {
			return fmt.Sprintf(`{"type":3,"name":"o%d","description":"d","choices":[%s]}`, i, repeat(25, func(j int) string { return fmt.Sprintf(`{"name":"name %07d","value":"v"}`, j) }))
		})), "APPLICATION_COMMAND_TOO_LARGE", `"0"`},
		"no contexts":          {`[{"name":"a","description":"d","contexts":[]}]`, "BASE_TYPE_MIN_LENGTH", `"contexts"`},
		"unknown context":      {`[{"name":"a","description":"d","contexts":[3]}]`, "BASE_TYPE_CHOICES", `"contexts"`},
		"localized upper case": {`[{"name":"a","description":"d","name_localizations":{"de":"Ä"}}]`, "APPLICATION_COMMAND_INVALID_NAME", `"de"`},
		"wrong JSON type":      {`[{"name":5,"description":"d"}]`, "STRING_TYPE_CONVERT", `"name"`},
	} {
		if a := s.call("PUT", s.commandsPath(0), test.body); !a.says(400, 50035, test.code) || !strings.Contains(string(a.Errors), test.at) {
			t.Errorf("%s: %s", name, a)
		}
	}
	if got := s.commands(s.call("GET", s.commandsPath(0), nil)); len(got) != 0 {
		t.Errorf("refused lists left %+v", got)
	}
	many := "[" + repeat(101, func(i int) string { return fmt.Sprintf(`{"name":"c%d","description":"d"}`, i) }) + "]"
	if a := s.call("PUT", s.commandsPath(0), many); !a.says(400, 30032, "") {
		t.Errorf("101 commands: %s", a)
	}
	if a := s.call("GET", "/applications/1/commands", nil); !a.says(403, 20012, "") {
		t.Errorf("another application's: %s", a)
	}
	if a := s.call("PUT", s.commandsPath(s.channel), `[]`); !a.says(403, 50001, "") {
		t.Errorf("another guild's: %s", a)
	}
}

func TestCommandsAreKept(t *testing.T) {
	s := newStage(t)
	first := s.commands(s.call("PUT", s.commandsPath(0), testCommands))
	if len(first) != 5 || first[0].ID == 0 || first[0].Version == 0 || first[3].Type != sandbox.MessageCommand || *first[2].DefaultMemberPermissions != sandbox.ManageGuild {
		t.Fatalf("got %+v", first)
	}
	second := s.commands(s.call("PUT", s.commandsPath(0), `[{"name":"ping","description":"Answers more"},{"name":"new","description":"d"}]`))
	if second[0].ID != first[0].ID || second[0].Version <= first[0].Version || slices.ContainsFunc(first, func(k sandbox.Command) bool { return k.ID == second[1].ID }) {
		t.Errorf("overwritten: %+v", second)
	}
	if _, err := s.Slash(s.sam, s.guild, s.channel, "/entity create", nil); err == nil {
		t.Error("a command that is no more can be used")
	}
	s.want(201, s.call("POST", s.commandsPath(s.guild), `{"name":"local","description":"d"}`))
	made := s.want(200, s.call("POST", s.commandsPath(s.guild), `{"name":"local","description":"other"}`))
	var local sandbox.Command
	s.must(json.Unmarshal(made.Body, &local))
	if local.GuildID != s.guild || local.Description != "other" {
		t.Errorf("got %+v", local)
	}
	if len(s.commands(s.call("GET", s.commandsPath(0), nil))) != 2 || len(s.commands(s.call("GET", s.commandsPath(s.guild), nil))) != 1 {
		t.Error("guild and global commands are mixed up")
	}
	if _, err := s.Slash(s.sam, 0, 0, "/local", nil); err == nil {
		t.Error("a guild's command can be used in direct messages")
	}
	one := s.commandsPath(s.guild) + "/" + local.ID.String()
	s.want(200, s.call("PATCH", one, `{"options":[{"type":3,"name":"o","description":"d"}]}`))
	if a := s.want(200, s.call("GET", one, nil)); !strings.Contains(string(a.Body), `"other"`) || !strings.Contains(string(a.Body), `"options":[`) {
		t.Errorf("changed: %s", a)
	}
	s.want(204, s.call("DELETE", one, nil))
	if a := s.call("GET", one, nil); !a.says(404, 10063, "") {
		t.Errorf("deleted: %s", a)
	}
}
