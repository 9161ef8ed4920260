package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// builtProgram is the program as everybody has it: the one that TEST_BINARY names, or one that is
// built once for all tests.
func builtProgram(t *testing.T) string {
	t.Helper()
	if built := os.Getenv(binaryVariable); built != "" {
		return built
	}
	if err := buildOnce(); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(buildFolder(), "troupe")
}

// buildFolder is where it is built; the tests take it away when they end.
func buildFolder() string {
	return filepath.Join(os.TempDir(), fmt.Sprintf("troupe-test-%d", os.Getpid()))
}

var buildOnce = sync.OnceValue(func() error {
	out, err := exec.Command("go", "build", "-ldflags", "-s -w", "-o", filepath.Join(buildFolder(), "troupe"), ".").CombinedOutput()
	if err != nil {
		return fmt.Errorf("build the program: %w\n%s", err, out)
	}
	return nil
})
