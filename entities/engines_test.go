package entities_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"troupe/entities"
)

// Every test here runs on SQLite, and then once more on PostgreSQL: a server whose URL stands
// in TEST_POSTGRES and that lets databases be made, or one that is started for that long from
// the programs of PostgreSQL on this machine.
const serverVariable = "TEST_POSTGRES"

// engine is where the tests' databases are at present.
type engine struct {
	name   string
	server string // URL of the tests' PostgreSQL database; "" for SQLite
	skip   string // why there is no PostgreSQL

	mu    sync.Mutex
	made  map[string]string             // schema by path
	alive map[string]*entities.Registry // by path
}

// on is the engine of this run of the tests.
var on = &engine{name: "SQLite"}

func TestMain(m *testing.M) {
	flag.Parse()
	if os.Getenv(holdVariable) != "" {
		os.Exit(m.Run()) // a child of a test
	}
	os.Exit(runOnBoth(m))
}

func runOnBoth(m *testing.M) (code int) {
	server, stop, err := findPostgres()
	if errors.Is(err, errNoPostgres) {
		on.skip = err.Error()
	} else if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code = runOn(m)
	if server != "" && !single() {
		code = max(code, runOnPostgres(m, server))
	}
	if err := stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// runOnPostgres runs the tests in a database that is made for them.
func runOnPostgres(m *testing.M, server string) int {
	name := fmt.Sprintf("troupe_test_%d", os.Getpid())
	if err := execute(context.Background(), server, "CREATE DATABASE "+name+" TEMPLATE template0 ENCODING 'UTF8'"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	on = &engine{name: "PostgreSQL", server: with(server, func(u *url.URL) { u.Path = "/" + name })}
	if run := flag.Lookup("test.run").Value; raceEnabled && run.String() == "" {
		_ = run.Set(atOnce) // it is a pattern
	}
	code := runOn(m)
	if err := execute(context.Background(), server, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
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

func runOn(m *testing.M) int {
	if testing.Verbose() {
		fmt.Printf("=== all tests on %s\n", on.name)
	}
	return m.Run()
}

// single says that the tests run otherwise than to be passed: fuzzing, or to be listed.
func single() bool {
	for _, name := range []string{"test.fuzz", "test.list"} {
		if flag.Lookup(name).Value.String() != "" {
			return true
		}
	}
	return false
}

// TestEngine says on what the tests run.
func TestEngine(t *testing.T) {
	if on.skip != "" {
		t.Skip("the tests run on SQLite only: " + on.skip)
	}
	t.Log("the tests run on", on.name)
}

// onlySQLite skips a test of what SQLite alone has.
func onlySQLite(t testing.TB) {
	t.Helper()
	if on.server != "" {
		t.Skip("this is about SQLite's files")
	}
}

// onlyPostgres skips a test of what PostgreSQL alone has.
func onlyPostgres(t testing.TB) {
	t.Helper()
	if on.server == "" {
		t.Skip("this is about PostgreSQL")
	}
}

// url is that of the database for a path. On PostgreSQL this is a schema of its own, which is
// made a hundred times faster than a database.
func (e *engine) url(t testing.TB, path string) string {
	t.Helper()
	if e.server == "" {
		return "sqlite:" + path
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	name, ok := e.made[path]
	if !ok {
		name = fmt.Sprintf("test_%d", len(e.made))
		if err := execute(context.Background(), e.server, "CREATE SCHEMA "+name); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := execute(context.Background(), e.server, "DROP SCHEMA "+name+" CASCADE"); err != nil {
				t.Error(err)
			}
		})
		if e.made == nil {
			e.made = map[string]string{}
		}
		e.made[path] = name
		t.Logf("on PostgreSQL, schema %s", name)
	}
	return with(e.server, func(u *url.URL) {
		query := u.Query()
		query.Set("search_path", name)
		u.RawQuery = query.Encode()
	})
}

// with gives a URL with a change.
func with(raw string, change func(*url.URL)) string {
	u, err := url.Parse(raw)
	if err != nil {
		panic("no URL") // it was used already
	}
	change(u)
	return u.String()
}

// execute runs commands on a PostgreSQL database.
func execute(ctx context.Context, database string, commands ...string) error {
	conn, err := pgx.Connect(ctx, database)
	if err != nil {
		return err
	}
	for _, command := range commands {
		if _, err := conn.PgConn().Exec(ctx, command).ReadAll(); err != nil {
			return errors.Join(fmt.Errorf("%s: %w", strings.SplitN(command, "\n", 2)[0], err), conn.Close(ctx))
		}
	}
	return conn.Close(ctx)
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
