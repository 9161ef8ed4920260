package entities_test

import (
	"flag"
	"fmt"
	"os"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"troupe/entities"
	"troupe/entities/enginetest"
)

// engine is where the tests' databases are at present, and what is open there.
type engine struct {
	enginetest.Engine

	mu    sync.Mutex
	alive map[string]*entities.Registry // by path
}

// on is the engine of this run of the tests.
var on = &engine{}

func TestMain(m *testing.M) {
	flag.Parse()
	if os.Getenv(holdVariable) != "" {
		os.Exit(m.Run()) // a child of a test
	}
	code := enginetest.Run(m, &on.Engine)
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// TestEngine says on what the tests run.
func TestEngine(t *testing.T) { on.Say(t) }

// onlySQLite skips a test of what SQLite alone has.
func onlySQLite(t testing.TB) {
	t.Helper()
	if on.Server != "" {
		t.Skip("this is about SQLite's files")
	}
}

// onlyPostgres skips a test of what PostgreSQL alone has.
func onlyPostgres(t testing.TB) {
	t.Helper()
	if on.Server == "" {
		t.Skip("this is about PostgreSQL")
	}
}

func (e *engine) opened(path string, reg *entities.Registry) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.alive == nil {
		e.alive = map[string]*entities.Registry{}
	}
	e.alive[path] = reg
}

func (e *engine) closing(path string) *entities.Registry {
	e.mu.Lock()
	defer e.mu.Unlock()
	reg := e.alive[path]
	delete(e.alive, path)
	return reg
}

// full says that measures take their full counts, which take minutes: TEST_FULL=1.
var full = os.Getenv("TEST_FULL") != ""
