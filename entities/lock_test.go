package entities_test

import (
	"bufio"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"troupe/entities"
)

func TestOneProcessAtATime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "troupe.db")
	first := open(t, path, newWorld(), func(c *entities.Config) {
		c.Holder = "troupe 7.7 (pid 77 on lucky)"
		c.Now = func() time.Time { return at(0) }
	})
	_, err := entities.Open(t.Context(), entities.Config{Database: on.URL(t, path), World: newWorld(), Log: slog.New(slog.DiscardHandler)})
	if err == nil {
		t.Fatal("two have the database at once")
	}
	for _, want := range []string{"troupe 7.7 (pid 77 on lucky), running since 2027-01-15 08:00 UTC, uses this database", "End that one first"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
	create(t, first, "Ada", general) // it goes on undisturbed
	shut(t, path)
	open(t, path, newWorld())
}

func TestAFailedStartLetsGo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "troupe.db")
	open(t, path, newWorld())
	if err := open(t, path, newWorld()).Writer().Exec("INSERT INTO migrations (id) VALUES ('9999')").Error; err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second would meet the first one's lock
		if _, err := tryOpen(t, path, newWorld()); err == nil || !strings.Contains(err.Error(), "newer troupe") {
			t.Errorf("got %v", err)
		}
	}
}

const (
	holdVariable = "TROUPE_TEST_HOLDS" // URL of the database that a child process is to hold
	doVariable   = "TROUPE_TEST_DOES"  // what it does there: migrate, or create an entity of this name
	holdsNow     = "holds now"
)

// TestHolds is what the child process of another test does: it has a database until it ends.
func TestHolds(t *testing.T) {
	database := os.Getenv(holdVariable)
	if database == "" {
		t.Skip("this is what child processes of other tests do")
	}
	wait := func() error {
		t.Log(holdsNow)
		_, err := io.Copy(io.Discard, os.Stdin)
		return err
	}
	cfg := entities.Config{
		Database: database, World: newWorld(), Log: slog.New(slog.DiscardHandler), Admission: entities.Admission{Mode: entities.AdmitAll},
	}
	if os.Getenv(doVariable) == "migrate" {
		halfway(wait)(&cfg)
	}
	reg, err := entities.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	create(t, reg, os.Getenv(doVariable), general)
	if err := wait(); err != nil {
		t.Fatal(err)
	}
	if err := reg.Close(); err != nil {
		t.Error(err)
	}
}

// child starts a process that has the database at a path, and gives what kills it.
func child(t *testing.T, path, does string) (kill func()) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestHolds$", "-test.v")
	cmd.Env = append(os.Environ(), holdVariable+"="+on.URL(t, path), doVariable+"="+does)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stdout)
	said := false
	for !said && lines.Scan() {
		said = strings.Contains(lines.Text(), holdsNow)
	}
	if !said {
		t.Error("the child process does not come that far")
	}
	return func() {
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); err == nil {
			t.Error("the child process ended well")
		}
		_ = stdin.Close() // Wait has closed it already
	}
}

func TestAKilledProcessHoldsNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "troupe.db")
	kill := child(t, path, "Ada")
	if _, err := tryOpen(t, path, newWorld()); err == nil || !strings.Contains(err.Error(), "uses this database already") {
		t.Errorf("beside a process that holds it: %v", err)
	}
	kill()
	reg := open(t, path, newWorld())
	if got, err := reg.List(t.Context(), admin(olivia)); err != nil || len(got) != 1 {
		t.Errorf("what the killed process had saved: %v, %v", got, err)
	}
}
