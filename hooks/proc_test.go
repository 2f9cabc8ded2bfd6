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
)

// descendants lists the processes below root, zombies included, sorted.
func descendants(root int) []int {
	children := map[int][]int{}
	names, _ := filepath.Glob("/proc/[0-9]*")
	for _, name := range names {
		pid, _ := strconv.Atoi(filepath.Base(name))
		if parent, ok := parentOf(pid); ok {
			children[parent] = append(children[parent], pid)
		}
	}
	var found []int
	for todo := []int{root}; len(todo) > 0; todo = todo[1:] {
		found = append(found, children[todo[0]]...)
		todo = append(todo, children[todo[0]]...)
	}
	slices.Sort(found)
	return found
}

// parentOf reads field 4 of /proc/PID/stat; the name in field 2 may contain
// anything, so it counts from the last parenthesis.
func parentOf(pid int) (int, bool) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, false
	}
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	parent, err := strconv.Atoi(string(fields[1]))
	return parent, err == nil
}

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

// environment is the one that pid was executed with.
func environment(t *testing.T, pid int) []string {
	t.Helper()
	env, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimRight(string(env), "\x00"), "\x00")
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
	for {
		_, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, -1)
		if err == nil {
			return
		}
		if err != unix.EINTR {
			t.Fatalf("cannot wait for %d: %v", pid, err)
		}
	}
}

// kill signals pid, which must be there.
func kill(t *testing.T, pid int, sig syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(pid, sig); err != nil {
		t.Fatalf("cannot send %v to %d: %v", sig, pid, err)
	}
}

// alive says whether pid runs; a zombie does not.
func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !bytes.HasPrefix(stat[bytes.LastIndexByte(stat, ')')+1:], []byte(" Z"))
}
