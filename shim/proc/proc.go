// Package proc sees processes: who they are, which descend from whom, who holds
// a lock, and which of them form a generation of a server.
package proc

import "time"

// A FileID is a file's identity, whatever path names it.
type FileID struct{ Dev, Ino uint64 }

// A Process is one process at the moment of a snapshot.
type Process struct {
	PID    int
	PPID   int
	Args   []string // its command line, as /proc shows it now
	Shared bool     // it has a descriptor of the shared lock
	Memory int64    // resident bytes
}

// Started is when the process was forked, by the host's clock.
func (p Process) Started() time.Time { return time.Time{} }

// Title is the command line on one printable line.
func (p Process) Title() string { return "" }

// Holders lists the processes that have a lock on the file through a
// descriptor of theirs, sorted by pid.
func Holders(file FileID) ([]Process, error) { return nil, nil }
