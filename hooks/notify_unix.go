//go:build unix

package hooks

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// A full queue is tried again so often, every few milliseconds: lockshim reads it
// all the time, and a program must not hang on it.
const attempts = 20

// notify sends a datagram to the socket that NOTIFY_SOCKET names (sd_notify(3)),
// a path or "@" and an abstract name; nothing where there is none.
func notify(text string) error {
	name := os.Getenv("NOTIFY_SOCKET")
	if name == "" {
		return nil
	}
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM, 0)
	if err != nil {
		return fmt.Errorf("cannot notify: %w", err)
	}
	defer unix.Close(fd)
	unix.CloseOnExec(fd)
	for range attempts {
		err = unix.Sendto(fd, []byte(text), unix.MSG_DONTWAIT, &unix.SockaddrUnix{Name: name})
		if err != unix.EAGAIN && err != unix.EINTR && err != unix.ENOBUFS {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	if err != nil {
		return fmt.Errorf("cannot notify %s: %w", name, err)
	}
	return nil
}
