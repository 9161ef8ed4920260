package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/disgoorg/disgo/discord"
)

// named is a command as texts name it: /entity pause, /status.
var named = regexp.MustCompile(`/(entity|entities|settings|operator|leaderboard|privacy|status)\b(?: ([a-z]+))?`)

// TestTextsNameCommandsThatExist holds everything that people and AIs are told to do to the
// commands that there are.
func TestTextsNameCommandsThatExist(t *testing.T) {
	t.Parallel()
	d := newDemo(t)
	known := map[string]bool{}
	branched := map[string]bool{}
	for _, definition := range d.program.commands.Definitions() {
		slash, ok := definition.(discord.SlashCommandCreate)
		if !ok {
			continue
		}
		known[slash.Name] = true
		for _, option := range slash.Options {
			if branch, ok := option.(discord.ApplicationCommandOptionSubCommand); ok {
				known[slash.Name+" "+branch.Name], branched[slash.Name] = true, true
			}
		}
	}
	check := func(where, text string) {
		for _, found := range named.FindAllStringSubmatch(text, -1) {
			name, branch := found[1], found[2]
			if branched[name] && branch != "" {
				name += " " + branch
			}
			if !known[name] {
				t.Errorf("%s names /%s, which does not exist: %.120q", where, name, text)
			}
		}
	}
	for _, folder := range []string{".", "entities", "relay", "commands", "mcp"} {
		files, err := filepath.Glob(filepath.Join(folder, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if !strings.HasSuffix(file, "_test.go") {
				literals(t, file, check)
			}
		}
	}
	guides := os.DirFS(".")
	for _, pattern := range []string{"*.md", "*.toml", "docs/*.md"} {
		files, err := fs.Glob(guides, pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := fs.ReadFile(guides, file)
			if err != nil {
				t.Fatal(err)
			}
			check(file, string(text))
		}
	}
}

// literals gives check every text of a Go file that looks like words and not like a route.
func literals(t *testing.T, file string, check func(where, text string)) {
	t.Helper()
	positions := token.NewFileSet()
	parsed, err := parser.ParseFile(positions, file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(parsed, func(n ast.Node) bool {
		literal, ok := n.(*ast.BasicLit)
		if !ok || literal.Kind != token.STRING {
			return true
		}
		text := strings.Trim(literal.Value, "`\"")
		if !strings.HasPrefix(text, "/") || strings.Contains(text, " ") {
			check(positions.Position(literal.Pos()).String(), text)
		}
		return true
	})
}
