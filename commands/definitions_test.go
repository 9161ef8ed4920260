package commands_test

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/disgoorg/disgo/discord"

	"troupe/commands"
)

func TestDefinitionsAreTheContract(t *testing.T) {
	raw, err := json.MarshalIndent(commands.Definitions(), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "commands.json", string(raw)+"\n")
}

// branch is a command or subcommand that people can give.
type branch struct {
	path     string
	complete bool // one of its options is autocompleted
}

func branches(t *testing.T) map[string][]branch {
	t.Helper()
	all := map[string][]branch{}
	for _, definition := range commands.Definitions() {
		if menu, ok := definition.(discord.MessageCommandCreate); ok {
			all[menu.Name] = []branch{{"/" + menu.Name, false}}
			continue
		}
		command, ok := definition.(discord.SlashCommandCreate)
		if !ok {
			t.Fatalf("%T is neither a slash command nor a message menu", definition)
		}
		if _, twice := all[command.Name]; twice {
			t.Errorf("/%s is defined twice", command.Name)
		}
		var subs []branch
		for _, option := range command.Options {
			if sub, ok := option.(discord.ApplicationCommandOptionSubCommand); ok {
				subs = append(subs, branch{"/" + command.Name + "/" + sub.Name, completes(sub.Options)})
			}
		}
		if len(subs) == 0 {
			subs = []branch{{"/" + command.Name, completes(command.Options)}}
		}
		all[command.Name] = subs
	}
	return all
}

func completes(options []discord.ApplicationCommandOption) bool {
	return slices.ContainsFunc(options, func(o discord.ApplicationCommandOption) bool {
		text, ok := o.(discord.ApplicationCommandOptionString)
		return ok && text.Autocomplete
	})
}

func TestDefinitionsAndRoutesAgree(t *testing.T) {
	defined, routes := branches(t), commands.Routes()
	if !maps.EqualFunc(defined, routes, func([]branch, []commands.RouteInfo) bool { return true }) {
		t.Errorf("defined %v, routed %v", slices.Sorted(maps.Keys(defined)), slices.Sorted(maps.Keys(routes)))
	}
	for name, list := range defined {
		var want []commands.RouteInfo
		for _, b := range list {
			want = append(want, commands.RouteInfo{Type: discord.InteractionTypeApplicationCommand, Path: b.path})
			if b.complete {
				want = append(want, commands.RouteInfo{Type: discord.InteractionTypeAutocomplete, Path: b.path})
			}
		}
		var got []commands.RouteInfo
		for _, r := range routes[name] {
			if r.Type == discord.InteractionTypeApplicationCommand || r.Type == discord.InteractionTypeAutocomplete {
				got = append(got, r)
			}
		}
		for _, r := range want {
			if !slices.Contains(got, r) {
				t.Errorf("/%s: nothing answers %v", name, r)
			}
		}
		for _, r := range got {
			if !slices.Contains(want, r) {
				t.Errorf("/%s: %v is answered but not defined", name, r)
			}
		}
	}
}

var variable = regexp.MustCompile(`\{[a-z]+\}`)

func TestNoRouteHidesAnother(t *testing.T) {
	for name, routes := range commands.Routes() {
		for _, r := range routes {
			example := variable.ReplaceAllString(r.Path, "x7k2")
			if got := commands.Matched(r.Type, example); got != r.Path {
				t.Errorf("/%s: %s leads to %s instead of %s", name, example, got, r.Path)
			}
			// A custom id holds a token of 26 characters at most where a variable stands.
			if n := len(variable.ReplaceAllString(r.Path, strings.Repeat("x", 26))); n > 100 {
				t.Errorf("%s: custom ids have %d characters", r.Path, n)
			}
		}
	}
}

func TestEveryCommandIsForServersOnly(t *testing.T) {
	for _, definition := range commands.Definitions() {
		if menu, ok := definition.(discord.MessageCommandCreate); ok {
			if !slices.Equal(menu.Contexts, []discord.InteractionContextType{discord.InteractionContextTypeGuild}) ||
				!slices.Equal(menu.IntegrationTypes, []discord.ApplicationIntegrationType{discord.ApplicationIntegrationTypeGuildInstall}) {
				t.Errorf("%q is offered in %v", menu.Name, menu.Contexts)
			}
			continue
		}
		command, ok := definition.(discord.SlashCommandCreate)
		if !ok {
			t.Fatalf("%T is neither a slash command nor a message menu", definition)
		}
		contexts := []discord.InteractionContextType{discord.InteractionContextTypeGuild}
		// Whoever runs the bot need not be where it is, and about themselves people decide anywhere.
		if slices.Contains([]string{"operator", "privacy", "talk"}, command.Name) {
			contexts = append(contexts, discord.InteractionContextTypeBotDM)
		}
		if !slices.Equal(command.Contexts, contexts) ||
			!slices.Equal(command.IntegrationTypes, []discord.ApplicationIntegrationType{discord.ApplicationIntegrationTypeGuildInstall}) {
			t.Errorf("/%s is offered in %v", command.Name, command.Contexts)
		}
	}
}
