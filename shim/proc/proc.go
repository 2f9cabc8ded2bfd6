// Package proc sees processes: who they are, which descend from whom, who holds
// a lock, and which of them form a generation of a server.
//
// Look takes one snapshot from /proc; Classify, a pure function, says what the
// processes in it are to a service; a Handle signals and outlives a process
// without ever meaning another one that was given its pid.
//
// The formats are those of proc(5); they exist on Linux alone. Elsewhere every
// function that asks the system returns errors.ErrUnsupported.
package proc

import (
	"strconv"
	"strings"
	"time"
)

// A FileID is a file's identity, whatever path names it: st_dev and st_ino of
// stat(2). It is reused once the file is deleted and closed everywhere.
type FileID struct {
	Dev uint64 `json:"dev"`
	Ino uint64 `json:"ino"`
}

// An ID names one process for ever: a pid, and when it was forked.
// Start is in clock ticks since boot, field 22 of proc_pid_stat(5): a pid that
// is given away twice within one tick, a hundredth of a second, is not told apart.
type ID struct {
	PID   int    `json:"pid"`
	Start uint64 `json:"start"`
}

// An Image tells one exec from another. fork(2) copies it; execve(2) draws a
// new one, as the kernel randomises the stack: fields 28, 48 and 50 of
// proc_pid_stat(5).
//
// It is zero where the caller may not trace the process (ptrace(2)), for a
// zombie, and for a moment in execve(2) itself. Without address space randomisation (setarch -R) two execs of the same
// command are alike; then Process.Forked tells.
type Image struct {
	Stack uint64 `json:"stack"`
	Args  uint64 `json:"args"`
	Env   uint64 `json:"env"`
}

// Known reports whether the image could be read.
func (i Image) Known() bool { return i.Stack != 0 }

// A Process is one process at the moment of a snapshot.
type Process struct {
	ID
	PPID    int      `json:"ppid"`
	Group   int      `json:"group"`
	Session int      `json:"session"`
	State   string   `json:"state"`             // one letter of proc_pid_stat(5): R, S, D, Z, T …
	Image   Image    `json:"image"`             // which exec it runs
	Forked  bool     `json:"forked,omitempty"`  // it runs the image that it was forked with: it never executed one itself
	Exiting bool     `json:"exiting,omitempty"` // it is past exit: it gives its memory back, then its descriptors
	Midway  bool     `json:"midway,omitempty"`  // it is in the middle of an exec: it has no image, and mostly no arguments, for a moment
	Exe     string   `json:"exe,omitempty"`     // the file that it runs, without " (deleted)"; "" if not to be seen
	Args    []string `json:"args,omitempty"`    // its command line, as /proc shows it now
	Memory  int64    `json:"memory,omitempty"`  // resident bytes
	Reaped  uint64   `json:"-"`                 // grows with each child that it has waited for: their page faults
	Ticks   Clock    `json:"-"`                 // turns Start into a time

	Marked    bool `json:"marked,omitempty"`    // its environment has this service's LOCKSHIM_LOCK and LOCKSHIM_FD
	Held      bool `json:"held,omitempty"`      // it was started by lockshim hold
	Open      bool `json:"open,omitempty"`      // it has the lockfile open, deleted or not
	Shared    bool `json:"shared,omitempty"`    // a descriptor of it has the shared lock
	Exclusive bool `json:"exclusive,omitempty"` // a descriptor of it has the exclusive lock
	Guard     bool `json:"guard,omitempty"`     // a descriptor of it has the guard: it is a shim
}

// Zombie reports whether the process has ended and was not waited for, or runs
// no more of its program: until the kernel has taken it apart it may hold the lock,
// while its environment, command line and image are gone already.
func (p Process) Zombie() bool { return p.Exiting || p.State == "Z" || p.State == "X" }

// Started is when the process was forked, by the host's clock, to a hundredth
// of a second. It moves when the clock is set.
func (p Process) Started() time.Time { return p.Ticks.Time(p.Start) }

// Title is the command line on one line that is safe to print: bytes that are
// not printable ASCII or UTF-8 text are escaped. A process without a command
// line is named by its pid.
func (p Process) Title() string {
	if len(p.Args) == 0 {
		return "pid " + strconv.Itoa(p.PID)
	}
	return Printable(strings.Join(p.Args, " "))
}

// Printable is s with every control byte and every byte that is not UTF-8
// escaped as in a Go string.
func Printable(s string) string {
	quoted := strconv.Quote(s)
	return strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(quoted[1 : len(quoted)-1])
}

// A Clock turns clock ticks since boot into the time of day.
type Clock struct{ Boot time.Time }

// ticksPerSecond is USER_HZ, which is 100 on every Linux port that Go has
// (include/asm-generic/param.h).
const ticksPerSecond = 100

// Time is the moment that lies ticks after boot.
func (c Clock) Time(ticks uint64) time.Time {
	return c.Boot.Add(time.Duration(ticks) * (time.Second / ticksPerSecond))
}

// A Snapshot is what one pass over /proc saw. Processes are sorted by pid.
type Snapshot struct {
	Processes []Process `json:"processes"`
	Blind     int       `json:"blind,omitempty"` // processes whose descriptors or environment could not be read
	Lost      []Lost    `json:"lost,omitempty"`  // locks of members on files that the query did not name
}

// A Lost is a descriptor by which a process whose environment names the service
// has the shared lock on a file that the path does not name any more: it was
// deleted, replaced or renamed. That file is the service's all the same.
type Lost struct {
	PID  int    `json:"pid"`
	FD   int    `json:"fd"`
	File FileID `json:"file"`
}

// A Query says what a Look is after.
type Query struct {
	Lock     string   // the lockfile's absolute path, as LOCKSHIM_LOCK has it
	Files    []FileID // the inodes that the service's locks are on
	Roots    []int    // pids whose descendants are the tree
	Everyone bool     // look for members and holders outside the tree too
}
