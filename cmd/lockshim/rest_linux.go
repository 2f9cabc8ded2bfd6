package main

import (
	"bytes"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"

	"golang.org/x/sys/unix"
)

// frugal keeps the garbage collector from running by itself: its first run makes
// a small heap larger, starts threads, and from then on wakes an idle process
// every two minutes. What a busy time leaves is collected by rest.
func frugal() {
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(memoryLimit)
}

const (
	memoryLimit = 16 << 20 // where the collector runs after all: a host of many thousand processes
	heapAtRest  = 2 << 20  // what a rest leaves alone
)

// rest gives back what a busy time took: garbage, if there is much of it, and
// the pages of this program's own file, code and data that is only read. Those
// are half of what an idle shim would hold, and a fifth of the time that its exit
// takes; the kernel has them in its page cache, and maps them again where they
// are needed (madvise(2), MADV_DONTNEED).
func rest() {
	var heap runtime.MemStats
	if runtime.ReadMemStats(&heap); heap.HeapAlloc > heapAtRest {
		debug.FreeOSMemory()
	}
	exe, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return
	}
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return
	}
	for line := range bytes.Lines(maps) {
		if from, to, ok := readOnly(line, exe); ok {
			drop(from, to)
		}
	}
}

// readOnly reads a line of /proc/self/maps (proc_pid_maps(5)), and reports
// whether it is a mapping of exe that nobody can have written to.
func readOnly(line []byte, exe string) (from, to uintptr, ok bool) {
	words := bytes.Fields(line)
	if len(words) < 6 || string(words[5]) != exe || len(words[1]) != 4 || words[1][1] != '-' {
		return 0, 0, false
	}
	first, last, _ := bytes.Cut(words[0], []byte("-"))
	a, errA := strconv.ParseUint(string(first), 16, 64)
	b, errB := strconv.ParseUint(string(last), 16, 64)
	return uintptr(a), uintptr(b), errA == nil && errB == nil && a < b
}

// drop unmaps the pages between two addresses, until they are touched again.
// The addresses come from the kernel, not from Go's memory: no pointer is made.
func drop(from, to uintptr) {
	_, _, _ = unix.RawSyscall(unix.SYS_MADVISE, from, to-from, unix.MADV_DONTNEED)
}
