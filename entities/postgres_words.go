package entities

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// PostgreSQL's error codes (postgresql.org/docs/current/errcodes-appendix.html) that an
// operator can mend.
const (
	wrongPassword      = "28P01"
	notLetIn           = "28000"
	noSuchDatabase     = "3D000"
	notPermitted       = "42501"
	tooManyConnections = "53300"
	diskFull           = "53100"
	comingOrGoing      = "57P03"
)

// trouble words what PostgreSQL answered, for whoever wrote the URL.
func (p postgresDatabase) trouble(err error) error {
	if err == nil {
		return nil
	}
	err = p.masked(err)
	var remedy string
	if answer, ok := errors.AsType[*pgconn.PgError](err); ok {
		remedy = p.remedy(answer)
	} else if fault, ok := errors.AsType[net.Error](err); ok {
		// Every address and way is tried, and said: one is enough to know.
		remedy, err = fmt.Sprintf("PostgreSQL cannot be reached at %s. Does it run, is the address right, and may this machine reach it?", p.address()), fault
	}
	if remedy == "" {
		return err
	}
	return fmt.Errorf("%s (%w)", remedy, err)
}

func (p postgresDatabase) remedy(answer *pgconn.PgError) string {
	switch answer.Code {
	case wrongPassword, notLetIn:
		return fmt.Sprintf("PostgreSQL at %s does not let the user %q in. Correct the user or the password, or the server's pg_hba.conf", p.address(), p.config.User)
	case noSuchDatabase:
		return fmt.Sprintf("PostgreSQL at %s has no database %q. Make it, with: createdb -E UTF8 -O %s %s", p.address(), p.config.Database, p.config.User, p.config.Database)
	case notPermitted:
		return fmt.Sprintf("the user %q may not make tables in the database %q. Give it that database: ALTER DATABASE %s OWNER TO %s", p.config.User, p.config.Database, p.config.Database, p.config.User)
	case tooManyConnections:
		return fmt.Sprintf("PostgreSQL at %s has no connection left. troupe needs %d: end others, or raise max_connections there", p.address(), readers+2)
	case diskFull:
		return "the disk of the PostgreSQL server is full. Make room on it"
	case comingOrGoing:
		return fmt.Sprintf("PostgreSQL at %s is starting or ending just now. Try again in a moment", p.address())
	}
	return ""
}

func (p postgresDatabase) address() string {
	if strings.HasPrefix(p.config.Host, "/") {
		return p.config.Host
	}
	return net.JoinHostPort(p.config.Host, strconv.Itoa(int(p.config.Port)))
}

// masked takes the password out of an error's text, should it ever stand there.
func (p postgresDatabase) masked(err error) error {
	text := err.Error()
	if p.config.Password == "" || !strings.Contains(text, p.config.Password) {
		return err
	}
	return errors.New(strings.ReplaceAll(text, p.config.Password, "(set)"))
}
