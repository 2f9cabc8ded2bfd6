package shim

import (
	"errors"
	"fmt"
	"time"
)

// The conditions that a caller tells apart with errors.Is.
// What the lockfile itself refuses is in package flock; what the system
// refuses wraps a syscall.Errno.
var (
	// ErrTimeout: the time that the caller allowed has passed.
	ErrTimeout = errors.New("timed out")
	// ErrNotRunning: nobody of the service is there.
	ErrNotRunning = errors.New("not running")
	// ErrStillThere: a stop schedule ended and processes of the tree live.
	ErrStillThere = errors.New("still there")
	// ErrCannotExecute: the command was found and cannot be executed.
	ErrCannotExecute = errors.New("cannot execute")
	// ErrNotFound: the command was not found.
	ErrNotFound = errors.New("command not found")
	// ErrPidfile: a pid file cannot be written, or must not be removed.
	ErrPidfile = errors.New("pid file")
	// ErrUpgrade: an upgrade was not to be, and the old generation serves where
	// it still can.
	ErrUpgrade = errors.New("the upgrade failed")
	// ErrPreflight: the command that has to succeed before an upgrade did not.
	ErrPreflight = errors.New("the preflight failed")
	// ErrBusy: the service is at something that does not allow it now.
	ErrBusy = errors.New("busy")
)

// A LockedError says that another shim, or a running tree, has the service.
type LockedError struct {
	Lock    string
	PID     int       // the shim, or the current master where no shim lives; 0 if it cannot be seen
	Shim    bool      // PID is a shim
	Since   time.Time // when that process started
	Command string
}

// Error names the holder and since when it holds.
func (e *LockedError) Error() string {
	if e.PID == 0 {
		return fmt.Sprintf("cannot run %s: locked by a process that cannot be seen from here", e.Lock)
	}
	return fmt.Sprintf("cannot run %s: locked by pid %d (%s) since %s", e.Lock, e.PID, e.Command, e.Since.Format(time.RFC3339))
}
