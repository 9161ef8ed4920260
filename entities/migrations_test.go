package entities_test

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"troupe/entities"
	"troupe/entities/enginetest"
)

// What the databases in testdata hold, which the first version wrote.
const (
	oldestKey    = "troupe_zvtnzr714ntgn9g8_tqh0zz1d289f99359vx2qm8y7af9frq263gywrttsjma3rpqcxk0vrn1a7r"
	oldestAda    = "1kc74x6pe22cnbre1mvcgjbdpw"
	oldestCursor = "BgD2AEORJPkaj5j-phI" // Ada's, after the third event
)

// layOldest makes the database at a path as the first version left one.
func layOldest(t *testing.T, path string) {
	t.Helper()
	name := "testdata/0001.sqlite.sql"
	if on.Server != "" {
		name = "testdata/0001.postgres.sql"
	}
	script, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if on.Server != "" {
		err = enginetest.Execute(t.Context(), on.URL(t, path), string(script))
	} else {
		err = executeFile(t, path, string(script))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// executeFile runs a command on a SQLite file.
func executeFile(t *testing.T, path, command string) error {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		return err
	}
	_, err = db.ExecContext(t.Context(), command)
	return errors.Join(err, db.Close())
}

// contents are all rows of all tables, each worded, but for who has the database.
func contents(t *testing.T, db *gorm.DB) map[string][]string {
	t.Helper()
	names := "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
	if db.Name() == "postgres" {
		names = "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()"
	}
	var tables []string
	if err := db.Raw(names).Scan(&tables).Error; err != nil {
		t.Fatal(err)
	}
	all := map[string][]string{}
	for _, table := range tables {
		var rows []map[string]any
		if err := db.Table(table).Find(&rows).Error; err != nil {
			t.Fatal(err)
		}
		all[table] = nil // also of tables without rows
		for _, row := range rows {
			if row["name"] != "holder" {
				all[table] = append(all[table], worded(row))
			}
		}
		slices.Sort(all[table])
	}
	return all
}

// worded writes a row down in the same way whatever database it comes from.
func worded(row map[string]any) string {
	var parts []string
	for column, value := range row {
		switch v := value.(type) {
		case time.Time:
			value = v.UTC().Truncate(time.Microsecond).Format(time.RFC3339Nano) // PostgreSQL's smallest part
		case bool:
			value = map[bool]int{true: 1}[v]
		case string:
			value = []byte(v)
		}
		parts = append(parts, fmt.Sprintf("%s=%v", column, value))
	}
	slices.Sort(parts)
	return strings.Join(parts, " ")
}

// sameRows complains about rows that are missing now. Tables and columns may have come.
func sameRows(t *testing.T, before, now map[string][]string) {
	t.Helper()
	for table, rows := range before {
		if table == "migrations" {
			continue
		}
		for _, row := range rows {
			if !slices.ContainsFunc(now[table], func(have string) bool { return covers(have, row) }) {
				t.Errorf("%s: this row is gone: %s", table, row)
			}
		}
	}
}

// covers says whether a row has all the values of another one, and maybe more.
func covers(have, want string) bool {
	values := strings.Split(have, " ")
	for value := range strings.SplitSeq(want, " ") {
		if !slices.Contains(values, value) {
			return false
		}
	}
	return true
}

func TestTheOldestDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "troupe.db")
	layOldest(t, path)
	reg := open(t, path, newWorld(), entities.WithStep("0999", func(tx *gorm.DB) error {
		return tx.Exec("ALTER TABLE entities ADD COLUMN mood text NOT NULL DEFAULT 'calm'").Error
	}))
	sameRows(t, oldestRows(t), contents(t, reg.Reader()))
	actor, err := reg.Authenticate(t.Context(), oldestKey, oldestAda)
	if err != nil {
		t.Fatal("the key:", err)
	}
	if position, _, err := reg.Position(t.Context(), actor, oldestCursor); err != nil || position.Seq != 3 {
		t.Errorf("the cursor: %d, %v", position, err)
	}
	if mark, err := reg.ReadMark(t.Context(), actor, entities.ScopeAll); err != nil || mark != 2 {
		t.Errorf("the read mark: %d, %v", mark, err)
	}
	if _, err := reg.Authorize(t.Context(), actor, entities.Post, general); err != nil {
		t.Error("the channel rule:", err)
	}
	added, err := reg.Append(t.Context(), entities.System("ingest"), []entities.Heard{{Event: entities.Event{
		Kind: entities.EventMessage, GuildID: guild, ChannelID: general, MessageID: 4, AuthorID: olivia, At: at(0),
	}}})
	if err != nil || len(added) != 1 || added[0].Event.Seq <= 3 {
		t.Errorf("the log goes on with %+v, %v", added, err)
	}
}

// oldestRows are the rows of the oldest database, read before any step.
func oldestRows(t *testing.T) map[string][]string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "oldest.db")
	layOldest(t, path)
	reg := open(t, path, newWorld())
	rows := contents(t, reg.Reader())
	shut(t, path)
	return rows
}

func TestANewerDatabaseIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "troupe.db")
	reg := open(t, path, newWorld())
	if err := reg.Writer().Exec("INSERT INTO migrations (id) VALUES ('9999')").Error; err != nil {
		t.Fatal(err)
	}
	if _, err := tryOpen(t, path, newWorld()); err == nil || !strings.Contains(err.Error(), "newer troupe") {
		t.Errorf("got %v", err)
	}
}

var errHalfway = errors.New("half-way")

// halfway is a step that changes tables and rows and then does not come to its end.
func halfway(end func() error) func(*entities.Config) {
	return entities.WithStep("0999", func(tx *gorm.DB) error {
		return errors.Join(
			tx.Exec("CREATE TABLE moods (id integer)").Error, tx.Exec("INSERT INTO moods VALUES (1)").Error,
			tx.Exec("ALTER TABLE entities ADD COLUMN mood text").Error, tx.Exec("UPDATE entities SET name = 'Spoilt'").Error,
			tx.Exec("DELETE FROM channel_rules").Error, end(),
		)
	})
}

func TestAStepThatFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "troupe.db")
	layOldest(t, path)
	want := contents(t, open(t, path, newWorld()).Reader())
	for range 2 {
		if _, err := tryOpen(t, path, newWorld(), halfway(func() error { return errHalfway })); !errors.Is(err, errHalfway) {
			t.Fatalf("got %v", err)
		}
	}
	reg := open(t, path, newWorld())
	have := contents(t, reg.Reader())
	sameRows(t, want, have)
	if _, there := have["moods"]; there || strings.Contains(have["entities"][0], "mood") {
		t.Errorf("half a step is left: %v", have)
	}
	reg = open(t, path, newWorld(), halfway(func() error { return nil }))
	if have := contents(t, reg.Reader()); len(have["moods"]) != 1 || len(have["channel_rules"]) != 0 {
		t.Errorf("the step that works: %v", have)
	}
}

func TestACopyBeforeTheTablesChange(t *testing.T) {
	onlySQLite(t)
	folder := t.TempDir()
	path := filepath.Join(folder, "troupe.db")
	layOldest(t, path)
	want := contents(t, open(t, path, newWorld()).Reader())
	var steps []func(*entities.Config)
	for n := range 5 {
		id := fmt.Sprintf("099%d", n)
		steps = append(steps, entities.WithStep(id, func(tx *gorm.DB) error { return tx.Exec("DELETE FROM channel_rules").Error }))
		open(t, path, newWorld(), steps...)
		info, err := os.Stat(path + ".before-" + id)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Fatalf("the copy before %s: %v, %v", id, info, err)
		}
		if n == 0 {
			first := open(t, path+".before-0990", newWorld())
			sameRows(t, want, contents(t, first.Reader()))
			shut(t, path+".before-0990")
		}
	}
	left, err := filepath.Glob(path + ".before-????")
	if want := []string{path + ".before-0992", path + ".before-0993", path + ".before-0994"}; err != nil || !slices.Equal(left, want) {
		t.Errorf("copies that are kept: %q, %v", left, err)
	}
}

func TestNoChangeWithoutACopy(t *testing.T) {
	onlySQLite(t)
	path := filepath.Join(t.TempDir(), "troupe.db")
	layOldest(t, path)
	open(t, path, newWorld())
	shut(t, path)
	if err := os.MkdirAll(path+".before-0999.partial/full", 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := tryOpen(t, path, newWorld(), halfway(func() error { return nil }))
	if err == nil || !strings.Contains(err.Error(), "keep a copy of the database before its tables change") {
		t.Errorf("got %v", err)
	}
	if have := contents(t, open(t, path, newWorld()).Reader()); len(have["channel_rules"]) == 0 {
		t.Error("the tables have changed")
	}
}

func TestAKilledMigration(t *testing.T) {
	path := filepath.Join(t.TempDir(), "troupe.db")
	layOldest(t, path)
	want := contents(t, open(t, path, newWorld()).Reader())
	shut(t, path)
	for range 3 {
		kill := child(t, path, "migrate")
		kill()
		reg := open(t, path, newWorld())
		sameRows(t, want, contents(t, reg.Reader()))
		shut(t, path)
	}
	open(t, path, newWorld(), halfway(func() error { return nil }))
}
