package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"
)

// TestMain makes the test binary be troupe itself when a story calls it by that name.
func TestMain(m *testing.M) {
	testscript.Main(tidy{m}, map[string]func(){"troupe": main})
}

// tidy runs the tests and then looks for goroutines that nobody ended.
type tidy struct{ *testing.M }

func (t tidy) Run() int {
	defer func() { _ = os.RemoveAll(buildFolder()) }() // what cannot be taken away lies among what is temporary
	parallel()
	if code := t.M.Run(); code != 0 {
		return code
	}
	if err := goleak.Find(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// parallel has more tests at once than there are processors: they wait for clocks, for programs
// that start and for pauses that Discord asks for.
func parallel() {
	flag.Parse()
	chosen := false
	flag.Visit(func(f *flag.Flag) { chosen = chosen || f.Name == "test.parallel" })
	if !chosen {
		_ = flag.Set("test.parallel", strconv.Itoa(2*runtime.GOMAXPROCS(0))) // there is such a flag
	}
}

// TestStories plays testdata/script: people and AIs against the real program as a process of
// its own, with Discord's stand-in in this one.
func TestStories(t *testing.T) {
	if os.Getenv(openAPIVariable) == "" {
		t.Logf("%s names no description of Discord's API, so requests and answers are not checked against it", openAPIVariable)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               setStage,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			// the program
			"start":  onStage((*stage).start),
			"end":    onStage((*stage).stop),
			"get":    onStage((*stage).get),
			"logged": onStage((*stage).logged),
			"expand": onStage((*stage).expand),
			"demo":   onStage((*stage).demo),
			"type":   onStage((*stage).types),
			"hangup": onStage((*stage).hangUp),
			// people on Discord
			"slash":   onStage((*stage).slash),
			"modal":   onStage((*stage).modal),
			"forge":   onStage((*stage).forge),
			"hold":    onStage((*stage).hold),
			"pick":    onStage((*stage).pick),
			"click":   onStage((*stage).click),
			"press":   onStage((*stage).press),
			"menu":    onStage((*stage).menu),
			"reply":   onStage((*stage).replied),
			"say":     onStage((*stage).say),
			"line":    onStage((*stage).line),
			"post":    onStage((*stage).posted),
			"face":    onStage((*stage).face),
			"reacted": onStage((*stage).reacted),
			"pinged":  onStage((*stage).pinged),
			"whole":   onStage((*stage).whole),
			"lines":   onStage((*stage).lines),
			"shows":   onStage((*stage).shows),
			"rows":    onStage((*stage).rows),
			// Discord itself
			"discord": onStage((*stage).upset),
			// AIs over MCP
			"keep":   onStage((*stage).keep),
			"signin": onStage((*stage).signIn),
			"call":   onStage((*stage).call),
			"result": onStage((*stage).result),
			"listen": onStage((*stage).listen),
			"speak":  onStage((*stage).speak),
			"queue":  onStage((*stage).queue),
			"heard":  onStage((*stage).heard),
			"status": onStage((*stage).status),
		},
	})
}
