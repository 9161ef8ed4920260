package entities_test

import (
	"slices"
	"strings"
	"testing"

	"troupe/entities"
)

// dump gives all rows, but for audited refusals.
func dump(t testing.TB, reg *entities.Registry) string {
	t.Helper()
	rows, err := reg.Dump(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// remembers checks that memory has what a registry would have that was opened now.
func remembers(t testing.TB, reg *entities.Registry) {
	t.Helper()
	afresh, err := reg.Afresh(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if memory := reg.Memory(); memory != afresh {
		t.Errorf("memory and a fresh start differ:\n%s", difference(memory, afresh))
	}
}

// difference gives the lines that only one text has.
func difference(before, after string) string {
	var lines []string
	a, b := strings.Split(before, "\n"), strings.Split(after, "\n")
	for _, line := range a {
		if !slices.Contains(b, line) {
			lines = append(lines, "- "+line)
		}
	}
	for _, line := range b {
		if !slices.Contains(a, line) {
			lines = append(lines, "+ "+line)
		}
	}
	return strings.Join(lines, "\n")
}
