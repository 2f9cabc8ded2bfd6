package testkit

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// PIDs lists the processes of the host, sorted.
func PIDs() []int {
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

// Zombie says whether the process has ended and was not reaped.
func Zombie(pid int) bool {
	f := statFields(pid)
	return len(f) > 0 && (f[0] == "Z" || f[0] == "X")
}

// Ended says whether the process runs no more: it is past its exit, a zombie or
// gone. (PF_EXITING in field 9 of proc_pid_stat(5).)
func Ended(pid int) bool {
	f := statFields(pid)
	if len(f) < 7 {
		return true
	}
	flags, _ := strconv.ParseUint(f[6], 10, 64)
	return Zombie(pid) || flags&4 != 0
}

// Parent is the parent of pid, 0 where there is no such process.
func Parent(pid int) int {
	f := statFields(pid)
	if len(f) < 2 {
		return 0
	}
	ppid, _ := strconv.Atoi(f[1])
	return ppid
}

// Descendants lists the processes below root, zombies included, sorted.
func Descendants(root int) []int {
	below := map[int][]int{}
	for _, pid := range PIDs() {
		below[Parent(pid)] = append(below[Parent(pid)], pid)
	}
	var found []int
	for todo := []int{root}; len(todo) > 0; todo = todo[1:] {
		found = append(found, below[todo[0]]...)
		todo = append(todo, below[todo[0]]...)
	}
	slices.Sort(found)
	return found
}

// Environ is the environment that a process was executed with, nil for a zombie,
// and for one that may not be read.
func Environ(pid int) []string { return words(pid, "environ") }

// CommandLine is that of a process, its title where it has set one; nil for a
// zombie.
func CommandLine(pid int) []string { return words(pid, "cmdline") }

// words are those of a file of /proc/PID that ends each with a NUL.
func words(pid int, name string) []string {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, name))
	if len(text) == 0 {
		return nil
	}
	return strings.Split(strings.TrimRight(string(text), "\x00"), "\x00")
}
