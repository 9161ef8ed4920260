package entities

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/glebarez/sqlite"
	"github.com/gofrs/flock"
	"gorm.io/gorm"
)

// sqliteFile is a place in a file.
type sqliteFile struct{ path string }

// oldestSQLite has the fix of the WAL-reset bug, which corrupts databases that several
// connections use (sqlite.org/wal.html#walresetbug).
var oldestSQLite = [3]int{3, 51, 3}

const (
	sqlitePrefix = "sqlite:"
	busyTimeout  = 10 * time.Second
	// lockSuffix names the file that is locked. It is not the database itself: closing any
	// second handle of that would end the locks that SQLite has on it.
	lockSuffix = ".lock"
	walSuffix  = "-wal" // sqlite.org/wal.html#walfile
)

func newSQLiteFile(raw string) (sqliteFile, error) {
	path := strings.TrimPrefix(raw, sqlitePrefix)
	if path == "" || strings.HasPrefix(path, ":memory:") || strings.ContainsAny(path, "?#") {
		return sqliteFile{}, errors.New("after sqlite: comes the path of a file, as in sqlite:troupe.db")
	}
	return sqliteFile{path}, nil
}

// take locks the file beside the database. The system ends the lock with the process, however
// that ends.
func (f sqliteFile) take(ctx context.Context, _ holding, _ *slog.Logger) (hold, error) {
	if err := os.MkdirAll(filepath.Dir(f.path), 0o700); err != nil {
		return nil, fmt.Errorf("make the database's folder: %w", err)
	}
	if path, err := filepath.EvalSymlinks(f.path); err == nil {
		f.path = path // all names of a database share one lock
	}
	lock := flock.New(f.path+lockSuffix, flock.SetPermissions(0o600))
	switch locked, err := lock.TryLock(); {
	case err != nil:
		return nil, fmt.Errorf("lock the database: %w", err)
	case !locked:
		return nil, errHeld
	}
	h := &sqliteHold{sqliteFile: f, lock: lock, gone: make(chan error, 1)}
	if err := f.reserve(); err != nil {
		return nil, errors.Join(err, h.release())
	}
	if err := checkSQLiteVersion(ctx); err != nil {
		return nil, errors.Join(err, h.release())
	}
	return h, nil
}

// reserve makes the file, readable by its owner only: it holds hashes of keys and who spoke
// when.
func (f sqliteFile) reserve() error {
	file, err := os.OpenFile(f.path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	return file.Close()
}

// sqliteHold is a locked file.
type sqliteHold struct {
	sqliteFile
	lock *flock.Flock
	gone chan error
	// broken is why nothing is written any more. Only the writer's one user looks at it.
	broken error
}

// writer: with NORMAL a commit is in the file's log when it ends, and on the disk when the log is
// (sqlite.org/pragma.html#pragma_synchronous), which is for transact to see to. To switch to FULL
// and back for each line that is said costs several percent of it.
func (h *sqliteHold) writer(ctx context.Context, _ bool) (*gorm.DB, error) {
	db, err := h.open(1, false, "_txlock=immediate", "_pragma=journal_mode(WAL)", "_pragma=synchronous(NORMAL)", "_pragma=foreign_keys(1)")
	if err != nil {
		return nil, err
	}
	var mode string
	if err := db.WithContext(ctx).Raw("PRAGMA journal_mode").Scan(&mode).Error; err != nil {
		return nil, errors.Join(fmt.Errorf("ask how the database is written: %w", err), closePool(db))
	}
	if mode != "wal" {
		return nil, errors.Join(fmt.Errorf("the folder of %s cannot hold a SQLite database (it allows the journal %q, not a write-ahead log): put it on a disk of this machine", h.path, mode), closePool(db))
	}
	return db, nil
}

func (h *sqliteHold) transact(writer *gorm.DB, lasting bool, fn func(tx *gorm.DB) error) error {
	if h.broken != nil {
		return h.broken
	}
	if err := writer.Transaction(fn); err != nil || !lasting {
		return err
	}
	if err := syncFile(h.path + walSuffix); err != nil {
		// The system may say once only that it lost what was written.
		h.broken = fmt.Errorf("the disk did not keep what was written to the database, so nothing more is: look after the disk, then start troupe again: %w", err)
		h.gone <- h.broken
		return h.broken
	}
	return nil
}

// lost is told of a disk only: the system takes the lock from no living process.
func (h *sqliteHold) lost() <-chan error { return h.gone }

func (h *sqliteHold) release() error {
	if err := h.lock.Close(); err != nil {
		return fmt.Errorf("unlock the database: %w", err)
	}
	return nil
}

func (f sqliteFile) reader(context.Context) (*gorm.DB, error) {
	if _, err := os.Stat(f.path); err != nil {
		return nil, fmt.Errorf("find the database: %w", err) // SQLite would make an empty one
	}
	return f.open(readers, true, "_pragma=query_only(1)")
}

func (f sqliteFile) open(connections int, keepStatements bool, options ...string) (*gorm.DB, error) {
	dsn := "file:" + (&url.URL{Path: f.path}).EscapedPath() + "?_pragma=busy_timeout(" +
		strconv.FormatInt(busyTimeout.Milliseconds(), 10) + ")&" + strings.Join(options, "&")
	db, err := gorm.Open(sqlite.Open(dsn), gormConfig(keepStatements))
	if err != nil {
		return nil, fmt.Errorf("open the database %s: %w", f.path, err)
	}
	return db, bound(db, connections)
}

// checkSQLiteVersion asks no database: one that is broken can still be restored.
func checkSQLiteVersion(ctx context.Context) (err error) {
	db, err := gorm.Open(sqlite.Open(":memory:"), gormConfig(false))
	if err != nil {
		return fmt.Errorf("begin SQLite: %w", err)
	}
	defer func() { err = errors.Join(err, closePool(db)) }()
	var version string
	if err := db.WithContext(ctx).Raw("SELECT sqlite_version()").Scan(&version).Error; err != nil {
		return fmt.Errorf("ask SQLite's version: %w", err)
	}
	var have [3]int
	if _, err := fmt.Sscanf(version, "%d.%d.%d", &have[0], &have[1], &have[2]); err != nil {
		return fmt.Errorf("read SQLite's version %q: %w", version, err)
	}
	for i, want := range oldestSQLite {
		if have[i] != want {
			if have[i] < want {
				return fmt.Errorf("this build has SQLite %s, which can corrupt a database (fixed in 3.51.3): build it with the versions in go.mod", version)
			}
			return nil
		}
	}
	return nil
}

// SQLite's result codes (sqlite.org/rescode.html) that an operator can mend.
const (
	sqliteReadOnly = 8
	sqliteIOError  = 10
	sqliteCorrupt  = 11
	sqliteFull     = 13
	sqliteCantOpen = 14
	sqliteNotADB   = 26
)

func (f sqliteFile) trouble(err error) error {
	coded, ok := errors.AsType[sqliteError](err)
	if !ok {
		return err
	}
	var remedy string
	switch coded.Code() & 0xff { // the rest of the code tells apart what needs the same remedy
	case sqliteReadOnly, sqliteCantOpen:
		remedy = "it cannot be written. Let the user who runs troupe write this file and its folder"
	case sqliteFull:
		remedy = "the disk is full. Make room on it"
	case sqliteIOError:
		remedy = "the disk does not obey. Look whether it is full or broken"
	case sqliteCorrupt, sqliteNotADB:
		remedy = "it is no intact SQLite database. Restore a backup with -restore, or name another file"
	default:
		return err
	}
	return fmt.Errorf("%s: %s (%w)", f.path, remedy, err)
}
