// Package leaktest looks for what must never reach the disk: texts of messages and secrets. A
// test that moves either ends with [Database].
package leaktest

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// key is what an API key looks like; only its hash is stored.
var key = regexp.MustCompile(`troupe_[0-9a-z]{16}_[0-9a-z]{40,}`)

// Files looks into all files of a folder whose names begin like that of a SQLite database: the
// database itself, its write-ahead log, and copies beside it. It says which of the canaries
// stand in them, and whether an API key does.
func Files(database string, canaries ...string) error {
	var found []error
	folder, name := filepath.Split(database)
	entries, err := os.ReadDir(filepath.Clean(folder + "."))
	if err != nil {
		return fmt.Errorf("look for the database: %w", err)
	}
	for _, entry := range entries {
		if entry.IsDir() || !strings.HasPrefix(entry.Name(), name) {
			continue
		}
		data, err := os.ReadFile(filepath.Join(folder, entry.Name())) //nolint:gosec // a test names this path
		if errors.Is(err, fs.ErrNotExist) {
			continue // a write-ahead log goes away when its database is closed
		}
		if err != nil {
			return fmt.Errorf("look into %s: %w", entry.Name(), err)
		}
		found = append(found, search(entry.Name(), data, canaries)...)
	}
	return errors.Join(found...)
}

// longestPiece is how much of a canary is looked for: SQLite may break a longer text apart.
const longestPiece = 64

func search(name string, data []byte, canaries []string) (found []error) {
	for _, canary := range canaries {
		if piece := canary[:min(len(canary), longestPiece)]; piece != "" && bytes.Contains(data, []byte(piece)) {
			found = append(found, fmt.Errorf("%s holds what nobody may find there: %q", name, canary))
		}
	}
	if match := key.Find(data); match != nil {
		found = append(found, fmt.Errorf("%s holds an API key", name))
	}
	return found
}

// Database fails the test when it ends with any of the canaries, or with an API key, in a
// SQLite database, its write-ahead log or a copy beside it. It looks when the test ends, before
// what was cleaned up earlier: call it after the registry is opened and its Close is put off.
func Database(t testing.TB, database string, canaries func() []string) {
	t.Helper()
	t.Cleanup(func() {
		if err := Files(database, canaries()...); err != nil {
			t.Error(err)
		}
	})
}
