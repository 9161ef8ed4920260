// Package enginetest runs a package's tests on SQLite, and then once more on PostgreSQL: a server
// whose URL stands in TEST_POSTGRES and that lets databases be made, or one that is started for
// that long from the programs of PostgreSQL on this machine.
package enginetest

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
)

const serverVariable = "TEST_POSTGRES"

// Engine is where the databases of a package's tests are at present.
type Engine struct {
	Name   string
	Server string // URL of the tests' PostgreSQL database; "" for SQLite
	Skip   string // why there is no PostgreSQL
	// OnPostgres names the tests that run there, as -run does, unless that was given; "" for all.
	OnPostgres string

	mu   sync.Mutex
	made map[string]string // schema by path
}

// Run runs the tests of a package on both engines, of which on is always the one that they are on.
// Flags must have been parsed. It gives the process's exit code.
func Run(m *testing.M, on *Engine) (code int) {
	on.Name = "SQLite"
	server, stop, err := find()
	if errors.Is(err, errNone) {
		on.Skip = err.Error()
	} else if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code = on.run(m)
	if server != "" && !single() {
		code = max(code, on.runPostgres(m, server))
	}
	if err := stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// runPostgres runs the tests in a database that is made for them.
func (e *Engine) runPostgres(m *testing.M, server string) int {
	name := fmt.Sprintf("troupe_test_%d", os.Getpid())
	if err := Execute(context.Background(), server, "CREATE DATABASE "+name+" TEMPLATE template0 ENCODING 'UTF8'"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	e.Name, e.Server = "PostgreSQL", With(server, func(u *url.URL) { u.Path = "/" + name })
	if run := flag.Lookup("test.run").Value; e.OnPostgres != "" && run.String() == "" {
		if err := run.Set(e.OnPostgres); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	code := e.run(m)
	if err := Execute(context.Background(), server, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

func (e *Engine) run(m *testing.M) int {
	if testing.Verbose() {
		fmt.Printf("=== all tests on %s\n", e.Name)
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

// Say logs on what the tests run, for a package's TestEngine.
func (e *Engine) Say(t *testing.T) {
	t.Helper()
	if e.Skip != "" {
		t.Skip("the tests run on SQLite only: " + e.Skip)
	}
	t.Log("the tests run on", e.Name)
}

// URL is that of the database for a path. On PostgreSQL this is a schema of its own, which is
// made a hundred times faster than a database.
func (e *Engine) URL(t testing.TB, path string) string {
	t.Helper()
	if e.Server == "" {
		return "sqlite:" + path
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	name, ok := e.made[path]
	if !ok {
		name = fmt.Sprintf("test_%d", len(e.made))
		if err := Execute(context.Background(), e.Server, "CREATE SCHEMA "+name); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := Execute(context.Background(), e.Server, "DROP SCHEMA "+name+" CASCADE"); err != nil {
				t.Error(err)
			}
		})
		if e.made == nil {
			e.made = map[string]string{}
		}
		e.made[path] = name
		t.Logf("on PostgreSQL, schema %s", name)
	}
	return With(e.Server, func(u *url.URL) {
		query := u.Query()
		query.Set("search_path", name)
		u.RawQuery = query.Encode()
	})
}

// With gives a URL with a change.
func With(raw string, change func(*url.URL)) string {
	u, err := url.Parse(raw)
	if err != nil {
		panic("no URL") // it was used already
	}
	change(u)
	return u.String()
}

// Execute runs commands on a PostgreSQL database.
func Execute(ctx context.Context, database string, commands ...string) error {
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
