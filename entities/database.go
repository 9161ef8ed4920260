package entities

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// database is one writer and many readers of the same rows. One connection writes, so that a
// transaction never meets another one's lock; readers see the last commit.
type database struct {
	hold   hold
	writer *gorm.DB
	reader *gorm.DB
}

// transact runs fn in one transaction of the writer, as [hold] says. Callers run one at a time.
func (d *database) transact(ctx context.Context, lasting bool, fn func(tx *gorm.DB) error) error {
	return d.hold.transact(d.writer.WithContext(ctx), lasting, fn)
}

// place is where rows are kept: a SQLite file or a database of a PostgreSQL server.
type place interface {
	// take makes this process the only one that writes there, or gives [errHeld].
	take(ctx context.Context, me holding, log *slog.Logger) (hold, error)
	// reader opens connections that cannot write. They need no hold.
	reader(ctx context.Context) (*gorm.DB, error)
	// setAside keeps a copy of the rows, named for the step that is going to change them, and
	// says where; "" when the place's operator looks after copies.
	setAside(ctx context.Context, db *gorm.DB, step string) (string, error)
	// backup copies all rows, as they are at one moment, to a new SQLite file that has taken
	// the same steps.
	backup(ctx context.Context, steps []step, path string) error
	// trouble words what the place answered: what to mend, and never a password.
	trouble(err error) error
}

// hold is the right to be the only process that writes at a place.
type hold interface {
	// writer opens the one connection that writes. One that changes tables keeps no
	// prepared statements, which would be of tables as they were.
	writer(ctx context.Context, changesTables bool) (*gorm.DB, error)
	// transact runs fn in one transaction of the writer. A lasting one, and all that came before
	// it, is on the disk when it ends. Another outlives the program's end, but not that of the
	// machine: it is for what nobody was told of yet.
	transact(writer *gorm.DB, lasting bool, fn func(tx *gorm.DB) error) error
	// staging names a file in which a backup can be made ready to come here.
	staging() (string, error)
	// replace puts the rows of a SQLite file that has taken all steps in place of what is here,
	// and says in which file that is kept; "" when there was nothing.
	replace(ctx context.Context, staged sqliteFile, cfg Config, me holding) (kept string, err error)
	// lost gets one error when nothing can be written here any more: somebody else has taken
	// the place over, or the disk failed.
	lost() <-chan error
	release() error
}

// errHeld says that another process has the place.
var errHeld = errors.New("another troupe uses this database")

const readers = 4

// gorm ends the goroutine that would expire prepared statements at no time; with this
// lifetime, its own word for "never", it starts none.
const (
	preparedStatements = 200
	neverExpire        = 10 * 365 * 24 * time.Hour
)

// CheckDatabaseURL says what is wrong with a database URL, or nil. What it says never quotes
// the URL, in which a password may stand.
func CheckDatabaseURL(raw string) error {
	_, err := findPlace(raw)
	return err
}

func findPlace(raw string) (place, error) {
	switch {
	case strings.HasPrefix(raw, sqlitePrefix):
		return newSQLiteFile(raw)
	case strings.HasPrefix(raw, "postgres://"), strings.HasPrefix(raw, "postgresql://"):
		return newPostgresDatabase(raw)
	}
	return nil, errors.New("it must begin with sqlite: or postgres://, as in sqlite:troupe.db")
}

// openDatabase takes a place, brings its tables up to date and opens it.
func openDatabase(ctx context.Context, cfg Config) (database, error) {
	at, err := findPlace(cfg.Database)
	if err != nil {
		return database{}, err
	}
	db, err := openPlace(ctx, at, cfg)
	if err != nil {
		return database{}, errors.Join(at.trouble(err), db.close())
	}
	return db, nil
}

func openPlace(ctx context.Context, at place, cfg Config) (db database, err error) {
	me := newHolding(cfg)
	if db.hold, err = seize(ctx, at, me, cfg.Log); err != nil {
		return db, err
	}
	if err := upgrade(ctx, at, db.hold, me, cfg.allSteps(), cfg.Log); err != nil {
		return db, err
	}
	if db.writer, err = db.hold.writer(ctx, false); err != nil {
		return db, err
	}
	db.reader, err = at.reader(ctx)
	return db, err
}

// gormConfig is how the rows are read and written at every place. The writer keeps no
// statements of gorm's: one that is being prepared outside a transaction waits for the only
// connection, while the transaction that has it waits for that statement, for ever.
func gormConfig(keepStatements bool) *gorm.Config {
	return &gorm.Config{
		SkipDefaultTransaction: true,
		PrepareStmt:            keepStatements,
		PrepareStmtMaxSize:     preparedStatements,
		PrepareStmtTTL:         neverExpire,
		TranslateError:         true,
		NowFunc:                func() time.Time { return time.Now().UTC() },
		// Errors are logged once, where they are handled, and gorm's own lines could quote values.
		Logger: logger.Discard,
	}
}

// bound sets how many connections there are. They stay open until the end.
func bound(db *gorm.DB, connections int) error {
	pool, err := db.DB()
	if err != nil {
		return fmt.Errorf("bound the connections: %w", err)
	}
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	return nil
}

func (d database) close() error {
	errs := []error{closePool(d.reader), closePool(d.writer)}
	if d.hold != nil {
		errs = append(errs, d.hold.release())
	}
	return errors.Join(errs...)
}

func closePool(db *gorm.DB) error {
	if db == nil {
		return nil
	}
	pool, err := db.DB()
	if err == nil {
		err = pool.Close()
	}
	if err != nil {
		return fmt.Errorf("close the database: %w", err)
	}
	return nil
}
