package entities

import (
	"errors"
	"fmt"
)

// Reason is the kind of a [Refusal], for surfaces that answer with codes.
type Reason int

// The reasons for a refusal.
const (
	NotFound        Reason = iota + 1 // it does not exist, or the actor may not know that it does
	NotAllowed                        // the actor lacks the right
	Invalid                           // the request itself is wrong
	Conflict                          // it collides with something that exists
	Unauthenticated                   // the credential is missing, wrong, old or foreign
	Unavailable                       // not now: Discord or this instance is not ready
)

// Refusal is a no that people and AIs may read: what is wrong, and who can mend it how. Any
// other error is ours and shows only a reference.
type Refusal struct {
	Reason Reason
	Text   string
}

func (r *Refusal) Error() string { return r.Text }

// Refuse makes a refusal from a sentence.
func Refuse(reason Reason, format string, args ...any) error {
	return &Refusal{Reason: reason, Text: fmt.Sprintf(format, args...)}
}

// AsRefusal finds the refusal in err, if it is one.
func AsRefusal(err error) (*Refusal, bool) {
	var refusal *Refusal
	ok := errors.As(err, &refusal)
	return refusal, ok
}

// IsRefusal says whether err is a refusal for this reason.
func IsRefusal(err error, reason Reason) bool {
	refusal, ok := AsRefusal(err)
	return ok && refusal.Reason == reason
}
