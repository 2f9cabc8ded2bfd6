package proc

import (
	"errors"
	"fmt"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A Handle is a process that cannot be mistaken for another one, its pid given
// away or not: a pidfd (pidfd_open(2)). Close it.
type Handle struct {
	ID
	fd int
}

// Open gives a handle on the process that id names.
//
// Errors wrap ErrGone where it has ended and was waited for, its pid reused or
// not. A zombie can be opened.
func Open(id ID) (*Handle, error) {
	fd, err := unix.PidfdOpen(id.PID, 0)
	if errors.Is(err, unix.ESRCH) {
		return nil, fmt.Errorf("cannot open pid %d: %w", id.PID, ErrGone)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot open pid %d: %w", id.PID, err)
	}
	// The start time is read after the pidfd was taken: if it is the wanted
	// one, so is the pidfd.
	if p, err := Find(id.PID); err != nil || p.Start != id.Start {
		unix.Close(fd)
		return nil, fmt.Errorf("cannot open pid %d: %w", id.PID, ErrGone)
	}
	return &Handle{ID: id, fd: fd}, nil
}

// Signal sends sig. Errors wrap ErrGone, or the errno: EPERM where the process
// belongs to somebody else.
func (h *Handle) Signal(sig syscall.Signal) error {
	err := unix.PidfdSendSignal(h.fd, sig, nil, 0)
	switch {
	case errors.Is(err, unix.ESRCH):
		return fmt.Errorf("cannot signal pid %d: %w", h.PID, ErrGone)
	case err != nil:
		return fmt.Errorf("cannot signal pid %d: %w", h.PID, err)
	}
	return nil
}

// Wait blocks until the process has ended, as a zombie or for good.
func (h *Handle) Wait() error {
	return h.poll(unix.POLLIN, -1)
}

// pidfdGetInfo is PIDFD_GET_INFO of <linux/pidfd.h> for the first version of
// struct pidfd_info, which is 64 bytes long.
const pidfdGetInfo = 0xC040FF0B

// pidfdInfoExit is PIDFD_INFO_EXIT.
const pidfdInfoExit = 1 << 3

// pidfdInfo is struct pidfd_info, first version.
type pidfdInfo struct {
	mask   uint64
	cgroup uint64
	ids    [11]uint32
	exit   int32
}

// Status is how a process that is nobody's child of ours ended. It waits until
// its parent has reaped it, for as long as patience (milliseconds) lasts, as
// the kernel tells only then, and only since Linux 6.15: ok is false where it
// does not.
func (h *Handle) Status(patience int) (status syscall.WaitStatus, ok bool) {
	if h.poll(0, patience) != nil {
		return 0, false
	}
	info := pidfdInfo{mask: pidfdInfoExit}
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(h.fd), pidfdGetInfo, uintptr(unsafe.Pointer(&info)))
	if errno != 0 || info.mask&pidfdInfoExit == 0 {
		return 0, false
	}
	return syscall.WaitStatus(info.exit), true
}

// poll waits for events, or for the hang-up that says that the process was
// reaped, which is always reported.
func (h *Handle) poll(events int16, patience int) error {
	for {
		fds := []unix.PollFd{{Fd: int32(h.fd), Events: events}}
		n, err := unix.Poll(fds, patience)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return fmt.Errorf("cannot wait for pid %d: %w", h.PID, err)
		case n == 0:
			return fmt.Errorf("cannot wait for pid %d: %w", h.PID, unix.ETIMEDOUT)
		}
		return nil
	}
}

// Close gives the descriptor back. The process is not touched.
func (h *Handle) Close() error { return unix.Close(h.fd) }
