package testkit

import (
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Deadline is when a wait gives up: a little before the test binary does, so
// that the test can say what it saw. The zero time is never.
func Deadline(t *testing.T) time.Time {
	d, ok := t.Deadline()
	if !ok {
		return time.Time{}
	}
	return d.Add(-min(30*time.Second, time.Until(d)/10))
}

// FIFO makes a FIFO that every user may open, and keeps it open for reading and
// writing until the test ends: a server never waits for the other end, and there
// is no end of file. Reading from it gives up at the Deadline.
func FIFO(t *testing.T, path string) *os.File {
	t.Helper()
	Must(t, unix.Mkfifo(path, 0o666))
	Must(t, os.Chmod(path, 0o666)) // whatever the umask is
	f, err := os.OpenFile(path, os.O_RDWR|unix.O_NONBLOCK, 0)
	Must(t, err)
	t.Cleanup(func() { f.Close() })
	Must(t, f.SetReadDeadline(Deadline(t)))
	return f
}

// AwaitEnd blocks until the process has ended, as its pidfd tells: it may still be
// a zombie. It fails the test at the Deadline.
func AwaitEnd(t *testing.T, pidfd int) {
	t.Helper()
	fds := []unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}}
	n, err := unix.Poll(fds, left(t))
	for err == unix.EINTR {
		n, err = unix.Poll(fds, left(t))
	}
	Must(t, err)
	if n == 0 {
		t.Fatal("waited in vain for the end of a process")
	}
}

// left is the time until the Deadline in milliseconds, as poll(2) has it.
func left(t *testing.T) int {
	d := Deadline(t)
	if d.IsZero() {
		return -1
	}
	return max(0, int(time.Until(d).Milliseconds()))
}
