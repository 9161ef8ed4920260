package entities

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
)

// postgresDatabase is a place on a PostgreSQL server.
type postgresDatabase struct {
	config *pgx.ConnConfig
}

const (
	// oldestPostgres is the oldest version that this was tried with.
	oldestPostgres = 13
	connectTime    = 10 * time.Second
)

// lineLost finds out within half a minute that the other side is gone without a word; 0 means
// this machine, where the system tells.
var lineLost = net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 3}

var errPostgresURL = errors.New("this cannot be read as the address of a PostgreSQL database. Write postgres://user:password@host/database, and in the password %40 for @, %2F for /, %3A for :, %3F for ?, %23 for # and %25 for %")

func newPostgresDatabase(raw string) (postgresDatabase, error) {
	u, err := url.Parse(raw)
	// A password with such letters ends early: what follows would be taken for other parts.
	if err != nil || u.Opaque != "" || strings.Contains(raw, "#") || strings.Contains(u.Path, "@") || strings.Contains(u.RawQuery, "@") {
		return postgresDatabase{}, errPostgresURL
	}
	config, err := pgx.ParseConfig(raw)
	if file, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](err); ok {
		return postgresDatabase{}, fmt.Errorf("a file that this address names cannot be read: %w", file)
	}
	if err != nil {
		return postgresDatabase{}, errPostgresURL // its own words may quote the password
	}
	if config.Database == "" {
		return postgresDatabase{}, errors.New("the name of the database is missing. Write postgres://user:password@host/database")
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectTime
	}
	config.DialFunc = (&net.Dialer{KeepAliveConfig: lineLost}).DialContext
	for name, value := range map[string]string{
		"application_name": "troupe", "timezone": "UTC",
		"tcp_keepalives_idle": "15", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "3",
	} {
		if config.RuntimeParams[name] == "" {
			config.RuntimeParams[name] = value
		}
	}
	return postgresDatabase{config}, nil
}

// connect opens one connection, named for the server's list of them, and looks whether the
// server will do.
func (p postgresDatabase) connect(ctx context.Context, name string) (*pgx.Conn, error) {
	config := p.config.Copy()
	config.RuntimeParams["application_name"] = name
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("connect to PostgreSQL: %w", err)
	}
	if err := p.suits(conn.PgConn().ParameterStatus); err != nil {
		return nil, errors.Join(err, conn.Close(ctx))
	}
	return conn, nil
}

// suits judges a server by what it tells at the beginning.
func (p postgresDatabase) suits(told func(string) string) error {
	version := told("server_version") // "15.18 (Debian …)", "18beta1"
	digits := strings.IndexFunc(version+".", func(r rune) bool { return r < '0' || r > '9' })
	if major, err := strconv.Atoi(version[:digits]); err != nil || major < oldestPostgres {
		return fmt.Errorf("this server is PostgreSQL %s, which is too old. Use PostgreSQL %d or newer", version, oldestPostgres)
	}
	if encoding := told("server_encoding"); encoding != "UTF8" {
		return fmt.Errorf("this database keeps text as %s, in which not every name can be written. Make one with createdb -E UTF8 -T template0", encoding)
	}
	return nil
}

func (p postgresDatabase) reader(ctx context.Context) (*gorm.DB, error) {
	config := p.config.Copy()
	config.RuntimeParams["default_transaction_read_only"] = "on"
	return openPostgres(ctx, config, readers, nil)
}

// openPostgres opens connections of which each is shown to allow. Statements are prepared and
// kept by pgx, for each connection.
func openPostgres(ctx context.Context, config *pgx.ConnConfig, connections int, allow func(context.Context, *pgx.Conn) error) (*gorm.DB, error) {
	pool := stdlib.OpenDB(*config, stdlib.OptionAfterConnect(func(ctx context.Context, conn *pgx.Conn) error {
		conn.TypeMap().RegisterType(&pgtype.Type{Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC}})
		if allow == nil {
			return nil
		}
		if err := allow(ctx, conn); err != nil {
			return errors.Join(err, conn.Close(ctx))
		}
		return nil
	}))
	if err := pool.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("connect to PostgreSQL: %w", err), pool.Close())
	}
	settings := gormConfig(false)
	settings.DisableAutomaticPing = true
	db, err := gorm.Open(postgres.New(postgres.Config{Conn: pool}), settings)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the database: %w", err), pool.Close())
	}
	return db, bound(db, connections)
}

// setAside leaves copies to whoever runs the server. Its tables change all at once or not at
// all.
func (postgresDatabase) setAside(context.Context, *gorm.DB, string) (string, error) { return "", nil }

func (p postgresDatabase) take(ctx context.Context, me holding, log *slog.Logger) (hold, error) {
	h := &postgresHold{place: p, life: me.Life, log: log, gone: make(chan error, 1)}
	if err := h.begin(ctx); err != nil {
		return nil, err
	}
	return h, nil
}
