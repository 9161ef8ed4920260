package entities_test

import (
	"go/types"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"troupe/entities"
)

// declaredActs are the package's variables that hold an act.
func declaredActs(t *testing.T) []string {
	t.Helper()
	scope := source(t).Scope()
	var names []string
	for _, name := range scope.Names() {
		object, ok := scope.Lookup(name).(*types.Var)
		if !ok {
			continue
		}
		if named, ok := object.Type().(*types.Named); ok && named.Obj().Name() == "act" {
			names = append(names, name)
		}
	}
	return names
}

func TestEveryActIsKnownToTheTests(t *testing.T) {
	declared, variables := declaredActs(t), slices.Sorted(maps.Keys(entities.ActVariables()))
	if len(declared) < 30 || !slices.Equal(declared, variables) {
		t.Errorf("declared are\n%v\nand the tests know\n%v", declared, variables)
	}
}

// Who can do it instead is in every refusal that people read.
func TestEveryActIsNamedAndRefusedInWords(t *testing.T) {
	mender := regexp.MustCompile(`owner|people with Manage Server|Ask an admin|admins and moderators|people who run this bot|the two people`)
	for _, act := range entities.ActVariables() {
		name, refusal, byPeople, byEveryone := act.Words()
		if strings.TrimSpace(name) == "" {
			t.Errorf("an act has no name: %+v", act)
		}
		switch {
		case !byPeople || byEveryone:
			if refusal != "" {
				t.Errorf("%s: %q is read by nobody", name, refusal)
			}
		case !mender.MatchString(refusal) || !strings.HasSuffix(refusal, "."):
			t.Errorf("%s: %q does not say who can do it", name, refusal)
		}
	}
}
