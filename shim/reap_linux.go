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

// changed waits for a child to end, or, where stops count, to stop. It leaves it
// to be waited for. ECHILD: there is none.
func changed(stops bool) (int, error) {
	options := unix.WEXITED
	if stops {
		options |= unix.WSTOPPED
	}
	return peek(options)
}

// reap waits for a child that has changed. It is identified while it is a
// zombie, as its pid cannot be another's then.
func reap(pid int, stops bool) (reaped, error) {
	p, err := proc.Find(pid)
	if err != nil {
		p.ID = proc.ID{PID: pid} // /proc is not to be had; the pid is right all the same
	}
	r := reaped{id: p.ID}
	options := 0
	if stops {
		options = unix.WUNTRACED
	}
	if _, err = unix.Wait4(pid, (*unix.WaitStatus)(&r.status), options, nil); err != nil {
		err = fmt.Errorf("cannot reap pid %d: %w", pid, err)
	}
	_, none := peek(unix.WEXITED | unix.WNOHANG)
	r.left = !errors.Is(none, unix.ECHILD)
	return r, err
}

// peek finds a child in one of the states of options, and leaves it in it.
func peek(options int) (int, error) {
	var info childInfo
	for {
		err := unix.Waitid(unix.P_ALL, 0, (*unix.Siginfo)(unsafe.Pointer(&info)), unix.WNOWAIT|options, nil)
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
