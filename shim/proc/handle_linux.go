package proc

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A Handle is a process that cannot be mistaken for another one, its pid given
// away or not: a pidfd (pidfd_open(2)). Close it, and do not use it after.
type Handle struct {
	ID
	fd   int
	file *os.File // of fd, for the runtime's poller: to wait costs no thread
}

// Open gives a handle on the process that id names. A zombie can be opened.
//
// Errors wrap ErrGone where it has ended and was waited for, its pid reused or
// not, or the errno: EPERM where /proc hides it (hidepid=1).
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
	p, err := Find(id.PID)
	if err == nil && p.Start != id.Start {
		err = ErrGone
	}
	if err == nil {
		err = unix.SetNonblock(fd, true)
	}
	if err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("cannot open pid %d: %w", id.PID, err)
	}
	return &Handle{ID: id, fd: fd, file: os.NewFile(uintptr(fd), "pidfd")}, nil
}

// Signal sends sig. Errors wrap ErrGone, or the errno: EPERM where the process
// belongs to somebody else. To a zombie it is sent, and does nothing.
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

// Wait blocks until the process has ended, as a zombie or for good. It blocks
// its goroutine and no thread, as there may be one for each of a thousand
// workers. Close ends it with an error.
func (h *Handle) Wait() error { return h.await(unix.POLLIN, time.Time{}) }

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
	if h.await(0, time.Now().Add(time.Duration(patience)*time.Millisecond)) != nil {
		return 0, false
	}
	info := pidfdInfo{mask: pidfdInfoExit}
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(h.fd), pidfdGetInfo, uintptr(unsafe.Pointer(&info)))
	if errno != 0 || info.mask&pidfdInfoExit == 0 {
		return 0, false
	}
	return syscall.WaitStatus(info.exit), true
}

// await waits for events, or for the hang-up that says that the process was
// reaped, which is always reported. What is there already is seen even where
// the time to wait for it is over.
func (h *Handle) await(events int16, until time.Time) error {
	done, err := h.poll(events)
	if done || err != nil {
		return err
	}
	if err := h.file.SetReadDeadline(until); err != nil {
		return fmt.Errorf("cannot wait for pid %d: %w", h.PID, err)
	}
	conn, err := h.file.SyscallConn()
	if err != nil {
		return fmt.Errorf("cannot wait for pid %d: %w", h.PID, err)
	}
	var pollErr error
	err = conn.Read(func(uintptr) bool {
		done, pollErr = h.poll(events)
		return done || pollErr != nil
	})
	if err != nil {
		return fmt.Errorf("cannot wait for pid %d: %w", h.PID, err)
	}
	return pollErr
}

// poll asks once.
func (h *Handle) poll(events int16) (bool, error) {
	n, err := unix.Poll([]unix.PollFd{{Fd: int32(h.fd), Events: events}}, 0)
	if err != nil && !errors.Is(err, unix.EINTR) {
		return false, fmt.Errorf("cannot wait for pid %d: %w", h.PID, err)
	}
	return n > 0, nil
}

// Close gives the descriptor back. The process is not touched.
func (h *Handle) Close() error { return h.file.Close() }
