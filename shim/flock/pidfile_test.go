package flock

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/lockshim/lockshim/internal/testkit"
)

// contains checks a file's contents.
func contains(t *testing.T, path, want string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil || string(got) != want {
		t.Errorf("%s contains %q (%v), want %q", path, got, err, want)
	}
}

// gone checks that nothing is at path.
func gone(t *testing.T, path string) {
	t.Helper()
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s: %v, want it gone", path, err)
	}
}

var self = strconv.Itoa(os.Getpid()) + "\n"

func TestPidfileIsWrittenAndRemoved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.pid")
	remove, err := Pidfile(path)
	do(t, err)
	contains(t, path, self)
	do(t, remove())
	gone(t, path)
	do(t, remove())
}

// The pid of a process that lives makes a pid file no less stale.
func TestPidfileTakesOverAStaleOne(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.pid")
	bystander := start(t, nil)
	for _, old := range []string{strconv.Itoa(bystander.PID()) + "\n", "1\n", "", "12345678901234567890 and more"} {
		do(t, os.WriteFile(path, []byte(old), 0o640))
		remove, err := Pidfile(path)
		do(t, err)
		contains(t, path, self)
		do(t, remove())
		gone(t, path)
	}
	bystander.must("umask", "022") // it is still there
}

func TestPidfileOfALivingProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.pid")
	h := start(t, nil)
	h.must("pidfile", path)
	pid := strconv.Itoa(h.PID()) + "\n"
	_, err := Pidfile(path)
	heldBy(t, err, h, path)
	contains(t, path, pid)

	h.Kill()
	contains(t, path, pid) // a crash leaves it
	remove, err := Pidfile(path)
	do(t, err)
	contains(t, path, self)
	do(t, remove())
}

func TestPidfileRemoveSparesAnothers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.pid")
	remove, err := Pidfile(path)
	do(t, err)
	do(t, os.Remove(path))
	h := start(t, nil)
	h.must("pidfile", path)
	do(t, remove())
	contains(t, path, strconv.Itoa(h.PID())+"\n")
	h.must("remove", path)
	gone(t, path)
}

// A process that lost the right to unlink leaves an empty file, not a pid.
func TestPidfileThatCannotBeRemoved(t *testing.T) {
	testkit.NeedRoot(t)
	path := filepath.Join(publicDir(t, 0o755), "app.pid")
	h := start(t, nil)
	h.must("pidfile", path)
	h.must("become", otherUID)
	h.fails("permission+errno13", "remove", path)
	contains(t, path, "")
	remove, err := Pidfile(path)
	do(t, err)
	do(t, remove())
}
