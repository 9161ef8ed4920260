package sandbox

import (
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// Departure is one way in which a request or an answer differed from Discord's
// description of its API.
type Departure struct {
	Route string // as described: "POST /channels/{channel_id}/messages"
	Where string // "route", "path NAME", "query NAME", "request body", "status" or "answer"
	Words string // the validator's
	// Refused is true when the request departed and the stand-in refused it, as Discord
	// would have: a test of refusals leaves these behind. Any other departure is a fault of
	// the client (it was let through) or of the stand-in (where it is in the answer).
	Refused bool
	Times   int // how often it was seen
}

// mostDepartures bounds how many different ones are kept.
const mostDepartures = 200

type departures struct {
	mu   sync.Mutex
	kept []Departure
}

// Departures gives what was seen so far, each kind once, in the order in which they were
// first seen; at most 200. It is empty without [Config.OpenAPI].
func (d *Discord) Departures() []Departure {
	if d.spec == nil {
		return nil
	}
	d.spec.notes.mu.Lock()
	defer d.spec.notes.mu.Unlock()
	return slices.Clone(d.spec.notes.kept)
}

func (o *openAPI) note(seen Departure) {
	o.notes.mu.Lock()
	defer o.notes.mu.Unlock()
	for i := range o.notes.kept {
		if k := &o.notes.kept[i]; k.Route == seen.Route && k.Where == seen.Where && k.Words == seen.Words && k.Refused == seen.Refused {
			k.Times++
			return
		}
	}
	if len(o.notes.kept) == mostDepartures {
		return
	}
	seen.Times = 1
	o.notes.kept = append(o.notes.kept, seen)
	if !seen.Refused {
		o.log.Warn("departs from Discord's description", "route", seen.Route, "where", seen.Where, "words", seen.Words)
	}
}

// mostWords bounds the length of one departure's words: a union has many branches.
const mostWords = 700

// wording makes the validator's error short: its leaves, and of a union only the branches
// whose type tag fits.
func wording(err error) string {
	if err == nil {
		return ""
	}
	fault, ok := errors.AsType[*jsonschema.ValidationError](err)
	if !ok {
		return err.Error()
	}
	var lines []string
	for _, leaf := range leaves(fault) {
		if line := leaf.Error(); !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	words := strings.Join(lines, "; ")
	if len(words) > mostWords {
		words = strings.ToValidUTF8(words[:mostWords], "") + " …"
	}
	return words
}

func leaves(e *jsonschema.ValidationError) []*jsonschema.ValidationError {
	if len(e.Causes) == 0 {
		return []*jsonschema.ValidationError{e}
	}
	branches := make([][]*jsonschema.ValidationError, 0, len(e.Causes))
	for _, cause := range e.Causes {
		branches = append(branches, leaves(cause))
	}
	fitting := slices.DeleteFunc(slices.Clone(branches), func(b []*jsonschema.ValidationError) bool {
		return slices.ContainsFunc(b, func(leaf *jsonschema.ValidationError) bool { return wrongTag(e, leaf) })
	})
	if isUnion(e) && len(fitting) > 0 {
		branches = fitting
	}
	return slices.Concat(branches...)
}

func isUnion(e *jsonschema.ValidationError) bool {
	switch e.ErrorKind.(type) {
	case *kind.OneOf, *kind.AnyOf:
		return true
	}
	return false
}

// wrongTag says whether leaf refuses the very value that union is about by its type: the
// "type" number of a component or option, or null where an object is.
func wrongTag(union, leaf *jsonschema.ValidationError) bool {
	below := leaf.InstanceLocation[min(len(union.InstanceLocation), len(leaf.InstanceLocation)):]
	switch leaf.ErrorKind.(type) {
	case *kind.Enum, *kind.Const:
		return len(below) == 1 && below[0] == "type"
	case *kind.Type:
		return len(below) == 0
	}
	return false
}
