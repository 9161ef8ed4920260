package entities_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/disgoorg/snowflake/v2"
	"gorm.io/gorm"

	"troupe/entities"
)

// shellConfig is what a command in the shell has: no world, no Discord.
func shellConfig(t testing.TB, path string, change ...func(*entities.Config)) entities.Config {
	t.Helper()
	cfg := entities.Config{Database: on.URL(t, path)}
	for _, c := range change {
		c(&cfg)
	}
	return cfg
}

func backUp(t testing.TB, path string, change ...func(*entities.Config)) (string, entities.BackupReport) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "backup.db")
	report, err := entities.Backup(t.Context(), shellConfig(t, path, change...), file)
	if err != nil {
		t.Fatal(err)
	}
	return file, report
}

// sameContents compares all rows, but for those that a restore itself leaves.
func sameContents(t *testing.T, want, have map[string][]string) {
	t.Helper()
	for _, all := range []map[string][]string{want, have} {
		delete(all, "migrations")
		all["audit"] = slices.DeleteFunc(all["audit"], func(row string) bool { return strings.Contains(row, worded(map[string]any{"actor": "system shell"})) })
	}
	sameRows(t, want, have)
	sameRows(t, have, want)
}

// laden makes a database with something in every table, so that a table that is not copied is
// missed.
func laden(t *testing.T, change ...func(*entities.Config)) (path string, reg *entities.Registry) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "troupe.db")
	layOldest(t, path)
	reg = open(t, path, newWorld(), change...)
	for table, rows := range contents(t, reg.Reader()) {
		if len(rows) == 0 {
			putRow(t, reg.Writer(), table)
		}
	}
	for table, rows := range contents(t, reg.Reader()) {
		if len(rows) == 0 {
			t.Fatalf("nothing is in %s", table)
		}
	}
	return path, open(t, path, newWorld(), change...)
}

// putRow puts some row into a table.
func putRow(t *testing.T, db *gorm.DB, table string) {
	t.Helper()
	columns, err := db.Migrator().ColumnTypes(table)
	if err != nil {
		t.Fatal(err)
	}
	row := map[string]any{}
	for _, column := range columns {
		switch kind := strings.ToLower(column.DatabaseTypeName()); {
		case strings.Contains(kind, "time"):
			row[column.Name()] = at(0).UTC()
		case strings.HasPrefix(kind, "bool"), kind == "numeric": // SQLite's name for it
			row[column.Name()] = true
		case strings.HasPrefix(kind, "int"), kind == "bigint":
			row[column.Name()] = 7
		case kind == "bytea", kind == "blob":
			row[column.Name()] = []byte("some")
		default:
			row[column.Name()] = "some"
		}
	}
	if err := db.Table(table).Create(row).Error; err != nil {
		t.Fatalf("%s: %v", table, err)
	}
}

func TestBackupAndRestore(t *testing.T) {
	path, reg := laden(t)
	want := contents(t, reg.Reader())
	file, report := backUp(t, path) // while it is open
	if report.Entities != 2 || report.Keys != 1 || report.Size == 0 {
		t.Errorf("reported: %+v", report)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 || info.Size() != report.Size {
		t.Errorf("the file: %v, %v", info, err)
	}
	if beside, err := filepath.Glob(file + "?*"); err != nil || len(beside) > 0 {
		t.Errorf("beside the backup lies %q (%v)", beside, err)
	}
	shut(t, path)

	elsewhere := filepath.Join(t.TempDir(), "moved", "troupe.db")
	restored, err := entities.Restore(t.Context(), shellConfig(t, elsewhere), file, false)
	if err != nil {
		t.Fatal(err)
	}
	if restored.Entities != 2 || restored.Keys != 1 || restored.Guessed || time.Since(restored.Made) > time.Minute || restored.Kept != "" {
		t.Errorf("reported: %+v", restored)
	}
	moved := open(t, elsewhere, newWorld())
	sameContents(t, want, contents(t, moved.Reader()))
	actor, err := moved.Authenticate(t.Context(), oldestKey, oldestAda)
	if err != nil {
		t.Fatal(err)
	}
	if position, _, err := moved.Position(t.Context(), actor, oldestCursor); err != nil || position.Seq != 3 {
		t.Errorf("a cursor from before: %d, %v", position, err)
	}
}

// TestNumbersAreNotGivenAgain: a restored log goes on where the former one was, even when its
// last rows are gone.
func TestNumbersAreNotGivenAgain(t *testing.T) {
	path, reg := laden(t)
	if err := reg.Writer().Exec("DELETE FROM events").Error; err != nil {
		t.Fatal(err)
	}
	file, _ := backUp(t, path)
	if _, err := restoreInto(t, path, file, false); err != nil {
		t.Fatal(err)
	}
	added, err := open(t, path, newWorld()).Append(t.Context(), entities.System("ingest"), []entities.Heard{{Event: entities.Event{
		Kind: entities.EventMessage, GuildID: guild, ChannelID: general, MessageID: 9, AuthorID: olivia, At: at(0),
	}}})
	if err != nil || len(added) != 1 || added[0].Event.Seq <= 3 {
		t.Errorf("%+v, %v", added, err)
	}
}

func restoreInto(t *testing.T, path, file string, rotateAll bool) (entities.RestoreReport, error) {
	t.Helper()
	shut(t, path)
	if on.Server != "" {
		t.Chdir(t.TempDir()) // where the former contents go
	}
	return entities.Restore(t.Context(), shellConfig(t, path), file, rotateAll)
}

// TestBetweenEngines: one file leads from each engine to the other.
func TestBetweenEngines(t *testing.T) {
	onlyPostgres(t)
	path, reg := laden(t)
	want := contents(t, reg.Reader())
	file, _ := backUp(t, path)
	shut(t, path)

	light := filepath.Join(t.TempDir(), "light.db")
	there := entities.Config{Database: "sqlite:" + light}
	if _, err := entities.Restore(t.Context(), there, file, false); err != nil {
		t.Fatal(err)
	}
	small := openAt(t, there.Database, "small")
	sameContents(t, want, contents(t, small.Reader()))
	if _, err := small.Authenticate(t.Context(), oldestKey, oldestAda); err != nil {
		t.Error(err)
	}
	back := filepath.Join(t.TempDir(), "back.db")
	if _, err := entities.Backup(t.Context(), there, back); err != nil {
		t.Fatal(err)
	}
	if _, err := restoreInto(t, path, back, false); err != nil {
		t.Fatal(err)
	}
	again := open(t, path, newWorld())
	want = contents(t, small.Reader()) // its key was used meanwhile
	sameContents(t, want, contents(t, again.Reader()))
}

// TestWhatARestoreBringsBack: old keys, deleted entities; and what it takes away.
func TestWhatARestoreBringsBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "troupe.db")
	reg := open(t, path, newWorld())
	made := map[string]entities.Created{}
	for n, name := range []string{"Kept", "Rotated", "Deleted"} {
		made[name], _ = create(t, reg, name, []snowflake.ID{general, lab, category}[n])
	}
	file, _ := backUp(t, path)
	if _, err := reg.RotateKey(t.Context(), admin(olivia), made["Rotated"].Entity.ID); err != nil {
		t.Fatal(err)
	}
	create(t, reg, "New", general)
	if err := reg.Writer().Exec("UPDATE entities SET state = 'deleted', generation = 2 WHERE name = 'Deleted'").Error; err != nil {
		t.Fatal(err)
	}
	want := contents(t, reg.Reader())

	report, err := restoreInto(t, path, file, false)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(report.Rotated, []string{"Rotated"}) || !slices.Equal(report.Returned, []string{"Deleted"}) || !slices.Equal(report.Gone, []string{"New"}) ||
		report.Entities != 3 || report.Keys != 3 || report.Ended != 0 || report.Unread {
		t.Errorf("reported: %+v", report)
	}
	reg = open(t, path, newWorld())
	for name, e := range made {
		if _, err := reg.Authenticate(t.Context(), e.Key, e.Entity.ID); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	wantKept(t, report.Kept, want)

	report, err = restoreInto(t, path, file, true)
	if err != nil {
		t.Fatal(err)
	}
	if report.Ended != 3 || report.Keys != 0 || report.Entities != 3 {
		t.Errorf("reported: %+v", report)
	}
	wantNoKeys(t, open(t, path, newWorld()), made)
}

// wantKept wants the rows of what was replaced in the file that keeps them.
func wantKept(t *testing.T, kept string, want map[string][]string) {
	t.Helper()
	if _, err := os.Stat(kept); err != nil {
		t.Fatal(err)
	}
	if on.Server == "" {
		reg := open(t, kept, newWorld())
		sameContents(t, want, contents(t, reg.Reader()))
		shut(t, kept)
		return
	}
	reg := openAt(t, "sqlite:"+kept, "kept")
	have := contents(t, reg.Reader())
	have["settings"] = slices.DeleteFunc(have["settings"], func(row string) bool { return strings.Contains(row, worded(map[string]any{"name": "backup"})) })
	sameContents(t, want, have)
}

func wantNoKeys(t *testing.T, reg *entities.Registry, made map[string]entities.Created) {
	t.Helper()
	for name, e := range made {
		if _, err := reg.Authenticate(t.Context(), e.Key, e.Entity.ID); !entities.IsRefusal(err, entities.Unauthenticated) {
			t.Errorf("%s's key: %v", name, err)
		}
	}
	for name, e := range made {
		again, err := reg.RotateKey(t.Context(), admin(olivia), e.Entity.ID)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := reg.Authenticate(t.Context(), again.Key, e.Entity.ID); err != nil {
			t.Errorf("%s's new key: %v", name, err)
		}
	}
}

func TestRotateAll(t *testing.T) {
	path := filepath.Join(t.TempDir(), "troupe.db")
	if _, err := entities.RotateAll(t.Context(), shellConfig(t, path)); err == nil {
		t.Error("there is nothing to rotate")
	}
	reg := open(t, path, newWorld())
	made := map[string]entities.Created{}
	made["Ada"], _ = create(t, reg, "Ada", general)
	made["Bob"], _ = create(t, reg, "Bob", lab)
	if _, err := entities.RotateAll(t.Context(), shellConfig(t, path)); err == nil || !strings.Contains(err.Error(), "End that one first") {
		t.Errorf("beside the program: %v", err)
	}
	shut(t, path)
	ended, err := entities.RotateAll(t.Context(), shellConfig(t, path))
	if err != nil || ended != 2 {
		t.Errorf("%d ended, %v", ended, err)
	}
	reg = open(t, path, newWorld())
	wantNoKeys(t, reg, made)
	var audits int64
	if err := reg.Reader().Model(&entities.Audit{}).Where("actor = ? AND act = ?", "system shell", "rotate all keys").Count(&audits).Error; err != nil || audits != 1 {
		t.Errorf("%d rows of the audit, %v", audits, err)
	}
}

func TestNoRestoreBesideTheProgram(t *testing.T) {
	path, reg := laden(t)
	file, _ := backUp(t, path)
	_, err := entities.Restore(t.Context(), shellConfig(t, path), file, false)
	if err == nil || !strings.Contains(err.Error(), "End that one first") {
		t.Errorf("got %v", err)
	}
	create(t, reg, "New", general)
}

// TestAnOlderBackup is one of a database before a change of the tables, and a newer one of one
// after it.
func TestAnOlderBackup(t *testing.T) {
	path, _ := laden(t)
	step := entities.WithStep("0999", func(tx *gorm.DB) error {
		return tx.Exec("ALTER TABLE entities ADD COLUMN mood text NOT NULL DEFAULT 'calm'").Error
	})
	old, _ := backUp(t, path, step) // by a newer program than the one that runs
	open(t, path, newWorld(), step)
	create(t, open(t, path, newWorld(), step), "Later", general)
	newer, _ := backUp(t, path, step)
	shut(t, path)
	if on.Server != "" {
		t.Chdir(t.TempDir())
	}
	if _, err := entities.Restore(t.Context(), shellConfig(t, path, step), old, false); err != nil {
		t.Fatal(err)
	}
	reg := open(t, path, newWorld(), step)
	var moods []string
	if err := reg.Reader().Table("entities").Distinct().Pluck("mood", &moods).Error; err != nil || !slices.Equal(moods, []string{"calm"}) {
		t.Errorf("%q, %v", moods, err)
	}
	before := contents(t, reg.Reader())
	shut(t, path)
	if _, err := entities.Restore(t.Context(), shellConfig(t, path), newer, false); err == nil || !strings.Contains(err.Error(), "newer troupe") {
		t.Errorf("a backup of a newer troupe: %v", err)
	}
	sameContents(t, before, contents(t, open(t, path, newWorld(), step).Reader()))
}

func TestBadBackups(t *testing.T) {
	folder := t.TempDir()
	path, _ := laden(t)
	good, _ := backUp(t, path)
	shut(t, path)
	whole, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, data []byte) string {
		file := filepath.Join(folder, name)
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	damaged := slices.Clone(whole)
	for i := 8192; i < min(len(damaged), 40000); i++ {
		damaged[i] ^= 0x5a
	}
	foreign := filepath.Join(folder, "foreign.db")
	if err := executeFile(t, foreign, "CREATE TABLE x (id)"); err != nil {
		t.Fatal(err)
	}
	alive := write("alive.db", whole)
	write("alive.db-wal", []byte("newest"))
	for name, test := range map[string]struct{ file, want string }{
		"missing":     {filepath.Join(folder, "nowhere"), "no such file"},
		"empty":       {write("empty", nil), "is no backup"},
		"text":        {write("text", []byte(strings.Repeat("hello ", 100))), "is no backup"},
		"cut":         {write("cut", whole[:len(whole)/2]), ""},
		"damaged":     {write("damaged", damaged), ""},
		"foreign":     {foreign, "not of troupe's"},
		"still alive": {alive, "-wal"},
		"a folder":    {folder, "is no backup"},
	} {
		t.Run(name, func(t *testing.T) {
			target := filepath.Join(t.TempDir(), "troupe.db")
			_, err := entities.Restore(t.Context(), shellConfig(t, target), test.file, false)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v; want %q in it", err, test.want)
			}
			if reg, err := tryOpen(t, target, newWorld()); err != nil {
				t.Error(err)
			} else if got, err := reg.List(t.Context(), admin(olivia)); err != nil || len(got) != 0 {
				t.Errorf("something was restored: %v, %v", got, err)
			}
			if left, err := filepath.Glob(target + ".restoring*"); err != nil || len(left) > 0 {
				t.Errorf("left behind: %q, %v", left, err)
			}
		})
	}
}

func TestNoBackup(t *testing.T) {
	path, _ := laden(t)
	taken, _ := backUp(t, path)
	if _, err := entities.Backup(t.Context(), shellConfig(t, path), taken); err == nil || !strings.Contains(err.Error(), "exists already") {
		t.Errorf("over a file that exists: %v", err)
	}
	nowhere := filepath.Join(t.TempDir(), "no", "folder", "backup.db")
	if _, err := entities.Backup(t.Context(), shellConfig(t, path), nowhere); err == nil {
		t.Error("a folder that does not exist was made")
	}
	file := filepath.Join(t.TempDir(), "backup.db")
	if _, err := entities.Backup(t.Context(), shellConfig(t, filepath.Join(t.TempDir(), "new.db")), file); err == nil || !strings.Contains(err.Error(), "kept anything") {
		t.Errorf("of nothing: %v", err)
	}
	if left, err := filepath.Glob(file + "*"); err != nil || len(left) > 0 {
		t.Errorf("left behind: %q, %v", left, err)
	}
}

// TestRestoreOverABrokenFile is why one restores.
func TestRestoreOverABrokenFile(t *testing.T) {
	onlySQLite(t)
	path, _ := laden(t)
	file, _ := backUp(t, path)
	shut(t, path)
	garbage := []byte(strings.Repeat("no database ", 1000))
	if err := os.WriteFile(path, garbage, 0o600); err != nil {
		t.Fatal(err)
	}
	report, err := restoreInto(t, path, file, false)
	if err != nil {
		t.Fatal(err)
	}
	if !report.Unread || report.Rotated != nil {
		t.Errorf("reported: %+v", report)
	}
	if kept, err := os.ReadFile(report.Kept); err != nil || string(kept) != string(garbage) {
		t.Errorf("kept: %d bytes, %v", len(kept), err)
	}
	if _, err := open(t, path, newWorld()).Authenticate(t.Context(), oldestKey, oldestAda); err != nil {
		t.Error(err)
	}
}

// TestRestoreAfterAKill: what the killed program had acknowledged and not yet put into the file
// itself is kept with the rest.
func TestRestoreAfterAKill(t *testing.T) {
	path, _ := laden(t)
	file, _ := backUp(t, path)
	shut(t, path)
	child(t, path, "Cleo")()
	report, err := restoreInto(t, path, file, false)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(report.Gone, []string{"Cleo"}) {
		t.Errorf("reported: %+v", report)
	}
	kept := openAt(t, "sqlite:"+report.Kept, "kept")
	if got, err := kept.List(t.Context(), admin(olivia)); err != nil || !slices.ContainsFunc(got, func(r entities.Resident) bool { return r.Entity.Name == "Cleo" }) {
		t.Errorf("kept: %v, %v", got, err)
	}
}

// TestACopiedDatabase: whoever copied the file of a program that had ended has a backup too.
func TestACopiedDatabase(t *testing.T) {
	onlySQLite(t)
	path, _ := laden(t)
	shut(t, path)
	old := time.Now().Add(-48 * time.Hour).Round(time.Second)
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
	report, err := entities.Restore(t.Context(), shellConfig(t, filepath.Join(t.TempDir(), "troupe.db")), path, false)
	if err != nil || !report.Guessed || !report.Made.Equal(old) || report.Entities != 2 {
		t.Errorf("%+v, %v", report, err)
	}
}

// TestBackupUnderLoad: each backup holds all that was acknowledged before it began and nothing
// by halves, while others write.
func TestBackupUnderLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "troupe.db")
	reg := open(t, path, newWorld())
	const writers = 4
	backups := 3
	if full {
		backups = 20
	}
	var (
		mu    sync.Mutex
		acked = map[string]bool{}
		done  = make(chan struct{})
		all   sync.WaitGroup
	)
	for w := range writers {
		all.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-done:
					return
				default:
				}
				name := fmt.Sprintf("E %d %d", w, n)
				if err := tryCreate(t, reg, name); err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				acked[name] = true
				mu.Unlock()
			}
		})
	}
	var longest time.Duration
	for range backups {
		mu.Lock()
		before := len(acked)
		var known []string
		for name := range acked {
			known = append(known, name)
		}
		mu.Unlock()
		begin := time.Now()
		file, report := backUp(t, path)
		longest = max(longest, time.Since(begin))
		if report.Entities < before || report.Entities != report.Keys {
			t.Errorf("%d were acknowledged, and the backup has %+v", before, report)
		}
		wantWhole(t, file, known)
	}
	close(done)
	all.Wait()
	t.Logf("%d entities; the longest backup took %s", len(acked), longest)
}

// wantWhole restores a backup and wants these names in it, and no entity without the rows that
// were written with it.
func wantWhole(t *testing.T, file string, names []string) {
	t.Helper()
	target := "sqlite:" + filepath.Join(t.TempDir(), "restored.db")
	if _, err := entities.Restore(t.Context(), entities.Config{Database: target}, file, false); err != nil {
		t.Fatal(err)
	}
	have := contents(t, openAt(t, target, "restored").Reader())
	there := strings.Join(have["entities"], "\n")
	for _, name := range names {
		if !strings.Contains(there, worded(map[string]any{"name": name})) {
			t.Errorf("%s was acknowledged and is not in the backup", name)
		}
	}
	for _, table := range []string{"presences", "credentials", "channel_rules"} {
		if len(have[table]) != len(have["entities"]) {
			t.Errorf("%d entities have %d %s", len(have["entities"]), len(have[table]), table)
		}
	}
}
