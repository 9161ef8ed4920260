package entities_test

import (
	"bytes"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"troupe/entities"
)

func TestDatabaseURLs(t *testing.T) {
	const canary = "c4n4ry"
	for _, raw := range []string{
		"", "troupe.db", "sqlite:", "sqlite::memory:", "mysql://u:" + canary + "@h/x", "sqlite:a?b",
		"postgres://", "postgres://localhost", "postgres://u:" + canary + "@host:port/x", "postgres://u:" + canary + "/1@h/x",
		"postgres://u:12/" + canary + "@h/x", "postgres://u:12#" + canary + "@h/x", "postgres://u:12?" + canary + "@h/x",
		"postgres://u:" + canary + "%zz@h/x", "postgres://u:" + canary + "@h/x?sslmode=nonsense", "postgres://u:" + canary + "@h/x?sslrootcert=/nowhere",
	} {
		err := entities.CheckDatabaseURL(raw)
		if err == nil {
			t.Errorf("%q is taken", raw)
		} else if strings.Contains(err.Error(), canary) {
			t.Errorf("%q: the answer shows the password: %v", raw, err)
		}
	}
	for _, raw := range []string{
		"sqlite:troupe.db", "postgres://u:p%40ss@host/db", "postgresql://host:5433/db?sslmode=disable", "postgres:///db?host=/run/postgresql",
	} {
		if err := entities.CheckDatabaseURL(raw); err != nil {
			t.Errorf("%q: %v", raw, err)
		}
	}
}

func TestReadersCannotWrite(t *testing.T) {
	reg := fresh(t)
	create(t, reg, "Ada", general)
	if err := reg.Reader().Exec("DELETE FROM entities").Error; err == nil {
		t.Error("a reader deletes")
	}
	if got, err := reg.List(t.Context(), admin(olivia)); err != nil || len(got) != 1 {
		t.Errorf("%v, %v", got, err)
	}
}

// TestAcknowledgedMeansSaved: what a caller was told to be done is on the disk. Without the file
// that has to get there nothing is acknowledged, then or later, and the program is told.
func TestAcknowledgedMeansSaved(t *testing.T) {
	onlySQLite(t)
	path := filepath.Join(t.TempDir(), "saved.db")
	reg := open(t, path, newWorld())
	create(t, reg, "Ada", general)
	for pragma, want := range map[string]string{"synchronous": "1", "journal_mode": "wal", "foreign_keys": "1"} {
		var got string
		if err := reg.Writer().Raw("PRAGMA " + pragma).Scan(&got).Error; err != nil || got != want {
			t.Errorf("%s is %q (%v), want %q", pragma, got, err, want)
		}
	}
	if err := os.Remove(path + "-wal"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Bob", "Cleo"} {
		if err := tryCreate(t, reg, name); err == nil || !strings.Contains(err.Error(), "look after the disk") {
			t.Errorf("%s: %v", name, err)
		}
	}
	select {
	case err := <-reg.Lost():
		if !strings.Contains(err.Error(), "start troupe again") {
			t.Errorf("the program's last word: %v", err)
		}
	case <-time.After(patience):
		t.Error("the program is not told")
	}
}

// TestAWriteBesideATransaction: a row that is written outside a transaction waits for the one
// connection, and the transaction that has it writes such a row too.
func TestAWriteBesideATransaction(t *testing.T) {
	reg := fresh(t)
	pool, err := reg.Writer().DB()
	if err != nil {
		t.Fatal(err)
	}
	row := func() *entities.Audit { return &entities.Audit{At: time.Now().UTC(), Actor: "test", Act: "test"} }
	beside := make(chan error, 1)
	err = reg.Writer().WithContext(t.Context()).Transaction(func(tx *gorm.DB) error {
		go func() { beside <- reg.Writer().WithContext(t.Context()).Create(row()).Error }()
		for pool.Stats().WaitCount == 0 {
			if t.Context().Err() != nil {
				return t.Context().Err()
			}
		}
		return tx.Create(row()).Error
	})
	if err := errors.Join(err, <-beside); err != nil {
		t.Error(err)
	}
}

func TestBrokenFiles(t *testing.T) {
	onlySQLite(t)
	for name, test := range map[string]struct {
		prepare func(path string) error
		want    string
	}{
		"not a database": {func(path string) error {
			return os.WriteFile(path, []byte(strings.Repeat("no database ", 1000)), 0o600)
		}, "-restore"},
		"a folder": {func(path string) error { return os.Mkdir(path, 0o700) }, "directory"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "troupe.db")
			if err := test.prepare(path); err != nil {
				t.Fatal(err)
			}
			_, err := tryOpen(t, path, newWorld())
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// wantAbsent wants none of these texts in what is stored at a path: the database's file and its
// log, and a backup.
func wantAbsent(t testing.TB, path string, secrets ...string) {
	t.Helper()
	backup, _ := backUp(t, path)
	files := []string{backup}
	if on.Server == "" {
		files = append(files, path, path+"-wal")
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range secrets {
			if bytes.Contains(data, []byte(secret)) {
				t.Errorf("%q is in %s", secret, filepath.Base(file))
			}
		}
	}
}

func TestNoSecretOnDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "troupe.db")
	reg := open(t, path, newWorld())
	made, _ := create(t, reg, "Ada", general)
	_, secret, _ := strings.Cut(strings.TrimPrefix(made.Key, "troupe_"), "_")
	wantAbsent(t, path, made.Key, secret)
}

func TestOnlyItsOwnerReadsTheFile(t *testing.T) {
	onlySQLite(t)
	path := filepath.Join(t.TempDir(), "troupe.db")
	open(t, path, newWorld())
	for _, file := range []string{path, path + "-wal", path + ".lock"} {
		info, err := os.Stat(file)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s is %v, %v", filepath.Base(file), info, err)
		}
	}
}

// TestStrangeKeys: a key with a right checksum over bytes that no key ever had is refused as any
// other, whatever the database thinks of such bytes.
func TestStrangeKeys(t *testing.T) {
	reg := fresh(t)
	crockford := base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)
	for _, id := range []string{"\x00aaaaaaaaaaaaaaa", "\xffaaaaaaaaaaaaaaa", "' OR 1=1 -- aaaa"} {
		key := "troupe_" + id + "_" + strings.Repeat("a", crockford.EncodedLen(32))
		key += crockford.EncodeToString(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(key))))
		_, err := reg.Authenticate(t.Context(), key, "")
		wantRefusal(t, err, entities.Unauthenticated)
	}
}

func TestMissingConfig(t *testing.T) {
	for _, cfg := range []entities.Config{
		{},
		{Database: "sqlite:x", World: newWorld()},
		{Database: "sqlite:x", Log: slog.New(slog.DiscardHandler)},
		{Database: "x", World: newWorld(), Log: slog.New(slog.DiscardHandler)},
	} {
		if _, err := entities.Open(t.Context(), cfg); err == nil {
			t.Errorf("%+v is taken", cfg)
		}
	}
}
