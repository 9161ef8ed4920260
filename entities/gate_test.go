package entities_test

import (
	"go/types"
	"maps"
	"slices"
	"testing"
)

// actorless are the exported methods that take no actor, each with its reason.
var actorless = map[string]string{
	"Close":        "ends the registry itself, by who opened it",
	"Lost":         "says that another process took the database; the program itself waits for it",
	"Ping":         "says whether the database answers, and nothing of what is in it",
	"Times":        "says how long the database took, and nothing of what is in it",
	"World":        "is what Discord told, which relay brings; no row stands in it",
	"Authenticate": "makes the actor, from a key",
	"OnRevoked":    "is told which entities' credentials ended, and learns nothing else",
	"OnEnded":      "is told which grants ended, and learns nothing else",
	"OnRest":       "is told where entities rest, and learns nothing else",
	// What people decided protects them from whoever asks.
	"Hidden":        "says whether a person hides, for those who are about to show what they said",
	"Unmentionable": "says whether a person may be pinged, for those who are about to",
	"RefusesDMs":    "says whether a person may be written to, for those who are about to",
}

// Every method that reads or writes rows says for whom.
func TestEveryMethodTakesAnActor(t *testing.T) {
	methods := exported(t)
	for name, signature := range methods {
		if reason, ok := actorless[name]; ok {
			if takesActor(signature) {
				t.Errorf("%s takes an actor and is listed without one: %s", name, reason)
			}
			continue
		}
		if !takesActor(signature) {
			t.Errorf("%s%v does not begin with (ctx context.Context, actor Actor", name, signature)
		}
	}
	for name := range actorless {
		if methods[name] == nil {
			t.Errorf("%s is listed and is no method", name)
		}
	}
}

func takesActor(signature *types.Signature) bool {
	parameters := signature.Params()
	if parameters.Len() < 2 {
		return false
	}
	is := func(i int, path, name string) bool {
		named, ok := parameters.At(i).Type().(*types.Named)
		return ok && named.Obj().Name() == name && named.Obj().Pkg().Path() == path
	}
	return is(0, "context", "Context") && is(1, "troupe/entities", "Actor")
}

// With a gate that denies, every method gives the gate's refusal and changes nothing.
func TestNothingPassesAClosedGate(t *testing.T) {
	var methods []string
	for name := range exported(t) {
		if _, ok := actorless[name]; !ok {
			methods = append(methods, name)
		}
	}
	slices.Sort(methods)
	table := calls(t)
	if listed := slices.Sorted(maps.Keys(table)); !slices.Equal(listed, methods) {
		t.Fatalf("the table has\n%v\nand the registry\n%v", listed, methods)
	}
	s := newStage(t)
	refusal := s.Deny()
	before, memory := dump(t, s.Registry), s.Memory()
	for _, name := range methods {
		if err := table[name].do(t.Context(), s, table[name].by(s)); err != refusal { //nolint:errorlint // this very one
			t.Errorf("%s: %v", name, err)
		}
	}
	if after := dump(t, s.Registry); after != before || s.Memory() != memory {
		t.Errorf("something changed:\n%s", difference(before, after))
	}
}

// Who changes an entity is asked for again once nothing else can change.
func TestTheGateIsAskedAgainBeforeAChange(t *testing.T) {
	table, s := calls(t), newStage(t)
	before, memory := dump(t, s.Registry), s.Memory()
	for _, name := range []string{
		"Create", "Edit", "EditHere", "Pause", "Resume", "Suspend", "Reinstate", "Delete", "Offer", "Take", "Decline", "Join", "Approve", "Reject",
		"Leave", "LeaveServer", "RotateKey", "FirstKey", "SetChannels", "SetCapabilities", "SetLimits", "SetRules", "SetServerRules", "Assign", "Stop", "Continue", "SetTalk", "SetPrivacy", "Erase", "ChoosePartner", "Block",
	} {
		refusal := s.DenyLater()
		if err := table[name].do(t.Context(), s, table[name].by(s)); err != refusal { //nolint:errorlint // this very one
			t.Errorf("%s: %v", name, err)
		}
	}
	if after := dump(t, s.Registry); after != before || s.Memory() != memory {
		t.Errorf("something changed:\n%s", difference(before, after))
	}
}
