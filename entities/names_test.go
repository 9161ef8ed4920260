package entities_test

import (
	"testing"

	"troupe/entities"
)

func TestSlug(t *testing.T) {
	for name, want := range map[string]string{
		"Ada": "ada", "Ada Lovelace": "ada-lovelace", "  --O'Neil!": "o-neil", "愛": "entity", "Kö 3": "k-3",
		"A very long name that goes on and on": "a-very-long-name-that-go",
	} {
		if got := (entities.Entity{Name: name}).Slug(); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}
