package flock

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Inherit makes a copy of the descriptor that survives exec, and returns its
// number: the lowest free one from min up, or, where RLIMIT_NOFILE leaves none
// there, the highest free one below min. The caller compares the answer with
// min to know.
//
// The copy shares the description and so the lock. It is not FD_CLOEXEC: every
// program that this process executes from now on has it, not only the one that
// it is meant for; close the number when that one is running. Programs started
// by other goroutines at the same time are kept out with syscall.ForkLock.
func (f *File) Inherit(min int) (fd int, err error) {
	limit, err := openLimit()
	if err != nil {
		return -1, fmt.Errorf("cannot copy the descriptor of %s: %w", f.path, err)
	}
	for at := min; at >= 0; at = lower(at, limit) {
		fd, err = f.dup(at)
		if err != unix.EINVAL && err != unix.EMFILE {
			break
		}
	}
	if err != nil {
		return -1, fmt.Errorf("cannot copy the descriptor of %s: %w", f.path, err)
	}
	return fd, nil
}

// dup copies the descriptor to the lowest free number from at up. F_DUPFD
// clears FD_CLOEXEC on the copy; EINVAL and EMFILE say that RLIMIT_NOFILE
// leaves no such number (fcntl(2)).
func (f *File) dup(at int) (fd int, err error) {
	err = retry(func() error {
		fd, err = unix.FcntlInt(uintptr(f.fd), unix.F_DUPFD, at)
		return err
	})
	return fd, err
}

// lower is the next number to try below at, under the limit.
func lower(at, limit int) int { return min(at, limit) - 1 }

// openLimit is the soft limit, one more than the highest descriptor that a
// process may make.
func openLimit() (int, error) {
	var r unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &r); err != nil {
		return 0, err
	}
	return int(min(uint64(r.Cur), 1<<30)), nil
}
