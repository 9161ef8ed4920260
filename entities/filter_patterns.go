package entities

import (
	"errors"
	"regexp"
	"regexp/syntax"
	"unicode/utf8"
)

// Bounds of what can be blocked at one level.
const (
	MaxBlockedWords    = 100
	MaxBlockedWord     = 60 // characters
	MaxBlockedPatterns = 20
	MaxBlockedPattern  = 200 // characters
	// MaxBlocked is how many characters all of them have together, each on a line of its own.
	// Discord: a form's text has 4,000.
	MaxBlocked = 4000
	// mostSteps bounds the compiled patterns of one level: what a line costs at most is their
	// steps times its characters.
	mostSteps = 1000
)

// blockedPattern is a pattern that nothing that is said may match.
type blockedPattern struct {
	written string
	// expression is nil for one that this program cannot read any more; then it matches
	// everything, so that nothing slips through.
	expression *regexp.Regexp
}

func (p blockedPattern) matches(text string) bool {
	return p.expression == nil || p.expression.MatchString(text)
}

// compile reads a pattern, and says how many steps it has.
func compile(written string) (expression *regexp.Regexp, steps int, err error) {
	if n := utf8.RuneCountInString(written); n > MaxBlockedPattern {
		return nil, 0, Refuse(Invalid, "A pattern has at most %d characters; one of these has %d.", MaxBlockedPattern, n)
	}
	if expression, err = regexp.Compile(written); err != nil {
		reason := "it cannot be read"
		if wrong, ok := errors.AsType[*syntax.Error](err); ok {
			reason = wrong.Code.String() + " at " + wrong.Expr
		}
		return nil, 0, Refuse(Invalid, "The pattern /%s/ is wrong: %s. For a plain word leave out the slashes.", written, reason)
	}
	if expression.MatchString("") {
		return nil, 0, Refuse(Invalid, "The pattern /%s/ fits everything, so nothing could be said any more. Make it say what must be there.", written)
	}
	tree, err := syntax.Parse(written, syntax.Perl)
	if err != nil {
		return nil, 0, err
	}
	program, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return nil, 0, err
	}
	return expression, len(program.Inst), nil
}
