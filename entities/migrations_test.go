package entities_test

import (
	"database/sql"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"troupe/entities"
)

func TestANewerDatabaseIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "troupe.db")
	cfg := entities.Config{Database: "sqlite:" + path, World: entities.NewWorld(), Log: slog.New(slog.DiscardHandler)}
	reg, err := entities.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := reg.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), "INSERT INTO migrations (id) VALUES ('9999')"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := entities.Open(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "newer troupe") {
		t.Errorf("got %v", err)
	}
}
