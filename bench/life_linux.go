package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A life is one peer at work, and the server behind it.
type life struct {
	pid    int // the peer
	server int
	start  time.Duration // fork of the peer -> first instruction of the server
}

// stampTimeout is how long a server may take to tell that it runs.
const stampTimeout = 60 * time.Second

// begin starts a peer, and returns when the server is as it will stay.
func (b *bench) begin(argv []string) (life, error) {
	pid, began, err := b.spawn(argv)
	if err != nil {
		return life{}, err
	}
	server, first, err := b.stamp()
	if err != nil {
		return life{}, fmt.Errorf("cannot see the server of %q: %w", argv, err)
	}
	b.track(server)
	return life{pid: pid, server: server, start: first - began}, nil
}

// spawn starts a program that reads and writes nothing, and says when it did.
func (b *bench) spawn(argv []string) (pid int, began time.Duration, err error) {
	path, err := exec.LookPath(argv[0])
	if err != nil {
		return 0, 0, err
	}
	null := uintptr(b.null)
	attr := &syscall.ProcAttr{Env: os.Environ(), Files: []uintptr{null, null, null}}
	began = clock()
	if pid, err = syscall.ForkExec(path, argv, attr); err != nil {
		return 0, 0, fmt.Errorf("cannot start %s: %w", argv[0], err)
	}
	b.track(pid)
	return pid, began, nil
}

// stamp reads what a server tells of itself.
func (b *bench) stamp() (pid int, first time.Duration, err error) {
	ready := []unix.PollFd{{Fd: int32(b.stamps), Events: unix.POLLIN}}
	for end := clock() + stampTimeout; ; {
		n, err := unix.Poll(ready, int((end-clock())/time.Millisecond))
		if n == 0 {
			err = os.ErrDeadlineExceeded
		}
		if n > 0 {
			break
		}
		if !errors.Is(err, unix.EINTR) {
			return 0, 0, err
		}
	}
	var buf [16]byte
	if n, err := unix.Read(b.stamps, buf[:]); err != nil || n != len(buf) {
		return 0, 0, fmt.Errorf("cannot read a stamp of %d bytes: %w", n, err)
	}
	return int(binary.NativeEndian.Uint64(buf[:])), time.Duration(binary.NativeEndian.Uint64(buf[8:])), nil
}

// end SIGKILLs the server, and returns how long it took until the peer was
// reaped.
func (b *bench) end(l life) (time.Duration, error) {
	began := clock()
	if err := unix.Kill(l.server, unix.SIGKILL); err != nil {
		return 0, fmt.Errorf("cannot end server %d: %w", l.server, err)
	}
	err := reap(l.pid)
	took := clock() - began
	b.forget(l.server)
	b.forget(l.pid)
	return took, err
}

// reap waits for a child. The call is a raw one: this thread sleeps in the
// kernel, and nothing of the Go scheduler is in what it measures.
func reap(pid int) error {
	var status uint32
	for {
		_, _, errno := syscall.RawSyscall6(unix.SYS_WAIT4, uintptr(pid), uintptr(unsafe.Pointer(&status)), 0, 0, 0, 0)
		if errno == 0 {
			return nil
		}
		if errno != unix.EINTR {
			return fmt.Errorf("cannot wait for pid %d: %w", pid, errno)
		}
	}
}

// clock is CLOCK_MONOTONIC, which the server reads too.
func clock() time.Duration {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		panic(err) // no Linux is without it
	}
	return time.Duration(now.Nano())
}
