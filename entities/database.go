package entities

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/glebarez/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// database is one writer and many readers of the same SQLite file. One connection writes, so
// that a transaction never meets another one's lock; readers see the last commit (WAL).
type database struct {
	writer *gorm.DB
	reader *gorm.DB
}

// oldestSQLite has the fix of the WAL-reset bug, which corrupts databases that several
// connections use (sqlite.org/wal.html#walresetbug).
var oldestSQLite = [3]int{3, 51, 3}

const (
	sqlitePrefix = "sqlite:"
	readers      = 4
	busyTimeout  = 10 * time.Second
)

// Statements are prepared once and kept. gorm ends the goroutine that would expire them at no
// time; with this lifetime, its own word for "never", it starts none.
const (
	preparedStatements = 200
	neverExpire        = 10 * 365 * 24 * time.Hour
)

// CheckDatabaseURL says what is wrong with a database URL, or nil.
func CheckDatabaseURL(raw string) error {
	switch {
	case strings.HasPrefix(raw, "postgres://"), strings.HasPrefix(raw, "postgresql://"):
		return errors.New("this version stores in SQLite only; write sqlite:troupe.db")
	case !strings.HasPrefix(raw, sqlitePrefix):
		return errors.New("it must begin with sqlite:, as in sqlite:troupe.db")
	}
	path := strings.TrimPrefix(raw, sqlitePrefix)
	if path == "" || strings.HasPrefix(path, ":memory:") || strings.ContainsAny(path, "?#") {
		return errors.New("after sqlite: comes the path of a file, as in sqlite:troupe.db")
	}
	return nil
}

func openDatabase(ctx context.Context, raw string) (database, error) {
	if err := CheckDatabaseURL(raw); err != nil {
		return database{}, fmt.Errorf("database %q: %w", raw, err)
	}
	path := strings.TrimPrefix(raw, sqlitePrefix)
	if err := reserve(path); err != nil {
		return database{}, err
	}
	writer, err := openSQLite(path, 1, "_txlock=immediate", "_pragma=journal_mode(WAL)", "_pragma=synchronous(FULL)", "_pragma=foreign_keys(1)")
	if err != nil {
		return database{}, err
	}
	db := database{writer: writer}
	if err := checkSQLiteVersion(ctx, writer); err != nil {
		return database{}, errors.Join(err, db.close())
	}
	if db.reader, err = openSQLite(path, readers, "_pragma=query_only(1)"); err != nil {
		return database{}, errors.Join(err, db.close())
	}
	return db, nil
}

// reserve makes the file, readable by its owner only: it holds hashes of keys and who spoke
// when.
func reserve(path string) error {
	if dir := filepath.Dir(path); dir != "." {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("make the database's folder: %w", err)
		}
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // the operator names this path in the config
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	return f.Close()
}

func openSQLite(path string, connections int, options ...string) (*gorm.DB, error) {
	dsn := "file:" + (&url.URL{Path: path}).EscapedPath() + "?_pragma=busy_timeout(" +
		strconv.FormatInt(busyTimeout.Milliseconds(), 10) + ")&" + strings.Join(options, "&")
	db, err := gorm.Open(sqlite.Open(dsn), &gorm.Config{
		SkipDefaultTransaction: true,
		PrepareStmt:            true,
		PrepareStmtMaxSize:     preparedStatements,
		PrepareStmtTTL:         neverExpire,
		TranslateError:         true,
		NowFunc:                func() time.Time { return time.Now().UTC() },
		// Errors are logged once, where they are handled, and gorm's own lines could quote values.
		Logger: logger.Discard,
	})
	if err != nil {
		return nil, fmt.Errorf("open the database %s: %w", path, err)
	}
	pool, err := db.DB()
	if err != nil {
		return nil, fmt.Errorf("open the database %s: %w", path, err)
	}
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	return db, nil
}

func checkSQLiteVersion(ctx context.Context, db *gorm.DB) error {
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

func (d database) close() error {
	var errs []error
	for _, db := range []*gorm.DB{d.reader, d.writer} {
		if db == nil {
			continue
		}
		pool, err := db.DB()
		if err == nil {
			err = pool.Close()
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("close the database: %w", err))
		}
	}
	return errors.Join(errs...)
}
