package entities

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"
)

// postgresHold is an advisory lock that a connection of its own has, for as long as it lives.
// The server ends the lock with the connection, so the connection is watched, and the lock
// taken again when it is lost.
//
// The connection that writes has a second, shared lock, and is only let in while this process
// has the first. Whoever takes the first ends all connections that have the second: a process
// that was stopped for a while and does not know yet that it lost the lock writes nothing.
type postgresHold struct {
	place postgresDatabase
	life  string
	log   *slog.Logger

	conn    *pgx.Conn     // the watch's, once that has begun
	pid     uint32        // conn's process on the server
	backend atomic.Uint32 // the server's process that has the lock; 0 while it is lost
	gone    chan error
	stop    context.CancelFunc
	done    chan struct{}

	// hasty says that the writer's commits need not be on the disk when they end. Each connection
	// begins with false, so that it is never wrong the dangerous way.
	hasty bool
}

// The two locks. The second half of a lock's name is the schema, so that several bots can
// share a database.
const (
	holdLock  = 0x74726f75 // "trou"
	writeLock = 0x74726f77 // "trow"
)

const (
	tryLock   = "SELECT pg_try_advisory_lock($1, hashtext(current_schema()))"
	lockers   = " FROM pg_locks LEFT JOIN pg_stat_activity USING (pid) WHERE locktype = 'advisory' AND granted AND objsubid = 2 AND classid = $1 AND objid = hashtext(current_schema())::oid AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
	isLocked  = "SELECT EXISTS (SELECT 1" + lockers + " AND pid = $2)"
	endLocker = "SELECT pg_terminate_backend(pid)" + lockers
	wholeLock = "SELECT pg_advisory_lock($1, hashtext(current_schema()))"
	unlock    = "SELECT pg_advisory_unlock($1, hashtext(current_schema()))"
	partLock  = "SELECT pg_advisory_lock_shared($1, hashtext(current_schema()))"
	whoLocks  = "SELECT application_name" + lockers
	endOwn    = endLocker + " AND application_name = $2"
)

const (
	watchEvery = 5 * time.Second
	answerTime = 5 * time.Second
	// lastTries is how long a lock may take to fall free after its process ended.
	lastTries   = time.Second
	firstPause  = 100 * time.Millisecond
	longestWait = 2 * time.Second
)

// begin takes the lock and watches over it until release.
func (h *postgresHold) begin(ctx context.Context) error {
	patience, cancel := context.WithTimeout(ctx, lastTries)
	defer cancel()
	err := h.take(ctx)
	for errors.Is(err, errHeld) && pause(patience, firstPause) {
		err = h.take(ctx)
	}
	if err != nil {
		return err
	}
	h.backend.Store(h.pid)
	watching, stop := context.WithCancel(context.WithoutCancel(ctx))
	h.stop, h.done = stop, make(chan struct{})
	go func() {
		defer close(h.done)
		h.watch(watching)
	}()
	return nil
}

// pause waits, and says whether there is time left.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// take connects and takes the lock, or gives [errHeld].
func (h *postgresHold) take(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, connectTime+answerTime)
	defer cancel()
	conn, err := h.place.connect(ctx, h.name())
	if err != nil {
		return err
	}
	pid, err := lockHold(ctx, conn)
	if err != nil {
		return errors.Join(err, conn.Close(ctx))
	}
	h.conn, h.pid = conn, pid
	return nil
}

// name is how the connections that try for the lock are called on the server, so that this
// process knows its own.
func (h *postgresHold) name() string { return "troupe " + h.life }

func lockHold(ctx context.Context, conn *pgx.Conn) (pid uint32, err error) {
	var got *bool
	if err := conn.QueryRow(ctx, tryLock, holdLock).Scan(&got); err != nil {
		return 0, fmt.Errorf("lock the database: %w", err)
	}
	if got == nil {
		return 0, errors.New("this user sees no schema in which tables could be made. Grant one: CREATE SCHEMA, or ALTER ROLE … SET search_path")
	}
	if !*got {
		return 0, errHeld
	}
	if _, err := conn.Exec(ctx, endLocker, writeLock); err != nil {
		return 0, fmt.Errorf("end connections of whoever had the database before: %w", err)
	}
	// They are ended once all of their lock can be had.
	for _, wait := range []string{wholeLock, unlock} {
		if _, err := conn.Exec(ctx, wait, writeLock); err != nil {
			return 0, fmt.Errorf("wait until nobody else writes: %w", err)
		}
	}
	// Not what the connection itself was told: a pooler tells something else.
	if err := conn.QueryRow(ctx, "SELECT pg_backend_pid()").Scan(&pid); err != nil {
		return 0, fmt.Errorf("ask for the connection's name: %w", err)
	}
	return pid, nil
}

// watch stays with the lock, and tells when another process took it over.
func (h *postgresHold) watch(ctx context.Context) {
	for {
		err := h.stay(ctx)
		if ctx.Err() != nil {
			return
		}
		h.backend.Store(0)
		h.log.Warn("the database's lock is lost, and is being taken again", "err", h.place.trouble(err))
		_ = h.conn.Close(ctx) // it is broken already
		if err := h.retake(ctx); err != nil {
			if ctx.Err() == nil {
				h.gone <- err
			}
			return
		}
		h.log.Info("the database's lock is there again")
	}
}

// stay returns when the connection is lost, and why it is.
func (h *postgresHold) stay(ctx context.Context) error {
	for {
		// A server that ends the connection is heard at once.
		listening, cancel := context.WithTimeout(ctx, watchEvery)
		err := h.conn.PgConn().WaitForNotification(listening)
		cancel()
		if err != nil && !pgconn.Timeout(err) {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		// One that vanished is not, nor is a pooler that gave the connection to others.
		if err := h.confirm(ctx); err != nil {
			return err
		}
	}
}

func (h *postgresHold) confirm(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	var locked bool
	if err := h.conn.QueryRow(ctx, isLocked, holdLock, h.pid).Scan(&locked); err != nil {
		return fmt.Errorf("ask for the lock: %w", err)
	}
	if !locked {
		return errors.New("PostgreSQL does not know of the lock. Is there a pooler such as PgBouncer? Write the address of PostgreSQL itself into database.url")
	}
	return nil
}

// retake takes the lock again, as soon as the server is there. The error says that somebody
// else had the database meanwhile.
func (h *postgresHold) retake(ctx context.Context) error {
	for wait := firstPause; ; wait = min(2*wait, longestWait) {
		err := h.take(ctx)
		switch {
		case err == nil:
			alone, err := h.undisturbed(ctx)
			switch {
			case err == nil && alone:
				h.backend.Store(h.pid)
				return nil
			case err == nil:
				return h.takenOver(ctx)
			}
			_ = h.conn.Close(ctx) // it is broken already
		case errors.Is(err, errHeld):
			if h.hasRival(ctx) {
				return h.takenOver(ctx)
			}
		}
		if !pause(ctx, wait) {
			return ctx.Err()
		}
	}
}

// hasRival says whether another process has the lock. It may be one of this process's own
// connections, of which the server has yet to notice that it is gone: that one is ended.
func (h *postgresHold) hasRival(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	conn, err := h.place.connect(ctx, h.name())
	if err != nil {
		return false
	}
	defer func() { _ = conn.Close(ctx) }() // it has nothing that could be lost
	var name *string
	if err := conn.QueryRow(ctx, whoLocks, holdLock).Scan(&name); err != nil || name == nil {
		return false // nobody by now
	}
	if *name != h.name() {
		return true
	}
	_, _ = conn.Exec(ctx, endOwn, holdLock, h.name()) // the next attempt shows whether it worked
	return false
}

// undisturbed says whether nobody had the database while the lock was lost: else what this
// process remembers would not be true any more.
func (h *postgresHold) undisturbed(ctx context.Context) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	var value []byte
	err := h.conn.QueryRow(ctx, "SELECT value FROM settings WHERE name = $1", holderSetting).Scan(&value)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read who has the database: %w", err)
	}
	var last holding
	if err := json.Unmarshal(value, &last); err != nil {
		return false, fmt.Errorf("read who has the database: %w", err)
	}
	return last.Life == h.life, nil
}

func (h *postgresHold) takenOver(ctx context.Context) error {
	who := "another troupe"
	if other, ok := whoHolds(ctx, h.place); ok && other.Life != h.life {
		who = other.String()
	}
	return fmt.Errorf("%s took the database over while the connection to it was lost. Let one of them run, and see that the other does not start again", who)
}

// writer opens the connection that writes. It is let in only while this process has the lock,
// and again whenever it had to be opened anew.
func (h *postgresHold) writer(ctx context.Context, changesTables bool) (*gorm.DB, error) {
	config := h.place.config.Copy()
	if changesTables {
		config.DefaultQueryExecMode = pgx.QueryExecModeDescribeExec
	}
	return openPostgres(ctx, config, 1, func(ctx context.Context, conn *pgx.Conn) error {
		if _, err := conn.Exec(ctx, partLock, writeLock); err != nil {
			return fmt.Errorf("lock the database for writing: %w", err)
		}
		var locked bool
		if err := conn.QueryRow(ctx, isLocked, holdLock, h.backend.Load()).Scan(&locked); err != nil {
			return fmt.Errorf("ask for the lock: %w", err)
		}
		if !locked {
			return errors.New("the database's lock is lost, and is being taken again")
		}
		return nil
	})
}

func (h *postgresHold) lost() <-chan error { return h.gone }

// transact: a commit that does not wait is lost only when the server's machine or the server
// itself dies within the next moments (postgresql.org/docs/current/wal-async-commit.html).
func (h *postgresHold) transact(writer *gorm.DB, lasting bool, fn func(tx *gorm.DB) error) error {
	if h.hasty == lasting {
		waits := "off"
		if lasting {
			waits = "DEFAULT"
		}
		if err := writer.Exec("SET synchronous_commit = " + waits).Error; err != nil {
			return fmt.Errorf("set how the database keeps what is written: %w", err)
		}
		h.hasty = !lasting
	}
	return writer.Transaction(fn)
}

func (h *postgresHold) release() error {
	h.stop()
	<-h.done
	ctx, cancel := context.WithTimeout(context.Background(), answerTime)
	defer cancel()
	// At once, rather than when the server notices the end. A broken connection has no lock.
	_, _ = h.conn.Exec(ctx, "SELECT pg_advisory_unlock_all()")
	_ = h.conn.Close(ctx)
	return nil
}
