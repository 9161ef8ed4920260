package entities_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
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
	if raceEnabled {
		on.OnPostgres = atOnce
	}
	code := enginetest.Run(m, &on.Engine)
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// atOnce are the tests of what goes on at once in the database, and of PostgreSQL alone. The race
// detector has seen the others on SQLite: what they do once more on PostgreSQL it does not see.
const atOnce = "^(TestEngine|TestAnOutagePasses|TestAnotherWasThere|TestBackupUnderLoad|TestBetweenEngines|TestChangesAreToldOnceInTurn|" +
	"TestContention|TestManyCallsWithOneKey|TestManyMarkAtOnce|TestNeverMoreThanTheLimit|TestNotPermitted|TestOneWinner|" +
	"TestSettingsAtOnce|TestTakenOver|TestTheServerDoesNotNotice|TestTheServerEndsConnections|TestThoseAtOnceExist)$"

// TestThoseAtOnceExist looks that they all have their names still.
func TestThoseAtOnceExist(t *testing.T) {
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, file := range files {
		data, err := os.ReadFile(filepath.Clean(file))
		if err != nil {
			t.Fatal(err)
		}
		all.Write(data)
	}
	for name := range strings.SplitSeq(strings.Trim(atOnce, "^()$"), "|") {
		if !strings.Contains(all.String(), "\nfunc "+name+"(") {
			t.Errorf("there is no %s", name)
		}
	}
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
