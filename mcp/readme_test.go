package mcp_test

import (
	"os"
	"strings"
	"testing"

	"troupe/mcp"
)

// TestReadmeTable makes the README's table of tools from what the tools say of themselves.
func TestReadmeTable(t *testing.T) {
	const file, begin, end = "../README.md", "<!-- tools -->\n", "<!-- end -->"
	readme, err := os.ReadFile(file)
	must(t, err)
	before, rest, found := strings.Cut(string(readme), begin)
	written, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatal("the README has no place for the table of tools")
	}
	if *update {
		written = mcp.ToolTable()
		must(t, os.WriteFile(file, []byte(before+begin+written+end+after), 0o644))
	}
	if written != mcp.ToolTable() {
		t.Errorf("the README's table of tools is not that of the tools; run this test with -update\n%s", mcp.ToolTable())
	}
}
