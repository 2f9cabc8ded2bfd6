package main

import (
	"errors"
	"syscall"

	"github.com/lockshim/lockshim/shim"
	"github.com/lockshim/lockshim/shim/flock"
	"github.com/lockshim/lockshim/shim/profile"
)

// The exit codes that this package itself names.
const (
	exitOK       = 0
	exitUsage    = 64
	exitInternal = 70
	exitSystem   = 71

	exitNotRunning = 3 // of status
	exitUnknown    = 4 // of status
)

// An exitStatus is an answer that is a number, and no failure of lockshim: a
// server's own code, or that status found nothing.
type exitStatus int

// Error is for a caller that prints it by mistake.
func (s exitStatus) Error() string { return "exit status" }

// An outcome is one line of the table of exit codes: what the code means, and
// which errors it stands for.
type outcome struct {
	code  string // as the man page prints it
	verb  string // "" for all of them
	means string
	exit  int
	is    []error         // conditions that a package names
	errno []syscall.Errno // what the system says where no package named it
}

// outcomes is the table of exit codes. The man page and the README have the same
// one, and a test compares them.
func outcomes() []outcome {
	return []outcome{
		{code: "0", means: "the server exited with 0; the verb did what it was asked to"},
		{code: "1-255", verb: "run", means: "the server's own code, or 128 and the number of the signal that ended it"},
		{code: "0", verb: "status", means: "running"},
		{code: "3", verb: "status", means: "not running; with --ready also not ready"},
		{code: "4", verb: "status", means: "unknown, because it could not be seen"},
		{code: "3", verb: "history", means: "not running: nobody of the service lives"},
		{code: "1", verb: "upgrade", exit: 1, means: "the upgrade failed; the old generation serves, where it still can", is: []error{shim.ErrUpgrade}},
		{code: "0", verb: "stop", means: "stopped, nothing is left"},
		{code: "1", verb: "stop", exit: 1, means: "nothing to stop", is: []error{shim.ErrNotRunning}},
		{code: "2", verb: "stop", exit: 2, means: "still there at the end of the schedule", is: []error{shim.ErrStillThere}},
		{code: "64", exit: exitUsage, means: "wrong usage", is: []error{errUsage}},
		{code: "69", exit: 69, means: "this platform or file system cannot do it",
			is:    []error{flock.ErrFilesystem, errors.ErrUnsupported, profile.ErrNoOperation},
			errno: []syscall.Errno{syscall.ENOSYS, syscall.EOPNOTSUPP}},
		{code: "70", exit: exitInternal, means: "a bug in lockshim"},
		{code: "71", exit: exitSystem, means: "the system refused: fork, flock, memory"},
		{code: "73", exit: 73, means: "the lockfile cannot be created", is: []error{flock.ErrCreate, errNoDirectory},
			errno: []syscall.Errno{syscall.ELOOP, syscall.ENAMETOOLONG, syscall.ENOTDIR}},
		{code: "75", exit: 75, means: "locked by another, busy, not running, or timed out",
			is: []error{flock.ErrHeld, shim.ErrBusy, shim.ErrTimeout, shim.ErrNotRunning, shim.ErrStillThere}},
		{code: "77", exit: 77, means: "not permitted", errno: []syscall.Errno{syscall.EACCES, syscall.EPERM}},
		{code: "78", exit: 78, means: "bad configuration: a lockfile, directory or pid file that cannot be trusted or used",
			is: []error{flock.ErrNotRegular, flock.ErrUnsafe, shim.ErrPidfile, errUnsafeDirectory}},
		{code: "126", exit: 126, means: "the command cannot be executed", is: []error{shim.ErrCannotExecute}},
		{code: "127", exit: 127, means: "the command was not found", is: []error{shim.ErrNotFound}},
	}
}

// label is the code and, where it is one verb's own, that verb.
func (o outcome) label() string {
	if o.verb == "" {
		return o.code
	}
	return o.code + " (" + o.verb + ")"
}

// codeOf is the exit code of an error: the only place where one becomes the
// other.
func codeOf(v *verb, err error) int {
	if err == nil {
		return exitOK
	}
	var status exitStatus
	if errors.As(err, &status) {
		return int(status)
	}
	code := tableCode(v, err)
	if v != nil && v.name == "status" && code != exitUsage {
		return exitUnknown
	}
	return code
}

// tableCode looks an error up in the table: what a package named comes first,
// then what the system said, and what nobody has a word for is a bug.
func tableCode(v *verb, err error) int {
	var locked *shim.LockedError
	if errors.As(err, &locked) {
		err = flock.ErrHeld
	}
	for _, o := range outcomes() {
		if (o.verb == "" || v != nil && o.verb == v.name) && isAny(err, o.is) {
			return o.exit
		}
	}
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return exitInternal
	}
	for _, o := range outcomes() {
		for _, e := range o.errno {
			if e == errno {
				return o.exit
			}
		}
	}
	return exitSystem
}

func isAny(err error, targets []error) bool {
	for _, target := range targets {
		if errors.Is(err, target) {
			return true
		}
	}
	return false
}
