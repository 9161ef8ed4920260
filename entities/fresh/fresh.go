// Package fresh gives tests a database whose tables are there already. A test that opens one
// that is not there makes them anew, which under the race detector is most of its work.
package fresh

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"troupe/entities"
)

// SQLite writes a database to a path where none is, as the first start of a program leaves it. It
// gives the URL.
func SQLite(t testing.TB, path string) string {
	t.Helper()
	data, err := once()
	if err == nil {
		err = os.WriteFile(path, data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return "sqlite:" + path
}

// once makes the database that all are copies of.
var once = sync.OnceValues(func() (data []byte, err error) {
	folder, err := os.MkdirTemp("", "troupe-fresh-")
	if err != nil {
		return nil, fmt.Errorf("make a database: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	path := filepath.Join(folder, "fresh.db")
	registry, err := entities.Open(context.Background(), entities.Config{
		Database: "sqlite:" + path, World: entities.NewWorld(), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return nil, err
	}
	if err := registry.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Clean(path))
})
