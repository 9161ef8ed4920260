package entities_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"

	"troupe/entities"
	"troupe/entities/enginetest"
)

const patience = 20 * time.Second

// eventually repeats a question until its answer is nil.
func eventually(t testing.TB, ask func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for {
		err := ask()
		if err == nil {
			return
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			t.Fatalf("not in time: %v", err)
		}
	}
}

// wire leads to the tests' PostgreSQL server, and can be cut.
type wire struct {
	listener net.Listener
	to       func() (net.Conn, error)

	mu    sync.Mutex
	cut   bool
	deaf  bool              // the server does not notice a cut
	conns map[net.Conn]bool // true: the server's end
	all   sync.WaitGroup
}

// newWire gives a wire, and the URL of a new database at its end.
func newWire(t *testing.T, path string) (*wire, string) {
	t.Helper()
	direct := on.URL(t, path)
	config, err := pgx.ParseConfig(direct)
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{conns: map[net.Conn]bool{}, to: func() (net.Conn, error) {
		if strings.HasPrefix(config.Host, "/") {
			return net.Dial("unix", fmt.Sprintf("%s/.s.PGSQL.%d", config.Host, config.Port))
		}
		return net.Dial("tcp", net.JoinHostPort(config.Host, fmt.Sprint(config.Port)))
	}}
	if w.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	w.all.Go(w.serve)
	t.Cleanup(func() {
		_ = w.listener.Close()
		w.setDeaf(false)
		w.set(true)
		w.all.Wait()
	})
	return w, enginetest.With(direct, func(u *url.URL) {
		u.Host = w.listener.Addr().String()
		query := u.Query()
		query.Del("host")
		u.RawQuery = query.Encode()
	})
}

func (w *wire) serve() {
	for {
		conn, err := w.listener.Accept()
		if err != nil {
			return
		}
		server, err := w.to()
		if err != nil || !w.keep(conn, server) {
			_ = conn.Close()
			continue
		}
		for _, pair := range [][2]net.Conn{{conn, server}, {server, conn}} {
			w.all.Go(func() {
				_, _ = io.Copy(pair[0], pair[1])
				w.end(conn, server)
			})
		}
	}
}

func (w *wire) keep(client, server net.Conn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.cut {
		_ = server.Close()
		return false
	}
	w.conns[client], w.conns[server] = false, true
	return true
}

// end closes both ends, or the client's only.
func (w *wire) end(client, server net.Conn) {
	_ = client.Close()
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.deaf {
		_ = server.Close()
	}
}

func (w *wire) setDeaf(deaf bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.deaf = deaf
}

// block lets no new connection through, or does again.
func (w *wire) block(blocked bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = blocked
}

// set cuts the wire, with all that goes over it, or mends it.
func (w *wire) set(cut bool) {
	w.block(cut)
	w.mu.Lock()
	defer w.mu.Unlock()
	for conn, server := range w.conns {
		if cut && (!server || !w.deaf) {
			_ = conn.Close()
		}
	}
}

func openAt(t *testing.T, database, holder string) *entities.Registry {
	t.Helper()
	reg, err := entities.Open(t.Context(), entities.Config{
		Database: database, World: newWorld(), Log: slog.New(slog.DiscardHandler), Holder: holder,
		Admission: entities.Admission{Mode: entities.AdmitAll},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := reg.Close(); err != nil {
			t.Error(err)
		}
	})
	return reg
}

func tryCreate(t *testing.T, reg *entities.Registry, name string) error {
	t.Helper()
	_, err := reg.Create(t.Context(), admin(olivia), entities.NewEntity{Name: name, Channels: chosen(general)})
	return err
}

func TestAnOutagePasses(t *testing.T) {
	onlyPostgres(t)
	line, database := newWire(t, "outage")
	reg := openAt(t, database, "first")
	create(t, reg, "Ada", general)
	for n := range 3 {
		line.set(true)
		if err := tryCreate(t, reg, "Lost"); err == nil {
			t.Fatal("something was written without a database")
		}
		if err := reg.Ping(t.Context()); err == nil {
			t.Error("the database answers over a cut wire")
		}
		for range 20 { // mends that do not last
			line.set(false)
			glimpse, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
			_ = reg.Ping(glimpse) // it may get through or not
			<-glimpse.Done()
			cancel()
			line.set(true)
		}
		line.set(false)
		begin := time.Now()
		eventually(t, func() error {
			select {
			case err := <-reg.Lost():
				t.Fatalf("nobody took the database over: %v", err)
			default:
			}
			return tryCreate(t, reg, fmt.Sprintf("Bob %d", n))
		})
		t.Logf("there again after %s", time.Since(begin))
	}
	if _, err := reg.Picture(t.Context(), entities.System("test"), "none"); !entities.IsRefusal(err, entities.NotFound) {
		t.Errorf("readers: %v", err)
	}
}

// TestTheServerDoesNotNotice: the lock is still that of a connection which is gone.
func TestTheServerDoesNotNotice(t *testing.T) {
	onlyPostgres(t)
	line, database := newWire(t, "deaf")
	reg := openAt(t, database, "first")
	create(t, reg, "Ada", general)
	line.setDeaf(true)
	line.set(true)
	line.set(false)
	eventually(t, func() error { return tryCreate(t, reg, "Bob") })
	select {
	case err := <-reg.Lost():
		t.Errorf("nobody took the database over: %v", err)
	default:
	}
}

// TestTheServerEndsConnections: those that are idle are found out before they are used.
func TestTheServerEndsConnections(t *testing.T) {
	onlyPostgres(t)
	path := "ended"
	reg := open(t, path, newWorld())
	create(t, reg, "Ada", general)
	if err := enginetest.Execute(t.Context(), on.Server, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'troupe%'"); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() error { return tryCreate(t, reg, "Bob") })
	if got, err := reg.List(t.Context(), admin(olivia)); err != nil || len(got) != 2 {
		t.Errorf("%v, %v", got, err)
	}
}

// TestTakenOver: a process that was away while another one began must write nothing more, and
// must be told.
func TestTakenOver(t *testing.T) {
	onlyPostgres(t)
	const endLocks = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ExclusiveLock'"
	for name, leave := range map[string]func(*wire){
		"its wires were cut":        func(w *wire) { w.set(true) },
		"only its lock's wire died": func(w *wire) { w.block(true) },
	} {
		t.Run(name, func(t *testing.T) {
			line, database := newWire(t, t.Name())
			first := openAt(t, database, "first")
			create(t, first, "Ada", general)
			leave(line)
			if err := enginetest.Execute(t.Context(), on.Server, endLocks); err != nil {
				t.Fatal(err)
			}
			second := open(t, t.Name(), newWorld(), func(c *entities.Config) { c.Holder = "second" })
			create(t, second, "Bob", lab)
			if err := tryCreate(t, first, "Cleo"); err == nil {
				t.Error("the first writes while the second has the database")
			}
			line.set(false)
			select {
			case err := <-first.Lost():
				if !strings.Contains(err.Error(), "second, running since") {
					t.Errorf("got %v", err)
				}
			case <-time.After(patience):
				t.Fatal("the first is not told")
			}
			if err := tryCreate(t, first, "Cleo"); err == nil {
				t.Error("the first writes after it was told")
			}
			create(t, second, "Dora", general)
		})
	}
}

// TestAnotherWasThere: the other one is gone already when the first comes back.
func TestAnotherWasThere(t *testing.T) {
	onlyPostgres(t)
	line, database := newWire(t, "visited")
	first := openAt(t, database, "first")
	line.set(true)
	eventually(t, func() error { // until the server has noticed
		second, err := tryOpen(t, "visited", newWorld())
		if err != nil {
			return err
		}
		create(t, second, "Bob", general)
		return nil
	})
	shut(t, "visited")
	line.set(false)
	select {
	case err := <-first.Lost():
		t.Log(err)
	case <-time.After(patience):
		t.Fatal("the first is not told")
	}
}

// answering gives the URL of a server that answers every connection in one way.
func answering(t *testing.T, answer ...pgproto3.BackendMessage) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			backend := pgproto3.NewBackend(conn, conn)
			if _, err := backend.ReceiveStartupMessage(); err == nil {
				for _, message := range answer {
					backend.Send(message)
				}
				_ = backend.Flush()
				_, _ = io.Copy(io.Discard, conn)
			}
			_ = conn.Close()
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		all.Wait()
	})
	return fmt.Sprintf("postgres://ursula:c4n4ry@%s/plays?sslmode=disable", listener.Addr())
}

// welcome is how a server of a version begins.
func welcome(version, encoding string) []pgproto3.BackendMessage {
	return []pgproto3.BackendMessage{
		&pgproto3.AuthenticationOk{}, &pgproto3.ParameterStatus{Name: "server_version", Value: version},
		&pgproto3.ParameterStatus{Name: "server_encoding", Value: encoding}, &pgproto3.BackendKeyData{ProcessID: 1, SecretKey: []byte{0, 0, 0, 1}},
		&pgproto3.ReadyForQuery{TxStatus: 'I'},
	}
}

func refusal(code, text string) []pgproto3.BackendMessage {
	return []pgproto3.BackendMessage{&pgproto3.ErrorResponse{Severity: "FATAL", Code: code, Message: text}}
}

// TestWordsAboutPostgres: what stops the start says what to mend, without the password.
func TestWordsAboutPostgres(t *testing.T) {
	for name, test := range map[string]struct {
		database string
		want     string
	}{
		"wrong password":   {answering(t, refusal("28P01", `password authentication failed for user "ursula"`)...), `does not let the user "ursula" in`},
		"says password":    {answering(t, refusal("XX000", `the password c4n4ry is bad`)...), `(set)`},
		"no entry":         {answering(t, refusal("28000", `no pg_hba.conf entry`)...), "pg_hba.conf"},
		"no database":      {answering(t, refusal("3D000", `database "plays" does not exist`)...), "createdb -E UTF8 -O ursula plays"},
		"full":             {answering(t, refusal("53300", `sorry, too many clients already`)...), "max_connections"},
		"starting":         {answering(t, refusal("57P03", `the database system is starting up`)...), "Try again in a moment"},
		"too old":          {answering(t, welcome("12.22 (Debian 12.22-1)", "UTF8")...), "PostgreSQL 13 or newer"},
		"another encoding": {answering(t, welcome("17beta1", "LATIN1")...), "createdb -E UTF8"},
		"nobody there":     {"postgres://ursula:c4n4ry@127.0.0.1:1/plays", "cannot be reached at 127.0.0.1:1"},
		"no such host":     {"postgres://ursula:c4n4ry@nowhere.invalid/plays", "cannot be reached at nowhere.invalid:5432"},
	} {
		t.Run(name, func(t *testing.T) {
			var log strings.Builder
			_, err := entities.Open(t.Context(), entities.Config{
				Database: test.database, World: newWorld(), Log: slog.New(slog.NewTextHandler(&log, nil)),
			})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v; want %q in it", err, test.want)
			}
			for e := err; e != nil; e = errors.Unwrap(e) {
				if strings.Contains(e.Error(), "c4n4ry") {
					t.Errorf("the password stands in %v", e)
				}
			}
			if strings.Contains(log.String(), "c4n4ry") {
				t.Errorf("the password stands in the log: %s", log.String())
			}
		})
	}
}

// TestNotPermitted: a user who may connect, and no more.
func TestNotPermitted(t *testing.T) {
	onlyPostgres(t)
	path := filepath.Join(t.TempDir(), "x")
	schema := on.URL(t, path)
	who := strings.ToLower(strings.ReplaceAll(t.Name(), "/", "_"))
	if err := enginetest.Execute(t.Context(), schema, "CREATE ROLE "+who+" LOGIN PASSWORD 'c4n4ry'"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := enginetest.Execute(context.Background(), schema, "DROP OWNED BY "+who, "DROP ROLE "+who); err != nil {
			t.Error(err)
		}
	})
	asThem := enginetest.With(schema, func(u *url.URL) { u.User = url.UserPassword(who, "c4n4ry") })
	cfg := entities.Config{Database: asThem, World: newWorld(), Log: slog.New(slog.DiscardHandler)}
	if _, err := entities.Open(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "no schema") {
		t.Errorf("got %v", err)
	}
	if err := enginetest.Execute(t.Context(), schema, "DO $$ BEGIN EXECUTE 'GRANT USAGE ON SCHEMA ' || current_schema() || ' TO "+who+"'; END $$"); err != nil {
		t.Fatal(err)
	}
	if _, err := entities.Open(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "may not make tables") {
		t.Errorf("got %v", err)
	}
}
