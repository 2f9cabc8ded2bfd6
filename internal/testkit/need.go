package testkit

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// Nobody is the uid and gid of a user without rights.
const Nobody = 65534

// Must fails the test at once for an error. Only the test's own goroutine may
// call it.
func Must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Is fails the test if err is not each of targets, as errors.Is says.
func Is(t testing.TB, what string, err error, targets ...error) {
	t.Helper()
	for _, target := range targets {
		if !errors.Is(err, target) {
			t.Errorf("%s: %v; want errors.Is %q", what, err, target)
		}
	}
}

// NeedRoot skips the test where another user runs it.
func NeedRoot(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
}

// Need skips the test where the file is missing, which pkg brings, and returns
// its path.
func Need(t testing.TB, path, pkg string) string {
	t.Helper()
	if _, err := os.Stat(path); err != nil {
		t.Skip("needs the package " + pkg)
	}
	return path
}

// OpenDir is a directory that every user may enter, removed with the test.
func OpenDir(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	Must(t, os.Chmod(dir, 0o755))
	Must(t, os.Chmod(filepath.Dir(dir), 0o755))
	return dir
}
