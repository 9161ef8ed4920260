package entities

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/disgoorg/snowflake/v2"
	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"
)

// errUnfit is what no database of ours can hold.
var errUnfit = errors.New("no database row can hold it")

// Fits says why an event can never be written down, or nil: numbers and texts have bounds in a
// database that they do not have in what Discord sends.
func (h Heard) Fits() error {
	e := h.Event
	if err := cmp.Or(fits(e.GuildID, e.ChannelID, e.MessageID, e.AuthorID, e.UntilID, h.Replied), fits(h.Roles...)); err != nil {
		return err
	}
	if !utf8.ValidString(e.Emoji) || strings.ContainsRune(e.Emoji, 0) {
		return fmt.Errorf("%w: the emoji %q is no text", errUnfit, e.Emoji)
	}
	return nil
}

// fits says which of some ids a database cannot hold, or nil.
func fits(ids ...snowflake.ID) error {
	for _, id := range ids {
		if id > math.MaxInt64 {
			return fmt.Errorf("%w: the id %d is too big", errUnfit, id)
		}
	}
	return nil
}

// PostgreSQL's classes of errors (postgresql.org/docs/current/errcodes-appendix.html): of what was
// to be written, and of the database's own state.
var (
	unfitClasses = []string{"21", "22", "23", "54"}
	awayClasses  = []string{"08", "25", "40", "53", "55", "57", "58", "F0", "XX"}
)

// SQLite's primary result codes (sqlite.org/rescode.html), likewise.
var (
	unfitCodes = []int{18, 19, 20, 25}                           // too big, constraint, mismatch, range
	awayCodes  = []int{3, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 26} // perm, busy, locked, memory, read-only, interrupt, i/o, corrupt, full, cantopen, protocol, no database
)

// sqliteError is how SQLite's driver gives a result code.
type sqliteError interface {
	error
	Code() int
}

// Unfit says whether an error means that what was to be written is at fault: the database would
// refuse it each time.
func Unfit(err error) bool {
	for _, known := range []error{errUnfit, gorm.ErrDuplicatedKey, gorm.ErrForeignKeyViolated, gorm.ErrCheckConstraintViolated} {
		if errors.Is(err, known) {
			return true
		}
	}
	return answers(err, unfitClasses, unfitCodes)
}

// Away says whether an error means that the database is at fault: it cannot be reached, or cannot
// write just now. An error may be neither [Unfit] nor this.
func Away(err error) bool {
	for _, known := range []error{
		context.DeadlineExceeded, context.Canceled, driver.ErrBadConn, sql.ErrConnDone, sql.ErrTxDone, io.EOF, io.ErrUnexpectedEOF, net.ErrClosed,
	} {
		if errors.Is(err, known) {
			return true
		}
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	return answers(err, awayClasses, awayCodes)
}

func answers(err error, classes []string, codes []int) bool {
	if answer, ok := errors.AsType[*pgconn.PgError](err); ok {
		return len(answer.Code) == 5 && slices.Contains(classes, answer.Code[:2])
	}
	if answer, ok := errors.AsType[sqliteError](err); ok {
		return slices.Contains(codes, answer.Code()&0xff)
	}
	return false
}

// Writable says whether the database takes what is written now, by writing nothing. Only the
// program itself asks.
func (r *Registry) Writable(ctx context.Context, actor Actor) error {
	if _, err := r.pass(ctx, actor, actIngest, ""); err != nil {
		return err
	}
	r.writing.Lock()
	defer r.writing.Unlock()
	return r.write(ctx, false, func(tx *gorm.DB) error {
		if err := tx.Exec("DELETE FROM watermarks WHERE channel_id < 0").Error; err != nil {
			return fmt.Errorf("write nothing: %w", err)
		}
		return nil
	})
}
