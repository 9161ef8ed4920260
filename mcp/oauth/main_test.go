package oauth_test

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"troupe/entities/enginetest"
)

// on is the engine of this run of the tests.
var on = &enginetest.Engine{}

func TestMain(m *testing.M) {
	flag.Parse()
	code := enginetest.Run(m, on)
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// TestEngine says on what the tests run.
func TestEngine(t *testing.T) { on.Say(t) }
