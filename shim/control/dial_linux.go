package control

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lockshim/lockshim/shim/control/sockfile"
)

// dial connects with the shim of a lockfile and makes sure that it is one. It
// waits no longer than wait, and neither does the conn.
func dial(lock string, wait time.Duration) (*conn, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	if err := connect(fd, Path(lock), wait); err != nil {
		unix.Close(fd)
		return nil, err
	}
	c, err := newConn(fd, wait)
	if err != nil {
		return nil, err
	}
	if !believes(c.peer.UID, lock) {
		c.close()
		return nil, fmt.Errorf("%w: uid %d listens there, neither root nor the caller nor the lockfile's owner", ErrNoServer, c.peer.UID)
	}
	return c, nil
}

// connect connects the blocking socket fd, and makes it non-blocking. No poller
// can wait for a place in a full backlog: connect(2) does, up to SO_SNDTIMEO.
func connect(fd int, path string, wait time.Duration) error {
	limit := unix.NsecToTimeval(wait.Nanoseconds())
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_SNDTIMEO, &limit); err != nil {
		return err
	}
	if err := sockfile.Connect(fd, path); err != nil {
		return unconnected(err)
	}
	return unix.SetNonblock(fd, true)
}

// unconnected says what an error of connect(2) means.
func unconnected(err error) error {
	switch {
	case errors.Is(err, unix.ENOENT), errors.Is(err, unix.ENOTDIR), errors.Is(err, unix.ECONNREFUSED),
		errors.Is(err, unix.EPROTOTYPE), errors.Is(err, ErrTooLong):
		return fmt.Errorf("%w: %w", ErrNoServer, err)
	case errors.Is(err, unix.EAGAIN):
		return fmt.Errorf("%w: too many wait for it: %w", ErrNoServer, os.ErrDeadlineExceeded)
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM):
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return err
}

// believes tells whether a shim of that uid may answer for the lockfile.
func believes(uid int, lock string) bool {
	if uid == 0 || uid == os.Geteuid() {
		return true
	}
	var st unix.Stat_t
	return unix.Lstat(lock, &st) == nil && int(st.Uid) == uid
}

// ask sends the request's line. A server that closes without reading may have
// said why: that is for Read to tell.
func (c *conn) ask(line []byte) error {
	c.file.SetWriteDeadline(time.Now().Add(c.wait))
	c.rest = line
	err := c.flush(true)
	if errors.Is(err, unix.EPIPE) || errors.Is(err, unix.ECONNRESET) {
		return nil
	}
	return unanswered(err)
}

// Read reads from the server, for as long as c.wait, if that is not 0.
func (c *conn) Read(p []byte) (int, error) {
	if c.wait > 0 {
		c.file.SetReadDeadline(time.Now().Add(c.wait))
	}
	return c.file.Read(p)
}
