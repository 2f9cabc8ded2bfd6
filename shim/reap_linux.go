package shim

import (
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/lockshim/lockshim/shim/proc"
)

// A childInfo is the part of siginfo_t that waitid(2) fills, as laid out by
// <asm-generic/siginfo.h>: a union follows three ints, aligned as a pointer.
type childInfo struct {
	_   [3]int32
	_   [0]uintptr
	pid int32
	_   [128]byte
}

// reap waits for one child to end. It is identified while it is a zombie, as
// its pid cannot be another's then, and waited for after that.
func reap() (reaped, error) {
	var r reaped
	pid, err := zombie(0)
	if err != nil {
		return r, err
	}
	p, err := proc.Find(pid)
	if err != nil {
		p.ID = proc.ID{PID: pid} // /proc is not to be had; the pid is right all the same
	}
	r.id = p.ID
	if _, err := unix.Wait4(pid, (*unix.WaitStatus)(&r.status), 0, nil); err != nil {
		return r, fmt.Errorf("cannot reap pid %d: %w", pid, err)
	}
	_, err = zombie(unix.WNOHANG)
	r.left = !errors.Is(err, unix.ECHILD)
	return r, nil
}

// zombie finds a child that has ended, and leaves it one.
func zombie(options int) (int, error) {
	var info childInfo
	for {
		err := unix.Waitid(unix.P_ALL, 0, (*unix.Siginfo)(unsafe.Pointer(&info)), unix.WEXITED|unix.WNOWAIT|options, nil)
		if !errors.Is(err, unix.EINTR) {
			return int(info.pid), err
		}
	}
}

// becomeSubreaper makes orphans of the tree this process's children
// (PR_SET_CHILD_SUBREAPER of prctl(2)).
func becomeSubreaper() error {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("cannot become the reaper of the tree: %w", err)
	}
	return nil
}
