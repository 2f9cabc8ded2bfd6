//go:build linux

package hooks_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/lockshim/lockshim/internal/testkit"
)

// lockFDs lists the descriptors through which pid has a shared flock on the
// file, sorted: those with a lock line in fdinfo (proc(5)) that are open on it.
func lockFDs(pid int, file os.FileInfo) []int {
	var found []int
	infos, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fdinfo/*", pid))
	for _, name := range infos {
		info, err := os.ReadFile(name)
		if err != nil || !bytes.Contains(info, []byte("FLOCK  ADVISORY  READ")) {
			continue
		}
		fd, _ := strconv.Atoi(filepath.Base(name))
		there, err := os.Stat(fmt.Sprintf("/proc/%d/fd/%d", pid, fd))
		if err == nil && os.SameFile(there, file) {
			found = append(found, fd)
		}
	}
	slices.Sort(found)
	return found
}

// closesOnExec says whether the descriptor would be closed by exec: the octal
// flags of fdinfo have O_CLOEXEC then.
func closesOnExec(t *testing.T, pid, fd int) bool {
	t.Helper()
	info, err := os.ReadFile(fmt.Sprintf("/proc/%d/fdinfo/%d", pid, fd))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(info)) {
		if value, ok := strings.CutPrefix(line, "flags:"); ok {
			flags, err := strconv.ParseInt(strings.TrimSpace(value), 8, 64)
			if err != nil {
				t.Fatal(err)
			}
			return flags&unix.O_CLOEXEC != 0
		}
	}
	t.Fatalf("no flags in %q", info)
	return false
}

// await blocks until pid has exited. It may still be a zombie.
func await(t *testing.T, pid int) {
	t.Helper()
	fd, err := unix.PidfdOpen(pid, 0)
	if err == unix.ESRCH {
		return
	}
	if err != nil {
		t.Fatalf("cannot open a pidfd of %d: %v", pid, err)
	}
	defer unix.Close(fd)
	testkit.AwaitEnd(t, fd)
}

// kill signals pid, which must be there.
func kill(t *testing.T, pid int, sig syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(pid, sig); err != nil {
		t.Fatalf("cannot send %v to %d: %v", sig, pid, err)
	}
}
