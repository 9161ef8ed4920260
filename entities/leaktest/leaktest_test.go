package leaktest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"troupe/entities/leaktest"
)

func TestFiles(t *testing.T) {
	const canary = "a text that somebody said"
	key := "troupe_0123456789abcdef_" + strings.Repeat("0123456789", 6)
	for name, c := range map[string]struct {
		file, content string
		want          string
	}{
		"nothing":                 {"t.db", "an entity's name", ""},
		"the database":            {"t.db", "xx" + canary + "xx", canary},
		"the log":                 {"t.db-wal", canary, canary},
		"a copy":                  {"t.db.before-0002", canary, canary},
		"a key":                   {"t.db", "x" + key, "an API key"},
		"a hash is no key":        {"t.db", "troupe_0123456789abcdef", ""},
		"somebody else's file":    {"other.db", canary, ""},
		"a long text's beginning": {"t.db", strings.Repeat("long ", 20)[:70], "long long"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "t.db")
			if err := os.WriteFile(filepath.Join(filepath.Dir(path), c.file), []byte(c.content), 0o600); err != nil {
				t.Fatal(err)
			}
			err := leaktest.Files(path, canary, strings.Repeat("long ", 20))
			if (err == nil) != (c.want == "") || (err != nil && !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
