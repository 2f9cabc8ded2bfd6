package proc

import (
	"bytes"
	"strings"
)

// A grip is what one descriptor has of a lockfile.
type grip struct{ open, shared, exclusive, guard bool }

// add merges the grips of a process's descriptors.
func (g grip) add(o grip) grip {
	return grip{g.open || o.open, g.shared || o.shared, g.exclusive || o.exclusive, g.guard || o.guard}
}

// parseLocks reads the "lock:" lines of a /proc/PID/fdinfo/N text, which name
// the locks of that descriptor's open file description and no others
// (proc_pid_fdinfo(5); show_fd_locks in the kernel's fs/locks.c). The pid in
// such a line is that of the process that asked for the lock, alive or not.
func parseLocks(text []byte) grip {
	g := grip{open: true}
	for line := range bytes.Lines(text) {
		rest, found := bytes.CutPrefix(line, []byte("lock:"))
		if !found {
			continue
		}
		words := strings.Fields(string(rest))
		if len(words) < 4 || strings.HasPrefix(words[1], "->") {
			continue // "->" is one that waits
		}
		g = g.add(grip{
			shared:    words[1] == "FLOCK" && words[3] == "READ",
			exclusive: words[1] == "FLOCK" && words[3] == "WRITE",
			guard:     words[1] == "OFDLCK" && words[3] == "WRITE",
		})
	}
	return g
}

// deleted is what /proc/PID/fd/N and /proc/PID/exe add to the path of a file
// that has none any more.
var deleted = []byte(" (deleted)")
