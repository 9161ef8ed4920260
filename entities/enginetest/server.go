package enginetest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	accounts "os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

var errNone = errors.New(serverVariable + " names no PostgreSQL server, and the programs of PostgreSQL are not on this machine")

// serverStart is how long a server may take to be there.
const serverStart = time.Minute

// find gives the URL of a server, and what ends it.
func find() (server string, stop func() error, err error) {
	stop = func() error { return nil }
	if server := os.Getenv(serverVariable); server != "" {
		return server, stop, nil
	}
	programs := postgresPrograms()
	if programs == "" {
		return "", stop, errNone
	}
	server, stop, err = startPostgres(programs)
	if err != nil {
		return "", nil, fmt.Errorf("start PostgreSQL from %s: %w", programs, err)
	}
	return server, stop, nil
}

// postgresPrograms is the folder that has initdb and postgres, or "".
func postgresPrograms() string {
	var folders []string
	if out, err := exec.CommandContext(context.Background(), "pg_config", "--bindir").Output(); err == nil {
		folders = append(folders, strings.TrimSpace(string(out)))
	}
	if path, err := exec.LookPath("pg_ctl"); err == nil {
		if program, err := filepath.EvalSymlinks(path); err == nil {
			folders = append(folders, filepath.Dir(program))
		}
	}
	debian, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err == nil {
		slices.Reverse(debian)
		folders = append(folders, debian...)
	}
	for _, folder := range folders {
		_, noInit := os.Stat(filepath.Join(folder, "initdb"))
		_, noServer := os.Stat(filepath.Join(folder, "postgres"))
		if noInit == nil && noServer == nil {
			return folder
		}
	}
	return ""
}

// serving runs a server until its input ends, as it does when the tests end in whatever way,
// and removes what it left. $1 is the folder of the programs, $2 that of the server.
const serving = `
"$1/initdb" -D "$2/data" -U troupe -A trust -E UTF8 --locale=C --no-sync >"$2/log" 2>&1 || exit 1
"$1/postgres" -D "$2/data" -k "$2" -c listen_addresses= -c fsync=off -c full_page_writes=off \
	-c synchronous_commit=off -c max_connections=200 -c max_wal_size=64MB >>"$2/log" 2>&1 &
server=$!
cat >/dev/null
kill -INT $server
wait $server
rm -rf "$2"
`

// startPostgres runs a server of its own in a temporary folder, reached by a socket there.
func startPostgres(programs string) (server string, stop func() error, err error) {
	folder, err := os.MkdirTemp("", "troupe-postgres-")
	if err != nil {
		return "", nil, err
	}
	command := []string{"sh", "-c", serving, "serving", programs, folder}
	if os.Getuid() == 0 { // PostgreSQL refuses to run as root
		as, err := giveAway(folder)
		if err != nil {
			return "", nil, errors.Join(err, os.RemoveAll(folder))
		}
		command = slices.Concat([]string{"setpriv", "--reuid", as, "--regid", as, "--clear-groups"}, command)
	}
	cmd := exec.CommandContext(context.Background(), command[0], command[1:]...) //nolint:gosec // our own words, and folders that were found or made here
	cmd.Dir = folder
	life, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return "", nil, errors.Join(err, os.RemoveAll(folder))
	}
	stop = func() error { return endPostgres(cmd, life, folder) }
	server = "postgres://troupe@/postgres?host=" + url.QueryEscape(folder)
	if err := awaitPostgres(server); err != nil {
		log, _ := os.ReadFile(filepath.Join(folder, "log")) //nolint:gosec // a folder of ours; when the file is not there, there is nothing to show
		return "", nil, errors.Join(fmt.Errorf("%w\n%s", err, log), stop())
	}
	return server, stop, nil
}

// giveAway makes a folder belong to a user who is not root, and gives the user's id.
func giveAway(folder string) (uid string, err error) {
	who, err := accounts.Lookup("postgres")
	if err != nil {
		who, err = accounts.Lookup("nobody")
	}
	if err != nil {
		return "", err
	}
	id, err := strconv.Atoi(who.Uid)
	if err != nil {
		return "", err
	}
	return who.Uid, os.Chown(folder, id, id)
}

func awaitPostgres(server string) error {
	ctx, cancel := context.WithTimeout(context.Background(), serverStart)
	defer cancel()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		err := Execute(ctx, server, "SELECT 1")
		if err == nil {
			return nil
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return fmt.Errorf("it does not come up: %w", err)
		}
	}
}

func endPostgres(cmd *exec.Cmd, life io.Closer, folder string) error {
	err := cmp.Or(life.Close(), cmd.Wait())
	return errors.Join(err, os.RemoveAll(folder))
}
