//go:build linux

package test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// pids lists the processes of the host, sorted.
func pids() []int {
	var found []int
	names, _ := filepath.Glob("/proc/[0-9]*")
	for _, name := range names {
		if pid, err := strconv.Atoi(filepath.Base(name)); err == nil {
			found = append(found, pid)
		}
	}
	slices.Sort(found)
	return found
}

// statFields are those of /proc/PID/stat behind the name, which may contain
// anything: state, ppid and so on. Nil where there is no such process.
func statFields(pid int) []string {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil
	}
	return strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
}

// zombie says whether the process has ended and was not reaped.
func zombie(pid int) bool {
	f := statFields(pid)
	return len(f) > 0 && (f[0] == "Z" || f[0] == "X")
}

// ended says whether the process runs no more: it is past its exit, a zombie or
// gone. (PF_EXITING in field 9 of proc_pid_stat(5).)
func ended(pid int) bool {
	f := statFields(pid)
	if len(f) < 7 {
		return true
	}
	flags, _ := strconv.ParseUint(f[6], 10, 64)
	return zombie(pid) || flags&4 != 0
}

// parent is the parent of pid, 0 where there is no such process.
func parent(pid int) int {
	f := statFields(pid)
	if len(f) < 2 {
		return 0
	}
	ppid, _ := strconv.Atoi(f[1])
	return ppid
}

// descendants lists the processes below root, zombies included, sorted.
func descendants(root int) []int {
	below := map[int][]int{}
	for _, pid := range pids() {
		below[parent(pid)] = append(below[parent(pid)], pid)
	}
	var found []int
	for todo := []int{root}; len(todo) > 0; todo = todo[1:] {
		found = append(found, below[todo[0]]...)
		todo = append(todo, below[todo[0]]...)
	}
	slices.Sort(found)
	return found
}

// descriptors says what the open descriptors of a process are, sorted. The
// files of /proc are left out, which a shim opens for the moment of a look, and
// FIFOs, which a server opens for the moment of a line.
func descriptors(t *testing.T, pid int) []string {
	t.Helper()
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	must(t, err)
	var found []string
	for _, e := range entries {
		link, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%s", pid, e.Name()))
		if err != nil || strings.HasPrefix(link, "/proc") || strings.HasSuffix(link, "/events") {
			continue
		}
		kind, _, _ := strings.Cut(link, ":[") // an inode's number is of no interest
		if strings.HasSuffix(link, " (deleted)") {
			kind = "temporary file" // its name has a random part
		}
		found = append(found, kind)
	}
	slices.Sort(found)
	return found
}

// environ is the environment that a process was executed with, nil for a zombie.
func environ(pid int) []string {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	return strings.Split(strings.TrimRight(string(text), "\x00"), "\x00")
}

// commandLine is that of a process, on one line.
func commandLine(pid int) string {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return strings.TrimSpace(string(bytes.ReplaceAll(text, []byte{0}, []byte{' '})))
}
